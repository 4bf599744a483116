package fakebitbucket

import (
	"encoding/json"
	"slices"
	"strconv"
	"strings"
	"time"
)

// An object is a JSON object whose members keep their order. Its values are nil, bool, string, int,
// int64, timestamp, level, object, []object, or a lazy that yields one of these: a page that was asked for
// three fields of each repository computes three.
type object []member

type member struct {
	name  string
	value any
	extra bool // served only if the fields parameter names it
}

// A lazy is a value computed when it is written, filtered by or sorted by.
type lazy func() any

// A timestamp is a point in time in one of the forms that Bitbucket writes.
type timestamp struct {
	time   time.Time
	layout string
}

// The forms of timestamps.
const (
	layoutMicro  = "2006-01-02T15:04:05.000000-07:00"    // most created_on and updated_on
	layoutSecond = "2006-01-02T15:04:05-07:00"           // the same where there is no fraction
	layoutNoZone = "2006-01-02T15:04:05.000"             // added_on of memberships
	layoutAfter  = "2006-01-02T15:04:05.999999-07:00"    // `next` links that continue after a time
	layoutNano   = "2006-01-02T15:04:05.000000000Z07:00" // created_at of webhooks since 2025
)

// A level is one of an ordered set of permissions; BBQL compares levels by their order, not as text.
type level struct {
	name  string
	order []string
}

// stamp is a timestamp in the usual form, which leaves out a fraction of zero.
func stamp(t time.Time) timestamp {
	if t.Nanosecond() == 0 {
		return timestamp{t, layoutSecond}
	}
	return timestamp{t, layoutMicro}
}

// orNull is the timestamp of a time that may be unknown.
func orNull(t *time.Time, layout string) any {
	if t == nil {
		return nil
	}
	return timestamp{*t, layout}
}

// text is the value of a string that may be null.
func text(s *string) any {
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

// without is the object without the named members.
func (o object) without(names []string) object {
	if len(names) == 0 {
		return o
	}
	return slices.DeleteFunc(o, func(m member) bool { return slices.Contains(names, m.name) })
}

// condensed is the object as it appears inside others: only the named members are shown, and the most
// common links. The fields parameter can still ask for the others.
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

// lookup finds the value at a dotted path. Lists on the way are transparent: their values are collected.
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

// appendJSON appends what the selection leaves of a value.
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
	case level:
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
			continue // a path that goes on below a value selects nothing
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

// isScalar tells values that have nothing below them from objects, lists and null.
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
				panic(err) // a string always has a JSON form
			}
			return append(b, quoted...)
		}
	}
	b = append(b, '"')
	b = append(b, s...)
	return append(b, '"')
}
