package postgres

import (
	"context"
	"iter"
	"strings"
	"time"

	"github.com/kindor/steampipe-plugin-bitbucket/internal/replica"
)

// Current reads in a session of its own, so that a run can write while it reads.
func (d *Destination) Current(ctx context.Context, table replica.Table, columns []string) iter.Seq2[[]any, error] {
	return func(yield func([]any, error) bool) {
		stopped, err := d.read(ctx, table.Name, columns, yield)
		if err != nil && !stopped {
			yield(nil, d.failed("reading "+table.Name, err))
		}
	}
}

func (d *Destination) read(
	ctx context.Context, table string, columns []string, yield func([]any, error) bool,
) (stopped bool, err error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	conn, err := d.connect(ctx)
	if err != nil {
		return false, err
	}
	defer conn.Close(context.WithoutCancel(ctx)) // what is read is read
	found, err := d.relations(ctx, conn, table)
	if err != nil || found[table] == nil {
		return false, err
	}
	var selected []string
	for _, name := range columns {
		switch c := found[table].column(name); {
		case c == nil:
			selected = append(selected, "null::text")
		case c.kind == kinds[replica.JSON]:
			selected = append(selected, quote(name)+"::text")
		default:
			selected = append(selected, quote(name))
		}
	}
	rows, err := conn.Query(ctx, "select "+strings.Join(selected, ", ")+" from "+d.name(table))
	if err != nil {
		return false, err
	}
	defer func() {
		cancel() // closing would read the rest
		rows.Close()
	}()
	for rows.Next() {
		values, err := rows.Values()
		if err != nil {
			return false, err
		}
		for i, v := range values {
			if at, ok := v.(time.Time); ok {
				values[i] = at.UTC()
			}
		}
		if !yield(values, nil) {
			return true, nil
		}
	}
	return false, rows.Err()
}
