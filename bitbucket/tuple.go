package bitbucket

import (
	"github.com/turbot/steampipe-plugin-sdk/v5/grpc/proto"
)

// A tuple is the values of a row in the order of the table's columns. For each row the SDK asks for all of them in a goroutine of
// its own, whose small stack decoding would make it copy: so that is done before. What the query does not read is nil.
type tuple []any

// A decoder makes tuples of the rows of one scan, one after the other. A scan has many rows and few columns, and a row is mostly
// like the one before: so a column's value is looked for where it stood there, and if it has not changed, it is used again.
type decoder struct {
	width int // columns of the table
	reads []read
}

// A read is one column that the query wants.
type read struct {
	column int
	kind   proto.ColumnType
	spots  []spot
}

// A spot is a place where the column's value may stand, and how it was there in the row before.
type spot struct {
	source
	near   []int  // where each hop led
	holder string // the value that the first hop led to
	value  any
}

func newDecoder(t *table, wanted map[string]bool) *decoder {
	d := &decoder{width: len(t.columns)}
	for i, c := range t.columns {
		if !wanted[c.name] {
			continue
		}
		r := read{column: i, kind: c.kind}
		for _, s := range c.from() {
			r.spots = append(r.spots, spot{source: s, near: make([]int, len(s.hops))})
		}
		d.reads = append(d.reads, r)
	}
	return d
}

// of returns the tuple of a row.
func (d *decoder) of(r *row) tuple {
	values := make(tuple, d.width)
	for i := range d.reads {
		read := &d.reads[i]
		for j := range read.spots {
			if v := read.spots[j].of(r, read.kind); v != nil {
				values[read.column] = v
				break
			}
		}
	}
	return values
}

// of is what column.value is for one source.
func (s *spot) of(r *row, kind proto.ColumnType) any {
	v := r.part(s.part)
	for i := range s.hops {
		v = s.hops[i].from(v, &s.near[i])
		if i > 0 {
			continue
		}
		raw := v.Raw()
		if raw == s.holder {
			return s.value
		}
		s.holder = raw
	}
	s.value = convert(kind, s.after(v))
	return s.value
}
