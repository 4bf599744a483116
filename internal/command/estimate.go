package command

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/kindor/steampipe-plugin-bitbucket/internal/assistant"
	"github.com/kindor/steampipe-plugin-bitbucket/internal/audit"
	"github.com/kindor/steampipe-plugin-bitbucket/internal/sqlhost"
)

// An estimator finds out what requests statements would make, by rehearsing them on the connections of a database.
type estimator struct {
	of        *database
	rehearsal *database
}

func newEstimator(db *database) (*estimator, error) {
	rehearsal, err := openServer(db.Rehearse(), db.connections, func() {})
	if err != nil {
		return nil, err
	}
	rehearsal.ReadOnly, rehearsal.Rehearses = true, true
	return &estimator{of: db, rehearsal: rehearsal}, nil
}

func (e *estimator) close() { e.rehearsal.close() }

// statement returns the requests that a statement would make, by table. A table that is read for rows of another table
// that are not known before is rehearsed as a whole.
func (e *estimator) statement(ctx context.Context, sql string) ([]assistant.Cost, error) {
	defer e.note()
	e.rehearsal.Rehearsed()
	reads, err := e.rehearsal.Reads(ctx, sql)
	if err != nil {
		return nil, err
	}
	if err := drain(ctx, e.rehearsal.Host, sql); err != nil {
		return nil, err
	}
	asked := e.rehearsal.Rehearsed()
	costs := costsOf(asked)
	for _, read := range reads {
		if _, ok := asked[read.Table]; ok {
			continue
		}
		if err := drain(ctx, e.rehearsal.Host, selectAll(read)); err != nil && ctx.Err() != nil {
			return nil, err // otherwise it only can't be read as a whole
		}
		costs = append(costs, assistant.Cost{Table: read.Table, Requests: e.rehearsal.Rehearsed()[read.Table], Whole: true})
	}
	return costs, nil
}

// selectAll returns a statement that reads a table as a whole.
func selectAll(read sqlhost.Read) string {
	columns := []string{"null"} // if only the number of rows matters
	for i, column := range read.Columns {
		columns = append(columns[:i], sqlhost.Quote(column))
	}
	return fmt.Sprintf("select %s from main.%s", strings.Join(columns, ", "), sqlhost.Quote(read.Table))
}

// audit returns the requests that an audit would make, by table.
func (e *estimator) audit(ctx context.Context, controls []*audit.Control, values map[string]any) ([]assistant.Cost, error) {
	defer e.note()
	host, err := sqlhost.Open(e.rehearsal.meter, e.rehearsal.connections)
	if err != nil {
		return nil, err
	}
	defer host.Close()
	host.Rehearses = true
	e.rehearsal.Rehearsed()
	if _, err := judge(ctx, host, controls, values); err != nil {
		return nil, err
	}
	return costsOf(e.rehearsal.Rehearsed()), nil
}

// note notes the connections that were used.
func (e *estimator) note() { e.of.note(e.rehearsal.scannedConnections()...) }

func costsOf(asked map[string]int64) []assistant.Cost {
	var costs []assistant.Cost
	for _, table := range slices.Sorted(maps.Keys(asked)) {
		costs = append(costs, assistant.Cost{Table: table, Requests: asked[table]})
	}
	return costs
}

// drain runs a statement to its end.
func drain(ctx context.Context, host *sqlhost.Host, sql string) error {
	rows, err := host.Query(ctx, sql)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
	}
	return rows.Err()
}
