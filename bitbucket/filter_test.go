package bitbucket

import (
	"strings"
	"testing"
	"time"

	"github.com/kindor/steampipe-plugin-bitbucket/internal/jsontree"
)

func TestConditionHolds(t *testing.T) {
	r := &row{}
	r.set(object, jsontree.MustParse(`{"name":"Älpha_1%","size":5000000000,"is_private":true,"created_on":"2026-01-02T03:04:05.000006+00:00","language":""}`))
	created := time.Date(2026, 1, 2, 3, 4, 5, 6000, time.UTC)
	for name, test := range map[string]struct {
		column   column
		operator string
		value    any
		want     bool
	}{
		"equal":                       {text("name", ""), "=", "Älpha_1%", true},
		"equal in another case":       {text("name", ""), "=", "älpha_1%", false},
		"not equal":                   {text("name", ""), "<>", "beta", true},
		"in":                          {text("name", ""), "=", []any{"beta", "Älpha_1%"}, true},
		"in none":                     {text("name", ""), "=", []any{"beta"}, false},
		"not in":                      {text("name", ""), "<>", []any{"beta"}, true},
		"not in, but it is":           {text("name", ""), "<>", []any{"Älpha_1%"}, false},
		"like a part":                 {text("name", ""), "~~", "%lpha%", true},
		"like one character":          {text("name", ""), "~~", "_lpha%", true},
		"like is exact about case":    {text("name", ""), "~~", "%LPHA%", false},
		"ilike is not":                {text("name", ""), "~~*", "äLPHA%", true},
		"like an escaped underscore":  {text("name", ""), "~~", `Älpha\_1\%`, true},
		"like an escape that differs": {text("name", ""), "~~", `Älph\__1%`, false},
		"like the whole, not a part":  {text("name", ""), "~~", "lpha", false},
		"like with a dot":             {text("name", ""), "~~", "Ä.pha%", false},
		"null is not equal":           {text("language", ""), "=", "", false},
		"null is not unequal":         {text("language", ""), "<>", "go", false},
		"null is like nothing":        {text("language", ""), "~~", "%", false},
		"is null":                     {text("language", ""), "=", nil, true},
		"is null, but it is not":      {text("name", ""), "=", nil, false},
		"is not null":                 {text("name", ""), "<>", nil, true},
		"is not null, but it is":      {text("language", ""), "<>", nil, false},
		"less than null":              {integer("size", ""), "<", nil, false},
		"greater":                     {integer("size", ""), ">", int64(4999999999), true},
		"greater than a fraction":     {integer("size", ""), ">=", 5000000000.5, false},
		"less or equal":               {integer("size", ""), "<=", int64(5000000000), true},
		"boolean":                     {boolean("is_private", ""), "=", true, true},
		"not that boolean":            {boolean("is_private", ""), "<>", true, false},
		"time":                        {timestamp("created_on", ""), "=", created, true},
		"time in another zone":        {timestamp("created_on", ""), "=", created.In(time.FixedZone("", 3600)), true},
		"later":                       {timestamp("created_on", ""), ">", created.Add(-time.Microsecond), true},
		"not later":                   {timestamp("created_on", ""), ">", created, false},
		"another kind: the host says": {integer("size", ""), "=", "many", true},
	} {
		t.Run(name, func(t *testing.T) {
			c := condition{column: test.column, operator: test.operator, value: test.value}
			if pattern, ok := test.value.(string); ok && strings.Contains(test.operator, "~~") {
				c.pattern = like(pattern, test.operator == "~~*")
			}
			if got := c.holds(r); got != test.want {
				t.Errorf("%s %s %v holds: %v, want %v", test.column.name, test.operator, test.value, got, test.want)
			}
		})
	}
}

func TestConditionFilter(t *testing.T) {
	for name, test := range map[string]struct {
		operator  string
		value     any
		want      string
		wantExact bool
	}{
		"equal":          {"=", "a", `f = "a"`, true},
		"not equal":      {"<>", "a", `f != "a"`, true},
		"in":             {"=", []any{"a", "b"}, `f IN ("a", "b")`, true},
		"like":           {"~~", "a%b_c", `f ~ "a" AND f ~ "b" AND f ~ "c"`, false},
		"like all":       {"~~*", "%", "", false},
		"number":         {">=", int64(10), "f >= 10", true},
		"a quote inside": {"=", `a"b`, "", true},
		"null":           {"=", nil, "", false},
	} {
		t.Run(name, func(t *testing.T) {
			filter, exact := condition{field: "f", operator: test.operator, value: test.value}.filter()
			if filter.String() != test.want || exact != test.wantExact {
				t.Errorf("filter = %q, exact %v, want %q, %v", filter, exact, test.want, test.wantExact)
			}
		})
	}
}
