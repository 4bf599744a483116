package bitbucket

import (
	"context"
	"maps"
	"math"
	"sync"
	"sync/atomic"
	"time"

	"github.com/kindor/steampipe-plugin-bitbucket/internal/cache"
	"github.com/kindor/steampipe-plugin-bitbucket/internal/streams"
)

// A planner may turn a join into one scan for each row of the other table: thousands within seconds that differ only in
// a name. The first few names are requested one by one. Then the list that has them is read, as far as it pays, and
// answers the other lookups. If another scan has just read the list, it answers the first names, too.

const (
	// rowsPerName is how many rows may be read for each name that was looked up: about as many as a request returns. So
	// reading the list costs no more requests than the names did until then, or would have.
	rowsPerName = 100
	// rowsOfOne is how many rows are kept of a name that was requested by itself. If it really is a name, it has few.
	rowsOfOne = 100
	// directoryBytes limits the memory of all directories of a connection. The oldest ones are dropped first.
	directoryBytes = 32 << 20
)

// A lookup asks for the rows of one name.
type lookup struct {
	directory string        // key of the directory: the same for the same columns of the same list
	kind      string        // kind of directory, of which there may be one for each repository
	life      time.Duration // how long a row may be kept
	name      any           // a text or an int64
	nameOf    func(*row) any
	isUnique  bool // a name has at most one row, so that once it is found, the lookup is done

	one          rowSeq       // requests the rows of the name; nil to leave that to the caller
	list         listRows     // nil without a list
	isCostly     bool         // the list takes a request for each row, so it never pays
	hasOmissions *atomic.Bool // set if rows are omitted: they are not kept, as each lookup records it
}

// A listRows reads at most this many rows of a list.
type listRows func(ctx context.Context, most int) rowSeq

// A directory holds rows by their names, for a short time. All fields but key, kind and turn are guarded by the mutex of
// directories.
type directory struct {
	key     string
	kind    *kindOfLookup
	turn    chan struct{} // held by the lookup that reads the list
	since   time.Time
	names   map[any]bool   // looked up before all rows were read
	rows    map[any][]*row // all rows of a name; empty if it has none
	tried   int            // how many rows of the list the last read could return
	isWhole bool           // the list was read to its end
}

func newDirectory(key string, kind *kindOfLookup) *directory {
	return &directory{
		key: key, kind: kind, turn: make(chan struct{}, 1), since: time.Now(), names: map[any]bool{}, rows: map[any][]*row{},
	}
}

// directories are all directories of a connection.
type directories struct {
	mu    sync.Mutex
	byKey *cache.Cache
	kinds *cache.Cache // separate, so that large directories do not displace them
}

func newDirectories() *directories {
	return &directories{byKey: cache.New(cacheLife, directoryBytes), kinds: cache.New(cacheLife, math.MaxInt)}
}

// A kindOfLookup counts the names that were looked up in all directories of a kind.
type kindOfLookup struct {
	names int // guarded by the mutex of directories
}

