package api

import (
	"maps"
	"net/url"
	"slices"
	"strings"
)

// maxURL is the longest address to send. If a selection makes it longer, everything is requested: servers and proxies
// refuse addresses of 8 KB.
const maxURL = 6 << 10

func tooLong(u *url.URL) bool { return len(u.Host)+len(u.RawPath)+len(u.RawQuery) > maxURL }

// envelopeFields are the fields of a page that paging needs.
var envelopeFields = []string{"next", "page", "pagelen", "size"}

// withFields returns the query with a selection of an object's fields, unless the selection is empty.
//
// https://developer.atlassian.com/cloud/bitbucket/rest/intro/#partial-responses
func withFields(query url.Values, paths []string) url.Values {
	selected := selection(paths)
	if len(selected) == 0 {
		return query
	}
	return withParameter(query, "fields", strings.Join(selected, ","))
}

// withPageFields returns the query with a selection of fields of a page's items, including those that identify an item.
func withPageFields(query url.Values, paths []string, k itemKey) url.Values {
	items := selection(paths)
	if len(items) == 0 {
		return query
	}
	selected := slices.Clone(envelopeFields)
	for _, path := range selection(append(items, k.missing(items)...)) {
		selected = append(selected, "values."+path)
	}
	return withParameter(query, "fields", strings.Join(selected, ","))
}

// onRequest lists fields that objects contain only if they are selected, by the ends of paths.
var onRequest = []struct {
	path   string
	fields []string
}{
	{"/pullrequests", []string{"values.participants", "values.reviewers"}},
	{"/workspaces/{}/pullrequests/{}", []string{"values.participants", "values.reviewers"}},
	{"/gpg-keys", []string{"values.key", "values.subkeys"}},
	{"/gpg-keys/{}", []string{"key", "subkeys"}},
	{"/commit/{}", []string{"participants"}},
}

// unselected returns an address without its selection of fields. It returns the address itself if it has no selection,
// or one of fields in onRequest: without the selection they would look empty.
func unselected(u *url.URL) *url.URL {
	selected := strings.Split(u.Query().Get("fields"), ",")
	for _, special := range onRequest {
		if endsLike(u.EscapedPath(), special.path) && slices.ContainsFunc(special.fields, func(field string) bool { return slices.Contains(selected, field) }) {
			return u
		}
	}
	return without(u, "fields")
}

// without returns an address without some parameters, or the address itself if it has none of them.
func without(u *url.URL, parameters ...string) *url.URL {
	query, n := u.Query(), 0
	for _, name := range parameters {
		if query.Has(name) {
			query.Del(name)
			n++
		}
	}
	if n == 0 {
		return u
	}
	other := *u
	other.RawQuery = encode(query)
	return &other
}

// encode returns a query as text. Go writes a space as "+"; "%20" means the same to every server.
func encode(query url.Values) string { return strings.ReplaceAll(query.Encode(), "+", "%20") }

// withParameter returns a copy of the query with one parameter set.
func withParameter(query url.Values, name, value string) url.Values {
	query = maps.Clone(query)
	if query == nil {
		query = url.Values{}
	}
	query.Set(name, value)
	return query
}

// selection returns a sorted list of fields to request for JSON paths, without those that another field includes. It
// cuts a path before the first part that is not a plain name: `links.clone.#(name=="https").href` becomes links.clone.
// The list is empty, which means all fields, if a path names no field.
func selection(paths []string) []string {
	var fields []string
	for _, path := range paths {
		field := selectable(path)
		if field == "" {
			return nil
		}
		fields = append(fields, field)
	}
	slices.Sort(fields)
	return slices.DeleteFunc(slices.Compact(fields), func(field string) bool {
		return slices.ContainsFunc(fields, func(parent string) bool {
			return strings.HasPrefix(field, parent+".")
		})
	})
}

func selectable(path string) string {
	names := strings.Split(path, ".")
	for i, name := range names {
		if !isPlain(name) {
			names = names[:i]
			break
		}
	}
	return strings.Join(names, ".")
}

// isPlain reports whether a name can be selected. JSON paths can contain more: indexes, queries, modifiers.
func isPlain(name string) bool {
	const letters, others = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_", "0123456789-"
	return name != "" && strings.Contains(letters, name[:1]) && strings.Trim(name, letters+others) == ""
}
