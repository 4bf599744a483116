package postgres

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/kindor/steampipe-plugin-bitbucket/internal/replica"
)

// program is how the sessions of runs begin their names.
const program = "bitbucket sync: "

// applicationName names the process. PostgreSQL keeps its first 63 bytes.
func applicationName() string {
	host, err := os.Hostname()
	if err != nil {
		host = "an unknown host"
	}
	return fmt.Sprintf("%sprocess %d on %s", program, os.Getpid(), host)
}

// lockKey is the key of the lock on a schema, as an expression of SQL. The lock is on it in the session's database.
const lockKey = "hashtextextended('steampipe-plugin-bitbucket sync ' || $1, 0)"

// holder finds the session that has the lock. It shows as two halves.
const holder = `
from pg_locks l join pg_stat_activity a using (pid)
where l.locktype = 'advisory' and l.granted and l.objsubid = 1
	and l.database = (select oid from pg_database where datname = current_database())
	and (l.classid::bigint << 32) | l.objid::bigint = ` + lockKey

// lock takes the lock of the schema. It waits some seconds, which the server may need to see that a process has died.
func (d *Destination) lock(ctx context.Context) error {
	err := pgx.BeginFunc(ctx, d.conn, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, "set local lock_timeout = '3s'"); err != nil {
			return err
		}
		_, err := tx.Exec(ctx, "select pg_advisory_lock("+lockKey+")", d.schema)
		return err
	})
	var server *pgconn.PgError
	if !errors.As(err, &server) || server.Code != "55P03" { // lock_not_available
		return err
	}
	busy := &replica.BusyError{Destination: d.place, Holder: "a process that has ended since"}
	var name string
	var since *time.Time
	err = d.conn.QueryRow(ctx, "select a.application_name, a.backend_start "+holder, d.schema).Scan(&name, &since)
	if err != nil && !errors.Is(err, pgx.ErrNoRows) {
		return err
	}
	if name != "" {
		busy.Holder = strings.TrimPrefix(name, program)
	}
	if since != nil {
		busy.Since = *since
	}
	return busy
}

// checkLock checks that the transaction's session has the lock. A pooler may have given it another one.
func (d *Destination) checkLock(ctx context.Context, tx pgx.Tx) error {
	var has bool
	if err := tx.QueryRow(ctx, "select exists (select "+holder+" and pid = pg_backend_pid())", d.schema).Scan(&has); err != nil {
		return err
	}
	if !has {
		return advisef("the session has lost the lock. Connect to the server itself, or to a pooler in session mode")
	}
	return nil
}
