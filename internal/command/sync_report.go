package command

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"github.com/dustin/go-humanize"

	"github.com/kindor/steampipe-plugin-bitbucket/bitbucket"
	"github.com/kindor/steampipe-plugin-bitbucket/internal/replica"
)

// A syncReport is what a run of sync has done.
type syncReport struct {
	Destination string                    `json:"destination"`
	Status      string                    `json:"status"` // copied, paused or not_due
	Run         replica.Run               `json:"run"`
	Rows        int64                     `json:"scanned_rows"`
	Tables      map[string]replica.Counts `json:"tables"`
	Omissions   int                       `json:"omissions"`
	Left        int64                     `json:"requests_left,omitempty"` // that are needed in addition, if it is paused
	GoesOn      *time.Time                `json:"goes_on,omitempty"`       // when the quota is renewed, if it is paused, or the next run is due

	isFirst bool // everything is new
}

func newSyncReport(to string, s replica.Summary, paused *replica.PausedError) syncReport {
	r := syncReport{Destination: to, Status: "copied", Run: s.Run, Rows: s.Rows, Tables: s.Tables, Omissions: len(s.Omissions), isFirst: s.IsFirst}
	switch {
	case paused != nil:
		r.Status, r.Left, r.GoesOn = "paused", paused.Left, &paused.ResetAt
	case !s.DueAt.IsZero():
		r.Status, r.GoesOn = "not_due", &s.DueAt
	}
	return r
}

func (r syncReport) write(w io.Writer, format string) error {
	if format == "json" {
		encoder := json.NewEncoder(w)
		encoder.SetIndent("", "  ")
		return encoder.Encode(r)
	}
	_, err := fmt.Fprintln(w, strings.Join(r.lines(), "\n"))
	return err
}

// lines returns the report for people: what has changed, table by table.
func (r syncReport) lines() []string {
	switch r.Status {
	case "paused":
		return []string{fmt.Sprintf("Read %s with %s, and kept them.", plural(r.Rows, "row"), plural(r.Run.Requests, "request"))}
	case "not_due":
		return []string{fmt.Sprintf("Nothing to do: the next run is due on %s.", r.GoesOn.Local().Format(time.DateTime))}
	}
	lines := []string{fmt.Sprintf("Copied %s to %s: read %s with %s in %s.", plural(int64(len(r.Tables)), "table"), r.Destination,
		plural(r.Rows, "row"), plural(r.Run.Requests, "request"), r.Run.EndedAt.Sub(r.Run.StartedAt).Round(100*time.Millisecond))}
	if r.isFirst {
		return lines
	}
	for _, name := range slices.Sorted(maps.Keys(r.Tables)) {
		if c := r.Tables[name]; c.Added+c.Changed+c.Removed > 0 && name != replica.OmissionTable {
			lines = append(lines, fmt.Sprintf("  %s: %s, %s added, %s changed, %s removed", name, plural(c.Rows, "row"),
				humanize.Comma(c.Added), humanize.Comma(c.Changed), humanize.Comma(c.Removed)))
		}
	}
	if len(lines) == 1 {
		lines = append(lines, "Nothing has changed.")
	}
	return lines
}

// planLine says what a run needs.
func planLine(p replica.Plan, waits bool) string {
	what := "This run reads what may have changed"
	switch {
	case p.Resumed:
		what = "This run goes on with the one of " + p.Run.StartedAt.Local().Format(time.DateTime)
	case p.Run.IsFull:
		what = "This run reads everything"
	}
	line := fmt.Sprintf("%s: at least %s", what, plural(p.Requests, "more request"))
	if p.Quota.Limit == 0 {
		return line + "."
	}
	line += fmt.Sprintf(". Of %s an hour, %s are left, and it may send %s.", humanize.Comma(p.Quota.Limit), humanize.Comma(p.Quota.Remaining), humanize.Comma(p.Allowed))
	switch ends := p.EndsAt.Local().Format(time.DateTime); {
	case p.EndsAt.IsZero():
		return line
	case waits:
		return line + " It will end after " + ends + "."
	default:
		return line + " It will stop then, and keep what it has read. If it is started again each hour, or waits with --wait, it will end after " + ends + "."
	}
}

// watch returns a function that shows how far a run is, if standard error is a terminal, and one that removes it.
func (s *syncer) watch(server *bitbucket.Server) (report func(replica.Status), stop func()) {
	if _, ok := terminalFd(s.err); !ok {
		return nil, func() {}
	}
	server.Progress() // the first call makes later scans count their repositories
	began := time.Now()
	var now atomic.Pointer[replica.Status]
	now.Store(&replica.Status{})
	stop = showProgress(s.err, func() string { return statusLine(*now.Load(), server.Progress(), time.Since(began)) })
	return func(status replica.Status) { now.Store(&status) }, stop
}

// statusLine returns how far a run is.
func statusLine(s replica.Status, p bitbucket.Progress, passed time.Duration) string {
	wait := s.WaitUntil
	if p.WaitsUntil.After(wait) {
		wait = p.WaitsUntil
	}
	if !wait.IsZero() {
		return fmt.Sprintf("waiting for the quota until %s, for at least %s", wait.Local().Format(time.TimeOnly), plural(max(s.Left, 1), "more request"))
	}
	line := fmt.Sprintf("table %d of %d, %s", s.Number, s.Tables, strings.TrimPrefix(s.Table, "bitbucket_"))
	if p.Total > 1 {
		line += fmt.Sprintf(", %s of %s repositories", humanize.Comma(int64(p.Done)), humanize.Comma(int64(p.Total)))
	}
	line += fmt.Sprintf(", %s, %s", plural(s.Rows, "row"), plural(s.Requests, "request"))
	if s.Allowed >= 0 {
		line += fmt.Sprintf(" (%s more allowed)", humanize.Comma(s.Allowed))
	}
	if s.Requests > 0 && s.Left > 0 {
		rest := time.Duration(float64(passed) / float64(s.Requests) * float64(s.Left))
		line += ", " + rest.Round(time.Second).String() + " left"
	}
	return line
}
