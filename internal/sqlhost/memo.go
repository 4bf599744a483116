package sqlhost

import (
	"hash/maphash"

	"github.com/turbot/steampipe-plugin-sdk/v5/grpc/proto"
)

// memo remembers the rows of a cursor's scans, so that a nested loop asks the plugin once for the same
// thing, and not once for every row of the outer loop. A cursor that is filtered once, as that of a
// plain scan is, remembers only little: its memory does not grow with the table.
type memo struct {
	begun int
	rows  map[string][]*proto.Row
	held  int // in rows, with those of lookups; scans without a row counted as one

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

// add records a row, unless that would be too many.
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

// end keeps a record that is complete.
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

// rowids gives rows the numbers by which SQLite tells them apart, where it reads a table more than once
// and must not return a row twice: for OR, RIGHT JOIN and FULL JOIN. A plugin has no such numbers, and
// the place of a row in a scan says nothing, for the scans have other WHERE terms. What the scans have
// in common is what is in the row. So the number is a hash of that, and of how often the same was there
// before in the scan: whatever WHERE terms keep one of several equal rows, they keep all.
type rowids struct {
	seen  map[uint64]int64
	count int  // rows so far
	known bool // last is the current row's
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

// rowidSeed is one for all cursors: the scans that must agree have cursors of their own.
var rowidSeed = maphash.MakeSeed()
