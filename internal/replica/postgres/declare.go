package postgres

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/kindor/steampipe-plugin-bitbucket/internal/replica"
)

// The names that a table has besides its own.
const (
	endedSuffix   = "_ended"
	currentSuffix = "_current"
	historySuffix = "_history"
)

// versioning are the columns of a table with a history, after its own.
var versioning = []replica.Column{
	{Name: replica.ValidFrom, Type: replica.Timestamp, Description: "Start of the run that first saw the row like this."},
	{Name: replica.ValidTo, Type: replica.Timestamp,
		Description: "Start of the run that no longer saw the row like this; null if it is current."},
	{Name: replica.SeenBy, Type: replica.Text, Description: "Run that first saw the row like this."},
}

// searched are columns that queries and runs pick rows by; the first one that a table has gets an index.
var searched = []string{"repository_uuid", "workspace_uuid", "workspace_slug"}

// A copiedTable is a table in the schema, as a run writes it.
type copiedTable struct {
	replica.Table
	isNew  bool
	before []string // columns that it had before this run
	all    []string // all of its columns now, as they come in the views
}

// A declaration is what makes one table as it should be: the statements, and what was there.
type declaration struct {
	d          *Destination
	t          copiedTable
	found      map[string]*relation
	statements []string
}

// declare makes the tables and views of a table, or adds what they do not have. Rows that are there when a table gets its
// history are known to have been like this in the last run.
func (d *Destination) declare(ctx context.Context, tx pgx.Tx, t replica.Table, last *replica.Run) (copiedTable, error) {
	found, err := d.relations(ctx, tx, t.Name, t.Name+endedSuffix, t.Name+currentSuffix, t.Name+historySuffix)
	if err != nil {
		return copiedTable{}, err
	}
	there := found[t.Name]
	if there.column(replica.ValidFrom) != nil {
		t.HasHistory = true // once there is one, it goes on
	}
	m := &declaration{d: d, t: copiedTable{Table: t, isNew: there == nil}, found: found}
	for _, name := range []string{t.Name, t.Name + endedSuffix} {
		if r := found[name]; r != nil {
			if err := d.checkColumns(name, r, t); err != nil {
				return copiedTable{}, err
			}
		}
	}
	if there == nil {
		m.create()
	} else {
		m.t.before = there.names()
		m.migrate(there, last)
	}
	if t.HasHistory && found[t.Name+endedSuffix] == nil {
		m.createEnded()
	}
	m.view(t.Name+currentSuffix, t.Description, t.Name)
	if t.HasHistory {
		ended, history := t.Name+endedSuffix, t.Name+historySuffix
		m.describe("table", ended, "Earlier versions of the rows of "+t.Name+": they have changed, or are gone.")
		m.view(history, "All versions of the rows of "+t.Name+", with the times in which they were like this.", t.Name, ended)
	}
	m.describe("table", t.Name, t.Description)
	if len(m.statements) > 0 {
		_, err = tx.Exec(ctx, strings.Join(m.statements, ";\n"))
	}
	return m.t, err
}

func (m *declaration) do(statement ...string) {
	m.statements = append(m.statements, strings.Join(statement, ""))
}

// create makes the table of the current rows.
func (m *declaration) create() {
	t, name := m.t, m.d.name(m.t.Name)
	columns := declarations(t.Columns)
	m.t.all = columnNames(t.Table)
	if t.HasHistory {
		columns += ", valid_from timestamptz not null, valid_to timestamptz, run_id text not null"
		m.t.all = append(m.t.all, replica.ValidFrom, replica.ValidTo, replica.SeenBy)
	}
	m.do("create table ", name, " (", columns, ", primary key (", list("", t.Key), "))")
	for _, column := range searched {
		if slices.Contains(m.t.all, column) {
			if t.Key[0] != column {
				m.do("create index on ", name, " (", quote(column), ")")
			}
			break
		}
	}
}

// createEnded makes the table of the rows that ended.
func (m *declaration) createEnded() {
	ended := m.d.name(m.t.Name + endedSuffix)
	m.do("create table ", ended, " (like ", m.d.name(m.t.Name), ")")
	m.do("alter table ", ended, " alter column valid_to set not null")
	m.do("create index on ", ended, " (", list("", m.t.Key), ")")
	m.do("create index on ", ended, " (valid_to)")
}

// migrate adds the columns that a table does not have yet.
func (m *declaration) migrate(there *relation, last *replica.Run) {
	m.t.all = there.names()
	for _, c := range m.t.Columns {
		if there.column(c.Name) == nil {
			m.add(c.Name, kinds[c.Type])
		}
	}
	if m.t.HasHistory && there.column(replica.ValidFrom) == nil {
		from, run := time.Time{}, ""
		if last != nil {
			from, run = last.StartedAt, last.ID
		}
		m.add(replica.ValidFrom, "timestamptz not null default "+literal(from.UTC().Format(time.RFC3339Nano)))
		m.add(replica.ValidTo, "timestamptz")
		m.add(replica.SeenBy, "text not null default "+literal(run))
		m.do("alter table ", m.d.name(m.t.Name), " alter column valid_from drop default, alter column run_id drop default")
	}
}

func (m *declaration) add(column, kind string) {
	m.t.all = append(m.t.all, column)
	for _, name := range []string{m.t.Name, m.t.Name + endedSuffix} {
		if r := m.found[name]; r != nil && r.column(column) == nil {
			m.do("alter table ", m.d.name(name), " add column ", quote(column), " ", kind)
		}
	}
}

// view makes a view of tables, if it is not there with all columns.
func (m *declaration) view(name, description string, of ...string) {
	if there := m.found[name]; there == nil || !slices.Equal(there.names(), m.t.all) {
		var selects []string
		for _, table := range of {
			selects = append(selects, "select "+list("", m.t.all)+" from "+m.d.name(table))
		}
		m.do("create or replace view ", m.d.name(name), " as ", strings.Join(selects, " union all "))
	}
	m.describe("view", name, description)
}

// describe comments on a relation and its columns, where the comment is another one.
func (m *declaration) describe(kind, name, description string) {
	var have map[string]string
	if r := m.found[name]; r != nil {
		have = r.comments
	}
	if have[""] != description {
		m.do("comment on ", kind, " ", m.d.name(name), " is ", literal(description))
	}
	columns := m.t.Columns
	if m.t.HasHistory {
		columns = slices.Concat(columns, versioning)
	}
	for _, c := range columns {
		if have[c.Name] != c.Description {
			m.do("comment on column ", m.d.name(name), ".", quote(c.Name), " is ", literal(c.Description))
		}
	}
}
