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
	return c.covering(first, func(wide *url.URL) bool {
		needed := neededFields(first, paths) // without the fields that identify an item: every selection has some
		for i, field := range needed {
			needed[i] = "values." + field
		}
		return selects(wide, first, needed) && pageLen(wide) >= pageLen(first)
	})
}

// coveringObject returns the address of an object. If the same object with more fields was requested a moment ago, or is
// being requested, it is that address.
func (c *Client) coveringObject(u *url.URL, paths []string) *url.URL {
	return c.covering(u, func(wide *url.URL) bool { return selects(wide, u, neededFields(u, paths)) })
}

// covering returns the address itself if its answer is recent, or else a recent one of the same kind that covers it, or
// else the address itself.
func (c *Client) covering(u *url.URL, covers func(*url.URL) bool) *url.URL {
	address := u.String()
	recent := c.recent(kindOf(address))
	if slices.Contains(recent, address) {
		return u
	}
	for _, other := range recent {
		if known, err := url.Parse(other); err == nil && covers(known) {
			return known
		}
	}
	return u
}

// recent returns the addresses of a kind whose answers are kept or on their way.
func (c *Client) recent(kind string) []string {
	var found []string
	for _, answers := range c.caches() {
		found = append(found, answers.Group(kind)...)
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

// kindOf returns what the addresses of the same object or list have in common, whatever fields they select and however long
// their pages are.
func kindOf(address string) string {
	path, query, _ := strings.Cut(address, "?")
	for parameter := range strings.SplitSeq(query, "&") {
		if name, _, _ := strings.Cut(parameter, "="); name != "" && name != "fields" && name != "pagelen" {
			path += "&" + parameter
		}
	}
	return path
}

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
