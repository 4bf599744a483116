package postgres

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/jackc/pgx/v5"

	"github.com/kindor/steampipe-plugin-bitbucket/internal/replica"
)

// Publish merges the staged rows of all tables in one transaction, with the run.
func (d *Destination) Publish(
	ctx context.Context, run replica.Run, changes []replica.Change, state json.RawMessage,
) (map[string]replica.Counts, error) {
	counts := map[string]replica.Counts{}
	err := d.transact(ctx, func(tx pgx.Tx) error {
		record, err := d.record(ctx)
		if err != nil {
			return err
		}
		for _, change := range changes {
			if counts[change.Table.Name], err = d.publish(ctx, tx, run, change, record.Last); err != nil {
				return fmt.Errorf("%s: %w", change.Table.Name, err)
			}
		}
		if err := d.unstage(ctx, tx); err != nil {
			return err
		}
		return d.keep(ctx, tx, run, counts, state)
	})
	if err != nil {
		return nil, d.failed("publishing the run", err)
	}
	return counts, nil
}

// publish makes one change.
func (d *Destination) publish(
	ctx context.Context, tx pgx.Tx, run replica.Run, change replica.Change, last *replica.Run,
) (replica.Counts, error) {
	if err := d.stageInto(ctx, tx, change.Table); err != nil {
		return replica.Counts{}, err
	}
	table, err := d.declare(ctx, tx, change.Table, last)
	if err != nil {
		return replica.Counts{}, err
	}
	counts, err := d.merge(ctx, tx, run, change, table)
	if err == nil && table.isNew {
		_, err = tx.Exec(ctx, "analyze "+d.name(table.Name)) // for who reads before the server does it by itself
	}
	return counts, err
}

// keep writes down the run, and where the next one begins.
func (d *Destination) keep(
	ctx context.Context, tx pgx.Tx, run replica.Run, counts map[string]replica.Counts, state json.RawMessage,
) error {
	tables, err := json.Marshal(counts)
	if err != nil {
		return err
	}
	_, err = tx.Exec(ctx, `
		insert into `+d.name("_sync_run")+` (id, started_at, ended_at, is_full, connection, account, version, requests, tables)
		values ($1, $2, $3, $4, $5, $6, $7, $8, $9::text::jsonb)
		on conflict (id) do update set (started_at, ended_at, is_full, connection, account, version, requests, tables) =
			(excluded.started_at, excluded.ended_at, excluded.is_full, excluded.connection, excluded.account, excluded.version,
			excluded.requests, excluded.tables)`,
		run.ID, run.StartedAt, run.EndedAt, run.IsFull, storedText(run.Connection), run.Account, run.Version, run.Requests, string(tables))
	if err != nil {
		return err
	}
	_, err = tx.Exec(ctx, "update "+d.name("_sync_state")+" set last_run = $1, state = $2::text::json, progress = null",
		run.ID, jsonText(state))
	return err
}
