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

// A List describes a paged collection, and how much of it is wanted.
type List struct {
	// Path is the collection's path, escaped as by [Path]: "/2.0/repositories/acme".
	Path string
	// Query contains the endpoint's own parameters: q, sort, role, state.
	Query url.Values
	// Fields are the JSON paths to request inside an item ("links.html.href"). Everything is requested if there are
	// none, or if the selection is too long for an address.
	Fields []string
	// PageLen is the largest page that the endpoint serves, or 0 if the length can't be chosen.
	PageLen int
	// Wanted is the number of items that the consumer will take, or 0 for all. It limits the page length and the
	// prefetching. A consumer that takes more items gets them, one page at a time.
	Wanted int64
	// Most is the largest allowed number of items, or 0 for any. A larger collection fails with [ErrTooLarge] after its
	// first page, if this contains the size.
	Most int64
	// Bare means that the endpoint answers with a JSON array without an envelope, as endpoints of API 1.0 do.
	Bare bool
}

// ErrTooLarge reports that a collection has more items than allowed.
var ErrTooLarge = errors.New("the list is larger than wanted")

// List walks a collection in Bitbucket's order. Apart from prefetching, it requests a page only when the consumer needs
// it, and none after the consumer stops or ctx ends. It yields an error last: without an error, the collection was read
// to its end.
//
// # Changes while reading
//
// Bitbucket's numbered pages are windows on a list that may change while it is read. If an item is removed, all later
// items move up by one place, and the next page begins one item too late. List notices that the size of the collection
// has changed, goes back as many pages as this can have moved, and skips the items that it has yielded already. So:
//
//   - an item that exists all the time is yielded exactly once;
//   - an item that is added or removed meanwhile may be yielded or not;
//   - a collection that changes faster or more than List can follow is an error.
//
// An item that appears twice while the size stays the same has replaced another item: one was removed and one added, or
// the list has no stable order. List then reads the list from the start once more, and yields the missing items. If
// this reading also contains an item twice, or not as many items as the size says, that is an error.
//
// List can't see one kind of change: if one item is removed and another added between two pages, no item appears twice
// and the size is the same. A sort by a constant field, for example created_on, keeps additions at the end. Pages that
// Bitbucket names by a cursor instead of a number are Bitbucket's responsibility. It may refuse such a page as no
// longer valid: List then also reads the list from the start once more.
//
// # Optional parameters
//
// The page length and the selection of fields save time. If an endpoint refuses them on the first page, List requests
// it once more without them. The same applies if a selection removes the list of values and the page may be empty.
//
// # Prefetching
//
// If Bitbucket's address of the next page differs from the first address only by a page number, and the size is known,
// List prefetches as many pages as the client may have requests in flight. These are guesses: a prefetched page is used
// only if the page before it names exactly its address as the next. At the first unexpected address, or when the
// collection changes, the list continues one page at a time.
//
// # The end of a list
//
// The last page names no next page. Lists of pipelines are known to name none on any page. Therefore List requests the
// page with the next number while the size says that there are more items. The list ends when this page is empty,
// because Bitbucket may count items that it doesn't show.
//
// # Answers that cover a list
//
// A list that was requested a moment ago, or is being requested, answers a list that differs from it only by fewer fields
// or a shorter page.
func (c *Client) List(ctx context.Context, l List) iter.Seq2[jsontree.Value, error] {
	return func(yield func(jsontree.Value, error) bool) {
		first := c.firstPage(l)
		err := checkSegments(first)
		switch {
		case err != nil:
		case l.Bare:
			err = c.readArray(ctx, first, yield)
		default:
			r := newReader(ctx, c, c.coveringList(first, l.Fields), l)
			defer r.close()
			err = r.read(yield)
		}
		if err != nil {
			yield(jsontree.Value{}, err)
		}
	}
}

