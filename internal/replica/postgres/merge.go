package postgres

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/kindor/steampipe-plugin-bitbucket/internal/replica"
)

// A merge makes the staged rows of a table its current ones. The server does it; no row comes here.
type merge struct {
	ctx     context.Context
	tx      pgx.Tx
	run     replica.Run
	change  replica.Change
	table   copiedTable
	counts  replica.Counts
	renewed int64 // rows whose version ended, and that have a new one

	current, ended, staged string // names of the tables
	match                  string // condition that a row t of the table and a staged row s have one key
	err                    error  // the first one
}

func (d *Destination) merge(
	ctx context.Context, tx pgx.Tx, run replica.Run, change replica.Change, table copiedTable,
) (replica.Counts, error) {
	m := &merge{
		ctx: ctx, tx: tx, run: run, change: change, table: table,
		current: d.name(table.Name), ended: d.name(table.Name + endedSuffix), staged: d.name(stagingPrefix + table.Name),
		match: equal(table.Key, "t", "s"),
	}
	m.keepLast()
	m.endGone()
	if table.HasHistory {
		m.endChanged()
	}
	m.update()
	m.clearOld()
	m.insert()
	if m.err == nil {
		m.err = tx.QueryRow(ctx, "select count(*) from "+m.current).Scan(&m.counts.Rows)
	}
	return m.counts, m.err
}

// do runs a statement and returns how many rows it wrote.
func (m *merge) do(args []any, statement ...string) int64 {
	if m.err != nil {
		return 0
	}
	tag, err := m.tx.Exec(m.ctx, strings.Join(statement, ""), args...)
	m.err = err
	return tag.RowsAffected()
}

// keepLast deletes the staged rows but for the last one with each key.
func (m *merge) keepLast() {
	key := list("", m.table.Key)
	m.do(nil, "delete from ", m.staged, " s using (select ", key, ", max(", quote(serial), ") as last from ", m.staged,
		" group by ", key, " having count(*) > 1) t where ", m.match, " and s.", quote(serial), " < t.last")
	m.do(nil, "analyze ", m.staged)
}

// endGone ends the rows that are no longer current.
func (m *merge) endGone() {
	var a arguments
	var conditions []string
	for _, scope := range m.change.Replaced {
		conditions = append(conditions, m.within(&a, scope))
	}
	if m.change.IsWhole {
		a, conditions = nil, []string{"true"}
	}
	if len(conditions) == 0 {
		return
	}
	m.counts.Removed = m.end(a, "not exists (select from ", m.staged, " s where ", m.match, ")",
		" and (", strings.Join(conditions, " or "), ")")
}

// endChanged ends the versions that have a new one. Columns that the table did not have before, and ignored ones, don't
// make a new version.
func (m *merge) endChanged() {
	compared := m.own(func(name string) bool { return m.had(name) && !slices.Contains(m.table.Ignored, name) })
	if len(compared) > 0 {
		m.renewed = m.end(nil, "exists (select from ", m.staged, " s where ", m.match, " and ", differ(compared), ")")
	}
}

// end deletes current rows, and keeps them as ended ones if the table has a history.
func (m *merge) end(a arguments, condition ...string) int64 {
	statement := "delete from " + m.current + " t where " + strings.Join(condition, "")
	if !m.table.HasHistory {
		return m.do(a, statement)
	}
	kept := slices.DeleteFunc(slices.Clone(m.table.all), func(name string) bool { return name == replica.ValidTo })
	to := a.add(m.run.StartedAt, "timestamptz")
	return m.do(a, "with t as (", statement, " returning *) insert into ", m.ended, " (", list("", kept), ", valid_to) select ",
		list("", kept), ", ", to, " from t")
}

// update takes other values into the rows that stay.
func (m *merge) update() {
	written := m.own(func(name string) bool {
		return !m.table.HasHistory || !m.had(name) || slices.Contains(m.table.Ignored, name)
	})
	m.counts.Changed = m.renewed
	if len(written) == 0 || m.table.isNew {
		return
	}
	m.counts.Changed += m.do(nil, "update ", m.current, " t set (", list("", written), ") = row(", list("s.", written), ")",
		" from ", m.staged, " s where ", m.match, " and ", differ(written))
}

