package bitbucket

import (
	"iter"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/tidwall/gjson"

	"github.com/kindor/steampipe-plugin-bitbucket/internal/jsontree"
)

// A part is one of the JSON objects that a row is made of. Most rows have only the object. A part that takes a request
// of its own is fetched only if one of its columns is wanted.
type part int

const (
	objectPart      part = iota // the object that was listed
	workspacePart               // the workspace it was found in
	detailPart                  // the same object, requested by itself: it has more fields than in the list
	repositoryPart              // the repository it was found in
	projectPart                 // the project it was found in
	commitPart                  // the commit it is about
	parentPart                  // its parent in the repository: a pull request, a pipeline, a report
	stepPart                    // the pipeline step that it belongs to
	membershipPart              // the connected user's membership of the workspace
	explanationPart             // what was worked out from several answers
	contentPart                 // a text that was fetched separately
	positionPart                // its position in a list of objects without ids
	queryPart                   // values of the query itself, for columns that only serve as conditions
	parts                       // their number
)

// String returns the name of the constant, for messages on declarations.
func (p part) String() string {
	return [...]string{
		"objectPart", "workspacePart", "detailPart", "repositoryPart", "projectPart", "commitPart", "parentPart", "stepPart",
		"membershipPart", "explanationPart", "contentPart", "positionPart", "queryPart",
	}[p]
}

// A row is the JSON that Bitbucket sent, in its parts. Nothing is decoded before a column needs it, so a field that is
// unknown, missing or of another type never breaks a page.
type row struct {
	parts [parts]jsontree.Value // empty if the row does not have it
}

// A rowSeq is a sequence of rows, which may end with an error.
type rowSeq = iter.Seq2[*row, error]

// set sets a part of the row.
func (r *row) set(p part, value jsontree.Value) { r.parts[p] = value }

// part returns a part of the row.
func (r *row) part(p part) jsontree.Value { return r.parts[p] }

// A column is declared once; its transform and the fields= selection sent to Bitbucket both follow from it.
type column struct {
	name        string
	kind        columnKind
	description string
	own         []source // the object's field of the same name
	sources     []source // where the value is: the first one that is present counts; if empty, own
	scope       string   // OAuth scope that the column needs in addition to the table's
	sort        string   // the field that Bitbucket sorts by for this column, if that order is also SQL's
	uncopied    bool     // a copy leaves it out, as its value depends on the query or on the time
}

// A source is a place in a row: a path in one of its parts.
type source struct {
	part part
	path string
	hops []hop  // the beginning of the path, from value to value
	rest string // the rest of the path, for gjson; "" if the hops are the whole path
}

// A hop leads to the value of a field or, in a list, to the first object whose field has a certain value.
type hop struct {
	field string
	is    string // as JSON; "" to go to the value of the field
}

// slugOfFullName is the path of a repository's slug in its full name, for answers that have only this.
const slugOfFullName = "full_name.@slug"

func init() {
	gjson.AddModifier("slug", func(fullName, _ string) string {
		_, slug, _ := strings.Cut(gjson.Parse(fullName).String(), "/")
		return jsontree.Of(slug).Raw()
	})
}

// hopForm matches a hop in a path.
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

// from follows the hop from v. near caches the field's offset, found in the previous row.
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

// after resolves the rest of the path from v, where the hops ended, as raw JSON; "" if there is nothing.
func (s source) after(v jsontree.Value) string {
	if s.rest == "" {
		return v.Raw()
	}
	return v.Get(s.rest).Raw
}

// in returns the raw JSON at the source in r.
func (s source) in(r *row) string {
	v, near := r.part(s.part), 0
	for i := range s.hops {
		v = s.hops[i].from(v, &near)
	}
	return s.after(v)
}

func newColumn(kind columnKind, name, description string) column {
	return column{name: name, kind: kind, description: description, own: []source{newSource(objectPart, name)}}
}

func text(name, description string) column {
	return newColumn(kindText, name, description)
}

func boolean(name, description string) column {
	return newColumn(kindBoolean, name, description)
}

func integer(name, description string) column {
	return newColumn(kindInteger, name, description)
}

func timestamp(name, description string) column {
	return newColumn(kindTimestamp, name, description)
}

func document(name, description string) column {
	return newColumn(kindDocument, name, description)
}

// at sets the path of the value in the object. A second call adds another path for rows that have nothing at the first.
func (c column) at(path string) column { return c.in(objectPart, path) }

// in sets the path of the value in a part, like at.
func (c column) in(p part, path string) column {
	c.sources = append(c.sources[:len(c.sources):len(c.sources)], newSource(p, path))
	return c
}

// sorted declares that Bitbucket can sort the list by this column. Only timestamps and numbers are declared so: the
// order of texts depends on the collation of the database.
func (c column) sorted(field string) column {
	c.sort = field
	return c
}

// needing declares that the column needs an OAuth scope that the rest of the table does not.
func (c column) needing(scope string) column {
	c.scope = scope
	return c
}

// notCopied declares that a copy leaves out the column, as its value depends on the query or on the time.
func (c column) notCopied() column {
	c.uncopied = true
	return c
}

// in returns copies of the columns that read from another part instead of the object.
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

// unsorted returns copies of the columns for a list that Bitbucket can't sort.
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

// value returns the column's value in r as string, bool, int64 or time.Time, or nil if Bitbucket has none. An empty
// text counts as none: Bitbucket uses null, "" and a missing field alike for "not set".
func (c column) value(r *row) any {
	for _, s := range c.from() {
		if v := convert(c.kind, s.in(r)); v != nil {
			return v
		}
	}
	return nil
}

// convert converts raw JSON to a column's kind. It returns nil if there is no value.
func convert(kind columnKind, raw string) any {
	if raw == "" || raw == "null" {
		return nil
	}
	switch kind {
	case kindBoolean:
		switch raw {
		case `true`, `"true"`: // some settings are sent as text
			return true
		case `false`, `"false"`:
			return false
		}
		return nil
	case kindInteger:
		if n, err := strconv.ParseInt(strings.Trim(raw, `"`), 10, 64); err == nil {
			return n
		}
		if number := gjson.Parse(raw); number.Type == gjson.Number {
			return number.Int()
		}
		return nil
	case kindTimestamp:
		return parseTime(asText(raw))
	case kindDocument:
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
		if utf8.ValidString(s) && strings.IndexByte(s, 0) < 0 { // faster than the replacement, which is rarely needed
			return s
		}
		return strings.ReplaceAll(strings.ToValidUTF8(s, "\ufffd"), "\x00", "\ufffd")
	}
}

// asText returns JSON as text.
func asText(raw string) string {
	if raw[0] == '"' && strings.IndexByte(raw, '\\') < 0 { // like most
		return raw[1 : len(raw)-1]
	}
	return gjson.Parse(raw).String()
}

// escapes finds the escapes in JSON. One of them is for the character that PostgreSQL can store neither in text nor in
// jsonb.
var escapes = regexp.MustCompile(`\\(u0000|.)`)

// parseTime parses the times that Bitbucket sends: RFC 3339 with any number of decimals, and the same without a zone,
// which is UTC. It returns nil for anything else. Times are cut to microseconds, like PostgreSQL's.
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
