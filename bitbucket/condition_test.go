package bitbucket

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/turbot/steampipe-plugin-sdk/v5/grpc/proto"

	"github.com/kindor/steampipe-plugin-bitbucket/internal/fakebitbucket"
	"github.com/kindor/steampipe-plugin-bitbucket/internal/jsontree"
)

func TestConditionVerdict(t *testing.T) {
	r := &row{}
	r.set(objectPart, jsontree.MustParse(`{"name":"Älpha_1%","size":5000000000,"is_private":true,"created_on":"2026-01-02T03:04:05.000006+00:00","language":"","kelvin":"\u212ag"}`))
	created := time.Date(2026, 1, 2, 3, 4, 5, 6000, time.UTC)
	name, language, kelvin, size := text("name", ""), text("language", ""), text("kelvin", ""), integer("size", "")
	isPrivate, archived, createdOn := boolean("is_private", ""), boolean("archived", ""), timestamp("created_on", "")
	for what, test := range map[string]struct {
		column   column
		operator string
		value    any
		want     verdict
	}{
		"equal":                             {name, "=", "Älpha_1%", holds},
		"equal in another case":             {name, "=", "älpha_1%", fails},
		"not equal":                         {name, "<>", "beta", holds},
		"in":                                {name, "=", []any{"beta", "Älpha_1%"}, holds},
		"in none":                           {name, "=", []any{"beta"}, fails},
		"in, with null":                     {name, "=", []any{nil, "Älpha_1%"}, holds},
		"in null alone":                     {name, "=", []any{nil}, fails},
		"in nothing, or = all of nothing":   {name, "=", []any{}, mayHold},
		"not in":                            {name, "<>", []any{"beta", "gamma"}, holds},
		"not in, but it is":                 {name, "<>", []any{"Älpha_1%"}, fails},
		"not in, or <> any of several":      {name, "<>", []any{"beta", "Älpha_1%"}, mayHold},
		"not in nothing":                    {language, "<>", []any{}, mayHold},
		"not in null alone":                 {name, "<>", []any{nil}, fails},
		"like a part":                       {name, "~~", "%lpha%", holds},
		"like one character":                {name, "~~", "_lpha%", holds},
		"like is exact about case":          {name, "~~", "%LPHA%", fails},
		"ilike is not":                      {name, "~~*", "Ä_PHA%", holds},
		"ilike beyond ASCII":                {name, "~~*", "äLPHA%", mayHold},
		"ilike the sign for a k":            {kelvin, "~~*", "KG", mayHold},
		"like the sign for a k":             {kelvin, "~~", "kg", fails},
		"like an escaped underscore":        {name, "~~", `Älpha\_1\%`, holds},
		"like an escape that differs":       {name, "~~", `Älph\__1%`, fails},
		"like the whole, not a part":        {name, "~~", "lpha", fails},
		"like with a dot":                   {name, "~~", "Ä.pha%", fails},
		"like any or all":                   {name, "~~", []any{"x"}, mayHold},
		"less than any or all":              {size, "<", []any{int64(1)}, mayHold},
		"null is not equal":                 {language, "=", "", fails},
		"null is not unequal":               {language, "<>", "go", fails},
		"null is not unequal to several":    {language, "<>", []any{"go", "c"}, fails},
		"null is like nothing":              {language, "~~", "%", fails},
		"is null":                           {language, "=", nil, holds},
		"is null, but it is not":            {name, "=", nil, fails},
		"is not null":                       {name, "<>", nil, holds},
		"is not null, but it is":            {language, "<>", nil, fails},
		"less than null":                    {size, "<", nil, fails},
		"greater":                           {size, ">", int64(4999999999), holds},
		"less or equal":                     {size, "<=", int64(5000000000), holds},
		"boolean":                           {isPrivate, "=", true, holds},
		"not that boolean":                  {isPrivate, "<>", true, fails},
		"not the other boolean":             {isPrivate, "<>", false, holds},
		"null is not that boolean":          {archived, "=", false, fails},
		"null may be not true":              {archived, "<>", true, mayHold},
		"null is not unequal to false":      {archived, "<>", false, fails},
		"time":                              {createdOn, "=", created, holds},
		"time in another zone":              {createdOn, "=", created.In(time.FixedZone("", 3600)), holds},
		"time in a list":                    {createdOn, "=", []any{created}, holds},
		"later":                             {createdOn, ">", created.Add(-time.Microsecond), holds},
		"not later":                         {createdOn, ">", created, fails},
		"9999, as it comes":                 {createdOn, "<", time.Date(1816, 3, 29, 5, 56, 8, 66277000, time.UTC), mayHold},
		"infinity, as it comes":             {createdOn, "<", time.Date(1999, 12, 31, 23, 59, 59, 999999000, time.UTC), mayHold},
		"another kind: the host says":       {size, "=", "many", mayHold},
		"greater than a fraction":           {size, ">=", 5000000000.5, fails},
		"less than a fraction":              {size, "<", 5000000000.5, holds},
		"a fraction in a list: it says":     {size, "=", []any{5000000000.5}, mayHold},
		"another kind in a list: it says":   {size, "=", []any{int64(1), "many"}, mayHold},
		"a list of no certain meaning":      {name, "=", unclear{}, mayHold},
		"a comparison that nobody declared": {name, "~", "x", holds},
	} {
		t.Run(what, func(t *testing.T) {
			value := test.value
			if value != (unclear{}) {
				value = sqlValue(qualValue(value))
			}
			if got := newCondition(test.column, test.operator, value).verdict(test.column.value(r)); got != test.want {
				t.Errorf("%s %s %v: verdict %v, want %v", test.column.name, test.operator, test.value, got, test.want)
			}
		})
	}
}

