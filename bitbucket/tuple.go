package bitbucket

import (
	"strings"

	"github.com/tidwall/gjson"
	"github.com/turbot/steampipe-plugin-sdk/v5/grpc/proto"
)

// A tuple is the values of a row in the order of the table's columns. For each row the SDK asks for all of them in a goroutine of
// its own, whose small stack decoding would make it copy: so that is done before. What the query does not read is nil.
type tuple []any

// A decoder makes tuples of the rows of one scan, one after the other. A scan has many rows and few columns: what there is to
// know about a column is worked out once, and each row's object is walked once for all of them.
type decoder struct {
	width  int // columns of the table
	reads  []read
	fields []field // at the top of the object of the row being read
}

// A read is one column that the query wants.
type read struct {
	column int
	kind   proto.ColumnType
	spots  []spot
}

// A spot is where a column's value may stand. Much of a row is as it was in the row before: then so is the value.
type spot struct {
	part   part
	name   string // of the field of the object that holds the value; "" where the part does
	path   string // within that, or "" for all of it
	at     int    // where in the object the field was in the row before: mostly it is there again
	holder string // in the row before
	value  any    // in the row before
}

// A field is a name at the top of an object, and its value.
type field struct {
	name  string
	value gjson.Result
}

func newDecoder(t *table, wanted map[string]bool) *decoder {
	d := &decoder{width: len(t.columns)}
	for i, c := range t.columns {
		if !wanted[c.name] {
			continue
		}
		r := read{column: i, kind: c.kind}
		for _, s := range c.from() {
			r.spots = append(r.spots, newSpot(s))
		}
		d.reads = append(d.reads, r)
	}
	return d
}

// special are the characters by which a path says more than names.
const special = `*?#|@!{}[]\`

func newSpot(s source) spot {
	if name, rest, _ := strings.Cut(s.path, "."); s.part == object && !strings.ContainsAny(name, special) {
		return spot{part: object, name: name, path: rest}
	}
	return spot{part: s.part, path: s.path}
}

// of returns the tuple of a row.
func (d *decoder) of(r *row) tuple {
	d.fields = d.fields[:0]
	if whole := r.part(object); whole.IsObject() {
		whole.ForEach(func(name, value gjson.Result) bool {
			d.fields = append(d.fields, field{name.String(), value})
			return true
		})
	}
	values := make(tuple, d.width)
	for i := range d.reads {
		read := &d.reads[i]
		for j := range read.spots {
			if v := d.value(r, read.kind, &read.spots[j]); v != nil {
				values[read.column] = v
				break
			}
		}
	}
	return values
}

// value is what column.value is for one source.
func (d *decoder) value(r *row, kind proto.ColumnType, p *spot) any {
	holder := d.holder(r, p)
	if holder.Raw == p.holder {
		return p.value
	}
	p.holder = holder.Raw
	if p.path != "" {
		holder = holder.Get(p.path)
	}
	p.value = convert(kind, holder)
	return p.value
}

// holder finds what holds the value.
func (d *decoder) holder(r *row, p *spot) gjson.Result {
	if p.name == "" {
		return r.part(p.part)
	}
	if p.at >= len(d.fields) || d.fields[p.at].name != p.name {
		p.at = 0
		for p.at < len(d.fields) && d.fields[p.at].name != p.name {
			p.at++
		}
		if p.at == len(d.fields) {
			return gjson.Result{}
		}
	}
	return d.fields[p.at].value
}
