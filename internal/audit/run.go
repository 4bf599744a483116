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
	Err       error    // that kept the control from being judged; then there are no resources
	Tables    []string // that the control reads
	Refused   bool     // what the control asked for, in part
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

// Count is how many resources have a status. A control that failed has one error.
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

// Status is what the control says on the whole. An alarm is one whatever was not judged beside it. But for that a control
// has judged only where some resource is ok, or where all that there are do not concern it; and not where Bitbucket has
// refused what it asked for.
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

// Refuse notes that Bitbucket refused a part of what the control asked for.
func (r *Result) Refuse(what, reason string) {
	r.Refused = true
	r.Resources = append(r.Resources, Resource{Resource: what, Status: NotJudged, Reason: reason})
}

// A Run answers queries on one state of the tables: what several queries read is read once.
type Run struct {
	host   *sqlhost.Host
	values map[string]any
	kept   map[string]bool     // parts of queries that stand in temporary tables
	reads  map[string][]string // tables of the plugin and parts, by query or statement
	failed map[string]error    // why a table or part could not be read, by name
}

// NewRun makes a run in which the variables have the values. The host is the run's alone.
func NewRun(host *sqlhost.Host, values map[string]any) *Run {
	return &Run{host: host, values: values, kept: map[string]bool{}, reads: map[string][]string{}, failed: map[string]error{}}
}

// statement writes a query, and says which parts it has.
func (r *Run) statement(query string) (sql string, parts map[string]string, err error) {
	w := &writer{dialect: SQLite, values: r.values, kept: r.kept}
	sql, err = w.write(query)
	return sql, w.parts, err
}

// Keep reads the tables, and the parts, that more than one of the queries and other statements read, with all columns that
// they need of them. What can't be read is left to the queries that need it, which fail.
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
		needed := []string{"null"} // where only rows count
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

// failure is why a query or statement can't be answered.
func (r *Run) failure(query string) error {
	for _, name := range r.reads[query] {
		if failed := r.failed[name]; failed != nil {
			return failed
		}
	}
	return nil
}

// keep makes a temporary table of what a statement selects. If its name is that of one of the plugin's, it stands before that.
func (r *Run) keep(ctx context.Context, name, selected string) error {
	err := r.each(ctx, "create temp table "+sqlhost.Quote(name)+" as "+selected, nil)
	if err != nil && ctx.Err() == nil {
		r.failed[name], err = err, nil
	}
	return err
}

// Judge asks a control.
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
