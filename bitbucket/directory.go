package bitbucket

import (
	"context"
	"maps"
	"math"
	"sync"
	"sync/atomic"
	"time"

	"github.com/kindor/steampipe-plugin-bitbucket/internal/streams"
)

// A planner may turn a join into one scan for each row of the other table: thousands within seconds that differ in nothing but
// a name. The first few names are asked for singly. Then the list that has them is read, as far as has paid, and what it brought
// answers the others.

const (
	// rowsPerName is how many rows may be read for each name that was looked up: about what a request brings. So the reading
	// costs no more than to ask for the names did until then, or would have.
	rowsPerName = 100
	// rowsOfOne is how many rows are remembered of a name that was asked for singly. They are few where it is a name indeed.
	rowsOfOne = 100
	// directoryBytes bounds what all directories of a connection hold. The oldest go first.
	directoryBytes = 32 << 20
)

// A lookup is the question for the rows of one name.
type lookup struct {
	directory string        // where to look: for the same columns of the same list
	kind      string        // of the directory, of which there is one for each repository, say
	life      time.Duration // that a row may have been remembered for
	name      any           // a text or an int64
	nameOf    func(*row) any
	isUnique  bool // there is one row of a name at most, so that one that was found needs no other

	one          rowSeq                                     // asks for the name; nil to leave that to the caller
	list         func(ctx context.Context, most int) rowSeq // reads the list, of which it needs so many rows; nil if there is none
	since        time.Time                                  // when the list was read that is remembered, and so costs nothing
	hasOmissions *atomic.Bool                               // set by either where it leaves out what is told: that must be told each time
}

// A directory holds rows by their names, for a short time. All but turn is guarded by the mutex of directories.
type directory struct {
	key     string
	since   time.Time
	turn    chan struct{}  // holds one of those who want to read the list
	names   map[any]bool   // that were looked up before all rows were there
	rows    map[any][]*row // all of a name; none of a name that has none
	tried   int            // how many rows of the list were to be read at most
	isWhole bool           // it was read to its end
	bytes   int            // that the rows take, about
}

// directories are all of a connection.
type directories struct {
	mu    sync.Mutex
	byKey map[string]*directory
	order []*directory // the oldest first
	bytes int
	kinds map[string]*kindOfLookup
}

// A kindOfLookup counts the names that were looked up in all directories of a kind.
type kindOfLookup struct {
	since time.Time
	names int
}

// find returns the rows of a name.
func (ds *directories) find(ctx context.Context, l lookup) rowSeq {
	return func(yield func(*row, error) bool) {
		d := ds.open(l)
		rows, ok := ds.look(d, l)
		if !ok && ds.pays(d, l) > 0 {
			ds.read(ctx, d, l)
			rows, ok = ds.look(d, l)
		}
		if ok || l.one == nil {
			streams.Each(rows...)(yield)
			return
		}
		for r, err := range l.one {
			if err == nil && len(rows) <= rowsOfOne && l.nameOf(r) == l.name {
				rows = append(rows, r)
			}
			if !yield(r, err) || err != nil {
				return
			}
		}
		if len(rows) <= rowsOfOne && !l.hasOmissions.Load() {
			ds.add(d, map[any][]*row{l.name: rows})
		}
	}
}

// open returns the directory for a lookup, which it begins if there is none.
func (ds *directories) open(l lookup) *directory {
	ds.mu.Lock()
	defer ds.mu.Unlock()
	d := ds.byKey[l.directory]
	if d == nil || time.Since(d.since) >= l.life {
		d = &directory{key: l.directory, since: time.Now(), turn: make(chan struct{}, 1), names: map[any]bool{}, rows: map[any][]*row{}}
		if ds.byKey == nil {
			ds.byKey, ds.kinds = map[string]*directory{}, map[string]*kindOfLookup{}
		}
		ds.byKey[d.key] = d
		ds.order = append(ds.order, d)
		ds.tidy(d)
	}
	if kind := ds.kinds[l.kind]; kind == nil || time.Since(kind.since) >= l.life {
		maps.DeleteFunc(ds.kinds, func(_ string, kind *kindOfLookup) bool { return time.Since(kind.since) >= cacheLife })
		ds.kinds[l.kind] = &kindOfLookup{since: time.Now()}
	}
	return d
}

