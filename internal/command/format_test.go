package command

import (
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/kindor/steampipe-plugin-bitbucket/internal/sqlhost"
)

// everyKind returns a result with columns of every type.
func everyKind() *resultList {
	return &resultList{
		columns: []sqlhost.Column{
			{Name: "name", Type: sqlhost.Text}, {Name: "is_private", Type: sqlhost.Boolean}, {Name: "size", Type: sqlhost.Integer},
			{Name: "share", Type: sqlhost.Real}, {Name: "updated_on", Type: sqlhost.Timestamp}, {Name: "mainbranch", Type: sqlhost.JSON},
			{Name: "count(*)"}, {Name: "name"},
		},
		rows: [][]any{
			{"café, \"größer\"", int64(1), int64(9007199254740993), 1e6, "2026-01-02T03:04:05.678+00:00", `{"name": "a<b"}`, int64(0), "a\nb"},
			{nil, int64(0), nil, nil, nil, nil, 0.25, "\x1b[31mred\u202e\t."},
			{"", nil, int64(-1), 0.1, "no time", `not JSON`, "1", []byte{1, 255}},
		},
	}
}

func twoResults() []resultSet {
	return []resultSet{
		&resultList{columns: []sqlhost.Column{{Name: "a"}}, rows: [][]any{{int64(1)}, {nil}}},
		&resultList{},
		&resultList{columns: []sqlhost.Column{{Name: "b"}, {Name: "c"}}},
		&resultList{columns: []sqlhost.Column{{Name: "d"}}, rows: [][]any{{"x"}}},
	}
}

// TestEveryFormatIsListed checks that each format_*.go is in formats, and that docs/query.md names each format.
func TestEveryFormatIsListed(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile("../../docs/query.md")
	if err != nil {
		t.Fatal(err)
	}
	_, list, _ := strings.Cut(string(page), "\nThe formats are ")
	list, _, _ = strings.Cut(list, ".")
	for name := range formats {
		if !strings.Contains(list, "`"+name+"`") {
			t.Errorf("add `%s` to the formats in docs/query.md", name)
		}
	}
	files, err := filepath.Glob("format_*.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		name := strings.TrimSuffix(strings.TrimPrefix(file, "format_"), ".go")
		if name != "test" && formats[name] == nil {
			t.Errorf("%s: add %s to formats in format.go", file, name)
		}
	}
}

