package audit

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/kindor/steampipe-plugin-bitbucket/internal/sqlhost"
)

// A Result is what a control says.
type Result struct {
	Control   *Control
	Resources []Resource
	Err       error // that kept the control from being judged; then there are no resources
}

// A Resource is what a control says of one resource.
type Resource struct {
	Resource string
	Status   Status
	Reason   string
	// Dimensions say where the resource is, such as its workspace; in the order of the query's columns.
	Dimensions []Dimension
}

// A Dimension is one of the columns beside those that all controls have.
type Dimension struct{ Name, Value string }

// Count is how many resources have a status. A control that could not be judged has one error.
func (r Result) Count(s Status) int {
	n := 0
	for _, resource := range r.Resources {
		if resource.Status == s {
			n++
		}
	}
	if r.Err != nil && s == Error {
		n++
	}
	return n
}

// Worst is the worst status of the resources. It is OK if there are none.
func (r Result) Worst() Status {
	for _, s := range Statuses {
		if r.Count(s) > 0 {
			return s
		}
	}
	return OK
}

// A Run answers queries on one state of the tables: what several queries read is read once.
type Run struct {
	host   *sqlhost.Host
	values map[string]any
	failed map[string]error // why a table could not be read, by name
}

// NewRun makes a run in which the variables have the values. The host is the run's alone.
func NewRun(host *sqlhost.Host, values map[string]any) *Run {
	return &Run{host: host, values: values, failed: map[string]error{}}
}

// Statements are the statements of queries, with the run's values.
func (r *Run) Statements(queries []string) ([]string, error) {
	var statements []string
	for _, query := range queries {
		sql, err := SQL(query, r.values)
		if err != nil {
			return nil, err
		}
		statements = append(statements, sql)
	}
	return statements, nil
}

// Keep reads the tables that more than one of the statements read, with all columns that they need of them. A table that
// can't be read is left to the statements that need it, which fail.
func (r *Run) Keep(ctx context.Context, statements []string) error {
	readers := map[string]int{}
	columns := map[string][]string{}
	for _, sql := range statements {
		reads, err := r.host.Reads(ctx, sql)
		if err != nil {
			return err
		}
		for _, read := range reads {
			readers[read.Table]++
			columns[read.Table] = append(columns[read.Table], read.Columns...)
		}
	}
	for _, table := range slices.Sorted(maps.Keys(readers)) {
		if readers[table] < 2 {
			continue
		}
		needed := columns[table]
		slices.Sort(needed)
		if err := r.keep(ctx, table, slices.Compact(needed)); err != nil {
			if ctx.Err() != nil {
				return ctx.Err()
			}
			r.failed[table] = err
		}
	}
	return nil
}

// keep copies columns of a table into a temporary one, which stands before it.
func (r *Run) keep(ctx context.Context, table string, columns []string) error {
	quoted := make([]string, len(columns))
	for i, column := range columns {
		quoted[i] = sqlhost.Quote(column)
	}
	rows, err := r.host.Query(ctx, fmt.Sprintf("create temp table %s as select %s from main.%[1]s", sqlhost.Quote(table), strings.Join(quoted, ", ")))
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() { // which has none
	}
	return rows.Err()
}

// Judge asks a control.
func (r *Run) Judge(ctx context.Context, c *Control) Result {
	result := Result{Control: c}
	sql, err := SQL(c.Name, r.values)
	if err != nil {
		return Result{Control: c, Err: err}
	}
	result.Err = r.each(ctx, sql, func(columns []sqlhost.Column, values []any) error {
		resource, err := resourceOf(columns, values)
		result.Resources = append(result.Resources, resource)
		return err
	})
	if result.Err != nil {
		result.Resources = nil
	}
	return result
}

// each calls f for each row of a statement.
func (r *Run) each(ctx context.Context, sql string, f func([]sqlhost.Column, []any) error) error {
	if len(r.failed) > 0 {
		reads, err := r.host.Reads(ctx, sql)
		if err != nil {
			return err
		}
		for _, read := range reads {
			if failed := r.failed[read.Table]; failed != nil {
				return failed
			}
		}
	}
	rows, err := r.host.Query(ctx, sql)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		if err := f(rows.Columns(), rows.Values()); err != nil {
			return err
		}
	}
	return rows.Err()
}

// resourceOf reads a row of a control.
func resourceOf(columns []sqlhost.Column, values []any) (Resource, error) {
	var r Resource
	for i, c := range columns {
		value, isText := values[i].(string)
		if values[i] != nil && !isText {
			return r, fmt.Errorf("column %s is no text: %v", c.Name, values[i])
		}
		switch c.Name {
		case "resource":
			r.Resource = value
		case "status":
			r.Status = Status(value)
		case "reason":
			r.Reason = value
		default:
			r.Dimensions = append(r.Dimensions, Dimension{c.Name, value})
		}
	}
	if r.Resource == "" || r.Reason == "" || !slices.Contains(Statuses, r.Status) {
		return r, fmt.Errorf("a row lacks its resource, its reason or a known status: %q, %q, %q", r.Resource, r.Reason, r.Status)
	}
	return r, nil
}