// tidy drops the directories that are too old for any lookup, and so many of the others that those left take no more than they
// may; but not the one that is wanted now. The caller holds mu.
func (ds *directories) tidy(but *directory) {
	for len(ds.order) > 0 && ds.order[0] != but && (ds.bytes > directoryBytes || time.Since(ds.order[0].since) >= cacheLife) {
		oldest := ds.order[0]
		ds.order = ds.order[1:]
		ds.bytes -= oldest.bytes
		oldest.bytes = 0
		if ds.byKey[oldest.key] == oldest {
			delete(ds.byKey, oldest.key)
		}
	}
}

// look returns the rows of a name, if they are there.
func (ds *directories) look(d *directory, l lookup) (rows []*row, ok bool) {
	ds.mu.Lock()
	defer ds.mu.Unlock()
	if !d.isWhole && !d.names[l.name] {
		d.names[l.name] = true
		ds.kinds[l.kind].names++
	}
	rows, ok = d.rows[l.name]
	return rows, ok
}

// pays returns how many rows of the list may be read for the names that were looked up before: none as long as these are few, nor
// before they are many more than when it was last read. If there were more than a few in the lists of other repositories, say,
// one is enough in this: the next may cost two requests instead of one, and mostly all that follow cost none.
func (ds *directories) pays(d *directory, l lookup) (most int) {
	ds.mu.Lock()
	defer ds.mu.Unlock()
	before, few := len(d.names)-1, fewNames
	if ds.kinds[l.kind].names > fewNames {
		few = 1
	}
	switch most = rowsPerName * before; {
	case l.list == nil || d.isWhole:
		return 0
	case !l.since.IsZero():
		return math.MaxInt
	case before < few || l.isUnique && most < 2*d.tried:
		return 0
	case most < d.tried+d.tried/4: // how long the list is its first page tells, which is remembered
		return 0
	}
	return most
}

// read reads the list, as far as it pays. One does it for all who wait for it. That it can't be read is no reason to fail: what
// a query may know by name it need not be allowed to list.
func (ds *directories) read(ctx context.Context, d *directory, l lookup) {
	select {
	case d.turn <- struct{}{}:
		defer func() { <-d.turn }()
	case <-ctx.Done():
		return
	}
	most := ds.pays(d, l)
	if _, ok := ds.look(d, l); ok || most == 0 {
		return // somebody has read it meanwhile
	}
	rows, isWhole, n, bytes := map[any][]*row{}, true, 0, 0
	for r, err := range l.list(ctx, most) {
		if err != nil {
			isWhole = false
			break
		}
		if name := l.nameOf(r); !l.isUnique || rows[name] == nil { // a list made of several may have it twice
			rows[name] = append(rows[name], r)
			bytes += r.size()
		}
		if n++; n == most || bytes > directoryBytes {
			isWhole = false
			break
		}
	}
	if ctx.Err() != nil {
		return
	}
	if l.isUnique || isWhole && !l.hasOmissions.Load() {
		ds.add(d, rows)
	}
	ds.mu.Lock()
	defer ds.mu.Unlock()
	d.tried, d.isWhole = most, isWhole
	if isWhole {
		d.names = nil
	}
	if !l.since.IsZero() && l.since.Before(d.since) {
		d.since = l.since
	}
}

// add remembers rows by their names.
func (ds *directories) add(d *directory, rows map[any][]*row) {
	ds.mu.Lock()
	defer ds.mu.Unlock()
	bytes := 0
	for name, all := range rows {
		bytes += 100 // of the map
		for _, r := range all {
			bytes += r.size()
		}
		for _, r := range d.rows[name] {
			bytes -= r.size()
		}
	}
	maps.Copy(d.rows, rows)
	if ds.byKey[d.key] != d {
		return // dropped meanwhile
	}
	d.bytes += bytes
	ds.bytes += bytes
	ds.tidy(d)
}

// size is about how many bytes the row keeps in memory.
func (r *row) size() int {
	const perRow, perByte = 300, 3 // a row's parts, and what is known of the JSON
	return perRow + perByte*(len(r.part(objectPart).Raw())+len(r.part(detailPart).Raw()))
}
