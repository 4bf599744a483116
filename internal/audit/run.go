package audit

import (
	"context"
	"fmt"
	"maps"
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
// judged only if a resource is ok, or if it applies to none of the resources, and only if Bitbucket refused nothing
// that it asked for.
func (r Result) Status() Status {
	switch {
	case r.Count(Alarm) > 0:
		return Alarm
	case r.Count(Error) > 0:
		return Error
	case r.Refused || r.Count(OK) == 0 && (len(r.Resources) == 0 || r.Count(Skip) < len(r.Resources)):
		return NotJudged
	case r.Count(Info) > 0:
		return Info
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

// A Run answers queries on one state of the tables: data that several queries need is read once.
type Run struct {
	host   *sqlhost.Host
	values map[string]any
	kept   map[string]bool     // parts of queries that are in temporary tables
	reads  map[string][]string // tables of the plugin and parts, by query or statement
	failed map[string]error    // errors of tables and parts, by name
}

// NewRun returns a run with the values of the variables. Only the run may use the host.
func NewRun(host *sqlhost.Host, values map[string]any) *Run {
	return &Run{host: host, values: values, kept: map[string]bool{}, reads: map[string][]string{}, failed: map[string]error{}}
}

// statement returns the SQL of a query, and its parts.
func (r *Run) statement(query string) (sql string, parts map[string]string, err error) {
	w := &writer{dialect: SQLite, values: r.values, kept: r.kept}
	sql, err = w.write(query)
	return sql, w.parts, err
}

// Keep reads the tables and the parts that more than one of the queries and statements need, with all needed columns.
// Tables and parts that can't be read are left to the queries, which fail.
func (r *Run) Keep(ctx context.Context, queries []string, statements ...string) error {
	users, parts := map[string]int{}, map[string]string{}
	for _, query := range queries {
		sql, used, err := r.statement(query)
		if err != nil {
			return err
		}
		reads, err := r.host.Reads(ctx, sql)
		if err != nil {
			return err
		}
		for _, read := range reads {
			r.reads[query] = append(r.reads[query], read.Table)
		}
		for name, sql := range used {
			r.reads[query] = append(r.reads[query], name)
			users[name]++
			parts[name] = sql
		}
	}
	for _, name := range slices.Sorted(maps.Keys(parts)) {
		if users[name] < 2 {
			continue
		}
		if err := r.keep(ctx, name, parts[name]); err != nil {
			return err
		}
		r.kept[name] = r.failed[name] == nil
	}
	for _, query := range queries {
		if r.failure(query) != nil {
			continue
		}
		sql, _, err := r.statement(query)
		if err != nil {
			return err
		}
		statements = append(statements, sql)
	}
	readers := map[string]int{}
	columns := map[string][]string{}
	for _, sql := range statements {
		reads, err := r.host.Reads(ctx, sql)
		if err != nil {
			return err
		}
		for _, read := range reads {
			r.reads[sql] = append(r.reads[sql], read.Table)
			readers[read.Table]++
			columns[read.Table] = append(columns[read.Table], read.Columns...)
		}
	}
	for _, table := range slices.Sorted(maps.Keys(readers)) {
		if readers[table] < 2 {
			continue
		}
		needed := []string{"null"} // if only the number of rows matters
		slices.Sort(columns[table])
		for i, column := range slices.Compact(columns[table]) {
			needed = append(needed[:i], sqlhost.Quote(column))
		}
		if err := r.keep(ctx, table, "select "+strings.Join(needed, ", ")+" from main."+sqlhost.Quote(table)); err != nil {
			return err
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

// keep makes a temporary table of the rows of a statement. A name of a plugin's table hides that table.
func (r *Run) keep(ctx context.Context, name, selected string) error {
	err := r.each(ctx, "create temp table "+sqlhost.Quote(name)+" as "+selected, nil)
	if err != nil && ctx.Err() == nil {
		r.failed[name], err = err, nil
	}
	return err
}

// Judge runs a control.
func (r *Run) Judge(ctx context.Context, c *Control) Result {
	result := Result{Control: c, Tables: r.reads[c.Name], Err: r.failure(c.Name)}
	if result.Err != nil {
		return result
	}
	sql, _, err := r.statement(c.Name)
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
