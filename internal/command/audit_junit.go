package command

import (
	"encoding/xml"
	"io"
	"time"

	"github.com/kindor/steampipe-plugin-bitbucket/internal/audit"
	"github.com/kindor/steampipe-plugin-bitbucket/internal/sqlhost"
)

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

// junit prints the report in the format of JUnit.
func (r *auditReport) junit(w io.Writer) error {
	var report junitReport
	for _, result := range r.results {
		report.add(r.at, controlSuite(result))
	}
	if r.before != nil {
		report.add(r.at, r.changeSuite())
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

// add adds a suite with its counts.
func (r *junitReport) add(at time.Time, s junitSuite) {
	s.Tests, s.Timestamp = len(s.Cases), at.Format("2006-01-02T15:04:05")
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
	r.Tests, r.Failures, r.Errors = r.Tests+s.Tests, r.Failures+s.Failures, r.Errors+s.Errors
	r.Suites = append(r.Suites, s)
}

// controlSuite returns a control as a suite, with a case for each resource.
func controlSuite(result audit.Result) junitSuite {
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
		case audit.Skip, audit.Info, audit.NotJudged, audit.Accepted:
			c.Skipped = is
		default:
			c.Output = resource.Reason
		}
		s.Cases = append(s.Cases, c)
	}
	return s
}

// changeSuite returns the changes since an earlier run as a suite.
func (r *auditReport) changeSuite() junitSuite {
	s := junitSuite{Name: "Changes since " + r.before.SavedAt.Format(sqlhost.TimestampForm)}
	for _, c := range r.changes {
		s.Cases = append(s.Cases, junitCase{Name: c.Kind + ": " + c.Name + " on " + c.Place, Classname: "changes." + c.Change, Output: c.String()})
	}
	for _, f := range r.findings {
		if f.Change != "still" {
			s.Cases = append(s.Cases, junitCase{Name: f.Control + ": " + f.Resource, Classname: "alarms." + f.Change, Output: f.Reason})
		}
	}
	return s
}
