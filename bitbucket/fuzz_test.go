package bitbucket

import (
	"encoding/json"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/turbot/steampipe-plugin-sdk/v5/grpc/proto"
	"github.com/turbot/steampipe-plugin-sdk/v5/plugin/quals"

	"github.com/kindor/steampipe-plugin-bitbucket/internal/fakebitbucket"
	"github.com/kindor/steampipe-plugin-bitbucket/internal/jsontree"
)

// FuzzCondition checks that the filter for a condition passes every row that may satisfy the condition, whether Bitbucket
// compares case or not. If it does, the filter for an exact condition passes no other rows.
func FuzzCondition(f *testing.F) {
	f.Add("website", "web%", uint8(2))
	f.Add("a_b", `a\_b`, uint8(2))
	f.Add("ACME", "%cm_", uint8(3))
	f.Add(`say "hi"`, `say "hi"`, uint8(0))
	f.Add(`a\`, `%\\`, uint8(2))
	f.Add("100%", `100\%`, uint8(2))
	f.Fuzz(func(t *testing.T, have, value string, operation uint8) {
		operators := []string{quals.QualOperatorEqual, quals.QualOperatorNotEqual, quals.QualOperatorLike, quals.QualOperatorILike, "IN", "NOT IN"}
		operator := operators[int(operation)%len(operators)]
		c := newCondition(text("name", ""), operator, value)
		switch operator {
		case "IN":
			c = newCondition(text("name", ""), quals.QualOperatorEqual, []any{"other", value})
		case "NOT IN":
			c = newCondition(text("name", ""), quals.QualOperatorNotEqual, []any{"other", value})
		}
		c.field = "name"
		r := &row{}
		encoded, err := json.Marshal(map[string]string{"name": have})
		if err != nil {
			t.Fatal(err)
		}
		r.set(objectPart, jsontree.MustParse(string(encoded)))
		if stored, ok := c.column.value(r).(string); !ok || stored != have {
			return // the plugin changes texts that PostgreSQL can't store
		}
		filter, exact := c.filter()
		if filter.IsZero() {
			return
		}
		for _, foldsCase := range []bool{false, true} {
			passes, err := fakebitbucket.Passes(filter.String(), foldsCase, "name", have)
			if err != nil {
				t.Fatalf("%s: %v", filter, err)
			}
			got := c.verdict(have)
			if got != fails && !passes {
				t.Errorf("%q %s %q may hold, but %s excludes it", have, operator, value, filter)
			}
			if exact && !foldsCase && passes && got == fails {
				t.Errorf("%q %s %q does not hold, but %s, which is exact, passes it", have, operator, value, filter)
			}
		}
	})
}

// FuzzColumn reads any JSON for the value of a column. The result has the column's type, and PostgreSQL can store it.
func FuzzColumn(f *testing.F) {
	for _, value := range []string{
		`{"a": {"b": "text"}}`, `{"a": [{"b": 1}, {"b": null}]}`, `{"a": {"b": "\u0000\ud800"}}`, `{"a": {"b": 1e400}}`, `{"a": "true"}`, `{"a":{"b":"2023-02-20T09:38:17.20339Z"}}`,
		"{\"a\": {\"b\": \"\xff\"}}", `[]`, `{"a": {"b": {"c": [1, "\\u0000"]}}}`, `{"a":{"b":9223372036854775808}}`, `nonsense`,
	} {
		f.Add([]byte(value), uint8(0))
	}
	f.Add([]byte(`{"a":[{"b":"https","c":"x"}]}`), uint8(3))
	paths := []string{"a.b", "a", "a.#.b", `a.#(b=="https").c`, "a.0.b"} // the forms that columns have
	f.Fuzz(func(t *testing.T, raw []byte, form uint8) {
		path := paths[int(form)%len(paths)]
		object, ok := jsontree.Parse(string(raw))
		if !ok {
			return // the client refuses it
		}
		r, before := &row{}, &row{}
		r.set(objectPart, object)
		before.set(objectPart, jsontree.MustParse(`{"z": 1, "a": {"b": "other"}}`))
		for _, c := range []column{text("c", ""), boolean("c", ""), integer("c", ""), timestamp("c", ""), document("c", "")} {
			c = c.at(path)
			d := newDecoder(&table{columns: []column{c}}, map[string]bool{"c": true})
			d.decode(before)
			if got, want := d.decode(r)[0], c.value(r); got != want {
				t.Errorf("%s of %s is %v after another row, want %v", path, raw, got, want)
			}
			switch v := c.value(r).(type) {
			case nil:
			case string:
				if c.kind != proto.ColumnType_STRING && c.kind != proto.ColumnType_JSON {
					t.Errorf("%v has the text %q", c.kind, v)
				}
				if c.kind == proto.ColumnType_STRING && (!utf8.ValidString(v) || strings.Contains(v, "\x00")) {
					t.Errorf("text %q", v)
				}
				if c.kind == proto.ColumnType_JSON && (!json.Valid([]byte(v)) || hasNUL(v)) {
					t.Errorf("JSON %q", v)
				}
			case bool:
				if c.kind != proto.ColumnType_BOOL {
					t.Errorf("%v is %v", c.kind, v)
				}
			case int64:
				if c.kind != proto.ColumnType_INT {
					t.Errorf("%v is %v", c.kind, v)
				}
			case time.Time:
				if c.kind != proto.ColumnType_TIMESTAMP || v.Year() < 1 || v.Year() > 9999 || v.Location() != time.UTC || v.Nanosecond()%1000 != 0 {
					t.Errorf("%v is %v", c.kind, v)
				}
			default:
				t.Errorf("%v is a %T", c.kind, v)
			}
		}
	})
}

// hasNUL reports whether a text in a JSON document has the character that PostgreSQL's jsonb refuses.
func hasNUL(s string) bool {
	var has func(any) bool
	has = func(v any) bool {
		switch v := v.(type) {
		case string:
			return strings.Contains(v, "\x00")
		case []any:
			for _, one := range v {
				if has(one) {
					return true
				}
			}
		case map[string]any:
			for name, one := range v {
				if strings.Contains(name, "\x00") || has(one) {
					return true
				}
			}
		}
		return false
	}
	var v any
	return json.Unmarshal([]byte(s), &v) == nil && has(v)
}

// FuzzTime parses times. The result is the time that the text says, in all forms that Bitbucket uses, or nothing.
func FuzzTime(f *testing.F) {
	for _, s := range []string{
		"2013-11-07T23:55:24.486865+00:00", "2019-03-13T14:09:07+00:00", "2023-02-20T09:38:17.20339Z", "2025-08-23T15:07:25.469063524Z", "2021-04-02T14:20:48.179",
		"2020-10-28T12:00:00.0+00:00", "0000-01-01T00:00:00Z", "9999-12-31T23:59:59.999999999-14:00", "2020-02-30T00:00:00Z", "", "2020-10-28T24:00:00Z", "2020-10-28T12:00:00,5Z",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		got, ok := parseTime(s).(time.Time)
		if !ok {
			return
		}
		if got.Year() < 1 || got.Year() > 9999 || got.Location() != time.UTC || got.Nanosecond()%1000 != 0 {
			t.Errorf("%q is %v", s, got)
		}
		if again, ok := parseTime(got.Format(time.RFC3339Nano)).(time.Time); !ok || !again.Equal(got) {
			t.Errorf("%q is %v, and that is %v", s, got, again)
		}
		for _, zone := range []string{"", "Z"} { // without a zone it is UTC
			if want, err := time.Parse(time.RFC3339Nano, s+zone); err == nil && !want.Truncate(time.Microsecond).Equal(got) {
				t.Errorf("%q is %v, want %v", s, got, want)
			}
		}
	})
}
