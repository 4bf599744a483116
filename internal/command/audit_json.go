package command

import (
	"encoding/json"
	"io"
	"time"

	"github.com/kindor/steampipe-plugin-bitbucket/internal/audit"
)

// The types of the JSON document.
type (
	jsonReport struct {
		AuditedAt  time.Time     `json:"audited_at"`
		Connection string        `json:"connection"`
		Scope      string        `json:"scope,omitempty"`
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
		FirstRun bool          `json:"first_run"`
		IsCopy   bool          `json:"is_copy"` // a sync has made what it compares with; then there are no findings
		Since    *time.Time    `json:"since"`
		Changes  []jsonChange  `json:"changes"`
		Findings []jsonFinding `json:"findings"`
	}
	jsonChange struct {
		Change string `json:"change"`
		Kind   string `json:"kind"`
		Place  string `json:"place"`
		Name   string `json:"name,omitempty"`
		Before string `json:"before,omitempty"`
		After  string `json:"after,omitempty"`
	}
	jsonFinding struct {
		Change   string    `json:"change"`
		Control  string    `json:"control"`
		Resource string    `json:"resource"`
		Reason   string    `json:"reason"`
		Since    time.Time `json:"since"`
	}
)

func (r *auditReport) json(w io.Writer) error {
	counts := r.counts()
	document := jsonReport{
		AuditedAt: r.at, Connection: r.connection, Scope: r.scope.String(),
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
	if r.since {
		document.Changes = &jsonChanges{FirstRun: r.before == nil, Changes: []jsonChange{}, Findings: []jsonFinding{}}
		if r.before != nil {
			document.Changes.Since, document.Changes.IsCopy = &r.before.SavedAt, r.before.IsCopy
		}
		for _, c := range r.changes {
			document.Changes.Changes = append(document.Changes.Changes, jsonChange(c))
		}
		for _, f := range r.findings {
			document.Changes.Findings = append(document.Changes.Findings, jsonFinding{f.Change, f.Control, f.Resource, f.Reason, f.Since})
		}
	}
	encoder := json.NewEncoder(w)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	return encoder.Encode(document)
}
