package bitbucket

import (
	"context"
	"iter"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/tidwall/gjson"
	"github.com/turbot/steampipe-plugin-sdk/v5/grpc/proto"
	"github.com/turbot/steampipe-plugin-sdk/v5/plugin"
	"github.com/turbot/steampipe-plugin-sdk/v5/plugin/transform"

	"github.com/kindor/steampipe-plugin-bitbucket/internal/jsontree"
	"github.com/kindor/steampipe-plugin-bitbucket/internal/sdkserver"
)

// A part is one of the JSON objects that a row is made of. Most rows have the object alone; a part that costs a request
// of its own is fetched only if a column of it is wanted.
type part int

const (
	objectPart      part = iota // the object that was listed
	workspacePart               // the workspace it was found in
	detailPart                  // the same object, asked for singly: it has more fields than in the list
	repositoryPart              // the repository it was found in
	projectPart                 // the project it was found in
	commitPart                  // the commit it is about
	parentPart                  // what it belongs to within the repository: a pull request, a pipeline, a report
	stepPart                    // the step of a pipeline that it belongs to
	membershipPart              // the connected user's membership of the workspace
	explanationPart             // what access consists of, as worked out from several answers
	contentPart                 // a text that was fetched by itself
	queryPart                   // values of the query itself, for columns that exist to be asked for
	parts                       // how many there are
)

// String returns the name of the constant, for messages on declarations.
func (p part) String() string {
	return [...]string{
		"objectPart", "workspacePart", "detailPart", "repositoryPart", "projectPart", "commitPart", "parentPart", "stepPart",
		"membershipPart", "explanationPart", "contentPart", "queryPart",
	}[p]
}

// A row is the JSON that Bitbucket sent, in its parts. Nothing is decoded before a column is asked for, so a field
// that is unknown, missing or of another type never breaks a page.
type row struct {
	parts [parts]jsontree.Value // none for one that is not there
}

// A rowSeq is a sequence of rows, which ends with an error or not.
type rowSeq = iter.Seq2[*row, error]

// set makes JSON one of the parts.
func (r *row) set(p part, value jsontree.Value) { r.parts[p] = value }

// part is one of the parts.
func (r *row) part(p part) jsontree.Value { return r.parts[p] }

// A column is declared once; its transform and the fields= selection sent to Bitbucket both follow from it.
type column struct {
	name        string
	kind        proto.ColumnType
	description string
	own         []source // the object's field of the same name
	sources     []source // where the value stands: the first that is present counts; none declared: its own field
	scope       string   // of OAuth that it needs beside the table's
	sort        string   // the field that Bitbucket sorts by for this column, where its order is also that of SQL
}

// A source is a place in a row: a path in one of its parts.
type source struct {
	part part
	path string
	hops []hop  // that the path begins with, from value to value
	rest string // of the path, which gjson understands; "" if these are all
}

// A hop leads to the value of a field or, in a list, to the first object whose field has a certain value.
type hop struct {
	field string
	is    string // as JSON; "" for the field itself
}

// hopForm is how a path says a hop.
var hopForm = regexp.MustCompile(`^(?:([A-Za-z_]\w*)|#\((\w+)==("\w+")\))(?:\.|$)`)

func newSource(p part, path string) source {
	s := source{part: p, path: path, rest: path}
	for {
		form := hopForm.FindStringSubmatch(s.rest)
		if form == nil {
			return s
		}
		s.hops = append(s.hops, hop{form[1] + form[2], form[3]})
		s.rest = s.rest[len(form[0]):]
	}
}

// from makes the hop. Near is where it led in the row before, counted in values from the one that it is made from.
func (h *hop) from(v jsontree.Value, near *int) jsontree.Value {
	if h.is == "" {
		return v.Near(h.field, near)
	}
	for one := range v.Values() {
		if v.IsArray() && one.Near(h.field, near).Raw() == h.is {
			return one
		}
	}
	return jsontree.Value{}
}

// after is what the path leads to from where its hops do, as JSON; "" for nothing.
func (s source) after(v jsontree.Value) string {
	if s.rest == "" {
		return v.Raw()
	}
	return v.Get(s.rest).Raw
}

// in is what is there in a row, as JSON.
func (s source) in(r *row) string {
	v, near := r.part(s.part), 0
	for i := range s.hops {
		v = s.hops[i].from(v, &near)
	}
	return s.after(v)
}

func newColumn(kind proto.ColumnType, name, description string) column {
	return column{name: name, kind: kind, description: description, own: []source{newSource(objectPart, name)}}
}

func text(name, description string) column {
	return newColumn(proto.ColumnType_STRING, name, description)
}

func boolean(name, description string) column {
	return newColumn(proto.ColumnType_BOOL, name, description)
}

func integer(name, description string) column {
	return newColumn(proto.ColumnType_INT, name, description)
}

