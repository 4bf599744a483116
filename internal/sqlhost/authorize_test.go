package sqlhost

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestRefused runs statements that write, and checks that the tables still exist.
func TestRefused(t *testing.T) {
	const refused = "refused, because a query only reads: "
	files := refused + "ATTACH, DETACH and VACUUM need database files"
	transactions := refused + "each statement runs on its own, without transactions"
	tests := map[string]struct{ query, wantErr string }{
		"attach":             {`attach '{file}' as x`, files},
		"attach expression":  {`attach '{file}' || '' as x`, files},
		"attach memory":      {`attach ':memory:' as x`, files},
		"attach commented":   {`/* one */ attach -- two` + "\n" + `'{file}' as x`, files},
		"explain attach":     {`explain attach '{file}' as x`, files},
		"detach":             {`detach c1`, files},
		"vacuum":             {`vacuum`, files},
		"vacuum into":        {`vacuum into '{file}'`, files},
		"vacuum c1 into":     {`vacuum c1 into '{file}'`, files},
		"begin":              {`begin`, transactions},
		"savepoint":          {`savepoint x`, transactions},
		"pragma =":           {`pragma writable_schema = 1`, refused + "pragma writable_schema can't be set, only read"},
		"pragma ()":          {`PRAGMA main.Case_Sensitive_Like(1)`, refused + "pragma Case_Sensitive_Like can't be set, only read"},
		"pragma on a file":   {`pragma temp_store_directory = '{file}'`, refused + "pragma temp_store_directory can't be set, only read"},
		"drop":               {`drop table item`, refused + "table item belongs to the plugin and can't be dropped"},
		"drop in schema":     {`drop table if exists C1.ITEM`, refused + "table item belongs to the plugin and can't be dropped"},
		"rename":             {`alter table item rename to thing`, refused + "table item belongs to the plugin and can't be altered"},
		"rename in schema":   {`alter table c1.item rename to thing`, refused + "table item belongs to the plugin and can't be altered"},
		"drop column":        {`alter table item drop column id`, ""},
		"add column":         {`alter table item add column x`, ""},
		"delete":             {`delete from item`, ""},
		"index":              {`create index x on item(id)`, ""},
		"drop master":        {`drop table sqlite_master`, ""},
		"delete from master": {`delete from sqlite_master`, ""},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := openHost(t, &fakePlugin{tables: map[string]*fakeTable{"item": itemTable()}})
			mustQuery(t, h, `select count(*) from c1.item`)
			file := filepath.Join(t.TempDir(), "file")
			_, err := queryRows(h, strings.ReplaceAll(test.query, "{file}", file))
			if err == nil || test.wantErr != "" && err.Error() != test.wantErr {
				t.Errorf("error %v, want %q", err, test.wantErr)
			}
			if _, err := os.Stat(file); err == nil {
				t.Error("there is a file")
			}
			if got := mustQuery(t, h, `select count(*) from c1.item union all select count(*) from item`); got[0] != "60" || got[1] != "60" {
				t.Errorf("after that: %q", got)
			}
		})
	}
}

// TestNotRefused runs a script that creates its own tables and views.
func TestNotRefused(t *testing.T) {
	h := openHost(t, &fakePlugin{tables: map[string]*fakeTable{"item": itemTable()}})
	for _, sql := range []string{
		`create temp table mine as select * from c1.item`,
		`create temp view item as select * from mine`,
		`insert into mine(id) values (-1)`,
		`update mine set name = 'x' where id = -1`,
		`delete from mine where id = -1`,
		`alter table mine add column extra`,
		`alter table mine rename column extra to more`,
		`create index temp.mine_id on mine(id)`,
		`analyze`,
		`drop view item`,
		`alter table mine rename to item`,
		`drop table temp.item`,
		`create table plain(a)`,
		`alter table plain rename to plainer`,
		`drop table plainer`,
		`create virtual table temp.words using fts5(word)`,
		`drop table words`,
		`pragma table_xinfo(item)`,
		`pragma c1.table_list`,
		`pragma journal_mode`,
		`select * from pragma_table_xinfo('item')`,
		`select * from sqlite_master`,
		`explain query plan select * from item`,
	} {
		if _, err := queryRows(h, sql); err != nil {
			t.Errorf("%s: %v", sql, err)
		}
	}
	if got := mustQuery(t, h, `select count(*) from item`); got[0] != "60" {
		t.Errorf("after that: %q", got)
	}
}
