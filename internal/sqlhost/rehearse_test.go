package sqlhost

import (
	"strings"
	"testing"
)

// A host that only reads refuses statements that change something, even in memory, and runs all others.
func TestReadOnly(t *testing.T) {
	h := openHost(t, &fakePlugin{tables: map[string]*fakeTable{"item": itemTable()}})
	h.ReadOnly = true
	for _, sql := range []string{
		`create temp table mine as select * from item`, `create temp view mine as select 1`, `insert into item(id) values (1)`,
		`update item set id = 1`, `delete from item`, `drop table item`, `create index x on item(id)`, `analyze`,
		`create virtual table temp.words using fts5(word)`, `attach ':memory:' as x`, `vacuum`, `pragma writable_schema = 1`,
		`with x as (select 1) insert into item(id) select * from x`, `alter table item add column x`, `begin`,
	} {
		if _, err := queryRows(h, sql); err == nil || !strings.Contains(err.Error(), "a query only reads") && !strings.Contains(err.Error(), "may not be") {
			t.Errorf("%s: error %v, want that a query only reads", sql, err)
		}
	}
	for _, sql := range []string{
		`select count(*) from c1.item`, `with recursive n(i) as (select 1 union all select i + 1 from n where i < 3) select * from n`,
		`select value from json_each('[1, 2]')`, `select * from pragma_table_xinfo('item')`, `values (1)`,
		`select name, count(*) over () from item order by name limit 1`, `explain query plan select * from item`,
	} {
		if _, err := queryRows(h, sql); err != nil {
			t.Errorf("%s: %v", sql, err)
		}
	}
}

// A rehearsal also scans tables that a join reads for each row of another table, even if that has no rows.
func TestRehearses(t *testing.T) {
	empty := itemTable()
	empty.rows = nil
	for _, rehearses := range []bool{false, true} {
		p := &fakePlugin{tables: map[string]*fakeTable{"item": itemTable(), "absent": empty}}
		h := openHost(t, p)
		h.Rehearses = rehearses
		mustQuery(t, h, `select count(*) from absent as n join item as i on i.id = n.id where n.id = 3`)
		scanned := false
		for _, req := range p.requests {
			scanned = scanned || req.Table == "item"
		}
		if scanned != rehearses {
			t.Errorf("rehearsal %t: the other table was scanned: %t", rehearses, scanned)
		}
	}
}
