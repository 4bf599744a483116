package bitbucket

import (
	"testing"
	"time"
)

func TestConditionFilter(t *testing.T) {
	at := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	name, size, isPrivate, created := text("f", ""), integer("f", ""), boolean("f", ""), timestamp("f", "")
	for what, test := range map[string]struct {
		column    column
		operator  string
		value     any
		want      string
		wantExact bool
	}{
		"equal":                    {name, "=", "a", `f = "a"`, true},
		"not equal, of texts":      {name, "<>", "a", "", false},
		"in":                       {name, "=", []any{"a", "b"}, `f IN ("a", "b")`, true},
		"in, with null":            {name, "=", []any{"a", nil, "b"}, `f IN ("a", "b")`, true},
		"in null alone":            {name, "=", []any{nil}, "", true},
		"in nothing":               {name, "=", []any{}, "", false},
		"not in, of texts":         {name, "<>", []any{"a"}, "", false},
		"like":                     {name, "~~", "a%b_c", `f ~ "a" AND f ~ "b" AND f ~ "c"`, false},
		"like all":                 {name, "~~*", "%", "", false},
		"like a letter":            {name, "~~", "%ä%", `f ~ "ä"`, false},
		"ilike a letter":           {name, "~~*", "%ä%b", `f ~ "b"`, false},
		"like any":                 {name, "~~", []any{"a"}, "", false},
		"number":                   {size, ">=", 10, "f >= 10", true},
		"not that number":          {size, "<>", 10, "f != 10", true},
		"not in, of one number":    {size, "<>", []any{int64(10)}, "f != 10", true},
		"not in, of numbers":       {size, "<>", []any{int64(10), int64(11)}, "", false},
		"numbers, with null":       {size, "=", []any{int64(10), nil}, "f IN (10)", true},
		"less than any":            {size, "<", []any{int64(10)}, "", false},
		"boolean":                  {isPrivate, "=", true, "f = true", true},
		"not the boolean, or null": {isPrivate, "<>", true, "", false},
		"not the other boolean":    {isPrivate, "<>", false, "f = true", true},
		"times, with null":         {created, "=", []any{nil, at}, "f IN (2026-01-02T03:04:05+00:00)", true},
		"a time out of the range":  {created, "<", at.AddDate(200, 0, 0), "", false},
		"a quote inside":           {name, "=", `a"b`, "", true},
		"null":                     {name, "=", nil, "", false},
		"another kind":             {size, "=", "many", "", false},
	} {
		t.Run(what, func(t *testing.T) {
			c := newCondition(test.column, test.operator, sqlValue(qualValue(test.value)))
			c.keyColumn = filtered("f", "f", nil)
			if filter, exact := c.filter(); filter.String() != test.want || exact != test.wantExact {
				t.Errorf("filter = %q, exact %v, want %q, %v", filter, exact, test.want, test.wantExact)
			}
		})
	}
}

func TestConditionFilterOfWords(t *testing.T) {
	for value, want := range map[string]string{"admin": `permission = "admin"`, "ADMIN": ""} {
		c := newCondition(text("permission", ""), "=", value)
		c.keyColumn = filtered("permission", "permission", equalOperators).among("read", "admin")
		if filter, exact := c.filter(); filter.String() != want || exact != (want != "") {
			t.Errorf("%s: filter = %q, exact %v, want %q", value, filter, exact, want)
		}
	}
	c := newCondition(boolean("is_private", ""), "<>", true)
	c.keyColumn = filtered("is_private", "is_private", equalOperators).set()
	if filter, exact := c.filter(); filter.String() != "is_private = false" || !exact {
		t.Errorf("filter = %q, exact %v", filter, exact)
	}
}
