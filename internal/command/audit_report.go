package command

import (
	"bufio"
	"cmp"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/kindor/steampipe-plugin-bitbucket/bitbucket"
	"github.com/kindor/steampipe-plugin-bitbucket/internal/audit"
	"github.com/kindor/steampipe-plugin-bitbucket/internal/sqlhost"
)

// auditFormats are the output formats of audit.
var auditFormats = []string{"csv", "json", "junit", "text"}

// An auditReport is the result of an audit.
type auditReport struct {
	at         time.Time
	connection string
	results    []audit.Result
	grants     *audit.Grants // nil if not wanted or not readable
	grantsErr  error
	since      time.Time // zero if no earlier run was named
	changes    []audit.Change
}

// An alarmError reports that controls alarm.
type alarmError struct{ error }

// finding returns an error if a control alarms or was not judged.
func (r *auditReport) finding() error {
	counts := r.counts()
	alarms, open := counts[audit.Alarm], r.notJudged()
	switch {
	case open == len(r.results) && r.sameReason() != nil:
		return fmt.Errorf("none of %d controls could be judged: %w", open, r.sameReason())
	case open > 0 && alarms > 0:
		return alarmError{fmt.Errorf("%d of %d controls alarm, and %d could not be judged", alarms, len(r.results), open)}
	case open > 0:
		return fmt.Errorf("%d of %d controls could not be judged; no other control alarms", open, len(r.results))
	case alarms > 0:
		return alarmError{fmt.Errorf("%d of %d controls alarm", alarms, len(r.results))}
	}
	return nil
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

// refuse adds to each result the data of its tables that Bitbucket refused.
func (r *auditReport) refuse(omissions []bitbucket.Omission) {
	for i := range r.results {
		result := &r.results[i]
		for _, o := range omissions {
			refused := o.Reason == bitbucket.ReasonRefused || o.Reason == bitbucket.ReasonFailed
			if refused && o.Connection == r.connection && slices.Contains(result.Tables, o.Table) {
				result.Refuse(cmp.Or(o.Repository, o.Project, o.Workspace, o.Table), o.Message)
			}
		}
	}
}

// counts returns the number of controls with each overall status.
func (r *auditReport) counts() map[audit.Status]int {
	counts := map[audit.Status]int{}
	for _, result := range r.results {
		counts[result.Status()]++
	}
	return counts
}

func (r *auditReport) write(w io.Writer, format string) error {
	buffered := bufio.NewWriter(w)
	write := map[string]func(io.Writer) error{"csv": r.csv, "json": r.json, "junit": r.junit, "text": r.text}[format]
	if err := write(buffered); err != nil {
		return err
	}
	return buffered.Flush()
}

// text writes a summary of each control, the resources that alarm or were not judged, and the changes of grants.
func (r *auditReport) text(w io.Writer) error {
	for _, result := range r.results {
		fmt.Fprintf(w, "%-5s  %s (%s)\n", label(result.Status()), result.Control.Title, result.Control.Name)
		if result.Err != nil {
			fmt.Fprintf(w, "       %s\n\n", printable(oneLine(result.Err.Error())))
			continue
		}
		fmt.Fprintf(w, "       %s\n", summary(result))
		told := []audit.Status{audit.Alarm, audit.Error, audit.NotJudged}
		if result.Status() == audit.NotJudged {
			told = append(told, audit.Info)
		}
		for _, resource := range result.Resources {
			if slices.Contains(told, resource.Status) {
				fmt.Fprintf(w, "       - %s\n", printable(oneLine(resource.Reason)))
			}
		}
		fmt.Fprintln(w)
	}
	if !r.since.IsZero() {
		fmt.Fprintf(w, "Changes since %s: %d\n", r.since.Local().Format(time.DateTime), len(r.changes))
		for _, c := range r.changes {
			fmt.Fprintf(w, "       - %s\n", printable(oneLine(c.String())))
		}
		fmt.Fprintln(w)
	}
	counts := r.counts()
	_, err := fmt.Fprintf(w, "Controls: %d. Alarm: %d. Not judged: %d.\n", len(r.results), counts[audit.Alarm], r.notJudged())
	return err
}

// label returns the status in capitals and with spaces.
func label(s audit.Status) string { return strings.ToUpper(words(s)) }

func words(s audit.Status) string { return strings.ReplaceAll(string(s), "_", " ") }

// summary returns the number of resources with each status.
func summary(r audit.Result) string {
	var parts []string
	for _, s := range audit.Statuses {
		if n := r.Count(s); n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", n, words(s)))
		}
	}
	return strings.Join(parts, ", ")
}