func timestamp(name, description string) column {
	return newColumn(proto.ColumnType_TIMESTAMP, name, description)
}

func document(name, description string) column {
	return newColumn(proto.ColumnType_JSON, name, description)
}

// at says where in the object the value stands. A second call names the place to look if the first has none.
func (c column) at(path string) column { return c.in(objectPart, path) }

// in says in which part, and where, the value stands.
func (c column) in(p part, path string) column {
	c.sources = append(c.sources[:len(c.sources):len(c.sources)], newSource(p, path))
	return c
}

// sorted says that Bitbucket can sort the list by this column. Only timestamps and numbers are declared so: the order of
// texts depends on the collation of whoever compares them.
func (c column) sorted(field string) column {
	c.sort = field
	return c
}

// needing says that the column needs an OAuth scope that the rest of the table does not.
func (c column) needing(scope string) column {
	c.scope = scope
	return c
}

// in returns copies of the columns that read in another part what they read in the object.
func in(p part, columns ...column) []column {
	moved := make([]column, len(columns))
	for i, c := range columns {
		moved[i] = c
		moved[i].sources = nil
		for _, s := range c.from() {
			if s.part == objectPart {
				s.part = p
			}
			moved[i] = moved[i].in(s.part, s.path)
		}
	}
	return moved
}

// unsorted returns copies of the columns for a list that Bitbucket can't sort by them.
func unsorted(columns []column) []column {
	copies := slices.Clone(columns)
	for i := range copies {
		copies[i].sort = ""
	}
	return copies
}

func (c column) from() []source {
	if len(c.sources) == 0 {
		return c.own
	}
	return c.sources
}

// value is the column's value in r as string, bool, int64, time.Time, or nil where Bitbucket has none. An empty text is
// none: the service uses null, "" and absence alike for "not set".
func (c column) value(r *row) any {
	for _, s := range c.from() {
		if v := convert(c.kind, s.in(r)); v != nil {
			return v
		}
	}
	return nil
}

// convert makes a value of a kind of JSON; nil if there is none.
func convert(kind proto.ColumnType, raw string) any {
	if raw == "" || raw == "null" {
		return nil
	}
	switch kind {
	case proto.ColumnType_BOOL:
		switch raw {
		case `true`, `"true"`: // some settings arrive as a text
			return true
		case `false`, `"false"`:
			return false
		}
		return nil
	case proto.ColumnType_INT:
		if n, err := strconv.ParseInt(strings.Trim(raw, `"`), 10, 64); err == nil {
			return n
		}
		if number := gjson.Parse(raw); number.Type == gjson.Number {
			return number.Int()
		}
		return nil
	case proto.ColumnType_TIMESTAMP:
		return parseTime(asText(raw))
	case proto.ColumnType_JSON:
		if !strings.Contains(raw, `\u0000`) {
			return raw
		}
		return escapes.ReplaceAllStringFunc(raw, func(escape string) string {
			if escape == `\u0000` {
				return `\ufffd`
			}
			return escape
		})
	default:
		s := asText(raw)
		if s == "" {
			return nil
		}
		if utf8.ValidString(s) && strings.IndexByte(s, 0) < 0 { // which is faster than to look for what to replace
			return s
		}
		return strings.ReplaceAll(strings.ToValidUTF8(s, "\ufffd"), "\x00", "\ufffd")
	}
}

// asText is what JSON says as a text.
func asText(raw string) string {
	if raw[0] == '"' && strings.IndexByte(raw, '\\') < 0 { // as most are
		return raw[1 : len(raw)-1]
	}
	return gjson.Parse(raw).String()
}

// escapes finds the escapes in JSON. One of them stands for the character that PostgreSQL can store neither in text nor
// in jsonb.
var escapes = regexp.MustCompile(`\\(u0000|.)`)

// parseTime reads the forms of time that Bitbucket uses: RFC 3339 with any number of decimals, and the same without a
// zone, which is UTC. It returns nil for anything else. Times are kept to the microsecond, as PostgreSQL does.
func parseTime(s string) any {
	for _, layout := range []string{time.RFC3339Nano, "2006-01-02T15:04:05.999999999"} {
		t, err := time.Parse(layout, s)
		if err != nil {
			continue
		}
		if t = t.UTC(); t.Year() > 0 && t.Year() < 10000 {
			return t.Truncate(time.Microsecond)
		}
	}
	return nil
}

// plugin declares the column, which is the i-th of its table.
func (c column) plugin(i int) *plugin.Column {
	p := &plugin.Column{
		Name:        c.name,
		Type:        c.kind,
		Description: c.description,
		Transform: transform.From(func(_ context.Context, d *transform.TransformData) (any, error) {
			return d.HydrateItem.(sdkserver.Row)[i], nil
		}),
	}
	if c.sort != "" {
		p.Sort = plugin.SortAll
	}
	return p
}
