package api

import (
	"maps"
	"net/url"

	"github.com/kindor/steampipe-plugin-bitbucket/internal/jsontree"
)

const (
	// lookBack is the number of pages whose items are remembered, to recognise them on a second reading.
	lookBack = 4
	// maxMoves is the largest number of changes of a collection during a reading.
	maxMoves = 10
)

// A shiftDetector detects that a collection changes while its numbered pages are read, returns the page to continue
// with, and recognises items that were yielded before. See [Client.List] for the guarantees.
//
// Items are recognised by their identity or, without one, as a whole. Identical items are counted: one is skipped for
// each that was yielded. An item that differs from all yielded items is never skipped.
type shiftDetector struct {
	key    itemKey
	size   int64      // size of the collection on the last page, or -1
	items  int64      // items on the pages so far; of pages read twice only the last time
	times  int        // number of changes
	pages  []readPage // the last pages, with the current one at the end; all their items are yielded
	oldest int64      // number of the first page whose items are remembered

	again   map[string]int // how often to skip each item …
	through int64          // … on pages up to this number
}

// A readPage describes a page at the time of its reading.
type readPage struct {
	number int64
	size   int64 // size of the collection at the time
	before int64 // items on the pages before it
	items  []jsontree.Value
}

func (m *shiftDetector) hasShifted() bool { return m.times > 0 }

// observe examines a page before its items are yielded. If the collection has changed since the page before, observe
// returns the address of the page to go back to.
func (m *shiftDetector) observe(u *url.URL, p *listPage) (*url.URL, error) {
	before := m.size
	m.size = p.size
	number := pageNumber(u)
	if number == 0 || before < 0 || p.size < 0 || before == p.size {
		m.begin(number)
		return nil, nil
	}
	m.times++
	back, ok := m.goBack(number, max(p.size-before, before-p.size), max(p.length, 1))
	if !ok || m.times > maxMoves {
		return nil, protocolError(u, "changed the list too much while it was being read (%d items, then %d); try again", before, p.size)
	}
	return numbered(u, back), nil
}

// begin remembers the current page, and forgets the oldest one if there are too many.
func (m *shiftDetector) begin(number int64) {
	var items []jsontree.Value
	if len(m.pages) == lookBack {
		items = m.pages[0].items[:0]
		m.pages = m.pages[:copy(m.pages, m.pages[1:])]
		m.oldest = m.pages[0].number
	}
	m.pages = append(m.pages, readPage{number: max(number, 1), size: m.size, before: m.items, items: items})
	if number > m.through {
		m.again = nil
	}
}

// goBack prepares to continue from an earlier page, after the size has changed by changed before the page number. It
// returns false if the items from there on may be forgotten.
func (m *shiftDetector) goBack(number, changed, length int64) (back int64, ok bool) {
	pages := (changed + length - 1) / length
	back = max(1, number-pages)
	again := maps.Clone(m.again) // items still to skip
	if again == nil {
		again = map[string]int{}
	}
	from, kept := back, 0
	for i, read := range m.pages {
		// If the collection has grown, items of earlier pages may have moved into this page.
		grown := max(0, m.size-read.size)
		from = min(from, max(1, back-(grown+length-1)/length))
		if read.number < back {
			kept = i + 1
		}
		end := (back - 1 - read.number) * length // items between the end of this page and the page to go back to
		for j, item := range read.items {
			mayCome := read.number >= back || end+int64(len(read.items)-j) <= grown
			if id, unique := m.key.identity(item); unique || mayCome {
				again[id]++
			}
		}
	}
	if kept < len(m.pages) {
		m.items = m.pages[kept].before
	}
	m.pages = m.pages[:kept]
	m.again, m.through = again, max(m.through, number)+pages
	return back, m.oldest <= from
}

// handedOut reports whether an item was yielded before, and marks it as yielded.
func (m *shiftDetector) handedOut(item jsontree.Value) bool {
	m.items++
	if m.size >= 0 {
		reading := &m.pages[len(m.pages)-1]
		reading.items = append(reading.items, item)
	}
	if len(m.again) == 0 {
		return false
	}
	id, _ := m.key.identity(item)
	if m.again[id] == 0 {
		return false
	}
	m.again[id]--
	return true
}
