package api

import (
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/kindor/steampipe-plugin-bitbucket/internal/cache"
)

// coveringList returns the address of the first page of a list. If the same list with more fields or a longer page was
// requested a moment ago, or is being requested, it is that address.
func (c *Client) coveringList(first *url.URL, paths []string) *url.URL {
	needed, length := neededFields(first, paths), pageLen(first) // without the fields that identify an item: every selection has some
	for i, field := range needed {
		needed[i] = "values." + field
	}
	return c.covering(first, func(wide *url.URL) bool { return selects(wide, first, needed) && pageLen(wide) >= length })
}

// coveringObject returns the address of an object. If the same object with more fields was requested a moment ago, or is
// being requested, it is that address.
func (c *Client) coveringObject(u *url.URL, paths []string) *url.URL {
	needed := neededFields(u, paths)
	return c.covering(u, func(wide *url.URL) bool { return selects(wide, u, needed) })
}

// covering returns the address itself if its answer is recent, or else a recent one of the same kind that covers it, or
// else the address itself.
func (c *Client) covering(u *url.URL, covers func(*url.URL) bool) *url.URL {
	recent := c.recent(u)
	if slices.ContainsFunc(recent, func(known *url.URL) bool { return known.String() == u.String() }) {
		return u
	}
	if i := slices.IndexFunc(recent, covers); i >= 0 {
		return recent[i]
	}
	return u
}

// recent returns the addresses of answers that are kept or on their way, and that differ from u only by the selection of
// fields and the length of a page.
func (c *Client) recent(u *url.URL) []*url.URL {
	var found []*url.URL
	for _, answers := range c.caches() {
		for _, address := range answers.Group(kindOf(u)) {
			if known, err := url.Parse(address); err == nil {
				found = append(found, known)
			}
		}
	}
	return found
}

// caches are the client's answers and, for a rehearsal, before them those of the client that it rehearses for.
func (c *Client) caches() []*cache.Cache {
	if c.rehearses == nil {
		return []*cache.Cache{c.answers}
	}
	return []*cache.Cache{c.rehearses.answers, c.answers}
}

// kindOf returns what the addresses of the same object or list have in common, whatever fields they select.
func kindOf(u *url.URL) string { return without(u, "fields", "pagelen").String() }

// neededFields returns the fields to select for JSON paths, or none, which means all, if the address selects none.
func neededFields(u *url.URL, paths []string) []string {
	if !u.Query().Has("fields") {
		return nil
	}
	return selection(paths)
}

// selects reports whether the answer at an address has some fields that another address selects; no fields are all.
func selects(wide, narrow *url.URL, fields []string) bool {
	selected := wide.Query().Get("fields")
	switch {
	case selected == "":
		return len(fields) == 0 || unselected(narrow) != narrow
	case len(fields) == 0:
		return false
	}
	all := strings.Split(selected, ",")
	return !slices.ContainsFunc(fields, func(field string) bool {
		has := func(parent string) bool { return field == parent || strings.HasPrefix(field, parent+".") }
		return !slices.ContainsFunc(all, has)
	})
}

// pageLen returns the length of the page that an address asks for, or 0.
func pageLen(u *url.URL) int64 {
	length, _ := strconv.ParseInt(u.Query().Get("pagelen"), 10, 64)
	return length
}
