package api

import (
	"hash/maphash"
	"slices"
	"strings"

	"github.com/tidwall/gjson"

	"github.com/kindor/steampipe-plugin-bitbucket/internal/jsontree"
)

// An itemKey names the fields that identify an item of a collection.
type itemKey struct {
	fields []string
	first  bool // the first field that the item has identifies it, not all together
}

// ownKey is the key of most collections: an id of the item, or the full name of a repository.
var ownKey = itemKey{fields: []string{"uuid", "id", "hash", "full_name"}, first: true}

// keys are the keys of the other collections, by the ends of their paths.
//
// https://developer.atlassian.com/cloud/bitbucket/rest/
var keys = []struct {
	path   string
	fields []string
}{
	{"/user/workspaces", []string{"workspace.uuid"}},
	{"/permissions/repositories", []string{"repository.uuid", "user.uuid"}},
	{"/permissions/repositories/{}", []string{"user.uuid"}},
	{"/permissions", []string{"user.uuid"}},
	{"/members", []string{"user.uuid"}},
	{"/permissions-config/users", []string{"user.uuid"}},
	{"/permissions-config/groups", []string{"group.slug"}},
	{"/effective-default-reviewers", []string{"reviewer_type", "user.uuid"}},
	{"/projects/{}/default-reviewers", []string{"reviewer_type", "user.uuid"}},
	{"/workspaces/{}/pullrequests/{}", []string{"destination.repository.uuid", "id"}},
	{"/pullrequests/{}/statuses", []string{"commit.hash", "key", "refname"}},
	{"/statuses", []string{"key", "refname"}},
	{"/refs", []string{"name", "type"}},
	{"/refs/branches", []string{"name"}},
	{"/refs/tags", []string{"name"}},
	{"/downloads", []string{"name"}},
	{"/diffstat", []string{"new.path", "old.path", "status"}},
	{"/diffstat/{}", []string{"new.path", "old.path", "status"}},
	{"/hook_events/{}", []string{"event"}},
	{"/user/emails", []string{"email"}},
	{"/gpg-keys", []string{"fingerprint"}},
}

// keyOf returns the key of the collection at a path.
func keyOf(path string) itemKey {
	for _, k := range keys {
		if endsLike(path, k.path) {
			return itemKey{fields: k.fields}
		}
	}
	return ownKey
}

// endsLike reports whether an escaped path ends like a pattern, in which {} matches any segment.
func endsLike(path, pattern string) bool {
	path, pattern = strings.Trim(path, "/"), strings.Trim(pattern, "/")
	for {
		i, j := strings.LastIndexByte(path, '/'), strings.LastIndexByte(pattern, '/')
		if part, like := path[i+1:], pattern[j+1:]; like != "{}" && part != like {
			return false
		}
		if i < 0 || j < 0 {
			return j < 0
		}
		path, pattern = path[:i], pattern[:j]
	}
}

// missing returns the fields to select in addition to others, so that items can be identified.
func (k itemKey) missing(selected []string) []string {
	switch isKey := func(field string) bool { return slices.Contains(k.fields, field) }; {
	case !k.first:
		return k.fields
	case slices.ContainsFunc(selected, isKey):
		return nil
	}
	return k.fields[:3] // full_name is not needed: every repository has a uuid
}

// identity returns a text that identifies an item. For an item with none of the fields it is the whole item, which may
// not be unique.
func (k itemKey) identity(item jsontree.Value) (id string, unique bool) {
	var all strings.Builder
	for _, field := range k.fields {
		value := item.Get(field)
		if value.Type == gjson.Null { // or missing
			all.WriteByte(0)
			continue
		}
		if k.first {
			return value.Raw, true
		}
		all.WriteString(value.Raw)
		all.WriteByte(0)
		unique = true
	}
	if unique {
		return all.String(), true
	}
	return item.Raw(), false
}

// maxRemembered is the number of items that a list remembers at least.
const maxRemembered = 1 << 17

// A seenItems counts the last items of a list by hashes of their ids. It remembers between one and two times holds
// items.
type seenItems struct {
	holds       int
	seed        maphash.Seed
	late, early map[uint64]int32
	forgot      bool
}

func (m *seenItems) add(id string) {
	switch {
	case m.late == nil:
		m.seed, m.late = maphash.MakeSeed(), map[uint64]int32{}
	case len(m.late) >= m.holds:
		m.forgot = m.forgot || m.early != nil
		m.early, m.late = m.late, map[uint64]int32{}
	}
	m.late[maphash.String(m.seed, id)]++
}

// take removes one item with the id, and reports whether there was one.
func (m *seenItems) take(id string) bool {
	if m.isEmpty() {
		return false
	}
	hash := maphash.String(m.seed, id)
	for _, part := range []map[uint64]int32{m.late, m.early} {
		if part[hash] > 0 {
			part[hash]--
			return true
		}
	}
	return false
}

func (m *seenItems) has(id string) bool {
	if m.isEmpty() {
		return false
	}
	hash := maphash.String(m.seed, id)
	return m.late[hash]+m.early[hash] > 0
}

func (m *seenItems) isEmpty() bool { return m.late == nil }

// isForgetful reports whether items were forgotten because there were more than fit.
func (m *seenItems) isForgetful() bool { return m.forgot }
