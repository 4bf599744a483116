package api

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"iter"
	"net/http"
	"net/url"
	"strconv"

	"github.com/kindor/steampipe-plugin-bitbucket/internal/jsontree"
)

// A List describes one paged collection and how much of it is wanted.
type List struct {
	// Path is the collection's, escaped, as [Path] makes it: "/2.0/repositories/acme".
	Path string
	// Query has the endpoint's own parameters: q, sort, role, state.
	Query url.Values
	// Fields are the JSON paths inside an item that are wanted ("links.html.href"). Only these are
	// asked for; none means everything, and so does a selection too long for an address.
	Fields []string
	// PageLen is the largest page that the endpoint serves, or 0 if it doesn't let one choose.
	PageLen int
	// Wanted is how many items the consumer means to take, or 0 for all: no page is larger than
	// that, and none is fetched ahead that it doesn't need. A consumer that takes more gets more,
	// one page at a time.
	Wanted int64
	// Most is how many items the collection may have at most, or 0 for any number: a larger one ends
	// with [ErrTooLarge] after its first page, if that tells its size.
	Most int64
	// Bare says that the endpoint answers with a JSON array alone, as those of API 1.0 do.
	Bare bool
}

// ErrTooLarge says that a collection has more items than the consumer wants to read.
var ErrTooLarge = errors.New("the list is larger than wanted")

// List walks a collection in the order of the service. Beside the pages that it
// reads ahead it asks for none before the consumer needs it, and for none any more once the
// consumer stops or ctx ends. An error is the last thing it yields: without one, the collection was
// read to its end.
//
// # What a list holds
//
// Bitbucket's numbered pages are windows on a list that may change while it is read. An item that
// goes away moves all that follow one place up, and the next page begins one item too late. List
// notices that the size of the collection has changed, goes back as many pages as that can have
// moved, and passes over what it has handed out already. So:
//
//   - an item that is there all the time is yielded, and only once;
//   - an item added or removed meanwhile may be yielded or not;
//   - when the collection changes faster or more than can be followed, that is an error.
//
// An item that comes a second time while the size stays the same has taken the place of another: one has gone and one has
// come, or the list has no order that lasts. Then List reads the list from the start once more, and yields what is missing.
// If that reading has an item twice too, or not as many as it counts, that is an error.
//
// One change can't be seen: one item removed and another added between two pages, so that no item comes twice and the
// size is the same. A sort by something that never changes, such as created_on, keeps additions at
// the end. Pages that the service names by its own cursor instead of a number are its business. It may refuse one that it
// has named, as no longer valid: that list is read from the start once more as well.
//
// # What the service need not understand
//
// The page length and the selection of fields save time. An endpoint that refuses a first page with them is asked once more
// without. So is one that answers a selection without a list of values where the list may be empty.
//
// # Reading ahead
//
// Where the service's own address of the next page differs from the first by nothing but a page
// number, and it has told the size, pages are fetched ahead, as many as the client may have requests
// in flight. These are guesses: a page fetched ahead is used only when the page before it names
// exactly its address as the next. At the first address that was not foreseen, or when the
// collection changes, the list goes on one page at a time.
//
// # Where a list ends
//
// The last page names no next one. But lists of pipelines are known to have named none on any page, so that is not
// believed as long as the size says that there are more items: then the page with the next number is asked for. The list
// ends when that has no items, as the service may have counted some that it doesn't show.
func (c *Client) List(ctx context.Context, l List) iter.Seq2[jsontree.Value, error] {
	return func(yield func(jsontree.Value, error) bool) {
		first := c.firstPage(l)
		err := checkSegments(first)
		switch {
		case err != nil:
		case l.Bare:
			err = c.readArray(ctx, first, yield)
		default:
			r := newReader(ctx, c, first, l)
			defer r.close()
			err = r.read(yield)
		}
		if err != nil {
			yield(jsontree.Value{}, err)
		}
	}
}

// firstPage is the address of a list's first page.
func (c *Client) firstPage(l List) *url.URL {
	query := l.Query
	if l.PageLen > 0 {
		query = with(query, "pagelen", strconv.FormatInt(l.pageLen(), 10))
	}
	u := c.url(l.Path, withPageFields(query, l.Fields, keyOf(l.Path)))
	if tooLong(u) {
		u = c.url(l.Path, query)
	}
	return u
}

