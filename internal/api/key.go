package api

import (
	"hash/maphash"
	"slices"
	"strings"

	"github.com/tidwall/gjson"

	"github.com/kindor/steampipe-plugin-bitbucket/internal/jsontree"
)

// A key says by which fields the items of a collection are told from one another.
type key struct {
	fields []string
	first  bool // by the first that an item has, not by all together
}

// ownKey is that of most collections: an id of the item itself, or the full name of a repository.
var ownKey = key{fields: []string{"uuid", "id", "hash", "full_name"}, first: true}

// keys are those of the other collections, by how their paths end.
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

// keyOf is the key of the collection at a path.
func keyOf(path string) key {
	for _, k := range keys {
		if endsLike(path, k.path) {
			return key{fields: k.fields}
		}
	}
	return ownKey
}

// endsLike reports whether an escaped path ends like a pattern, in which {} stands for any segment.
func endsLike(path, pattern string) bool {
	parts, end := strings.Split(strings.Trim(path, "/"), "/"), strings.Split(strings.Trim(pattern, "/"), "/")
	if len(parts) < len(end) {
		return false
	}
	return slices.EqualFunc(parts[len(parts)-len(end):], end, func(part, like string) bool { return like == "{}" || part == like })
}

// missing are the fields to select beside others, so that the items can be told from one another.
func (k key) missing(selected []string) []string {
	switch isKey := func(field string) bool { return slices.Contains(k.fields, field) }; {
	case !k.first:
		return k.fields
	case slices.ContainsFunc(selected, isKey):
		return nil
	}
	return k.fields[:3] // every repository has a uuid
}

// identity is what tells an item from the others. Without any of the fields it is the whole item, which need not be unique.
func (k key) identity(item jsontree.Value) (id string, unique bool) {
	var all strings.Builder
	for _, field := range k.fields {
		value := item.Get(field)
		if value.Type == gjson.Null { // or absent
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

// maxRemembered is how many items a list remembers at least, once it has so many.
const maxRemembered = 1 << 17

// A seenItems counts the items of a list, by hashes of their ids: the last of them, between one and two times as many as it holds.
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

// take counts one item off, if there is one.
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

// isForgetful reports whether the memory has had more than it holds.
func (m *seenItems) isForgetful() bool { return m.forgot }
