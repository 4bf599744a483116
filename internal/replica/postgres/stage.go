package postgres

import (
	"context"
	"encoding/json"
	"fmt"
	"iter"
	"slices"

	"github.com/jackc/pgx/v5"

	"github.com/kindor/steampipe-plugin-bitbucket/internal/replica"
)

// stagingPrefix begins the names of staging tables.
const stagingPrefix = "_staging_"

// serial is the column of a staging table that tells which row came last.
const serial = "_serial"

// Stage copies the rows into the staging table of their table, in one transaction with the progress.
func (d *Destination) Stage(ctx context.Context, b replica.Batch, progress func() (json.RawMessage, error)) error {
	rows := newSource(b)
	defer rows.stop()
	err := d.transact(ctx, func(tx pgx.Tx) error {
		if err := d.stageInto(ctx, tx, b.Table); err != nil {
			return err
		}
		if _, err := tx.CopyFrom(ctx, pgx.Identifier{d.schema, stagingPrefix + b.Table.Name}, columnNames(b.Table), rows); err != nil {
			return err
		}
		text, err := progress()
		if err != nil {
			return err
		}
		_, err = tx.Exec(ctx, "update "+d.name("_sync_state")+" set progress = $1::text::json", jsonText(text))
		return err
	})
	if rows.err != nil {
		return rows.err // what COPY says about it is less
	}
	if err == nil {
		d.staged[b.Table.Name] = true
	}
	return d.failed("staging rows of "+b.Table.Name, err)
}

// stageInto makes the staging table of a table, if it is not there.
func (d *Destination) stageInto(ctx context.Context, tx pgx.Tx, t replica.Table) error {
	if d.staged[t.Name] {
		return nil
	}
	if len(t.Name)+len(stagingPrefix) > longestName {
		return advisef("the name %s is longer than PostgreSQL allows", t.Name)
	}
	name := stagingPrefix + t.Name
	found, err := d.relations(ctx, tx, name)
	if err != nil {
		return err
	}
	want := []relationColumn{{name: serial, kind: kinds[replica.Integer]}}
	for _, c := range t.Columns {
		want = append(want, relationColumn{name: c.Name, kind: kinds[c.Type]})
	}
	if staging := found[name]; staging != nil {
		if !slices.Equal(staging.columns, want) {
			return advisef("another version of the plugin has staged other columns. Discard what is staged: sync everything again")
		}
		return nil
	}
	_, err = tx.Exec(ctx, fmt.Sprintf("create table %s (%s bigint generated always as identity, %s); comment on table %[1]s is %[4]s",
		d.name(name), quote(serial), declarations(t.Columns), literal("Rows of a run that is not yet published. Only for the sync.")))
	return err
}

// Discard drops the staging tables and the progress.
func (d *Destination) Discard(ctx context.Context) error {
	err := d.transact(ctx, func(tx pgx.Tx) error {
		if err := d.unstage(ctx, tx); err != nil {
			return err
		}
		_, err := tx.Exec(ctx, "update "+d.name("_sync_state")+" set progress = null")
		return err
	})
	return d.failed("discarding what is staged", err)
}

// unstage drops the staging tables.
func (d *Destination) unstage(ctx context.Context, tx pgx.Tx) error {
	rows, err := tx.Query(ctx, "select relname::text from pg_class c join pg_namespace n on relnamespace = n.oid "+
		"where nspname = $1 and relkind = 'r' and starts_with(relname, $2)", d.schema, stagingPrefix)
	if err != nil {
		return err
	}
	all, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		return err
	}
	clear(d.staged)
	for _, name := range all {
		if _, err := tx.Exec(ctx, "drop table "+d.name(name)); err != nil {
			return err
		}
	}
	return nil
}

// A source gives the rows of a batch to COPY, as PostgreSQL can store them.
type source struct {
	table  replica.Table
	next   func() ([]any, error, bool)
	stop   func()
	values []any
	err    error
}

func newSource(b replica.Batch) *source {
	s := &source{table: b.Table, values: make([]any, len(b.Table.Columns))}
	s.next, s.stop = iter.Pull2(b.Rows)
	return s
}

// Next reads the next row.
func (s *source) Next() bool {
	row, err, ok := s.next()
	if s.err = err; err != nil || !ok {
		return false
	}
	if len(row) != len(s.values) {
		s.err = fmt.Errorf("a row of %s has %d values for %d columns", s.table.Name, len(row), len(s.values))
		return false
	}
	for i, v := range row {
		if s.values[i] = v; v == nil {
			continue
		}
		if v, ok := v.(string); ok {
			if s.table.Columns[i].Type == replica.JSON {
				s.values[i] = document(v)
			} else {
				s.values[i] = storedText(v)
			}
		}
	}
	return true
}

// Values returns the row.
func (s *source) Values() ([]any, error) { return s.values, nil }

// Err returns what ended the rows, if it was an error.
func (s *source) Err() error { return s.err }

func columnNames(t replica.Table) []string {
	var all []string
	for _, c := range t.Columns {
		all = append(all, c.Name)
	}
	return all
}

// jsonText is a parameter for JSON: null if there is none.
func jsonText(v json.RawMessage) *string {
	if v == nil {
		return nil
	}
	s := string(v)
	return &s
}
