package sqlhost

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestReads(t *testing.T) {
	p := &fakePlugin{tables: map[string]*fakeTable{"item": itemTable(), "t": itemTable()}}
	h := openHost(t, p)
	mustQuery(t, h, `create temp table kept as select id from main.item`)
	p.takeRequests() // drops the earlier requests
	tests := map[string]struct {
		sql  string
		want []Read
	}{
		"columns":     {`select id from item where name = 'x' order by id`, []Read{{"item", []string{"id", "name"}}}},
		"two tables":  {`with i as (select id from item) select t.name from i join t on t.id = i.id;`, []Read{{"item", []string{"id"}}, {"t", []string{"id", "name"}}}},
		"only rows":   {`select count(*) from item`, []Read{{Table: "item"}}},
		"a temporary": {`select id from kept`, nil},
		"no table":    {`select 1`, nil},
	}
	for name, tt := range tests {
		got, err := h.Reads(t.Context(), tt.sql)
		if err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if diff := cmp.Diff(tt.want, got); diff != "" {
			t.Errorf("%s: reads (-want +got):\n%s", name, diff)
		}
	}
	for _, sql := range []string{`select nope from item`, `select 1; select 2`} {
		if got, err := h.Reads(t.Context(), sql); err == nil {
			t.Errorf("%s: reads %v, want an error", sql, got)
		}
	}
	if n := len(p.takeRequests()); n != 0 {
		t.Errorf("%d requests to the plugin", n)
	}
}
