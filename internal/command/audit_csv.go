package command

import (
	"errors"
	"io"
	"slices"
	"time"

	"github.com/kindor/steampipe-plugin-bitbucket/internal/audit"
)

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

// csv writes a row for each resource, with a column for each dimension, and after empty lines a row for
// each change and each finding of both runs.
func (r *auditReport) csv(w io.Writer) error {
	dimensions := r.dimensions()
	p := newCSVPrinter(w, layout{results: 3})
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
	if r.before != nil {
		changes := newList("change", "kind", "place", "name", "before", "after")
		for _, c := range r.changes {
			changes.add(c.Change, c.Kind, c.Place, c.Name, c.Before, c.After)
		}
		findings := newList("change", "control", "resource", "reason", "since")
		for _, f := range r.findings {
			findings.add(f.Change, f.Control, f.Resource, f.Reason, f.Since.Format(time.RFC3339))
		}
		if err := errors.Join(p.print(changes), p.print(findings)); err != nil {
			return err
		}
	}
	return p.end()
}
