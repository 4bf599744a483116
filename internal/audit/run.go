package audit

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/kindor/steampipe-plugin-bitbucket/internal/sqlhost"
)

// A Result is the result of a control.
type Result struct {
	Control   *Control
	Resources []Resource
	Err       error    // why the control was not judged; then there are no resources
	Tables    []string // tables that the control reads
	Refused   bool     // Bitbucket refused a part of what the control asked for
}

// A Resource is a control's result for one resource.
type Resource struct {
	Resource string
	Status   Status
	Reason   string
	// Dimensions locate the resource, for example by its workspace, in the order of the query's columns.
	Dimensions []Dimension
}

// A Dimension is a column that not all controls have.
type Dimension struct{ Name, Value string }

// Count returns the number of resources with a status. A control that failed has one error.
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

// Status returns the overall status. An alarm counts even if other resources were not judged. Otherwise a control is
// judged only if a resource is ok or accepted, or if it applies to none of the resources, and only if Bitbucket refused nothing
// that it asked for.
func (r Result) Status() Status {
	switch {
	case r.Count(Alarm) > 0:
		return Alarm
	case r.Count(Error) > 0:
		return Error
	case r.Refused || r.Count(OK)+r.Count(Accepted) == 0 && (len(r.Resources) == 0 || r.Count(Skip) < len(r.Resources)):
		return NotJudged
	case r.Count(Info) > 0:
		return Info
	case r.Count(Accepted) > 0:
		return Accepted
	case r.Count(OK) > 0:
		return OK
	}
	return Skip
}

// Refuse records that Bitbucket refused a part of what the control asked for.
func (r *Result) Refuse(what, reason string) {
	r.Refused = true
	r.Resources = append(r.Resources, Resource{Resource: what, Status: NotJudged, Reason: reason})
}

// A Run answers queries on one state of the tables: data that several queries need is read once, before the first of
// them.
type Run struct {
	host   *sqlhost.Host
	values map[string]any
	scope  Scope

	reads   map[string][]string // tables of the plugin, by query or statement
	pending map[string]string   // statements that read the tables which several of them need, until they are read
	failed  map[string]error    // errors of tables, by name
}

// NewRun returns a run with the values of the variables. Only the run may use the host.
func NewRun(host *sqlhost.Host, values map[string]any) *Run {
	return &Run{host: host, values: values, reads: map[string][]string{}, pending: map[string]string{}, failed: map[string]error{}}
}

// Keep plans to read once the tables that more than one of the queries and statements need, with all needed columns:
// when the first of them runs. Tables that can't be read are left to the queries, which fail.
func (r *Run) Keep(ctx context.Context, queries []string, statements ...string) error {
	all := map[string]string{} // by name
	for _, query := range queries {
		sql, err := SQL(query, r.values)
		if err != nil {
			return err
		}
		all[query] = sql
	}
	for _, sql := range statements {
		all[sql] = sql
	}
	readers, columns := map[string]int{}, map[string][]string{}
	for name, sql := range all {
		reads, err := r.host.Reads(ctx, sql)
		if err != nil {
			return err
		}
		for _, read := range reads {
			r.reads[name] = append(r.reads[name], read.Table)
			readers[read.Table]++
			columns[read.Table] = append(columns[read.Table], read.Columns...)
		}
	}
	for table := range readers {
		if readers[table] < 2 {
			if err := r.restrict(ctx, table); err != nil {
				return err
			}
			continue
		}
		needed := []string{"null"} // if only the number of rows matters
		slices.Sort(columns[table])
		for i, column := range slices.Compact(columns[table]) {
			needed = append(needed[:i], sqlhost.Quote(column))
		}
		r.pending[table] = "select " + strings.Join(needed, ", ") + " from main." + sqlhost.Quote(table) + r.scope.where(r.host, table)
	}
	return nil
}

// prepare reads the tables that a query or a statement needs. The temporary tables hide those of the plugin.
func (r *Run) prepare(ctx context.Context, name string) error {
	for _, table := range r.reads[name] {
		selected, ok := r.pending[table]
		if !ok {
			continue
		}
		delete(r.pending, table)
		err := r.each(ctx, "create temp table "+sqlhost.Quote(table)+" as "+selected, nil)
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if err != nil {
			r.failed[table] = err
		}
	}
	return nil
}

// failure returns why a query or statement can't be answered, or nil.
func (r *Run) failure(query string) error {
	for _, name := range r.reads[query] {
		if failed := r.failed[name]; failed != nil {
			return failed
		}
	}
	return nil
}

// Judge runs a control.
func (r *Run) Judge(ctx context.Context, c *Control) Result {
	result := Result{Control: c, Tables: r.reads[c.Name], Err: r.prepare(ctx, c.Name)}
	if result.Err == nil {
		result.Err = r.failure(c.Name)
	}
	if result.Err != nil {
		return result
	}
	sql, err := SQL(c.Name, r.values)
	if err == nil {
		err = r.each(ctx, sql, func(columns []sqlhost.Column, values []any) error {
			resource, err := resourceOf(columns, values)
			result.Resources = append(result.Resources, resource)
			return err
		})
	}
	if err != nil {
		result.Resources, result.Err = nil, err
	}
	return result
}

// each calls f for each row of a statement.
func (r *Run) each(ctx context.Context, sql string, f func([]sqlhost.Column, []any) error) error {
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

// resourceOf converts a row of a control to a resource.
func resourceOf(columns []sqlhost.Column, values []any) (Resource, error) {
	var r Resource
	for i, c := range columns {
		value, isText := values[i].(string)
		if values[i] != nil && !isText {
			return r, fmt.Errorf("column %s is not a text: %v", c.Name, values[i])
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
