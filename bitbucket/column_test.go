package bitbucket

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/tidwall/gjson"
	"github.com/turbot/steampipe-plugin-sdk/v5/grpc/proto"

	"github.com/kindor/steampipe-plugin-bitbucket/internal/jsontree"
)

func TestConvert(t *testing.T) {
	moment := time.Date(2013, 11, 7, 23, 55, 24, 486865000, time.UTC)
	for name, test := range map[string]struct {
		kind proto.ColumnType
		json string
		want any
	}{
		"text":                         {proto.ColumnType_STRING, `"acme"`, "acme"},
		"empty text is none":           {proto.ColumnType_STRING, `""`, nil},
		"null text":                    {proto.ColumnType_STRING, `null`, nil},
		"missing":                      {proto.ColumnType_STRING, ``, nil},
		"text of a number":             {proto.ColumnType_STRING, `12`, "12"},
		"text with a NUL":              {proto.ColumnType_STRING, `"a\u0000b"`, "a\ufffdb"},
		"text that is not UTF-8":       {proto.ColumnType_STRING, "\"a\xffb\"", "a\ufffdb"},
		"true":                         {proto.ColumnType_BOOL, `true`, true},
		"false":                        {proto.ColumnType_BOOL, `false`, false},
		"true as a text":               {proto.ColumnType_BOOL, `"true"`, true},
		"no boolean":                   {proto.ColumnType_BOOL, `"yes"`, nil},
		"zero":                         {proto.ColumnType_INT, `0`, int64(0)},
		"beyond 32 bits":               {proto.ColumnType_INT, `9007199254740993`, int64(9007199254740993)},
		"number as a text":             {proto.ColumnType_INT, `"42"`, int64(42)},
		"zero as a text":               {proto.ColumnType_INT, `"0"`, int64(0)},
		"no number":                    {proto.ColumnType_INT, `"many"`, nil},
		"object for a number":          {proto.ColumnType_INT, `{}`, nil},
		"time with an offset":          {proto.ColumnType_TIMESTAMP, `"2013-11-07T23:55:24.486865+00:00"`, moment},
		"time with another offset":     {proto.ColumnType_TIMESTAMP, `"2013-11-08T01:55:24.486865+02:00"`, moment},
		"time without a fraction":      {proto.ColumnType_TIMESTAMP, `"2019-03-13T14:09:07+00:00"`, time.Date(2019, 3, 13, 14, 9, 7, 0, time.UTC)},
		"time with 5 digits and Z":     {proto.ColumnType_TIMESTAMP, `"2023-02-20T09:38:17.20339Z"`, time.Date(2023, 2, 20, 9, 38, 17, 203390000, time.UTC)},
		"time with 9 digits":           {proto.ColumnType_TIMESTAMP, `"2025-08-23T15:07:25.469063524Z"`, time.Date(2025, 8, 23, 15, 7, 25, 469063000, time.UTC)},
		"time without a zone":          {proto.ColumnType_TIMESTAMP, `"2021-04-02T14:20:48.179"`, time.Date(2021, 4, 2, 14, 20, 48, 179000000, time.UTC)},
		"time with one digit":          {proto.ColumnType_TIMESTAMP, `"2020-10-28T12:00:00.0+00:00"`, time.Date(2020, 10, 28, 12, 0, 0, 0, time.UTC)},
		"no time":                      {proto.ColumnType_TIMESTAMP, `"yesterday"`, nil},
		"time beyond what is storable": {proto.ColumnType_TIMESTAMP, `"0000-01-01T00:00:00Z"`, nil},
		"object":                       {proto.ColumnType_JSON, `{"a":[1,2]}`, `{"a":[1,2]}`},
		"JSON null":                    {proto.ColumnType_JSON, `null`, nil},
		"JSON with a NUL":              {proto.ColumnType_JSON, `{"a":"\u0000"}`, `{"a":"\ufffd"}`},
		"JSON with an escaped slash":   {proto.ColumnType_JSON, `{"a":"\\u0000"}`, `{"a":"\\u0000"}`},
	} {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(test.want, convert(test.kind, test.json)); diff != "" {
				t.Errorf("convert(%s) mismatch (-want +got):\n%s", test.json, diff)
			}
		})
	}
}

func TestColumnTakesTheFirstSourceThatHasAValue(t *testing.T) {
	r := &row{}
	r.set(objectPart, jsontree.MustParse(`{"workspace":{"slug":"acme"},"name":"","full_name":"acme/web\"site"}`))
	r.set(workspacePart, jsontree.MustParse(`{"slug":"other","uuid":"{1}"}`))
	for name, test := range map[string]struct {
		column column
		want   any
	}{
		"own name":            {text("name", ""), nil},
		"the object first":    {text("workspace_slug", "").at("workspace.slug").in(workspacePart, "slug"), "acme"},
		"else the workspace":  {text("workspace_uuid", "").at("workspace.uuid").in(workspacePart, "uuid"), "{1}"},
		"a part not fetched":  {text("role", "").in(membershipPart, "permission"), nil},
		"a copy in elsewhere": {in(workspacePart, text("slug", ""))[0], "other"},
		"a slug":              {text("slug", "").at(slugOfFullName), "web\"site"},
		"a copied slug":       {in(workspacePart, text("slug", "").at(slugOfFullName))[0], nil},
	} {
		t.Run(name, func(t *testing.T) {
			if got := test.column.value(r); got != test.want {
				t.Errorf("value = %v, want %v", got, test.want)
			}
		})
	}
}

func TestSourceLeadsWhereItsPathDoes(t *testing.T) {
	const object = `{"a": {"b": {"c": "text"}, "n": null}, "list": [{"b": 1, "name": "ssh", "href": "one"}, 3, {"name": "https", "href": {"c": 2}}], "text": "{\"b\": 1}"}`
	r := &row{}
	r.set(objectPart, jsontree.MustParse(object))
	for path, want := range map[string]string{
		"a":                            `{"b": {"c": "text"}, "n": null}`,
		"a.b.c":                        `"text"`,
		"a.n":                          "null",
		"a.n.c":                        "",
		"a.b.c.d":                      "",
		"none.b":                       "",
		`list.#(name=="https").href`:   `{"c": 2}`,
		`list.#(name=="https").href.c`: "2",
		`list.#(name=="ssh").href`:     `"one"`,
		`list.#(name=="other").href`:   "",
		`a.#(c=="text").c`:             "", // no list
		"list.b":                       "",
		"list.1":                       "3",
		"list.#":                       "3",
		`list.#(b==1)#|#`:              "1",
		"a.b.@this":                    `{"c": "text"}`,
	} {
		if got := newSource(objectPart, path).in(r); got != want || got != gjson.Get(object, path).Raw {
			t.Errorf("%s leads to %q, want %q, as gjson's %q", path, got, want, gjson.Get(object, path).Raw)
		}
	}
	if got := newSource(objectPart, "text.b").in(r); got != "" {
		t.Errorf("a text that looks like an object has the field %q", got)
	}
}