// firstPage returns the address of a list's first page.
func (c *Client) firstPage(l List) *url.URL {
	query := l.Query
	if l.PageLen > 0 {
		query = withParameter(query, "pagelen", strconv.FormatInt(l.pageLen(), 10))
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

// readArray yields the items of an array without an envelope.
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

// objects passes the items of a list to take until take has enough. An element that is not an object is an error: it
// could look like an item with empty fields.
func objects(list jsontree.Value, u *url.URL, take func(item jsontree.Value) bool) (more bool, err error) {
	for item := range list.Values() {
		if !item.IsObject() {
			return false, protocolError(u, "answered with a list that contains something other than objects")
		}
		if !take(item) {
			return false, nil
		}
	}
	return true, nil
}

// maxEmpty is the largest number of consecutive pages without items. Pages of items that the connected user can't see
// are empty. A service that names empty pages without end must not block a query for ever.
const maxEmpty = 100

// A reader reads a collection page by page, and if necessary once more from the start.
type reader struct {
	ctx    context.Context
	first  *url.URL
	wanted int64
	key    itemKey
	most   int64           // allowed number of items, or 0
	named  map[string]bool // queries of fetched pages, before and after redirects: the path is the same collection
	pages  int64           // number of pages, or 0 if unknown
	begun  bool            // a page was read
	empty  int             // consecutive pages without items
	ahead  *prefetcher
	shifts shiftDetector
	seen   seenItems // items of this reading
	before seenItems // items that the reading before yielded
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

// close cancels the requests in flight and waits for them.
func (r *reader) close() { r.ahead.stop() }

// read yields the items. It returns nil at the end, or when the consumer stops.
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
		return again.lasting("reading it again had the same result")
	}
	if isTwice && ended && r.shifts.items != r.shifts.size {
		return twice.lasting(fmt.Sprintf("on a second reading it had %d items and a size of %d", r.shifts.items, r.shifts.size))
	}
	return err
}

// startOver prepares a reading from the start, without earlier answers.
func (r *reader) startOver() {
	r.ahead.stop()
	r.ahead.parent = Fresh(r.ctx)
	clear(r.named)
	r.empty = 0
	r.shifts = shiftDetector{key: r.key, size: -1}
	r.before, r.seen = r.seen, seenItems{holds: r.seen.holds}
}

// walk performs one reading. It reports whether it reached the end of the list.
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
			r.ahead.parent = Fresh(r.ctx) // earlier answers are out of date
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
			return false, protocolError(u, "names too many pages without items")
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

// yieldPage yields the items of a page that were not yielded before.
func (r *reader) yieldPage(u *url.URL, p *listPage, yield func(jsontree.Value, error) bool) (more bool, err error) {
	isWhole := u == r.first && p.next == nil // a single page can't shift
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

// A twiceError reports that an item appeared twice while the size stayed the same, so that another item is missing.
type twiceError struct {
	at   *url.URL
	size int64
}

func (e *twiceError) Error() string { return e.lasting("").Error() }

// lasting returns the final error, if another reading does not help, with the reason.
func (e *twiceError) lasting(why string) *ProtocolError {
	return protocolError(e.at, "listed an item twice, so that another of the %d items is missing; %s; try again", e.size, why)
}

// midway marks an error of a page after the first.
func (r *reader) midway(err error) error {
	refused, ok := errors.AsType[*Error](err)
	if !ok || !r.begun {
		return err
	}
	unfinished := *refused // others may have the original
	unfinished.unfinished = true
	return &unfinished
}

// short adds the number of missing pages to an error of a used-up quota.
func (r *reader) short(u *url.URL, err error) error {
	spent, ok := errors.AsType[*QuotaError](err)
	if number := pageNumber(u); ok && number > 0 && r.pages >= number {
		more := *spent // others may have the original
		more.Needed = r.pages - number + 1
		return &more
	}
	return err
}

// after returns the address of the page after p, or nil at the end of the collection.
func (r *reader) after(u *url.URL, p *listPage) (*url.URL, error) {
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
		return nil, protocolError(u, "ended the list after %d items, although its size is %d", read, p.size)
	}
	return numbered(u, p.number+1), nil
}

// page returns the page at an address that was not requested before.
func (r *reader) page(u *url.URL) (*listPage, error) {
	if err := r.ctx.Err(); err != nil {
		return nil, err
	}
	query := inOneSpelling(u)
	if r.named[query] {
		return nil, protocolError(u, "named a next page that it had named before")
	}
	r.named[query] = true
	p, err := r.ahead.page(u)
	if err != nil {
		return nil, err
	}
	if p.at.RawQuery == u.RawQuery {
		return p, nil
	}
	if found := inOneSpelling(p.at); found != query { // redirected: the new address may be named too
		if r.named[found] {
			return nil, protocolError(u, "redirects to a page that was read before")
		}
		r.named[found] = true
	}
	return p, nil
}

// inOneSpelling returns the query of an address with its parameters sorted.
func inOneSpelling(u *url.URL) string { return u.Query().Encode() }

// prefetch starts to fetch the next pages, if their addresses can be predicted.
func (r *reader) prefetch(p *listPage) {
	if p.next == nil || p.size < 0 || p.length == 0 || r.shifts.hasShifted() || !differsByNumber(p.next, r.first) {
		return
	}
	wanted := p.size
	if r.wanted > 0 {
		wanted = min(wanted, r.wanted)
	}
	r.ahead.fetch(p.next, (wanted+p.length-1)/p.length)
}