// dimensions returns the names of the dimensions of all controls.
func (r *auditReport) dimensions() []string {
	var names []string
	for _, result := range r.results {
		for _, resource := range result.Resources {
			for _, d := range resource.Dimensions {
				if !slices.Contains(names, d.Name) {
					names = append(names, d.Name)
				}
			}
		}
	}
	return names
}

// csv writes a row for each resource, with a column for each dimension, and after an empty line a row for each change.
func (r *auditReport) csv(w io.Writer) error {
	dimensions := r.dimensions()
	p := newCSVPrinter(w, 2)
	resources := newList(append([]string{"control", "severity", "resource", "status", "reason"}, dimensions...)...)
	for _, result := range r.results {
		if result.Err != nil {
			row := make([]any, 5+len(dimensions))
			row[0], row[1], row[3], row[4] = result.Control.Name, result.Control.Severity, string(audit.Error), oneLine(result.Err.Error())
			resources.add(row...)
		}
		for _, resource := range result.Resources {
			row := []any{result.Control.Name, result.Control.Severity, resource.Resource, string(resource.Status), resource.Reason}
			for _, name := range dimensions {
				var value any
				for _, d := range resource.Dimensions {
					if d.Name == name && d.Value != "" {
						value = d.Value
					}
				}
				row = append(row, value)
			}
			resources.add(row...)
		}
	}
	if err := p.print(resources); err != nil {
		return err
	}
	if !r.since.IsZero() {
		changes := newList("change", "kind", "place", "holder", "before", "after")
		for _, c := range r.changes {
			changes.add(c.Change, c.Kind, c.Place, c.Holder, c.Before, c.After)
		}
		if err := p.print(changes); err != nil {
			return err
		}
	}
	return p.end()
}

// The types of the JSON document.
type (
	jsonReport struct {
		AuditedAt  time.Time     `json:"audited_at"`
		Connection string        `json:"connection"`
		Alarms     int           `json:"alarms"`
		Errors     int           `json:"errors"`
		NotJudged  int           `json:"not_judged"`
		Controls   []jsonControl `json:"controls"`
		Changes    *jsonChanges  `json:"changes,omitempty"`
	}
	jsonControl struct {
		Control   string         `json:"control"`
		Title     string         `json:"title"`
		Risk      string         `json:"risk"`
		Remedy    string         `json:"remedy"`
		Caveat    string         `json:"caveat,omitempty"`
		Severity  string         `json:"severity"`
		CIS       []string       `json:"cis,omitempty"`
		Status    string         `json:"status"`
		Error     string         `json:"error,omitempty"`
		Counts    map[string]int `json:"counts"`
		Resources []jsonResource `json:"resources"`
	}
	jsonResource struct {
		Resource   string            `json:"resource"`
		Status     string            `json:"status"`
		Reason     string            `json:"reason"`
		Dimensions map[string]string `json:"dimensions"`
	}
	jsonChanges struct {
		Since   time.Time    `json:"since"`
		Changes []jsonChange `json:"changes"`
	}
	jsonChange struct {
		Change string `json:"change"`
		Kind   string `json:"kind"`
		Place  string `json:"place"`
		Holder string `json:"holder"`
		Before string `json:"before,omitempty"`
		After  string `json:"after,omitempty"`
	}
)