func (l List) pageLen() int64 {
	const shortest = 10 // the smallest page that Bitbucket documents
	if l.Wanted > 0 {
		return min(int64(l.PageLen), max(l.Wanted, shortest))
	}
	return int64(l.PageLen)
}

// readArray yields the items of a bare array.
func (c *Client) readArray(ctx context.Context, u *url.URL, yield func(jsontree.Value, error) bool) error {
	array, err := c.fetch(ctx, u)
	if err != nil {
		return err
	}
	if !array.IsArray() {
		return protocolError(u, "answered with JSON that is not a list")
	}
	_, err = objects(array, u, func(item jsontree.Value) bool { return yield(item, nil) })
	return err
}

// objects hands out the items of a list, until take has enough. What is not an object is no item, and must not pass for one
// that says nothing.
func objects(list jsontree.Value, u *url.URL, take func(item jsontree.Value) bool) (more bool, err error) {
	for item := range list.Values() {
		if !item.IsObject() {
			return false, protocolError(u, "answered with a list that holds something else than objects")
		}
		if !take(item) {
			return false, nil
		}
	}
	return true, nil
}

// maxEmpty is how many pages without items may come one after the other. A page of what the connected user may not see can
// be empty; a service that names an empty page as the next without end must not hold a query for ever.
const maxEmpty = 100

// A reader is one reading of a collection, page by page as the service names them, and once more from the start if need be.
type reader struct {
	ctx    context.Context
	first  *url.URL
	wanted int64
	key    key
	most   int64           // items, or 0
	named  map[string]bool // pages fetched, by their query, also where redirects led: the path leads to the same collection
	pages  int64           // there are, or 0 if not known
	begun  bool            // a page was read
	empty  int             // pages without items since the last with some
	ahead  *prefetcher
	shifts shiftDetector
	seen   seenItems // what this reading has come across
	before seenItems // what was handed out by the one before
}

func newReader(ctx context.Context, c *Client, first *url.URL, l List) *reader {
	key := keyOf(l.Path)
	return &reader{
		ctx:    ctx,
		first:  first,
		wanted: l.Wanted,
		key:    key,
		most:   l.Most,
		named:  map[string]bool{},
		ahead:  &prefetcher{parent: ctx, load: c.fetchPage, ahead: c.ahead},
		shifts: shiftDetector{key: key, size: -1},
		seen:   seenItems{holds: c.remembered},
	}
}

// close ends the requests in flight and waits for them.
func (r *reader) close() { r.ahead.stop() }

// read yields the items. It returns nil at the end, and when the consumer stops.
func (r *reader) read(yield func(jsontree.Value, error) bool) error {
	_, err := r.walk(yield)
	twice, isTwice := errors.AsType[*twiceError](err)
	isStale := isUnfinished(err) && HasStatus(err, http.StatusBadRequest)
	switch {
	case !isTwice && !isStale:
		return err
	case r.seen.isForgetful() && isTwice:
		return twice.lasting("the list is too long to be read again")
	case r.seen.isForgetful():
		return err
	}
	r.startOver()
	ended, err := r.walk(yield)
	if again, ok := errors.AsType[*twiceError](err); ok {
		return again.lasting("reading it again did not help")
	}
	if isTwice && ended && r.shifts.items != r.shifts.size {
		return twice.lasting(fmt.Sprintf("read again, it has %d items and counts %d", r.shifts.items, r.shifts.size))
	}
	return err
}

// startOver prepares to read from the start again, without what was answered before.
func (r *reader) startOver() {
	r.ahead.stop()
	r.ahead.parent = fresh(r.ctx)
	clear(r.named)
	r.empty = 0
	r.shifts = shiftDetector{key: r.key, size: -1}
	r.before, r.seen = r.seen, seenItems{holds: r.seen.holds}
}

// walk is one reading. It reports whether it came to the end of the list.
func (r *reader) walk(yield func(jsontree.Value, error) bool) (ended bool, err error) {
	for u := r.first; u != nil; {
		p, err := r.page(u)
		if !r.begun && HasStatus(err, http.StatusBadRequest) {
			if plain := without(unselected(u), "pagelen"); plain != u {
				r.first, u = plain, plain
				continue
			}
		}
		if err != nil {
			return false, r.short(u, r.midway(err))
		}
		r.begun = true
		if r.most > 0 && p.size > r.most {
			return false, ErrTooLarge
		}
		back, err := r.shifts.observe(u, p)
		if err != nil {
			return false, err
		}
		if back != nil {
			r.ahead.stop()
			r.ahead.parent = fresh(r.ctx) // what was answered before the change counts no more
			clear(r.named)
			u = back
			continue
		}
		if p.next, err = r.after(u, p); err != nil {
			return false, err
		}
		if p.size >= 0 && p.length > 0 {
			r.pages = (p.size + p.length - 1) / p.length
		}
		if r.empty++; p.values.Len() > 0 {
			r.empty = 0
		}
		if r.empty > maxEmpty {
			return false, protocolError(u, "goes on and on naming pages without items")
		}
		r.prefetch(p)
		more, err := r.yieldPage(u, p, yield)
		if !more {
			return false, err
		}
		u = p.next
	}
	return true, nil
}

