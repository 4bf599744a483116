package assistant

import (
	"context"
	"fmt"
	"slices"

	"github.com/kindor/steampipe-plugin-bitbucket/docs"
)

type estimateInput struct {
	SQL string `json:"sql"`
}

type estimate struct {
	Requests int64           `json:"requests"`
	Made     int64           `json:"of_them_made_for_this_estimate"`
	Tables   []estimatedCost `json:"tables"`
	Left     []Quota         `json:"left"`
	Meaning  string          `json:"meaning"`
}

type estimatedCost struct {
	Cost
	Documented string `json:"documented"`
}

const meaning = "About as many, if no list is longer than a page, and all rows are read. A longer list takes more, and so does what belongs to things " +
	"that are not known yet, such as the comments of pull requests; documented says per what. A limit in the SQL may take fewer. " +
	"whole_table: read for rows of another table, and counted as reading it once. " +
	"The lists of workspaces, projects and repositories that the estimate read are remembered for 30 seconds."

// estimate returns the requests that a query will take.
func (s *server) estimate(ctx context.Context, in estimateInput) (found estimate, err error) {
	err = s.alone(ctx, defaultRequests, func() error {
		found, err = s.cost(ctx, func() ([]Cost, error) { return s.db.Estimate(ctx, in.SQL) })
		return err
	})
	return found, err
}

// cost returns an estimate with the costs of the tables.
func (s *server) cost(ctx context.Context, of func() ([]Cost, error)) (estimate, error) {
	before := s.db.Requests()
	costs, err := of()
	if err != nil {
		return estimate{}, err
	}
	e := estimate{Made: s.db.Requests() - before, Meaning: meaning, Tables: []estimatedCost{}}
	e.Requests = e.Made
	for _, c := range costs {
		page, _ := docs.Lookup(c.Table)
		e.Tables = append(e.Tables, estimatedCost{c, page.Cost})
		e.Requests += c.Requests
	}
	e.Left, err = s.db.Left(ctx)
	return e, err
}

// affordable returns an error if an estimate is above a limit.
func (e estimate) affordable(limit int64) error {
	if e.Requests <= limit {
		return nil
	}
	dearest := slices.MaxFunc(e.Tables, func(a, b estimatedCost) int { return int(a.Requests - b.Requests) })
	return fmt.Errorf("not run: it will take about %d requests, most of them for %s, and max_requests is %d. Name a workspace or repositories, "+
		"or set max_requests if it is worth it%s", e.Requests, dearest.Table, limit, e.left())
}

// left says how many requests are left, if that is known.
func (e estimate) left() string {
	for _, q := range e.Left {
		if q.Remaining != nil {
			return fmt.Sprintf("; %d are left to %s", *q.Remaining, q.Connection)
		}
	}
	return ""
}
