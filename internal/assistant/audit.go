package assistant

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/kindor/steampipe-plugin-bitbucket/internal/audit"
)

type auditInput struct {
	Controls    []string          `json:"controls,omitempty"`
	Benchmarks  []string          `json:"benchmarks,omitempty"`
	Variables   map[string]string `json:"variables,omitempty" jsonschema:"such as min_approvals"`
	MaxRequests int64             `json:"max_requests,omitempty" jsonschema:"default 200"`
}

type auditReport struct {
	Notice    string            `json:"notice,omitempty"`
	Controls  []control         `json:"controls"`
	Variables map[string]string `json:"variables,omitempty"`
	NotJudged []string          `json:"not_judged"`
	Omissions []string          `json:"omissions"`
	Requests  int64             `json:"requests"`
}

type control struct {
	Control   string               `json:"control"`
	Title     string               `json:"title"`
	Severity  string               `json:"severity"`
	Benchmark []string             `json:"benchmarks,omitempty"`
	Status    audit.Status         `json:"status,omitempty"`
	Error     string               `json:"error,omitempty"`
	Remedy    string               `json:"remedy,omitempty"`
	Caveat    string               `json:"caveat,omitempty"`
	Counts    map[audit.Status]int `json:"counts,omitempty"`
	Resources []judged             `json:"resources,omitempty"`
	Others    int                  `json:"other_resources,omitempty"` // that are not listed, beyond the cap
}

type judged struct {
	Resource string       `json:"resource"`
	Status   audit.Status `json:"status"`
	Reason   string       `json:"reason"`
}

// audit runs controls. Without names it lists them.
func (s *server) audit(ctx context.Context, in auditInput) (r auditReport, err error) {
	controls, err := audit.Select(in.Controls, in.Benchmarks)
	if err != nil {
		return r, listed(err)
	}
	if len(controls) == 0 {
		return controlList(), nil
	}
	values, err := valuesOf(in.Variables)
	if err != nil {
		return r, err
	}
	limit := cmp.Or(in.MaxRequests, defaultRequests)
	begun := time.Now()
	err = s.alone(ctx, limit, func() error {
		before := s.db.Requests()
		e, err := s.cost(ctx, func() ([]Cost, error) { return s.db.EstimateAudit(ctx, controls, values) })
		if err == nil {
			err = e.affordable(limit)
		}
		if err != nil {
			return spent(err)
		}
		results, err := s.db.Audit(ctx, controls, values)
		if err != nil {
			return spent(err)
		}
		r = report(results)
		r.Requests, r.Omissions = s.db.Requests()-before, s.db.Omissions(begun)
		return nil
	})
	return r, err
}

// report returns the results, with the resources that ask for attention.
func report(results []audit.Result) auditReport {
	r := auditReport{Notice: notice, NotJudged: []string{}}
	for _, result := range results {
		c := control{
			Control: result.Control.Name, Title: result.Control.Title, Severity: result.Control.Severity, Status: result.Status(),
			Remedy: result.Control.Remedy, Caveat: result.Control.Caveat, Counts: map[audit.Status]int{},
		}
		if result.Err != nil {
			c.Error = spent(result.Err).Error()
		}
		if c.Status == audit.NotJudged || c.Status == audit.Error {
			r.NotJudged = append(r.NotJudged, c.Control)
		}
		for _, status := range audit.Statuses {
			if n := result.Count(status); n > 0 {
				c.Counts[status] = n
			}
		}
		for _, found := range result.Resources {
			if found.Status == audit.OK || found.Status == audit.Skip {
				continue
			}
			if len(c.Resources) == defaultRows {
				c.Others++
				continue
			}
			c.Resources = append(c.Resources, judged{found.Resource, found.Status, found.Reason})
		}
		r.Controls = append(r.Controls, c)
	}
	return r
}

// controlList returns all controls and variables.
func controlList() auditReport {
	r := auditReport{Variables: map[string]string{}, NotJudged: []string{}, Omissions: []string{}}
	for _, c := range audit.Controls {
		r.Controls = append(r.Controls, control{Control: c.Name, Title: c.Title, Severity: c.Severity, Benchmark: c.Benchmarks()})
		r.NotJudged = append(r.NotJudged, c.Name)
	}
	for _, v := range audit.Variables {
		r.Variables[v.Name] = v.Description
	}
	return r
}

// valuesOf returns the values of the variables: the given ones, and else the defaults.
func valuesOf(given map[string]string) (map[string]any, error) {
	values := audit.Defaults()
	for name, text := range given {
		if err := audit.Set(values, name, text); err != nil {
			return nil, listed(err)
		}
	}
	return values, nil
}

// listed adds to the error for an unknown name where the names are.
func listed(err error) error {
	if _, unknown := errors.AsType[*audit.UnknownError](err); unknown {
		return fmt.Errorf("%w: audit without names lists them", err)
	}
	return err
}
