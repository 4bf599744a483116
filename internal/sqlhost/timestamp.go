package sqlhost

import (
	"fmt"
	"strings"
	"time"
)

// TimestampForm is the form of timestamps in tables and results, always in UTC. Texts of this form sort like the times,
// with or without a fraction, because '+' sorts before '.', and '.' before the digits.
const TimestampForm = "2006-01-02T15:04:05.999999999-07:00"

// timestampCollation is the name of the collation of timestamp columns. It compares instants in any form.
const timestampCollation = "timestamp"

// formatTimestamp returns a time in [TimestampForm].
func formatTimestamp(t time.Time) string { return t.UTC().Format(TimestampForm) }

// parseTimestamp reads a time in the forms of PostgreSQL and SQLite: a day, or a day and a time with T or a space in
// between, with or without seconds, a fraction, and a zone. Without a zone it is in UTC.
func parseTimestamp(s string) (time.Time, bool) {
	const day = len(time.DateOnly)
	s = strings.TrimSpace(s)
	if len(s) < day {
		return time.Time{}, false
	}
	layout, rest := time.DateOnly, s[day:]
	clock := rest
	zone := strings.IndexAny(rest, "+-Zz")
	if zone >= 0 {
		clock = rest[:zone]
	}
	trimmed := strings.TrimRight(clock, " ")
	if trimmed != "" {
		if strings.IndexByte(" Tt", trimmed[0]) < 0 || strings.Contains(trimmed, ",") {
			return time.Time{}, false
		}
		layout += trimmed[:1] + "15:04"
		if strings.Count(trimmed, ":") > 1 {
			layout += ":05" // accepts a fraction too
		}
	}
	read := s[:day] + trimmed
	if zone >= 0 {
		zone := strings.ToUpper(rest[zone:])
		read += zone
		switch len(zone) {
		case len("Z"), len("+02:00"):
			layout += "Z07:00"
		case len("+0200"):
			layout += "Z0700"
		case len("+02"):
			layout += "Z07"
		}
	}
	t, err := time.Parse(layout, read)
	return t.UTC(), err == nil
}

// stored reports whether a text has [TimestampForm], like all timestamps of tables: these sort by byte like the times.
// It may still not be a valid time.
func stored(s string) bool {
	const whole, zone = len("2006-01-02T15:04:05"), "+00:00"
	if len(s) < whole+len(zone) || s[len("2006-01-02")] != 'T' || !strings.HasSuffix(s, zone) {
		return false
	}
	fraction := s[whole : len(s)-len(zone)]
	return fraction == "" || fraction[0] == '.' && fraction[len(fraction)-1] != '0'
}

// compareTimestamps is SQLite's collation of timestamps. A text that is not a time fails the statement, and sorts
// before all times until then.
func (h *Host) compareTimestamps(a, b string) int {
	timeA, okA := h.asStored(a)
	timeB, okB := h.asStored(b)
	switch {
	case okA == okB:
		return strings.Compare(timeA, timeB)
	case okA:
		h.fail(fmt.Errorf("a time is compared with %w", noTimestamp(b)))
		return 1
	default:
		h.fail(fmt.Errorf("a time is compared with %w", noTimestamp(a)))
		return -1
	}
}

// asStored returns a time in [TimestampForm], and any other text unchanged. It caches the last text of another form,
// because a constant is compared with each row.
func (h *Host) asStored(s string) (form string, ok bool) {
	if stored(s) {
		return s, true
	}
	if last := &h.spelled; last.text != s || last.form == "" {
		t, ok := parseTimestamp(s)
		last.text, last.form, last.ok = s, s, ok
		if ok {
			last.form = formatTimestamp(t)
		}
	}
	return h.spelled.form, h.spelled.ok
}

// fail keeps the first error of the running statement, because SQLite passes on at most the error's text.
func (h *Host) fail(err error) {
	if h.running != nil && h.running.err == nil {
		h.running.err = err
	}
}

// noTimestamp returns the error for a value that is not a time.
func noTimestamp(v any) error {
	const forms = "'2026-11-30', '2026-11-30 08:15', '2026-11-30T08:15:30Z', '2026-11-30 08:15:30.5+02:00' or datetime('now', '-7 days')"
	if s, ok := v.(string); ok && !isNumber(s) {
		return fmt.Errorf("'%s', which is not a time: write %s", s, forms)
	}
	return fmt.Errorf("%v, which is not a time: write %s; for seconds since 1970, write datetime(%[1]v, 'unixepoch')", v, forms)
}