func TestFormats(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		format   string
		noHeader bool
		results  []resultSet
		want     string
	}{
		"jsonl": {
			format: "jsonl", results: append(twoResults(), everyKind()),
			want: `
{"a":1}
{"a":null}
{"d":"x"}
{"name":"café, \"größer\"","is_private":true,"size":9007199254740993,"share":1000000,"updated_on":"2026-01-02T03:04:05.678+00:00","mainbranch":{"name":"a<b"},"count(*)":0,"name_2":"a\nb"}
{"name":null,"is_private":false,"size":null,"share":null,"updated_on":null,"mainbranch":null,"count(*)":0.25,"name_2":"\u001b[31mred` + "\u202e" + `\t."}
{"name":"","is_private":null,"size":-1,"share":0.1,"updated_on":"no time","mainbranch":"not JSON","count(*)":"1","name_2":"x'01ff'"}
`,
		},
		"markdown": {
			format: "markdown", results: append(twoResults(), &resultList{columns: []sqlhost.Column{{Name: "e|f"}, {Name: "g"}}, rows: [][]any{{"a|b\nc", int64(1)}}}),
			want: `
| a |
| ---:|
| 1 |
|  |

| b | c |
|:--- |:--- |

| d |
|:--- |
| x |

| e\|f | g |
|:--- | ---:|
| a\|b<br/>c | 1 |
`,
		},
		"csv without names":      {format: "csv", noHeader: true, results: twoResults(), want: "1\n\"\"\n\n\nx\n"},
		"markdown without names": {format: "markdown", noHeader: true, results: twoResults()[3:], want: "| x |\n"},
		"table without names":    {format: "table", noHeader: true, results: twoResults()[3:], want: "+---+\n| x |\n+---+\n"},
		"table": {
			format: "table", results: []resultSet{everyKind()},
			want: `
+----------------+------------+------------------+---------+-------------------------------+-----------------+----------+----------------+
| name           | is_private |             size |   share | updated_on                    | mainbranch      | count(*) | name           |
+----------------+------------+------------------+---------+-------------------------------+-----------------+----------+----------------+
| café, "größer" | true       | 9007199254740993 | 1000000 | 2026-01-02T03:04:05.678+00:00 | {"name": "a<b"} |        0 | a              |
|                |            |                  |         |                               |                 |          | b              |
| <null>         | false      |           <null> |  <null> | <null>                        | <null>          |     0.25 | �[31mred�    . |
|                | <null>     |               -1 |     0.1 | no time                       | not JSON        |        1 | x'01ff'        |
+----------------+------------+------------------+---------+-------------------------------+-----------------+----------+----------------+
`,
		},
		"line": {
			format: "line", results: []resultSet{everyKind()},
			want: `
-[ RECORD 1 ]---------------------------
name       | café, "größer"
is_private | true
size       | 9007199254740993
share      | 1000000
updated_on | 2026-01-02T03:04:05.678+00:00
mainbranch | {"name": "a<b"}
count(*)   | 0
name       | a
           | b
-[ RECORD 2 ]---------------------------
name       | <null>
is_private | false
size       | <null>
share      | <null>
updated_on | <null>
mainbranch | <null>
count(*)   | 0.25
name       | �[31mred�    .
-[ RECORD 3 ]---------------------------
name       | 
is_private | <null>
size       | -1
share      | 0.1
updated_on | no time
mainbranch | not JSON
count(*)   | 1
name       | x'01ff'
`,
		},
		"csv": {
			format: "csv", results: []resultSet{everyKind()},
			want: `
name,is_private,size,share,updated_on,mainbranch,count(*),name
"café, ""größer""",true,9007199254740993,1000000,2026-01-02T03:04:05.678+00:00,"{""name"": ""a<b""}",0,"a
b"
,false,,,,,0.25,` + "\x1b[31mred\u202e\t." + `
,,-1,0.1,no time,not JSON,1,x'01ff'
`,
		},
		"json": {
			format: "json", results: []resultSet{everyKind()},
			want: `
[
{"name":"café, \"größer\"","is_private":true,"size":9007199254740993,"share":1000000,"updated_on":"2026-01-02T03:04:05.678+00:00","mainbranch":{"name":"a<b"},"count(*)":0,"name_2":"a\nb"},
{"name":null,"is_private":false,"size":null,"share":null,"updated_on":null,"mainbranch":null,"count(*)":0.25,"name_2":"\u001b[31mred` + "\u202e" + `\t."},
{"name":"","is_private":null,"size":-1,"share":0.1,"updated_on":"no time","mainbranch":"not JSON","count(*)":"1","name_2":"x'01ff'"}
]
`,
		},
		"json of no rows":                  {format: "json", results: []resultSet{newList("a")}, want: "\n[]\n"},
		"json of a statement with no rows": {format: "json", results: []resultSet{&resultList{}}, want: "\n[]\n"},
		"json of several": {
			format: "json", results: twoResults(),
			want: `
[
[
{"a":1},
{"a":null}
],
[],
[],
[
{"d":"x"}
]
]
`,
		},
		"csv of several": {
			format: "csv", results: twoResults(),
			want: `
a
1
""

b,c

d
x
`,
		},
		"table of several": {
			format: "table", results: twoResults(),
			want: `
+--------+
|      a |
+--------+
|      1 |
| <null> |
+--------+
+---+---+
| b | c |
+---+---+
+---+---+
+---+
| d |
+---+
| x |
+---+
`,
		},
		"line of several": {
			format: "line", results: twoResults(),
			want: `
-[ RECORD 1 ]------------------
a | 1
-[ RECORD 2 ]------------------
a | <null>

-[ RECORD 1 ]------------------
d | x
`,
		},
	}
	for format := range formats {
		if _, ok := tests[format]; !ok {
			t.Errorf("add a test %q of the format to this list", format)
		}
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var out strings.Builder
			p := formats[tt.format](&out, layout{results: len(tt.results), noHeader: tt.noHeader})
			for _, r := range tt.results {
				if err := p.print(r); err != nil {
					t.Fatal(err)
				}
			}
			if err := p.end(); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(strings.TrimPrefix(tt.want, "\n"), out.String()); diff != "" {
				t.Errorf("output (-want +got):\n%s", diff)
			}
			if tt.format == "json" && !json.Valid([]byte(out.String())) {
				t.Error("not a JSON document")
			}
		})
	}
}

