package command

import (
	"bufio"
	"cmp"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/kindor/steampipe-plugin-bitbucket/bitbucket"
	"github.com/kindor/steampipe-plugin-bitbucket/internal/audit"
)

// mostResources is the largest number of resources of a control that a report for people shows.
const mostResources = 10

// An auditReport is the result of an audit.
type auditReport struct {
	at         time.Time
	connection string
	scope      audit.Scope
	failOn     string
	all        bool // show all resources
	accepted   audit.Acceptances

	results []audit.Result

	since    bool         // compare with an earlier run
	before   *audit.State // the earlier run; nil in the first
	state    *audit.State // nil if not wanted or not readable
	stateErr error
	changes  []audit.Change
	findings []audit.FindingChange
}

// auditWriters write a report in a format.
var auditWriters = map[string]func(*auditReport, io.Writer) error{
	"csv": (*auditReport).csv, "html": (*auditReport).html, "json": (*auditReport).json, "junit": (*auditReport).junit,
	"markdown": (*auditReport).markdown, "text": (*auditReport).text,
}

// auditFormats returns the output formats of audit.
func auditFormats() []string { return slices.Sorted(maps.Keys(auditWriters)) }

func (r *auditReport) write(w io.Writer, format string) error {
	buffered := bufio.NewWriter(w)
	if err := auditWriters[format](r, buffered); err != nil {
		return err
	}
	return buffered.Flush()
}

// add adds the result of a control, with the data of its tables that Bitbucket refused, and with what is accepted.
func (r *auditReport) add(result audit.Result, omissions []bitbucket.Omission) {
	refuse(&result, r.connection, omissions)
	r.accepted.Apply(&result, r.at)
	r.results = append(r.results, result)
}

// refuse adds to a result the data of its tables that Bitbucket refused.
func refuse(result *audit.Result, connection string, omissions []bitbucket.Omission) {
	for _, o := range omissions {
		if isRefusal(o, connection) && slices.Contains(result.Tables, o.Table) {
			result.Refuse(cmp.Or(placeOf(o), o.Table), o.Message)
		}
	}
}

// isRefusal reports whether Bitbucket refused what an omission of a connection is about, or failed to return it.
func isRefusal(o bitbucket.Omission, connection string) bool {
	return o.Connection == connection && (o.Reason == bitbucket.ReasonRefused || o.Reason == bitbucket.ReasonFailed)
}

// compare compares a state with the earlier run.
func (r *auditReport) compare(state *audit.State) {
	r.state = state
	state.Find(r.results)
	if r.before == nil {
		return
	}
	if !r.before.IsCopy {
		r.findings = state.Compare(r.before, r.results)
	}
	r.changes = state.Since(r.before)
	state.Carry(r.before)
}

// An alarmError reports that controls alarm. It is a result, and not a failure of the command.
type alarmError struct{ error }

// finding returns an error if a control alarms or was not judged.
func (r *auditReport) finding() error {
	counts := r.counts()
	alarms, open := counts[audit.Alarm], r.notJudged()
	fails := alarms > 0 && r.failOn == failOnAlarm || r.isNew() && r.failOn == failOnNew
	about := fmt.Sprintf("%d of %d controls alarm", alarms, len(r.results))
	if r.failOn == failOnNew {
		about = fmt.Sprintf("%d new alarms, and %d changes", len(r.foundAs("new")), len(r.changes))
		if r.before != nil && r.before.IsCopy {
			about = fmt.Sprintf("%d changes", len(r.changes))
		}
	}
	switch {
	case open == len(r.results) && r.sameReason() != nil:
		return fmt.Errorf("none of %d controls could be judged: %w", open, r.sameReason())
	case open > 0 && fails:
		return alarmError{fmt.Errorf("%s, and %d could not be judged", about, open)}
	case open > 0 && alarms > 0:
		return fmt.Errorf("%d of %d controls could not be judged", open, len(r.results))
	case open > 0:
		return fmt.Errorf("%d of %d controls could not be judged; no other control alarms", open, len(r.results))
	case fails:
		return alarmError{errors.New(about)}
	}
	return nil
}

