package sqlvalue_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/kindor/steampipe-plugin-bitbucket/internal/sqlvalue"
)

func TestCompare(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 11, 30, 8, 0, 0, 0, time.UTC)
	for _, test := range []struct {
		a, b           any
		want           int
		wantComparable bool
	}{
		{"a", "b", -1, true}, {"b", "a", 1, true}, {"a", "a", 0, true}, {"B", "a", -1, true},
		{int64(1), int64(2), -1, true}, {int64(2), 1.5, 1, true}, {int64(1), 1.0, 0, true},
		{true, true, 0, true}, {true, false, 1, true},
		{at, at.Add(time.Hour), -1, true}, {at, at.In(time.FixedZone("", 3600)), 0, true},
		{"1", int64(1), 0, false}, {at, "x", 0, false}, {nil, nil, 0, false},
	} {
		got, comparable := sqlvalue.Compare(test.a, test.b)
		if comparable != test.wantComparable || comparable && got != test.want {
			t.Errorf("Compare(%v, %v) = %d, %t, want %d, %t", test.a, test.b, got, comparable, test.want, test.wantComparable)
		}
	}
	for _, test := range []struct {
		a, b       any
		descending bool
		want       int
	}{
		{nil, "a", false, 1}, {"a", nil, false, -1}, {nil, nil, false, 0}, {nil, "a", true, -1}, {"a", "b", false, -1}, {"a", "b", true, 1},
	} {
		if got := sqlvalue.CompareNullable(test.a, test.b, test.descending); got != test.want {
			t.Errorf("CompareNullable(%v, %v, %t) = %d, want %d", test.a, test.b, test.descending, got, test.want)
		}
	}
}

func TestLike(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		pattern, text           string
		exactly, ascii, lowered bool // by each folding; the last one is called with the text in lower case
	}{
		{"a%", "abc", true, true, true},
		{"a%", "Abc", false, true, true},
		{"_b", "ab", true, true, true},
		{"_b", "b", false, false, false},
		{`100\%`, "100%", true, true, true},
		{`100\%`, "1000", false, false, false},
		{"a.c", "abc", false, false, false},
		{"%", "two\nlines", true, true, true},
		{"É%", "été", false, false, true},
		{"k", "\u212a", false, false, true}, // the sign for Kelvin
	} {
		got := []bool{
			sqlvalue.Like(test.pattern, sqlvalue.Exactly).MatchString(test.text),
			sqlvalue.Like(test.pattern, sqlvalue.FoldedASCII).MatchString(test.text),
			sqlvalue.Like(test.pattern, sqlvalue.Folded).MatchString(strings.ToLower(test.text)),
		}
		if diff := cmp.Diff([]bool{test.exactly, test.ascii, test.lowered}, got); diff != "" {
			t.Errorf("%q like %q (-want +got):\n%s", test.text, test.pattern, diff)
		}
	}
	want := []sqlvalue.Piece{{Literal: "a%"}, {Any: true}, {One: true}, {Literal: "b"}}
	if diff := cmp.Diff(want, sqlvalue.Pieces(`a\%%_b`)); diff != "" {
		t.Errorf("pieces (-want +got):\n%s", diff)
	}
}