func (r *auditReport) json(w io.Writer) error {
	counts := r.counts()
	document := jsonReport{
		AuditedAt: r.at, Connection: r.connection,
		Alarms: counts[audit.Alarm], Errors: counts[audit.Error], NotJudged: counts[audit.NotJudged], Controls: []jsonControl{},
	}
	for _, result := range r.results {
		c := jsonControl{
			Control: result.Control.Name, Title: result.Control.Title, Risk: result.Control.Risk, Remedy: result.Control.Remedy, Caveat: result.Control.Caveat,
			Severity: result.Control.Severity, CIS: result.Control.CIS(), Status: string(result.Status()),
			Counts: map[string]int{}, Resources: []jsonResource{},
		}
		for _, s := range audit.Statuses {
			c.Counts[string(s)] = result.Count(s)
		}
		if result.Err != nil {
			c.Error = oneLine(result.Err.Error())
		}
		for _, resource := range result.Resources {
			dimensions := map[string]string{}
			for _, d := range resource.Dimensions {
				if d.Value != "" {
					dimensions[d.Name] = d.Value
				}
			}
			c.Resources = append(c.Resources, jsonResource{resource.Resource, string(resource.Status), resource.Reason, dimensions})
		}
		document.Controls = append(document.Controls, c)
	}
	if !r.since.IsZero() {
		document.Changes = &jsonChanges{Since: r.since, Changes: []jsonChange{}}
		for _, c := range r.changes {
			document.Changes.Changes = append(document.Changes.Changes, jsonChange(c))
		}
	}
	encoder := json.NewEncoder(w)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	return encoder.Encode(document)
}

// The types of the JUnit report. A control is a suite, and each of its resources is a case.
type (
	junitReport struct {
		XMLName  xml.Name     `xml:"testsuites"`
		Tests    int          `xml:"tests,attr"`
		Failures int          `xml:"failures,attr"`
		Errors   int          `xml:"errors,attr"`
		Suites   []junitSuite `xml:"testsuite"`
	}
	junitSuite struct {
		Name      string      `xml:"name,attr"`
		Tests     int         `xml:"tests,attr"`
		Failures  int         `xml:"failures,attr"`
		Errors    int         `xml:"errors,attr"`
		Skipped   int         `xml:"skipped,attr"`
		Timestamp string      `xml:"timestamp,attr"`
		Cases     []junitCase `xml:"testcase"`
	}
	junitCase struct {
		Name      string   `xml:"name,attr"`
		Classname string   `xml:"classname,attr"`
		Failure   *junitIs `xml:"failure"`
		Error     *junitIs `xml:"error"`
		Skipped   *junitIs `xml:"skipped"`
		Output    string   `xml:"system-out,omitempty"`
	}
	junitIs struct {
		Message string `xml:"message,attr"`
	}
)

func (r *auditReport) junit(w io.Writer) error {
	var report junitReport
	add := func(s junitSuite) {
		s.Tests, s.Timestamp = len(s.Cases), r.at.Format("2006-01-02T15:04:05")
		for _, c := range s.Cases {
			switch {
			case c.Failure != nil:
				s.Failures++
			case c.Error != nil:
				s.Errors++
			case c.Skipped != nil:
				s.Skipped++
			}
		}
		report.Tests, report.Failures, report.Errors = report.Tests+s.Tests, report.Failures+s.Failures, report.Errors+s.Errors
		report.Suites = append(report.Suites, s)
	}
	for _, result := range r.results {
		s := junitSuite{Name: result.Control.Title}
		if result.Err != nil {
			s.Cases = append(s.Cases, junitCase{Name: result.Control.Name, Classname: result.Control.Name, Error: &junitIs{oneLine(result.Err.Error())}})
		}
		for _, resource := range result.Resources {
			c := junitCase{Name: resource.Resource, Classname: result.Control.Name}
			switch is := &(junitIs{resource.Reason}); resource.Status {
			case audit.Alarm:
				c.Failure = is
			case audit.Error:
				c.Error = is
			case audit.Skip, audit.Info, audit.NotJudged:
				c.Skipped = is
			default:
				c.Output = resource.Reason
			}
			s.Cases = append(s.Cases, c)
		}
		add(s)
	}
	if !r.since.IsZero() {
		s := junitSuite{Name: "Changes since " + r.since.Format(sqlhost.TimestampForm)}
		for _, c := range r.changes {
			s.Cases = append(s.Cases, junitCase{Name: c.Kind + " of " + c.Holder + " on " + c.Place, Classname: "changes." + c.Change, Output: c.String()})
		}
		add(s)
	}
	if _, err := io.WriteString(w, xml.Header); err != nil {
		return err
	}
	encoder := xml.NewEncoder(w)
	encoder.Indent("", "  ")
	if err := encoder.Encode(report); err != nil {
		return err
	}
	_, err := io.WriteString(w, "\n")
	return err
}