// TestListsOfAnyAndAll compares the verdict for a list with both meanings that it can have, ANY and ALL. A row that one of them
// keeps must not fail. It counts towards LIMIT only if each of them keeps it, or keeps no row at all.
func TestListsOfAnyAndAll(t *testing.T) {
	quantified := map[string]func(x any, operator string, list []any) truthValue{"any": compareAny, "all": compareAll}
	values := []any{"a", "b", "c", nil}
	lists := [][]any{{}}
	for _, first := range values {
		lists = append(lists, []any{first})
		for _, second := range values {
			lists = append(lists, []any{first, second})
			for _, third := range values {
				lists = append(lists, []any{first, second, third})
			}
		}
	}
	for _, operator := range []string{"=", "<>"} {
		for _, list := range lists {
			c := newCondition(text("x", ""), operator, sqlValue(qualValue(list)))
			for _, have := range values {
				got := c.verdict(have)
				for quantifier, compare := range quantified {
					is := compare(have, operator, list) == isTrue
					if is && got == fails {
						t.Errorf("%v %s %s %v is true, and fails", have, operator, quantifier, list)
					}
					keepsSome := false
					for _, other := range values {
						keepsSome = keepsSome || compare(other, operator, list) == isTrue
					}
					if !is && got == holds && keepsSome {
						t.Errorf("%v %s %s %v is not true, and holds", have, operator, quantifier, list)
					}
				}
			}
		}
	}
}

// TestListsInLists reads the nested lists that the wrapper makes of x = ANY (…) OR x = …, and of x = ALL (…) OR x = ….
func TestListsInLists(t *testing.T) {
	for _, test := range []struct {
		list []any
		want any
	}{
		{[]any{[]any{"a"}, "b"}, []any{"a", "b"}},
		{[]any{[]any{"a", "b"}, "c"}, unclear{}},
		{[]any{[]any{}, "c"}, unclear{}},
		{[]any{[]any{nil}, "c"}, unclear{}},
		{[]any{nil, "c"}, []any{nil, "c"}},
	} {
		if got := sqlValue(qualValue(test.list)); fmt.Sprintf("%#v", got) != fmt.Sprintf("%#v", test.want) {
			t.Errorf("%v is %#v, want %#v", test.list, got, test.want)
		}
	}
}

func TestConditionsBetween(t *testing.T) {
	n := integer("n", "")
	is := func(operator string, value any) condition {
		return newCondition(n, operator, sqlValue(qualValue(value)))
	}
	for what, test := range map[string]struct {
		conditions conditions
		from, to   any
	}{
		"none":                {nil, nil, nil},
		"equal":               {conditions{is("=", 5)}, int64(5), int64(5)},
		"one of some":         {conditions{is("=", []any{int64(7), nil, int64(3)})}, int64(3), int64(7)},
		"more and less":       {conditions{is(">", 3), is("<=", 9)}, int64(3), int64(9)},
		"the narrowest":       {conditions{is(">", 3), is(">=", 5), is("<", 9), is("<", 8)}, int64(5), int64(8)},
		"not":                 {conditions{is("<>", 3)}, nil, nil},
		"null":                {conditions{is("=", nil)}, nil, nil},
		"less than any":       {conditions{is("<", []any{int64(1)})}, nil, nil},
		"of nothing":          {conditions{is("=", []any{})}, nil, nil},
		"null alone":          {conditions{is("=", []any{nil})}, nil, nil},
		"of some and of less": {conditions{is("=", []any{int64(1), int64(9)}), is("<", 5)}, int64(1), int64(5)},
	} {
		if from, to := test.conditions.between("n"); from != test.from || to != test.to {
			t.Errorf("%s: between %v and %v, want %v and %v", what, from, to, test.from, test.to)
		}
	}
}

// TestConditionOnASubqueryLeavesTheRowsToTheHost sends "?" for the value of a subquery, as Steampipe's wrapper does before it
// has the value. The query must return all rows to which the condition could apply.
func TestConditionOnASubqueryLeavesTheRowsToTheHost(t *testing.T) {
	fake := fakebitbucket.Start(t, fakebitbucket.Options{Repositories: 12})
	h := connected(t, fake)
	all := len(h.rows(tableQuery{table: "bitbucket_repository", columns: "full_name"}))
	for _, q := range []*proto.Qual{
		where("full_name", "=", "?"), where("uuid", "=", "?"), where("workspace_slug", "=", "?"), where("name", "~~", "?"),
		where("size", "=", 0), where("size", ">", 0), where("updated_on", ">", time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC)),
	} {
		rows, err := h.try(t.Context(), tableQuery{table: "bitbucket_repository", columns: "full_name", where: []*proto.Qual{q}, limit: 3})
		if len(rows) != all || err != nil {
			t.Errorf("%s %s: %d rows of %d, error %v", q.FieldName, q.GetStringValue(), len(rows), all, err)
		}
	}
	if _, err := h.try(t.Context(), tableQuery{table: "bitbucket_commit", columns: "hash", where: []*proto.Qual{where("revision", "=", "?")}}); err == nil || !strings.Contains(err.Error(), "needs a constant") {
		t.Errorf("error %v, want one that says that a parameter needs a constant", err)
	}
}