// find returns the rows of a name.
func (ds *directories) find(ctx context.Context, l lookup) rowSeq {
	return func(yield func(*row, error) bool) {
		d, err := ds.open(ctx, l)
		if err != nil {
			yield(nil, err)
			return
		}
		rows, ok := ds.keptIn(ctx, d, l)
		if !ok && !cache.IsOffline(ctx) {
			if ds.pays(d, l) > 0 {
				ds.read(ctx, d, l)
			}
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

// kept returns the rows of a name, if they are kept. It sends no request.
func (ds *directories) kept(ctx context.Context, l lookup) (rows []*row, ok bool) {
	d, err := ds.open(ctx, l)
	if err != nil {
		return nil, false
	}
	return ds.keptIn(ctx, d, l)
}

func (ds *directories) keptIn(ctx context.Context, d *directory, l lookup) (rows []*row, ok bool) {
	if rows, ok = ds.look(d, l); ok {
		return rows, true
	}
	if ds.mayBeKept(d, l) {
		ds.readKept(ctx, d, l)
	}
	return ds.look(d, l) // another lookup may have read the list meanwhile
}

// open returns the directory for a lookup, which it creates if there is none, or only one that is too old.
func (ds *directories) open(ctx context.Context, l lookup) (*directory, error) {
	kind, err := cache.Get(ctx, ds.kinds, l.kind, func(context.Context) (*kindOfLookup, error) { return &kindOfLookup{}, nil })
	if err != nil {
		return nil, err
	}
	get := func() (*directory, error) {
		return cache.Get(ctx, ds.byKey, l.directory, func(context.Context) (*directory, error) { return newDirectory(l.directory, kind), nil })
	}
	d, err := get()
	if err == nil && ds.isOlder(d, l.life) {
		ds.byKey.Forget(d.key)
		return get()
	}
	return d, err
}

// isOlder reports whether a directory is too old for a lookup.
func (ds *directories) isOlder(d *directory, life time.Duration) bool {
	ds.mu.Lock()
	defer ds.mu.Unlock()
	return time.Since(d.since) >= life
}

// look returns the rows of a name, if the directory has them.
func (ds *directories) look(d *directory, l lookup) (rows []*row, ok bool) {
	ds.mu.Lock()
	defer ds.mu.Unlock()
	if !d.isWhole && !d.names[l.name] {
		d.names[l.name] = true
		d.kind.names++
	}
	rows, ok = d.rows[l.name]
	return rows, ok
}

// pays returns how many rows of the list may be read for the names that were looked up before. It returns 0 if these
// are few, or not many more than at the last read. If more than a few were looked up in the directories of a kind, for
// other repositories for example, one is enough in this directory: the next lookup may then cost two requests instead
// of one, and most of the following ones cost none.
func (ds *directories) pays(d *directory, l lookup) (most int) {
	ds.mu.Lock()
	defer ds.mu.Unlock()
	before, few := len(d.names)-1, fewNames
	if d.kind.names > fewNames {
		few = 1
	}
	switch most = rowsPerName * before; {
	case l.list == nil || l.isCostly || d.isWhole:
		return 0
	case before < few || l.isUnique && most < 2*d.tried:
		return 0
	case most < d.tried+d.tried/4: // its first page, which is cached, shows how long the list is
		return 0
	}
	return most
}

// mayBeKept reports whether it is worth a look if another scan has read the list. After a few names the list is read in
// any case.
func (ds *directories) mayBeKept(d *directory, l lookup) bool {
	ds.mu.Lock()
	defer ds.mu.Unlock()
	return l.list != nil && !d.isWhole && len(d.names) <= fewNames
}

// readKept reads the list as far as its answers are kept. It sends no request.
func (ds *directories) readKept(ctx context.Context, d *directory, l lookup) {
	ds.inTurn(ctx, d, l, func() {
		offline, since := cache.Offline(ctx)
		if isWhole, n := ds.fill(offline, d, l, math.MaxInt); n > 0 {
			ds.mu.Lock()
			defer ds.mu.Unlock()
			d.isWhole = isWhole
			if at := since(); !at.IsZero() && at.Before(d.since) {
				d.since = at
			}
		}
	})
}

// read reads the list, as far as it pays, once for all lookups that wait for it.
func (ds *directories) read(ctx context.Context, d *directory, l lookup) {
	ds.inTurn(ctx, d, l, func() {
		most := ds.pays(d, l)
		if most == 0 {
			return // another lookup has read it in the meantime
		}
		isWhole, _ := ds.fill(ctx, d, l, most)
		if ctx.Err() != nil {
			return
		}
		ds.mu.Lock()
		defer ds.mu.Unlock()
		d.tried, d.isWhole = most, isWhole
		if isWhole {
			d.names = nil
		}
	})
}

// inTurn does something to a directory when no other lookup does, unless the name is there by then.
func (ds *directories) inTurn(ctx context.Context, d *directory, l lookup, do func()) {
	select {
	case d.turn <- struct{}{}:
		defer func() { <-d.turn }()
	case <-ctx.Done():
		return
	}
	if _, ok := ds.look(d, l); !ok {
		do()
	}
}

// fill adds at most this many rows of the list to a directory. It returns their number, and whether these are all. If
// the list can't be read, that is no error: the user may be allowed to read an object by name and not to list them.
func (ds *directories) fill(ctx context.Context, d *directory, l lookup, most int) (isWhole bool, n int) {
	rows, bytes := map[any][]*row{}, 0
	isWhole = true
	for r, err := range l.list(ctx, most) {
		if err != nil {
			isWhole = false
			break
		}
		if name := l.nameOf(r); !l.isUnique || rows[name] == nil { // a list that is made of several may have it twice
			rows[name] = append(rows[name], r)
			bytes += r.size()
		}
		if n++; n == most || bytes > directoryBytes {
			isWhole = false
			break
		}
	}
	if ctx.Err() == nil && (l.isUnique || isWhole && !l.hasOmissions.Load()) {
		ds.add(d, rows)
	}
	return isWhole, n
}

// add keeps rows by their names.
func (ds *directories) add(d *directory, rows map[any][]*row) {
	ds.mu.Lock()
	defer ds.mu.Unlock()
	bytes := 0
	for name, all := range rows {
		bytes += 100 // for the map
		for _, r := range all {
			bytes += r.size()
		}
		for _, r := range d.rows[name] {
			bytes -= r.size()
		}
	}
	maps.Copy(d.rows, rows)
	cache.Grow(ds.byKey, d.key, d, bytes)
}

// size returns roughly how many bytes the row takes in memory.
func (r *row) size() int {
	const perRow, perByte = 300, 3 // a row's parts, and the index of its JSON
	return perRow + perByte*(len(r.part(objectPart).Raw())+len(r.part(detailPart).Raw()))
}
