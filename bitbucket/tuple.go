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
	part         part
	outer, inner name   // of the fields of the object that hold the value, one in the other; "" where there is none
	path         string // within that, or "" for all of it
	holder       string // of all that in the row before
	value        any    // in the row before
}

// A name is that of a field, and where it was in the row before: mostly it is there again.
type name struct {
	text string
	at   int
}

// A field is a name in an object, and its value. It has fields itself, once somebody has asked for one.
type field struct {
	name   string
	value  gjson.Result
	fields []field
}

// fieldsOf lists the fields of an object, in the place of others.
func fieldsOf(fields []field, whole gjson.Result) []field {
	fields = fields[:0]
	if !whole.IsObject() {
		return fields
	}
	whole.ForEach(func(name, value gjson.Result) bool {
		if len(fields) == cap(fields) {
			fields = append(fields, field{})[:len(fields)]
		}
		fields = fields[:len(fields)+1]
		f := &fields[len(fields)-1]
		f.name, f.value, f.fields = name.Str, value, f.fields[:0]
		return true
	})
	return fields
}

// in finds the field of the name, or returns nil.
func (n *name) in(fields []field) *field {
	if n.at < len(fields) && fields[n.at].name == n.text {
		return &fields[n.at]
	}
	for i := range fields {
		if fields[i].name == n.text {
			n.at = i
			return &fields[i]
		}
	}
	return nil
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
	p := spot{part: s.part, path: s.path}
	if s.part == object {
		p.outer.text, p.path = plain(p.path)
	}
	if p.outer.text != "" {
		p.inner.text, p.path = plain(p.path)
	}
	return p
}

// plain splits a path that begins with a name after that.
func plain(path string) (name, rest string) {
	name, rest, _ = strings.Cut(path, ".")
	if strings.ContainsAny(name, special) {
		return "", path
	}
	return name, rest
}

// of returns the tuple of a row.
func (d *decoder) of(r *row) tuple {
	d.fields = fieldsOf(d.fields, r.part(object))
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
	var in *field
	var holder gjson.Result
	if p.outer.text == "" {
		holder = r.part(p.part)
	} else if in = p.outer.in(d.fields); in != nil {
		holder = in.value
	}
	if holder.Raw == p.holder {
		return p.value
	}
	p.holder = holder.Raw
	if p.inner.text != "" {
		holder = in.at(&p.inner)
	}
	if p.path != "" {
		holder = holder.Get(p.path)
	}
	p.value = convert(kind, holder)
	return p.value
}

// at is the value of a field within the field, which may be none.
func (f *field) at(n *name) gjson.Result {
	if f == nil {
		return gjson.Result{}
	}
	if !f.value.IsObject() {
		return f.value.Get(n.text)
	}
	if len(f.fields) == 0 {
		f.fields = fieldsOf(f.fields, f.value)
	}
	if found := n.in(f.fields); found != nil {
		return found.value
	}
	return gjson.Result{}
}
