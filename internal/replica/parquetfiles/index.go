package parquetfiles

import (
	"cmp"
	"encoding/binary"
	"fmt"
	"hash/maphash"
	"slices"

	"github.com/kindor/steampipe-plugin-bitbucket/internal/replica"
	"github.com/parquet-go/parquet-go"
)

// A hash stands for values. Two different values have the same one by a chance of one in 2^128.
type hash [2]uint64

var seeds = [2]maphash.Seed{maphash.MakeSeed(), maphash.MakeSeed()}

// A hasher makes hashes.
type hasher struct{ text []byte }

func (h *hasher) add(v parquet.Value) {
	switch v.Kind() {
	case parquet.Boolean:
		h.text = append(h.text, 1, 0)
		if v.Boolean() {
			h.text[len(h.text)-1] = 1
		}
	case parquet.Int64:
		h.text = binary.LittleEndian.AppendUint64(append(h.text, 2), uint64(v.Int64()))
	case parquet.ByteArray:
		h.text = binary.LittleEndian.AppendUint64(append(h.text, 3), uint64(len(v.ByteArray())))
		h.text = append(h.text, v.ByteArray()...)
	default:
		h.text = append(h.text, 0)
	}
}

// row returns the hash of some values of a row in a batch.
func (h *hasher) row(b *batch, row int, columns []int) (hash, error) {
	h.text = h.text[:0]
	for _, c := range columns {
		values, err := b.column(c)
		if err != nil {
			return hash{}, err
		}
		h.add(values[row])
	}
	return h.sum(), nil
}

func (h *hasher) sum() hash {
	return hash{maphash.Bytes(seeds[0], h.text), maphash.Bytes(seeds[1], h.text)}
}

func compare(a, b hash) int {
	return cmp.Or(cmp.Compare(a[0], b[0]), cmp.Compare(a[1], b[1]))
}

// An entry is one staged row.
type entry struct {
	key     hash
	version uint64 // hash of the values that make a version; zero if they need not be known
	all     uint64 // hash of all values
	number  int32  // of the row among the staged ones
	since   int32  // number of the version that goes on; 0 if the row begins one
	isKnown bool   // there was a row with this key
	isSame  bool   // there is this very row
}

// An index finds staged rows by their keys.
type index struct {
	entries  []entry
	versions []version // those that go on, from number 1
}

// A version is when a row was first seen as it is.
type version struct {
	from parquet.Value
	run  parquet.Value
}

// sort makes the index ready. Of rows with one key, the last one counts.
func (x *index) sort() {
	slices.SortFunc(x.entries, func(a, b entry) int {
		return cmp.Or(compare(a.key, b.key), cmp.Compare(b.number, a.number))
	})
	x.entries = slices.CompactFunc(x.entries, func(a, b entry) bool { return a.key == b.key })
}

func (x *index) find(key hash) *entry {
	i, isThere := slices.BinarySearchFunc(x.entries, key, func(e entry, key hash) int { return compare(e.key, key) })
	if !isThere {
		return nil
	}
	return &x.entries[i]
}

// A scope is a replica.Scope that can be asked.
type scope struct {
	columns []int
	values  []hash
}

// newScope returns a scope. The places are those of the columns in the table.
func newScope(t *manifestTable, s replica.Scope) (scope, error) {
	var found scope
	for _, name := range s.Columns {
		i := slices.IndexFunc(t.Columns, func(c column) bool { return c.Name == name })
		if i < 0 {
			return scope{}, fmt.Errorf("table %s has no column %s, by which rows are replaced", t.Name, name)
		}
		found.columns = append(found.columns, i)
	}
	found.values = make([]hash, 0, len(s.Values))
	var h hasher
	for _, row := range s.Values {
		h.text = h.text[:0]
		for i, value := range row {
			v, err := valueOf(t.Columns[found.columns[i]], value)
			if err != nil {
				return scope{}, err
			}
			h.add(v)
		}
		found.values = append(found.values, h.sum())
	}
	slices.SortFunc(found.values, compare)
	return found, nil
}

// has says whether a row is in the scope.
func (s scope) has(h *hasher, b *batch, row int) (bool, error) {
	values, err := h.row(b, row, s.columns)
	if err != nil {
		return false, err
	}
	_, isIn := slices.BinarySearchFunc(s.values, values, compare)
	return isIn, nil
}
