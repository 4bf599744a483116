package fakebitbucket

import (
	"encoding/json"
	"slices"
	"strconv"
	"strings"
	"time"
)

// An object is a JSON object whose members keep their order. Its values are nil, bool, string, int, int64, timestamp,
// level, object or []object, or a lazy that returns one of these. So a page with three selected fields of each
// repository computes only these three.
type object []jsonMember

type jsonMember struct {
	name  string
	value any
	extra bool // returned only if the fields parameter names it
}

// A lazy is a value that is computed when it is written, filtered or sorted.
type lazy func() any

// A timestamp is a time in one of Bitbucket's formats.
type timestamp struct {
	time   time.Time
	layout string
}

// The formats of timestamps.
const (
	layoutMicro  = "2006-01-02T15:04:05.000000-07:00"    // most created_on and updated_on
	layoutSecond = "2006-01-02T15:04:05-07:00"           // the same without a fraction
	layoutNoZone = "2006-01-02T15:04:05.000"             // added_on of memberships
	layoutAfter  = "2006-01-02T15:04:05.999999-07:00"    // `next` links that continue after a time
	layoutNano   = "2006-01-02T15:04:05.000000000Z07:00" // created_at of webhooks since 2025
)

// A permissionLevel is one of an ordered list of permissions. BBQL compares levels by this order, not as text.
type permissionLevel struct {
	name  string
	order []string
}

// timestampOf returns a timestamp in the usual format, which leaves out a fraction of zero.
func timestampOf(t time.Time) timestamp {
	if t.Nanosecond() == 0 {
		return timestamp{t, layoutSecond}
	}
	return timestamp{t, layoutMicro}
}

// orNull returns the timestamp of a time, or nil if the time is unknown.
func orNull(t *time.Time, layout string) any {
	if t == nil {
		return nil
	}
	return timestamp{*t, layout}
}

// stringOrNull returns the value of a string that may be null.
func stringOrNull(s *string) any {
	if s == nil {
		return nil
	}
	return *s
}

func force(v any) any {
	if f, ok := v.(lazy); ok {
		return f()
	}
	return v
}

// without returns the object without the named members.
func (o object) without(names []string) object {
	if len(names) == 0 {
		return o
	}
	return slices.DeleteFunc(o, func(m jsonMember) bool { return slices.Contains(names, m.name) })
}

// condensed returns the object as it appears inside others. It has only the named members and the most common links.
// The fields parameter can still select the others.
// https://developer.atlassian.com/cloud/bitbucket/rest/intro/#serialization
func (o object) condensed(shown ...string) object {
	c := make(object, len(o))
	for i, m := range o {
		m.extra = !slices.Contains(shown, m.name)
		if m.name == "links" {
			links := m.value
			m.value = lazy(func() any {
				return force(links).(object).condensed("self", "html", "avatar")
			})
		}
		c[i] = m
	}
	return c
}

// lookup returns the value at a dotted path. For a list on the path, it collects the values of all elements.
func lookup(v any, path string) any {
	v = force(v)
	if path == "" {
		return v
	}
	switch v := v.(type) {
	case object:
		name, rest, _ := strings.Cut(path, ".")
		for _, m := range v {
			if m.name == name {
				return lookup(m.value, rest)
			}
		}
	case []object:
		all := make([]any, len(v))
		for i, o := range v {
			all[i] = lookup(o, path)
		}
		return all
	}
	return nil
}

// appendJSON appends the selected part of a value.
func appendJSON(b []byte, v any, s selection) []byte {
	switch v := v.(type) {
	case lazy:
		return appendJSON(b, v(), s)
	case object:
		return appendObject(b, v, s)
	case []object:
		b = append(b, '[')
		for i, o := range v {
			if i > 0 {
				b = append(b, ',')
			}
			b = appendObject(b, o, s)
		}
		return append(b, ']')
	case []string:
		b = append(b, '[')
		for i, x := range v {
			if i > 0 {
				b = append(b, ',')
			}
			b = appendString(b, x)
		}
		return append(b, ']')
	case nil:
		return append(b, "null"...)
	case bool:
		return strconv.AppendBool(b, v)
	case int:
		return strconv.AppendInt(b, int64(v), 10)
	case int64:
		return strconv.AppendInt(b, v, 10)
	case timestamp:
		b = append(b, '"')
		b = v.time.UTC().AppendFormat(b, v.layout)
		return append(b, '"')
	case permissionLevel:
		return appendString(b, v.name)
	case string:
		return appendString(b, v)
	}
	panic("fakebitbucket: a value that has no JSON form")
}

func appendObject(b []byte, o object, s selection) []byte {
	b = append(b, '{')
	empty := true
	for _, m := range o {
		inner, ok := s.member(m)
		if !ok {
			continue
		}
		v := force(m.value)
		if !inner.all && isScalar(v) {
			continue // a path that continues below a plain value selects nothing
		}
		if !empty {
			b = append(b, ',')
		}
		empty = false
		b = appendString(b, m.name)
		b = append(b, ':')
		b = appendJSON(b, v, inner)
	}
	return append(b, '}')
}

// isScalar reports whether a value is not an object, a list or null.
func isScalar(v any) bool {
	switch v.(type) {
	case nil, object, []object:
		return false
	}
	return true
}

func appendString(b []byte, s string) []byte {
	for i := range len(s) {
		if c := s[i]; c < ' ' || c > '~' || c == '"' || c == '\\' {
			quoted, err := json.Marshal(s)
			if err != nil {
				panic(err) // cannot happen: a string always has a JSON form
			}
			return append(b, quoted...)
		}
	}
	b = append(b, '"')
	b = append(b, s...)
	return append(b, '"')
}