// A failingResult ends with an error after its rows.
type failingResult struct{ *resultList }

var errBroken = errors.New("broken")

func (failingResult) Err() error { return errBroken }

func TestFormatsOfAFailure(t *testing.T) {
	t.Parallel()
	for format, create := range formats {
		t.Run(format, func(t *testing.T) {
			t.Parallel()
			many := newList("a")
			for range 20_000 { // more than a buffer holds
				many.add("a text of some length")
			}
			var out strings.Builder
			p := create(&out, layout{results: 2})
			if err := p.print(everyKind()); err != nil {
				t.Fatal(err)
			}
			if err := p.print(failingResult{many}); !errors.Is(err, errBroken) {
				t.Errorf("print = %v, want %v", err, errBroken)
			}
			if format == "json" && json.Valid([]byte(out.String())) {
				t.Error("a truncated document is valid")
			}
			if format == "table" && strings.Contains(out.String(), "some length") {
				t.Error("a table was drawn of a part of the rows")
			}
		})
	}
}

// A fullDisk can't be written to.
type fullDisk struct{}

func (fullDisk) Write([]byte) (int, error) { return 0, errBroken }

func TestFormatsReportWriteErrors(t *testing.T) {
	t.Parallel()
	for format, create := range formats {
		if err := printAlone(create(fullDisk{}, layout{results: 1}), everyKind()); !errors.Is(err, errBroken) {
			t.Errorf("%s: error %v, want %v", format, err, errBroken)
		}
	}
}

func TestTableFitsTerminal(t *testing.T) {
	t.Parallel()
	l := newList("name", "description")
	l.add("a-name", strings.Repeat("some words ", 20))
	var out strings.Builder
	if err := (&tablePrinter{w: &out, width: 60}).print(l); err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(out.String()) {
		if len(strings.TrimSpace(line)) > 60 {
			t.Errorf("line of %d characters: %s", len(line), line)
		}
	}
}

func TestFit(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		widths []int
		width  int
		want   int
	}{
		"all fit":                    {[]int{10, 20, 30}, 100, 30},
		"the widest gives":           {[]int{10, 20, 90}, 100, 60},
		"two give":                   {[]int{10, 90, 80}, 100, 40},
		"never below the narrowest":  {[]int{90, 90, 90, 90}, 80, narrowest},
		"narrow ones are left alone": {[]int{1}, 80, narrowest},
	}
	for name, tt := range tests {
		if got, _ := fit(tt.widths, tt.width); got != tt.want {
			t.Errorf("%s: fit(%v, %d) = %d, want %d", name, tt.widths, tt.width, got, tt.want)
		}
	}
}

func TestKeysAreUnique(t *testing.T) {
	t.Parallel()
	var columns []sqlhost.Column
	for _, name := range []string{"a", "a_2", "a", "b", "a"} {
		columns = append(columns, sqlhost.Column{Name: name})
	}
	if diff := cmp.Diff([]string{"a", "a_2", "a_3", "b", "a_4"}, uniqueNames(columns)); diff != "" {
		t.Errorf("keys (-want +got):\n%s", diff)
	}
}
