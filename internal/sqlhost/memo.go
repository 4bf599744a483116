package sqlhost

import (
	"hash/maphash"

	"github.com/turbot/steampipe-plugin-sdk/v5/grpc/proto"
)

// A memo keeps the rows of a cursor's scans, so that a nested loop asks the plugin only once for the same rows, and not
// for every row of the outer loop. During the first scan it keeps only a few rows: the memory of a plain scan does not
// grow with the table.
type memo struct {
	begun int
	rows  map[string][]*proto.Row
	held  int // number of rows, including those of lookups; an empty scan counts as one

	recording bool
	question  string
	record    []*proto.Row
}

const (
	firstMemo = 1_000
	fullMemo  = 50_000
)

// begin returns the rows of an earlier scan with the same plan and values, or begins to record one.
func (m *memo) begin(question string) ([]*proto.Row, bool) {
	m.begun++
	m.question, m.record, m.recording = question, nil, true
	rows, found := m.rows[question]
	return rows, found
}

// add records a row. If there are too many, it drops the record.
func (m *memo) add(row *proto.Row) {
	room := fullMemo
	if m.begun == 1 {
		room = firstMemo
	}
	if m.held+len(m.record) >= room {
		m.recording, m.record = false, nil
	}
	if m.recording {
		m.record = append(m.record, row)
	}
}

// end keeps a complete record.
func (m *memo) end() {
	if !m.recording {
		return
	}
	if m.rows == nil {
		m.rows = make(map[string][]*proto.Row)
	}
	m.rows[m.question] = m.record
	m.held += max(len(m.record), 1)
	m.recording = false
}

// A rowids numbers rows. SQLite needs the numbers if it reads a table more than once and must not return a row twice:
// for OR, RIGHT JOIN and FULL JOIN. A plugin has no row numbers, and the position in a scan doesn't help, because the
// scans have different WHERE terms. They only share the content of the rows. So the number is a hash of the content and
// of the number of equal rows before it: a WHERE term keeps either all of several equal rows or none.
type rowids struct {
	seen  map[uint64]int64
	count int  // number of rows so far
	known bool // last is the number of the current row
	last  int64
}

func (r *rowids) reset() {
	clear(r.seen)
	r.count = 0
	r.known = false
}

func (r *rowids) next() {
	r.count++
	r.known = false
}

func (r *rowids) id(write func(*maphash.Hash)) int64 {
	if r.known {
		return r.last
	}
	var h maphash.Hash
	h.SetSeed(rowidSeed)
	write(&h)
	if r.seen == nil {
		r.seen = make(map[uint64]int64)
	}
	sum := h.Sum64()
	h.Reset()
	maphash.WriteComparable(&h, [2]int64{int64(sum), r.seen[sum]})
	r.seen[sum]++
	r.last, r.known = int64(h.Sum64()), true
	return r.last
}

// rowidSeed is shared by all cursors, because the scans that must agree have different cursors.
var rowidSeed = maphash.MakeSeed()
