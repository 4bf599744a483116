package fakebitbucket

import (
	"encoding/hex"
	"hash/fnv"
	"math"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// A NextForm is a form of the links to the next page. Clients must follow all links unchanged.
// https://developer.atlassian.com/cloud/bitbucket/rest/intro/#pagination
type NextForm string

// The known forms of the service. All but the first leave out size and page.
const (
	NextNumber  NextForm = "number"  // ?page=2
	NextToken   NextForm = "token"   // ?page=8xhd, for branches and the commits of pull requests
	NextContext NextForm = "context" // ?ctx=79edd3ee…&page=2, for commits
	NextAfter   NextForm = "after"   // ?after=2020-01-02T03%3A04…
)

// page returns the requested page of a list.
func (c *call) page() (any, error) {
	l := c.endpoint.list
	pagelen, err := c.pagelen()
	if err != nil {
		return nil, err
	}
	form := l.nextForm
	if c.server.options.NextForm != "" {
		form = c.server.options.NextForm
	}
	if most := c.server.options.PageLen; most > 0 {
		pagelen = min(pagelen, most)
	}
	step := pagelen
	if c.server.options.ShortPages {
		step = max(1, step-1)
	}
	if l.whole {
		step = math.MaxInt32
	}
	offset, err := c.offset(form, step)
	if err != nil {
		return nil, err
	}
	all, err := c.filtered()
	if err != nil {
		return nil, err
	}
	if a, ok := alterationOf(c.request); ok {
		all = all.altered(a)
	}
	from := min(offset, all.length)
	to := min(from+step, all.length)
	values := make([]object, 0, to-from)
	for i := from; i < to; i++ {
		values = append(values, all.at(i))
	}
	page := object{{name: "values", value: values}, {name: "pagelen", value: pagelen}}
	numbered := form == "" || form == NextNumber
	if numbered && !l.noSize && !c.server.options.OmitSize {
		page = append(page, jsonMember{name: "size", value: all.length}, jsonMember{name: "page", value: offset/step + 1})
	}
	if to < all.length && !(numbered && c.server.options.OmitNext) {
		page = append(page, jsonMember{name: "next", value: c.next(form, to, step)})
	}
	return page, nil
}

func (c *call) pagelen() (int, error) {
	l := c.endpoint.list
	longest := l.max
	if longest == 0 {
		longest = 100
	}
	if !c.query.Has("pagelen") {
		if l.pagelen == 0 {
			return 10, nil
		}
		return l.pagelen, nil
	}
	n, err := strconv.Atoi(c.query.Get("pagelen"))
	if err != nil || n < 1 || n > longest {
		return 0, badRequest("Invalid pagelen")
	}
	return n, nil
}

// offset returns the position of the first object of the requested page. Only numbered pages can be requested without
// a link.
func (c *call) offset(form NextForm, step int) (int, error) {
	page, after := c.query.Get("page"), c.query.Get("after")
	if page == "" && after == "" || page == "1" {
		return 0, nil
	}
	offset, ok := 0, false
	switch form {
	case NextToken:
		n, err := strconv.ParseInt(page, 36, 64)
		offset, ok = int(n-tokenBase)/tokenStep, err == nil && n >= tokenBase && (n-tokenBase)%tokenStep == 0
	case NextAfter:
		t, err := time.Parse(layoutAfter, after)
		offset, ok = int(t.Sub(afterBase)/time.Second), err == nil && !t.Before(afterBase)
	case NextContext:
		n, err := strconv.Atoi(page)
		offset, ok = (n-1)*step, err == nil && n > 0 && c.query.Get("ctx") == c.context()
	default:
		n, err := strconv.Atoi(page)
		if err != nil || n < 1 {
			return 0, badRequest("Invalid page")
		}
		return (n - 1) * step, nil
	}
	if !ok {
		c.violate("no link led to the page %q", page+after)
		return 0, badRequest("Invalid page")
	}
	return offset, nil
}

// Where opaque links start. They look like a token of four letters, or like a time.
const (
	tokenBase = 50_003
	tokenStep = 31
)

var afterBase = time.Date(2014, 3, 2, 1, 0, 0, 0, time.UTC)

// next returns the link to the page at an offset: the address of the request with another page.
func (c *call) next(form NextForm, offset, step int) string {
	q := url.Values{}
	for name, values := range c.query {
		q[name] = values
	}
	switch form {
	case NextToken:
		q.Set("page", strconv.FormatInt(int64(tokenBase+tokenStep*offset), 36))
	case NextContext:
		q.Set("ctx", c.context())
		q.Set("page", strconv.Itoa(offset/step+1))
	case NextAfter:
		q.Set("after", afterBase.Add(time.Duration(offset)*time.Second).Format(layoutAfter))
	default:
		q.Set("page", strconv.Itoa(offset/step+1))
	}
	path := c.request.URL.EscapedPath()
	if c.server.options.NextByUUID && c.workspace != nil {
		named := "/" + url.PathEscape(c.path["workspace"])
		path = strings.Replace(path, named, "/"+url.PathEscape(c.workspace.UUID), 1)
	}
	return c.origin() + path + "?" + q.Encode()
}

// origin returns the scheme and host of the request.
func (c *call) origin() string {
	if c.request.TLS != nil {
		return "https://" + c.request.Host
	}
	return "http://" + c.request.Host
}

// context returns an id for the state that the service keeps between the pages of a list.
func (c *call) context() string {
	h := fnv.New128a()
	for _, part := range []string{c.request.URL.Path, c.query.Get("q"), c.query.Get("sort")} {
		_, _ = h.Write([]byte(part + "\n")) // a hash never returns an error
	}
	return hex.EncodeToString(h.Sum(nil))
}

// filtered returns the list after q and sort.
func (c *call) filtered() (collection, error) {
	l := c.endpoint.list
	query, order := c.query.Get("q"), c.query.Get("sort")
	if l.filter == nil {
		query = "" // ignored, like every unknown parameter
	}
	if l.sort == nil {
		order = ""
	}
	all := l.of(c)
	if query == "" && order == "" {
		return all, nil
	}
	var objects []object
	keep := condition(allOf{})
	if query != "" {
		var err error
		if keep, err = parseBBQL(query, c.server.options.FoldsCase, l.filter); err != nil {
			return collection{}, err
		}
	}
	for i := range all.length {
		if o := all.at(i); keep.holds(o) {
			objects = append(objects, o)
		}
	}
	if err := sortObjects(objects, order, l.sort); err != nil {
		return collection{}, err
	}
	return collect(objects, func(o object) object { return o }), nil
}

// sortObjects sorts by one field. Nulls come last in ascending order and first in descending order.
func sortObjects(objects []object, order string, fields fieldset) error {
	if order == "" {
		return nil
	}
	name, descending := strings.CutPrefix(order, "-")
	by, ok := fields[name]
	if !ok || by.kind == embeddedKind {
		return badRequest("Invalid field name: %s", name)
	}
	keys := make(map[*jsonMember]any, len(objects))
	for _, o := range objects {
		key := force(lookup(o, by.path))
		if text, ok := key.(string); ok && by.kind == naturalKind {
			key = naturalKey(text)
		}
		keys[&o[0]] = key
	}
	slices.SortStableFunc(objects, func(a, b object) int {
		x, y := keys[&a[0]], keys[&b[0]]
		order := 0
		switch {
		case x == nil && y == nil:
		case x == nil:
			order = 1
		case y == nil:
			order = -1
		default:
			order = compareValues(x, y)
		}
		if descending {
			return -order
		}
		return order
	})
	return nil
}

// naturalKey returns a key that sorts numbers in text by value: v9 before v10.
func naturalKey(s string) string {
	return numbers.ReplaceAllStringFunc(s, func(n string) string {
		return strings.Repeat("0", max(0, 20-len(n))) + n
	})
}

var numbers = regexp.MustCompile(`[0-9]+`)
