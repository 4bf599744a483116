package audit

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/kindor/steampipe-plugin-bitbucket/internal/replica"
	"github.com/kindor/steampipe-plugin-bitbucket/internal/sqlhost"
)

// CopyOf returns the state that a run of a sync has copied, as far as it is to be compared with a scope. ReadCopy reads it.
func CopyOf(last replica.Run, scope string) *State {
	return &State{
		SavedAt: last.StartedAt.UTC(), Connection: last.Connection, Account: Account{UUID: last.Account}, Scope: scope, IsCopy: true,
		Covered: map[string]Coverage{}, Unread: map[string]error{},
	}
}

// ReadCopy reads the state in a copy, in the scope of the run. It loads the tables into SQLite and asks them what State asks
// the plugin, so both mean the same. A kind whose tables the copy does not have is in Unread.
func (r *Run) ReadCopy(ctx context.Context, s *State, from replica.Destination, record replica.Record) (err error) {
	db, err := sql.Open("sqlite", ":memory:")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	db.SetMaxOpenConns(1) // each connection has a memory of its own
	c := &copied{db: db, reads: map[string][]string{}, columns: map[string][]string{}, lacks: map[string]error{}}
	if err := c.plan(ctx, r.host, record); err != nil {
		return err
	}
	for _, table := range slices.Sorted(maps.Keys(c.columns)) {
		if c.lacks[table] == nil {
			if err := c.load(ctx, from, table, r.scope.where(r.host, table)); err != nil {
				return err
			}
		}
	}
	return s.readKinds(ctx, c.texts)
}

// A copied is tables of a copy in SQLite.
type copied struct {
	db      *sql.DB
	reads   map[string][]string // tables, by statement
	columns map[string][]string // that the statements need, by table
	lacks   map[string]error    // why the copy does not have a table
}

// plan finds what the statements need, and what of it the copy does not have.
func (c *copied) plan(ctx context.Context, host *sqlhost.Host, record replica.Record) error {
	for _, statement := range StateStatements() {
		if statement == accountSQL {
			continue // the run knows its account
		}
		reads, err := host.Reads(ctx, statement)
		if err != nil {
			return err
		}
		for _, read := range reads {
			c.reads[statement] = append(c.reads[statement], read.Table)
			c.columns[read.Table] = append(c.columns[read.Table], read.Columns...)
		}
	}
	specs, err := replica.Select(host.Tables(), slices.Sorted(maps.Keys(c.columns)), nil)
	if err != nil {
		return err
	}
	for _, s := range specs {
		if err := record.Lacks(s); err != nil {
			c.lacks[s.Name] = err
		}
		for _, column := range s.Columns {
			if _, isNeeded := c.columns[s.Name]; isNeeded && slices.Contains(scoped, column.Name) {
				c.columns[s.Name] = append(c.columns[s.Name], column.Name)
			}
		}
	}
	return nil
}

// scoped are the columns by which [Scope] limits tables.
var scoped = []string{"repository_full_name", "full_name", "project_key", "workspace_slug", "slug"}

// load loads a table, and hides what is not in the scope.
func (c *copied) load(ctx context.Context, from replica.Destination, table, where string) error {
	slices.Sort(c.columns[table])
	columns := slices.Compact(c.columns[table])
	tx, err := c.db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer func() { _ = tx.Rollback() }() // does nothing after the commit
	name := "main." + sqlhost.Quote(table)
	var quoted []string
	for _, column := range columns {
		quoted = append(quoted, sqlhost.Quote(column))
	}
	if _, err := tx.ExecContext(ctx, "create table "+name+" ("+strings.Join(quoted, ", ")+")"); err != nil {
		return err
	}
	if where != "" {
		if _, err := tx.ExecContext(ctx, "create temp view "+sqlhost.Quote(table)+" as select * from "+name+where); err != nil {
			return err
		}
	}
	insert, err := tx.PrepareContext(ctx, "insert into "+name+" values (?"+strings.Repeat(", ?", len(columns)-1)+")")
	if err != nil {
		return err
	}
	defer insert.Close()
	for row, err := range from.Current(ctx, replica.Table{Name: table}, columns) {
		if err != nil {
			return err
		}
		if _, err := insert.ExecContext(ctx, sqliteValues(row)...); err != nil {
			return err
		}
	}
	return tx.Commit()
}

// sqliteValues returns values in the forms that they have in the plugin's tables.
func sqliteValues(row []any) []any {
	values := make([]any, len(row))
	for i, v := range row {
		switch v := v.(type) {
		case time.Time:
			values[i] = timestamp(v)
		case bool:
			values[i] = 0
			if v {
				values[i] = 1
			}
		default:
			values[i] = v
		}
	}
	return values
}

// texts asks the tables of the copy.
func (c *copied) texts(ctx context.Context, statement string, f func([]string)) error {
	for _, table := range c.reads[statement] {
		if err := c.lacks[table]; err != nil {
			return err
		}
	}
	rows, err := c.db.QueryContext(ctx, statement)
	if err != nil {
		return fmt.Errorf("asking the copy: %w", err)
	}
	defer rows.Close()
	names, err := rows.Columns()
	if err != nil {
		return err
	}
	values := make([]any, len(names))
	pointers := make([]any, len(names))
	for i := range values {
		pointers[i] = &values[i]
	}
	for rows.Next() {
		if err := rows.Scan(pointers...); err != nil {
			return err
		}
		f(asTexts(values))
	}
	return rows.Err()
}
