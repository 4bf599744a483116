package jsontree

import (
	"bytes"
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
	"testing"

	"github.com/tidwall/gjson"
)

func TestParseTakesJSONAlone(t *testing.T) {
	for _, text := range []string{
		``, ` `, `{`, `}`, `[`, `]`, `{]`, `[}`, `[1`, `[1,`, `[1,]`, `[,1]`, `[1 2]`, `{"a"}`, `{"a":}`, `{"a":1`, `{"a":1,`, `{"a":1,}`, `{,"a":1}`, `{"a" 1}`, `{a:1}`, `{1:1}`, `{"a":1 "b":2}`,
		`"`, `"a`, `"\`, `"\"`, `"\x"`, `"\u"`, `"\u12"`, `"\u123g"`, `"\u123`, "\"\n\"", "\"\x00\"", "\"\x1fn\"", `'a'`,
		`-`, `+1`, `01`, `-01`, `.5`, `1.`, `1.e1`, `1e`, `1e+`, `1E-`, `--1`, `0x1`, `1a`, `NaN`, `Infinity`, `tru`, `True`, `nul`, `nulll`, `falsey`, `true false`, `{} {}`, "\ufeff{}", "1\v", "\f1",
		strings.Repeat("[", 10001) + strings.Repeat("]", 10001), strings.Repeat("[", 10001) + "1" + strings.Repeat("]", 10001), strings.Repeat(`{"a":`, 10001) + "1" + strings.Repeat("}", 10001),
	} {
		if _, ok := Parse(text); ok || json.Valid([]byte(text)) {
			t.Errorf("%.40q was taken for JSON", text)
		}
	}
	for _, text := range []string{
		`{}`, `[]`, ` { } `, "\n[\t]\r", `""`, `"\"\\\/\b\f\n\r\t\u00Ff"`, "\"\x7f\xff\"", `0`, `-0`, `-0.0e-0`, `10`, `1.50`, `1e9`, `1E+99`, `true`, `false`, `null`, `[[],{}]`, `{"":""}`, `[ 1 , 2 ]`, `{ "a" : 1 , "b" : [ ] }`,
		strings.Repeat("[", 10000) + strings.Repeat("]", 10000), strings.Repeat(`{"a":`, 10000) + "1" + strings.Repeat("}", 10000),
	} {
		if v, ok := Parse(text); !ok || !json.Valid([]byte(text)) || v.Raw() != strings.TrimSpace(text) {
			t.Errorf("%.40q was not taken for JSON, or for %.40q", text, v.Raw())
		}
	}
}

func TestField(t *testing.T) {
	v := MustParse(` { "a" : 1, "nested": {"a": 2, "b": {"a": [3, {"c": null}]}}, "b": "text", "\u0063": true, "say \"d\"": 4, "": 5 } `)
	for _, test := range []struct {
		of   Value
		name string
		want string
	}{
		{v, "a", "1"},
		{v, "b", `"text"`},
		{v, "c", "true"}, // written with an escape
		{v, "", "5"},
		{v, "d", ""},
		{v, "nested", `{"a": 2, "b": {"a": [3, {"c": null}]}}`},
		{v.Field("nested"), "a", "2"},
		{v.Field("nested").Field("b"), "a", `[3, {"c": null}]`},
		{v.Field("nested"), "c", ""},
		{v.Field("a"), "a", ""},
		{v.Field("nested").Field("b").Field("a"), "c", ""}, // a list has no fields
		{MustParse(`["a"]`), "[", ""},
		{Value{}, "a", ""},
	} {
		for near := range 20 { // wherever the search starts
			got := test.of.Near(test.name, &near)
			if got.Raw() != test.want || got.Exists() != (test.want != "") {
				t.Errorf("field %q of %s is %q, want %q", test.name, test.of.Raw(), got.Raw(), test.want)
			}
			if got.Exists() && got.at != test.of.at+near {
				t.Errorf("field %q of %s is said to be at %d", test.name, test.of.Raw(), near)
			}
		}
	}
}

func TestNearIsWhereItWas(t *testing.T) {
	near := 0
	for _, text := range []string{`{"x": [1, 2], "a": 1}`, `{"y": [3, 4], "a": 1}`} {
		if v := MustParse(text).Near("a", &near); v.Raw() != "1" || near != 4 {
			t.Errorf("%s: %q at %d", text, v.Raw(), near)
		}
	}
	if v := MustParse(`{"x": {"y": 1, "z": 2, "a": 3}, "a": 1}`).Near("a", &near); v.Raw() != "1" || near != 5 { // another field is at that index
		t.Errorf("%q at %d", v.Raw(), near)
	}
}

func TestNoValue(t *testing.T) {
	var none Value
	if none.Exists() || none.Raw() != "" || none.IsObject() || none.IsArray() || none.Len() != 0 || none.Name() != "" || none.Size() != 0 || none.Result().Exists() || none.Get("a").Exists() {
		t.Error("no value passes for one")
	}
	if null := MustParse("null"); !null.Exists() || null.IsObject() || null.IsArray() || null.Len() != 0 || null.Result().Type != gjson.Null {
		t.Error("null is a value, and an empty one")
	}
}

func TestOf(t *testing.T) {
	if v := Of(map[string]any{"slug": `a"b`, "n": 1}); v.Get("slug").String() != `a"b` || v.Get("n").Int() != 1 {
		t.Errorf("%s", v.Raw())
	}
	for name, panics := range map[string]func(){"no JSON": func() { MustParse("{") }, "no value": func() { Of(func() {}) }} {
		t.Run(name, func(t *testing.T) {
			defer func() {
				if recover() == nil {
					t.Error("does not panic")
				}
			}()
			panics()
		})
	}
}

// decoded returns a value as encoding/json decodes it.
func decoded(v Value) any {
	switch {
	case v.IsObject():
		object := map[string]any{}
		for field := range v.Values() {
			object[field.Name()] = decoded(field)
		}
		return object
	case v.IsArray():
		array := []any{}
		for element := range v.Values() {
			array = append(array, decoded(element))
		}
		return array
	}
	if r := v.Result(); r.Type != gjson.Number {
		return r.Value()
	}
	return json.Number(v.Raw())
}

// The parser accepts the same documents as encoding/json, with the same values.
func FuzzParse(f *testing.F) {
	for _, text := range []string{
		`{"values": [{"a": 1, "b": {"c": [true, false, null]}}, {}], "size": -1.5e+3, "next": "https:\/\/x\u0041\n"}`, `[[[]]]`, ` "a" `, `{"a":1,"a":2}`, "{\"\xff\":\"\xff\"}", `[1,]`, `{"\u00"}`, `01`,
	} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		v, ok := Parse(string(text))
		if valid := json.Valid(text); ok != valid {
			t.Fatalf("%q is JSON: %v, want %v", text, ok, valid)
		}
		if !ok {
			return
		}
		if v.Raw() != strings.Trim(string(text), " \n\r\t") || v.Size() < len(text) {
			t.Errorf("%q was taken for %q, of %d bytes", text, v.Raw(), v.Size())
		}
		text = bytes.ToValidUTF8(text, []byte("?")) // parsers differ in the handling of invalid UTF-8
		reader := json.NewDecoder(bytes.NewReader(text))
		reader.UseNumber()
		var want any
		if err := reader.Decode(&want); err != nil {
			t.Fatal(err)
		}
		if got := decoded(MustParse(string(text))); !reflect.DeepEqual(got, want) {
			t.Errorf("%q is %v, want %v", text, got, want)
		}
	})
}

func BenchmarkParse(b *testing.B) {
	items := make([]string, 100)
	for i := range items {
		items[i] = fmt.Sprintf(`{"type":"repository","full_name":"acme/website-%d","links":{"self":{"href":"https://api.bitbucket.org/2.0/repositories/acme/website-%d"}},"is_private":true,"size":%d,"mainbranch":null}`, i, i, 12345*i)
	}
	text := `{"values":[` + strings.Join(items, ",") + `],"pagelen":100,"page":1}`
	b.Run("tree", func(b *testing.B) {
		b.SetBytes(int64(len(text)))
		b.ReportAllocs()
		for b.Loop() {
			Parse(text)
		}
	})
	b.Run("gjson.Valid", func(b *testing.B) { // only validates
		b.SetBytes(int64(len(text)))
		for b.Loop() {
			gjson.Valid(text)
		}
	})
}