// isNew reports whether an alarm is new since the earlier run, or whether a change may have opened something.
func (r *auditReport) isNew() bool {
	return len(r.foundAs("new")) > 0 || slices.ContainsFunc(r.changes, audit.Change.Opens)
}

// foundAs returns the findings that compare in a way with those of the earlier run.
func (r *auditReport) foundAs(change string) []audit.FindingChange {
	return slices.DeleteFunc(slices.Clone(r.findings), func(f audit.FindingChange) bool { return f.Change != change })
}

// unread returns an error if a part of the state could not be read, and so was not compared.
func (r *auditReport) unread() error {
	if r.stateErr != nil {
		return fmt.Errorf("can't read the data to save or compare: %w", r.stateErr)
	}
	var all []error
	for _, s := range []*audit.State{r.state, r.before} {
		if s == nil {
			continue
		}
		for _, kind := range slices.Sorted(maps.Keys(s.Unread)) {
			all = append(all, fmt.Errorf("can't read and compare this: %s: %w", kind, s.Unread[kind]))
		}
	}
	return errors.Join(all...)
}

// notJudged returns the number of controls that failed or judged nothing.
func (r *auditReport) notJudged() int {
	counts := r.counts()
	return counts[audit.Error] + counts[audit.NotJudged]
}

// sameReason returns the reason why no control was judged, if all share it.
func (r *auditReport) sameReason() error {
	var reasons []error
	for _, result := range r.results {
		if result.Err != nil {
			reasons = append(reasons, result.Err)
		}
		for _, resource := range result.Resources {
			reasons = append(reasons, errors.New(resource.Reason))
		}
	}
	reasons = slices.CompactFunc(reasons, func(a, b error) bool { return a.Error() == b.Error() })
	if len(reasons) != 1 {
		return nil
	}
	return reasons[0]
}

// counts returns the number of controls with each overall status.
func (r *auditReport) counts() map[audit.Status]int {
	counts := map[audit.Status]int{}
	for _, result := range r.results {
		counts[result.Status()]++
	}
	return counts
}

// A severityCount is the number of alarms of a severity.
type severityCount struct {
	Severity            string
	Controls, Resources int
}

// bySeverity returns the alarms of each severity that has some, the worst first.
func (r *auditReport) bySeverity() []severityCount {
	var all []severityCount
	for _, severity := range audit.Severities {
		count := severityCount{Severity: severity}
		for _, result := range r.results {
			if n := result.Count(audit.Alarm); n > 0 && result.Control.Severity == severity {
				count.Controls++
				count.Resources += n
			}
		}
		if count.Controls > 0 {
			all = append(all, count)
		}
	}
	return all
}

// shown returns the first of some lines, and how many more there are.
func (r *auditReport) shown(lines []string) (first []string, more int) {
	if r.all || len(lines) <= mostResources {
		return lines, 0
	}
	return lines[:mostResources], len(lines) - mostResources
}

// toldOf returns the reasons of a control's resources that alarm or were not judged.
func toldOf(result audit.Result) []string {
	told := []audit.Status{audit.Alarm, audit.Error, audit.NotJudged}
	if result.Status() == audit.NotJudged {
		told = append(told, audit.Info)
	}
	var reasons []string
	for _, status := range told {
		for _, resource := range result.Resources {
			if resource.Status == status {
				reasons = append(reasons, oneLine(resource.Reason))
			}
		}
	}
	return reasons
}

// statusLabel returns the status in capitals and with spaces.
func statusLabel(s audit.Status) string { return strings.ToUpper(words(s)) }

func words(s audit.Status) string { return strings.ReplaceAll(string(s), "_", " ") }

// statusCounts returns the number of resources with each status.
func statusCounts(r audit.Result) string {
	var parts []string
	for _, s := range audit.Statuses {
		if n := r.Count(s); n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", n, words(s)))
		}
	}
	return strings.Join(parts, ", ")
}
