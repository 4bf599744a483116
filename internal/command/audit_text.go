package command

import (
	"cmp"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/dustin/go-humanize/english"

	"github.com/kindor/steampipe-plugin-bitbucket/internal/audit"
)

// printControl writes a control, the resources that alarm or were not judged, and what to do about alarms.
func (r *auditReport) printControl(w io.Writer, result audit.Result) error {
	var b strings.Builder
	fmt.Fprintf(&b, "%-8s  %-5s  %s (%s)\n", result.Control.Severity, statusLabel(result.Status()), result.Control.Title, result.Control.Name)
	switch {
	case result.Err != nil:
		fmt.Fprintf(&b, "                 %s\n", printable(oneLine(result.Err.Error())))
	default:
		fmt.Fprintf(&b, "                 %s\n", statusCounts(result))
		r.printLines(&b, toldOf(result))
		if result.Count(audit.Alarm) > 0 {
			fmt.Fprintf(&b, "                 What to do: %s\n", result.Control.Remedy)
		}
	}
	_, err := fmt.Fprintln(w, b.String())
	return err
}

// printLines writes the first of some lines.
func (r *auditReport) printLines(w io.Writer, lines []string) {
	first, more := r.shown(lines)
	for _, line := range first {
		fmt.Fprintf(w, "                 - %s\n", printable(line))
	}
	if more > 0 {
		fmt.Fprintf(w, "                 - and %d more; --all shows them\n", more)
	}
}

// text writes what comes after the controls: what has changed, and the summary.
func (r *auditReport) text(w io.Writer) error {
	if r.since {
		if r.before == nil {
			fmt.Fprint(w, "This is the first run: there is nothing to compare with.\n\n")
		} else {
			r.printChanges(w)
		}
	}
	counts := r.counts()
	if alarms := r.bySeverity(); len(alarms) > 0 {
		var parts []string
		for _, s := range alarms {
			parts = append(parts, fmt.Sprintf("%s in %s of severity %s", english.Plural(s.Resources, "alarm", ""), english.Plural(s.Controls, "control", ""), s.Severity))
		}
		fmt.Fprintf(w, "%s.\n", english.WordSeries(parts, "and"))
	}
	_, err := fmt.Fprintf(w, "Controls: %d. Alarm: %d. Not judged: %d.\n", len(r.results), counts[audit.Alarm], r.notJudged())
	return err
}

func (r *auditReport) printChanges(w io.Writer) {
	fmt.Fprintf(w, "Since %s\n", r.before.SavedAt.Local().Format(time.DateTime))
	if r.before.IsCopy {
		fmt.Fprintf(w, "                 %s\n", noAlarms)
	}
	for _, part := range r.comparison() {
		fmt.Fprintf(w, "                 %s: %d\n", part.Title, len(part.Lines))
		r.printLines(w, part.Lines)
	}
	fmt.Fprintln(w)
}

// noAlarms is said instead of a comparison of alarms.
const noAlarms = "The copy has no alarms to compare with."

// A comparison is a list of what has changed in one way since the earlier run.
type comparison struct {
	Title string
	Lines []string
}

// comparison returns what has changed since the earlier run. What is still there is only counted by the controls.
func (r *auditReport) comparison() []comparison {
	var all []comparison
	for _, part := range []struct{ change, title string }{
		{"new", "New alarms"}, {"gone", "Alarms that are gone"}, {"accepted", "Alarms that are accepted now"},
		{"disappeared", "Alarms for what the connected account does not see any more"}, {"still", "Alarms that are still there"},
	} {
		c := comparison{Title: part.title}
		for _, f := range r.foundAs(part.change) {
			line := f.Control + ": " + oneLine(f.Reason)
			if part.change != "new" {
				line += " (since " + f.Since.Local().Format(time.DateOnly) + ")"
			}
			c.Lines = append(c.Lines, line)
		}
		if part.change == "new" || len(c.Lines) > 0 {
			all = append(all, c)
		}
	}
	changes := comparison{Title: "Changes of grants, keys, webhooks, variables, visibility, rules and members"}
	for _, c := range r.changes {
		changes.Lines = append(changes.Lines, oneLine(c.String()))
	}
	if r.before.IsCopy {
		return []comparison{changes}
	}
	return append(all[:1:1], append([]comparison{changes}, all[1:]...)...)
}

// title says what was audited.
func (r *auditReport) title() string {
	return "Audit of " + cmp.Or(r.scope.String(), "connection "+r.connection)
}