// yieldPage yields those items of a page that were not handed out before.
func (r *reader) yieldPage(u *url.URL, p *page, yield func(jsontree.Value, error) bool) (more bool, err error) {
	isWhole := u == r.first && p.next == nil // there is nothing to take for another
	isNumbered := p.size >= 0 && (u == r.first || pageNumber(u) > 0)
	var twice error
	more, err = objects(p.values, u, func(item jsontree.Value) bool {
		if r.shifts.handedOut(item) {
			return true
		}
		if isWhole && r.before.isEmpty() {
			return yield(item, nil)
		}
		id, unique := r.key.identity(item)
		if unique && isNumbered && r.seen.has(id) {
			twice = &twiceError{u, p.size}
			return false
		}
		r.seen.add(id)
		return r.before.take(id) || yield(item, nil)
	})
	return more, cmp.Or(err, twice)
}

// A twiceError says that an item came twice while the list counted the same all the time, and so another did not come.
type twiceError struct {
	at   *url.URL
	size int64
}

func (e *twiceError) Error() string { return e.lasting("").Error() }

// lasting is the error where another reading does not help, and why.
func (e *twiceError) lasting(why string) *ProtocolError {
	return protocolError(e.at, "listed an item twice, so that another of the %d that it counts is missing, and %s; try again", e.size, why)
}

// midway marks a refusal of a page after the first.
func (r *reader) midway(err error) error {
	refused, ok := errors.AsType[*Error](err)
	if !ok || !r.begun {
		return err
	}
	unfinished := *refused // others may hold it
	unfinished.unfinished = true
	return &unfinished
}

// short adds to an error of a page, if it is that the quota is used up, how many more pages there are.
func (r *reader) short(u *url.URL, err error) error {
	spent, ok := errors.AsType[*QuotaError](err)
	if number := pageNumber(u); ok && number > 0 && r.pages >= number {
		more := *spent // others may hold it
		more.Needed = r.pages - number + 1
		return &more
	}
	return err
}

// after returns the address of the page that follows one, or nil at the end of the collection.
func (r *reader) after(u *url.URL, p *page) (*url.URL, error) {
	isCursor := u != r.first && pageNumber(u) == 0
	if p.next != nil || isCursor {
		return p.next, nil
	}
	items := int64(p.values.Len())
	read := r.shifts.items + items
	switch {
	case items == 0, read >= p.size:
		return nil, nil
	case p.number == 0:
		return nil, protocolError(u, "ended the list after %d items although it counts %d", read, p.size)
	}
	return numbered(u, p.number+1), nil
}

// page returns the page at an address, which must not have been there before.
func (r *reader) page(u *url.URL) (*page, error) {
	if err := r.ctx.Err(); err != nil {
		return nil, err
	}
	query := inOneSpelling(u)
	if r.named[query] {
		return nil, protocolError(u, "named a page as the next that it had named before")
	}
	r.named[query] = true
	p, err := r.ahead.page(u)
	if err != nil {
		return nil, err
	}
	if found := inOneSpelling(p.at); found != query { // behind a redirect: it may be named as it is there
		if r.named[found] {
			return nil, protocolError(u, "redirects to a page that was there before")
		}
		r.named[found] = true
	}
	return p, nil
}

// inOneSpelling is the query of an address, with its parameters in order.
func inOneSpelling(u *url.URL) string { return u.Query().Encode() }

// prefetch starts to fetch the pages that will follow, if they can be told.
func (r *reader) prefetch(p *page) {
	if p.next == nil || p.size < 0 || p.length == 0 || r.shifts.hasShifted() || !differsByNumber(p.next, r.first) {
		return
	}
	wanted := p.size
	if r.wanted > 0 {
		wanted = min(wanted, r.wanted)
	}
	r.ahead.fetch(p.next, (wanted+p.length-1)/p.length)
}
