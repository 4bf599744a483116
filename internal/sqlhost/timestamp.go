package sqlhost

import (
	"fmt"
	"strings"
	"time"
)

// TimestampForm is how timestamps are stored and come out of SQL, always in UTC. As '+' sorts before '.', and '.' before the
// digits, texts of this form are in the order of the times, with a fraction or without.
const TimestampForm = "2006-01-02T15:04:05.999999999-07:00"

// timestampCollation is the name of the order by which SQLite compares the timestamps of tables: that of the instants,
// however they are written.
const timestampCollation = "timestamp"

// formatTimestamp writes a time in [TimestampForm].
func formatTimestamp(t time.Time) string { return t.UTC().Format(TimestampForm) }

// parseTimestamp reads a time as PostgreSQL and SQLite write them: a day, or a day and a time with T or a blank between them,
// with or without seconds, a fraction, a zone. Without a zone it is in UTC.
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
			layout += ":05" // with a fraction, if there is one
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

// stored reports whether a text has [TimestampForm], as all timestamps of tables have: for those the order of the bytes is
// that of the times. It need not be a time.
func stored(s string) bool {
	const whole, zone = len("2006-01-02T15:04:05"), "+00:00"
	if len(s) < whole+len(zone) || s[len("2006-01-02")] != 'T' || !strings.HasSuffix(s, zone) {
		return false
	}
	fraction := s[whole : len(s)-len(zone)]
	return fraction == "" || fraction[0] == '.' && fraction[len(fraction)-1] != '0'
}

// compareTimestamps is SQLite's collation of timestamps. What is no time is an error of the statement, and has a place before
// all times until that has ended it.
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

// asStored returns a time in [TimestampForm], or what is no time as it is. It remembers the last text of another form: a constant
// is compared with each row.
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

// fail keeps the first error of the statement that is running, for SQLite cannot be told of it, or passes on no more than
// its text, or not even that.
func (h *Host) fail(err error) {
	if h.running != nil && h.running.err == nil {
		h.running.err = err
	}
}

// noTimestamp says of a value that it is no time, and how one is written.
func noTimestamp(v any) error {
	const forms = "'2026-11-30', '2026-11-30 08:15', '2026-11-30T08:15:30Z', '2026-11-30 08:15:30.5+02:00' or datetime('now', '-7 days')"
	if s, ok := v.(string); ok && !isNumber(s) {
		return fmt.Errorf("'%s', which is no time: write %s", s, forms)
	}
	return fmt.Errorf("%v, which is no time: write %s; of the seconds since 1970, datetime(%[1]v, 'unixepoch') makes one", v, forms)
}
