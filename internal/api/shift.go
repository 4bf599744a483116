package api

import (
	"maps"
	"net/url"

	"github.com/kindor/steampipe-plugin-bitbucket/internal/jsontree"
)

const (
	// lookBack is how many pages are remembered, to recognise their items when they come again.
	lookBack = 4
	// maxMoves is how often a collection may change while it is read.
	maxMoves = 10
)

// shiftDetector notices that a collection changes while its numbered pages are read, says where to go on,
// and recognises the items that come a second time. See [Client.List] for what it achieves.
//
// Items are recognised by their id or, where they have none, as a whole. Those that look alike
// are counted: for each that was handed out, one is passed over. Nothing that can be told apart
// from what was handed out is ever passed over.
type shiftDetector struct {
	key    key
	size   int64      // of the collection, as the last page said, or -1
	items  int64      // on the pages read so far, of those that were read again only the last time
	times  int        // that it has changed
	pages  []readPage // the last ones, the one being read at the end; all their items are handed out
	oldest int64      // number of the first page whose items are not forgotten

	again   map[string]int // how often each item is to be passed over …
	through int64          // … on pages up to this number
}

// A readPage is a page as it was read.
type readPage struct {
	number int64
	size   int64 // of the collection then
	before int64 // items on the pages before it
	items  []jsontree.Value
}

func (m *shiftDetector) hasShifted() bool { return m.times > 0 }

// observe looks at a page before its items are handed out. When the collection has changed since
// the page before, it returns the address of the page to go back to.
func (m *shiftDetector) observe(u *url.URL, p *page) (*url.URL, error) {
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

// begin remembers the page to be read now, and forgets one of long ago.
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

// goBack prepares to read on from an earlier page, when the collection has changed by so many items
// before the page numbered so. It fails if what was handed out from there on may be forgotten.
func (m *shiftDetector) goBack(number, changed, length int64) (back int64, ok bool) {
	pages := (changed + length - 1) / length
	back = max(1, number-pages)
	again := maps.Clone(m.again) // what was to come again and has not yet
	if again == nil {
		again = map[string]int{}
	}
	from, kept := back, 0
	for i, read := range m.pages {
		// If the collection has grown, items of the pages before may have moved into this one.
		grown := max(0, m.size-read.size)
		from = min(from, max(1, back-(grown+length-1)/length))
		if read.number < back {
			kept = i + 1
		}
		end := (back - 1 - read.number) * length // items between the end of the page and the one to go back to
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

// handedOut reports whether an item was handed out before. If not, it is from now on.
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
