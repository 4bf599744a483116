package command

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/dustin/go-humanize"
)

// A session answers statements, one after another.
type session struct {
	*console
	db     *database
	timing bool
	quiet  bool
	before traffic // until the statement
}

// answer prints the result of a statement, with its progress meanwhile.
func (s *session) answer(ctx context.Context, one statement, p printer, out *destination) error {
	begin := time.Now()
	out.waits(s.progress(s.db))
	rows, err := printAnswer(ctx, s.db, one.Text, p)
	out.ready()
	if err != nil {
		return one.placed(err)
	}
	if !s.timing {
		return nil
	}
	after, err := s.db.traffic(ctx)
	if err != nil {
		return err
	}
	fmt.Fprintln(s.err, after.since(s.before).describe(rows, time.Since(begin)))
	s.before = after
	return nil
}

// reportOmissions prints a summary of what the tables left out since a time.
func (s *session) reportOmissions(since time.Time) {
	if !s.quiet {
		printOmissions(s.err, s.db.Omissions(since))
	}
}

// printAnswer prints the result of one statement, and returns the number of rows.
func printAnswer(ctx context.Context, db *database, sql string, p printer) (int64, error) {
	rows, err := db.Query(ctx, sql)
	if err != nil {
		return 0, err
	}
	defer rows.Close()
	r := &countedRows{resultSet: rows}
	if err := p.print(r); err != nil {
		return 0, err
	}
	return r.rows, rows.Close()
}

// since returns the traffic after before.
func (t traffic) since(before traffic) traffic {
	t.requests -= before.requests
	t.retries -= before.retries
	t.bytes -= before.bytes
	return t
}

// describe returns the cost of a statement as text.
func (t traffic) describe(rows int64, took time.Duration) string {
	var b strings.Builder
	fmt.Fprintf(&b, "Rows: %s. Requests: %s", humanize.Comma(rows), humanize.Comma(t.requests))
	if t.retries > 0 {
		fmt.Fprintf(&b, " (%s of them retries)", humanize.Comma(t.retries))
	}
	fmt.Fprintf(&b, ". Received: %s. Time: %s.", humanize.Bytes(uint64(t.bytes)), took.Round(time.Millisecond))
	for _, q := range t.quotas {
		fmt.Fprintf(&b, " Quota of %s: %s requests left", q.connection, humanize.Comma(q.remaining))
		if !q.resetAt.IsZero() {
			fmt.Fprintf(&b, " until %s", q.resetAt.Local().Format(time.TimeOnly))
		}
		b.WriteByte('.')
	}
	return b.String()
}
