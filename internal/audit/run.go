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

	kept    map[string]bool     // parts of queries that are shared, in temporary tables
	pending map[string]string   // statements for the temporary tables that are still to be filled, by name
	needs   map[string][]string // temporary tables, by query, statement or part
	reads   map[string][]string // tables of the plugin and parts, by query or statement
	failed  map[string]error    // errors of tables and parts, by name
}

// NewRun returns a run with the values of the variables. Only the run may use the host.
func NewRun(host *sqlhost.Host, values map[string]any) *Run {
	return &Run{
		host: host, values: values,
		kept: map[string]bool{}, pending: map[string]string{}, needs: map[string][]string{}, reads: map[string][]string{}, failed: map[string]error{},
	}
}

// statement returns the SQL of a query, and its parts.
func (r *Run) statement(query string) (sql string, parts map[string]string, err error) {
	w := &writer{dialect: SQLite, values: r.values, kept: r.kept}
	sql, err = w.write(query)
	return sql, w.parts, err
}

// Keep plans the temporary tables: of the tables and the parts that more than one of the queries and statements need,
// with all needed columns. They are filled when the first of these runs. Tables and parts that can't be read are left to
// the queries, which fail.
func (r *Run) Keep(ctx context.Context, queries []string, statements ...string) error {
	parts, err := r.planParts(ctx, queries)
	if err != nil {
		return err
	}
	return r.planTables(ctx, queries, statements, parts)
}

// planParts makes an empty table of each part that more than one of the queries need, and returns their statements.
func (r *Run) planParts(ctx context.Context, queries []string) (map[string]string, error) {
	users, parts := map[string]int{}, map[string]string{}
	for _, query := range queries {
		sql, used, err := r.statement(query)
		if err != nil {
			return nil, err
		}
		reads, err := r.host.Reads(ctx, sql)
		if err != nil {
			return nil, err
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
	maps.DeleteFunc(parts, func(name, _ string) bool { return users[name] < 2 })
	for name, sql := range parts {
		if err := r.each(ctx, "create temp table "+sqlhost.Quote(name)+" as select * from ("+sql+") limit 0", nil); err != nil {
			return nil, err
		}
		r.kept[name], r.pending[name] = true, sql
	}
	return parts, nil
}

// planTables plans the tables that more than one of the queries and statements read, except through shared parts.
func (r *Run) planTables(ctx context.Context, queries, statements []string, parts map[string]string) error {
	readers, columns := map[string]int{}, map[string][]string{}
	plan := func(name, sql string, counts bool) error {
		reads, err := r.host.Reads(ctx, sql)
		for _, read := range reads {
			r.needs[name] = append(r.needs[name], read.Table)
			columns[read.Table] = append(columns[read.Table], read.Columns...)
			if counts {
				readers[read.Table]++
			}
		}
		return err
	}
	for _, query := range queries {
		sql, used, err := r.statement(query)
		if err != nil {
			return err
		}
		r.needs[query] = slices.DeleteFunc(slices.Collect(maps.Keys(used)), func(name string) bool { return !r.kept[name] })
		if err := plan(query, sql, true); err != nil {
			return err
		}
	}
	for _, sql := range statements {
		if err := plan(sql, sql, true); err != nil {
			return err
		}
		r.reads[sql] = slices.Clone(r.needs[sql])
	}
	for name, sql := range parts {
		if err := plan(name, sql, false); err != nil {
			return err
		}
	}
	for table := range columns {
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

// prepare fills the temporary tables that a query, a statement or a part needs.
func (r *Run) prepare(ctx context.Context, name string) error {
	for _, needed := range r.needs[name] {
		selected, ok := r.pending[needed]
		if !ok {
			continue
		}
		delete(r.pending, needed)
		if err := r.prepare(ctx, needed); err != nil {
			return err
		}
		if r.kept[needed] {
			if err := r.each(ctx, "drop table temp."+sqlhost.Quote(needed), nil); err != nil {
				return err
			}
		}
		err := r.each(ctx, "create temp table "+sqlhost.Quote(needed)+" as "+selected, nil)
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if err != nil {
			r.failed[needed] = err
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
