package bbql

import (
	"testing"
	"time"
)

func TestFilter(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 5, 4, 10, 20, 30, 123456000, time.FixedZone("", 2*60*60))
	a, b, c := Compare("a", "=", 1), Compare("b", "=", 2), Compare("c", "=", 3)
	tests := map[string]struct {
		filter Filter
		want   string
	}{
		"zero":                {Filter{}, ``},
		"string":              {Compare("name", "=", "site"), `name = "site"`},
		"dotted":              {Compare("project.key", "=", "KEY"), `project.key = "KEY"`},
		"SQL's not equal":     {Compare("name", "<>", "site"), `name != "site"`},
		"contains":            {Compare("name", "~", "it's 100% (a) AND b"), `name ~ "it's 100% (a) AND b"`},
		"contains not":        {Compare("name", "!~", "x"), `name !~ "x"`},
		"empty string":        {Compare("language", "=", ""), `language = ""`},
		"unicode":             {Compare("name", "=", "Größe 日本 🚀"), `name = "Größe 日本 🚀"`},
		"int":                 {Compare("size", ">", 5), `size > 5`},
		"int64":               {Compare("size", "<=", int64(-9007199254740993)), `size <= -9007199254740993`},
		"bool":                {Compare("is_private", "=", true), `is_private = true`},
		"null":                {Compare("parent", "!=", nil), `parent != null`},
		"time":                {Compare("updated_on", ">=", at), `updated_on >= 2026-05-04T08:20:30.123456+00:00`},
		"whole second":        {Compare("updated_on", "<", at.Truncate(time.Second)), `updated_on < 2026-05-04T08:20:30+00:00`},
		"in":                  {Compare("state", "IN", []string{"OPEN", "MERGED"}), `state IN ("OPEN", "MERGED")`},
		"not in":              {Compare("id", "NOT IN", []int64{1, 2}), `id NOT IN (1, 2)`},
		"in, mixed":           {Compare("x", "IN", []any{"a", 1, true}), `x IN ("a", 1, true)`},
		"and":                 {And(a, b, c), `a = 1 AND b = 2 AND c = 3`},
		"or":                  {Or(a, b), `a = 1 OR b = 2`},
		"or in and":           {And(a, Or(b, c)), `a = 1 AND (b = 2 OR c = 3)`},
		"and in or":           {Or(And(a, b), c), `(a = 1 AND b = 2) OR c = 3`},
		"and in and":          {And(And(a, b), c), `a = 1 AND b = 2 AND c = 3`},
		"and of one":          {And(a), `a = 1`},
		"and with everything": {And(a, Filter{}, b), `a = 1 AND b = 2`},
		"or with everything":  {Or(a, Filter{}), ``},
		"and of none":         {And(), ``},
		"or of none":          {Or(), ``},

		// A comparison that can't be expressed exactly lets everything pass.
		"quote":             {Compare("name", "=", `a" OR name != "`), ``},
		"backslash":         {Compare("name", "=", `a\`), ``},
		"line break":        {Compare("name", "=", "a\nb"), ``},
		"NUL":               {Compare("name", "=", "a\x00"), ``},
		"not UTF-8":         {Compare("name", "=", "a\xff"), ``},
		"quote in a list":   {Compare("name", "IN", []string{"a", `"`}), ``},
		"empty list":        {Compare("name", "IN", []string{}), ``},
		"in without a list": {Compare("name", "IN", "a"), ``},
		"list without in":   {Compare("name", "=", []string{"a"}), ``},
		"bytes":             {Compare("name", "=", []byte("a")), ``},
		"nanoseconds":       {Compare("updated_on", "<", at.Add(1)), ``},
		"other type":        {Compare("size", "=", struct{}{}), ``},
		"other operator":    {Compare("size", "= 1 OR size =", 1), ``},
		"other field":       {Compare("size = 1 OR size", "=", 1), ``},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := tt.filter.String(); got != tt.want {
				t.Errorf("got  %s\nwant %s", got, tt.want)
			}
			if got := tt.filter.IsZero(); got != (tt.want == "") {
				t.Errorf("IsZero is %v", got)
			}
		})
	}
}

// Whatever a string contains, it is between the only two quotes or missing.
func FuzzFilter(f *testing.F) {
	f.Add(`a`)
	f.Add(`"`)
	f.Add(`\"`)
	f.Fuzz(func(t *testing.T, value string) {
		written := Compare("name", "=", value).String()
		if written != "" && written != `name = "`+value+`"` {
			t.Errorf("%q was written as %s", value, written)
		}
		quotes := 0
		for _, r := range written {
			if r == '"' {
				quotes++
			}
		}
		if written != "" && quotes != 2 {
			t.Errorf("%s has %d quotes", written, quotes)
		}
	})
}