// clearOld clears the columns that are no longer copied: an old value beside new ones would be wrong.
func (m *merge) clearOld() {
	var set, old []string
	for _, name := range m.table.before {
		if isVersioning := slices.ContainsFunc(versioning, func(c replica.Column) bool { return c.Name == name }); isVersioning {
			continue
		}
		if !slices.ContainsFunc(m.table.Columns, func(c replica.Column) bool { return c.Name == name }) {
			set, old = append(set, quote(name)+" = null"), append(old, quote(name)+" is not null")
		}
	}
	if len(set) > 0 {
		m.do(nil, "update ", m.current, " set ", strings.Join(set, ", "), " where ", strings.Join(old, " or "))
	}
}

// insert adds the staged rows that are not there.
func (m *merge) insert() {
	var a arguments
	columns := columnNames(m.table.Table)
	into, from := list("", columns), list("s.", columns)
	if m.table.HasHistory {
		into += ", valid_from, run_id"
		from += ", " + a.add(m.run.StartedAt, "timestamptz") + ", " + a.add(m.run.ID, "text")
	}
	m.counts.Added = m.do(a, "insert into ", m.current, " (", into, ") select ", from, " from ", m.staged, " s",
		" where not exists (select from ", m.current, " t where ", m.match, ")") - m.renewed
}

// own returns those of the table's own columns, but for the key, that pass.
func (m *merge) own(passes func(name string) bool) []string {
	return slices.DeleteFunc(columnNames(m.table.Table), func(name string) bool {
		return slices.Contains(m.table.Key, name) || !passes(name)
	})
}

// had says whether the table had the column before this run.
func (m *merge) had(name string) bool { return slices.Contains(m.table.before, name) }

// equal is the condition that columns of two tables are the same.
func equal(columns []string, a, b string) string {
	var all []string
	for _, c := range columns {
		all = append(all, a+"."+quote(c)+" = "+b+"."+quote(c))
	}
	return strings.Join(all, " and ")
}

// differ is the condition that one of the columns is other in a staged row.
func differ(columns []string) string {
	return "(" + list("t.", columns) + ") is distinct from (" + list("s.", columns) + ")"
}

// arguments are the values of a statement.
type arguments []any

// add adds a value and returns what stands for it in the statement.
func (a *arguments) add(value any, kind string) string {
	*a = append(*a, value)
	return fmt.Sprintf("$%d::%s", len(*a), kind)
}

// within is the condition that a row is in a scope. Its values go to the server as one array for each column.
func (m *merge) within(a *arguments, scope replica.Scope) string {
	if len(scope.Columns) == 0 {
		return fmt.Sprintf("(%t)", len(scope.Values) > 0)
	}
	var arrays, aliases, conditions []string
	for i, name := range scope.Columns {
		at := slices.IndexFunc(m.table.Columns, func(c replica.Column) bool { return c.Name == name })
		if at < 0 {
			m.err = advisef("a scope of %s is by the column %s, which it does not have", m.table.Name, name)
			return ""
		}
		of := m.table.Columns[at].Type
		values, hasNull := array(of, scope.Values, i)
		alias := fmt.Sprintf("c%d", i)
		arrays, aliases = append(arrays, a.add(values, kinds[of]+"[]")), append(aliases, alias)
		operator := "=" // with which there are hash joins
		if hasNull {
			operator = "is not distinct from"
		}
		conditions = append(conditions, "scope."+alias+" "+operator+" t."+quote(name))
	}
	return fmt.Sprintf("exists (select from unnest(%s) as scope (%s) where %s)",
		strings.Join(arrays, ", "), strings.Join(aliases, ", "), strings.Join(conditions, " and "))
}

// array returns the values of one column of a scope.
func array(of replica.Type, rows [][]any, at int) (values any, hasNull bool) {
	switch of {
	case replica.Boolean:
		return typed[bool](rows, at)
	case replica.Integer:
		return typed[int64](rows, at)
	case replica.Timestamp:
		return typed[time.Time](rows, at)
	default:
		return typed[string](rows, at)
	}
}

func typed[T any](rows [][]any, at int) (values []*T, hasNull bool) {
	values = make([]*T, len(rows))
	for i, row := range rows {
		if v, ok := row[at].(T); ok {
			values[i] = &v
		} else {
			hasNull = true
		}
	}
	return values, hasNull
}
