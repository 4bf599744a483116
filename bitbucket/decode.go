package bitbucket

import (
	"github.com/kindor/steampipe-plugin-bitbucket/internal/sdkserver"
)

// A decoder decodes the rows of a scan, one after the other. A scan has many rows and few columns, and each row is
// mostly like the one before. So it looks for a column's value at its previous place, and reuses the decoded value if
// the JSON has not changed.
type decoder struct {
	width   int // number of columns of the table
	columns []columnDecoder
}

// A columnDecoder is one column that the query wants.
type columnDecoder struct {
	column  int
	kind    columnKind
	sources []sourceDecoder
}

// A sourceDecoder is a source of a column, with its place and its value in the previous row.
type sourceDecoder struct {
	source
	near   []int  // place of each hop's field
	holder string // JSON that the first hop led to
	value  any
}

func newDecoder(t *table, wanted map[string]bool) *decoder {
	d := &decoder{width: len(t.columns)}
	for i, c := range t.columns {
		if !wanted[c.name] {
			continue
		}
		r := columnDecoder{column: i, kind: c.kind}
		for _, s := range c.from() {
			r.sources = append(r.sources, sourceDecoder{source: s, near: make([]int, len(s.hops))})
		}
		d.columns = append(d.columns, r)
	}
	return d
}

// decode returns the values of a row.
func (d *decoder) decode(r *row) sdkserver.Row {
	values := make(sdkserver.Row, d.width)
	for i := range d.columns {
		read := &d.columns[i]
		for j := range read.sources {
			if v := read.sources[j].decode(r, read.kind); v != nil {
				values[read.column] = v
				break
			}
		}
	}
	return values
}

// decode returns the column's value from one source, or nil. It reuses the previous row's value if the JSON has not
// changed.
func (s *sourceDecoder) decode(r *row, kind columnKind) any {
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
