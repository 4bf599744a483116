package postgres_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/kindor/steampipe-plugin-bitbucket/internal/replica"
	"github.com/kindor/steampipe-plugin-bitbucket/internal/replica/postgres"
	"github.com/kindor/steampipe-plugin-bitbucket/internal/replica/replicatest"
)

func testLaws(e *env) {
	schemas := 0
	replicatest.Laws(e.T, 6, func(*testing.T) replicatest.Target {
		schemas++
		return target(e.server.Location(), e.conn, fmt.Sprint("laws_", schemas))
	})
}

// target is the destination in a schema, as conn reads it.
func target(location string, conn *pgx.Conn, schema string) replicatest.Target {
	return replicatest.Target{
		New: func(t testing.TB) replica.Destination { return open(t, location+"&schema="+schema) },
		Read: func(t testing.TB, table string, columns []replica.Column, history bool) [][]any {
			t.Helper()
			rows, err := read(t.Context(), conn, schema, table, columns, history)
			if err != nil {
				t.Fatal(err)
			}
			return rows
		},
	}
}

// open returns a destination that is closed when the test ends.
func open(t testing.TB, location string) *postgres.Destination {
	t.Helper()
	d, err := postgres.New(location)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = d.Close() })
	return d
}

// read reads the views of a table.
func read(ctx context.Context, conn *pgx.Conn, schema, table string, columns []replica.Column, history bool) ([][]any, error) {
	view := table + map[bool]string{false: "_current", true: "_history"}[history]
	rows, err := conn.Query(ctx, "select column_name from information_schema.columns where table_schema = $1 and table_name = $2", schema, view)
	if err != nil {
		return nil, err
	}
	there, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil || len(there) == 0 {
		return nil, err
	}
	has := map[string]bool{}
	for _, name := range there {
		has[name] = true
	}
	var selected []string
	for _, c := range columns {
		name := pgx.Identifier{c.Name}.Sanitize()
		switch {
		case !has[c.Name]:
			selected = append(selected, "null")
		case c.Type == replica.JSON:
			selected = append(selected, name+"::text")
		default:
			selected = append(selected, name)
		}
	}
	rows, err = conn.Query(ctx, "select "+strings.Join(selected, ", ")+" from "+schema+"."+view, pgx.QueryExecModeExec)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, func(row pgx.CollectableRow) ([]any, error) {
		values, err := row.Values()
		for i, v := range values {
			if at, ok := v.(time.Time); ok {
				values[i] = at.UTC()
			}
		}
		return values, err
	})
}
