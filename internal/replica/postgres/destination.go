package postgres

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/kindor/steampipe-plugin-bitbucket/internal/replica"
)

// A Destination is a schema in a PostgreSQL.
type Destination struct {
	config *pgx.ConnConfig
	schema string
	place  string          // for messages
	conn   *pgx.Conn       // has the lock; nil if the destination is not open
	staged map[string]bool // staging tables that are as they should be
}

var _ replica.Destination = (*Destination)(nil)

// New returns the destination at a location, such as postgres://user@host/database?schema=bitbucket. It reads what libpq
// reads: environment variables, ~/.pgpass and the service file. It does not connect.
func New(location string) (*Destination, error) {
	config, schema, err := parse(location)
	if err != nil {
		return nil, err
	}
	config.RuntimeParams["application_name"] = applicationName()
	config.DefaultQueryExecMode = pgx.QueryExecModeExec // tables change, so nothing is prepared
	return &Destination{config: config, schema: schema, place: place(config, schema)}, nil
}

// String returns the place, without the password.
func (d *Destination) String() string { return d.place }

// Open connects, checks that a run can do all it will have to do, and takes the lock.
func (d *Destination) Open(ctx context.Context) (record replica.Record, err error) {
	if d.conn != nil {
		return record, fmt.Errorf("%s is open already", d.place)
	}
	d.conn, err = d.connect(ctx)
	if err != nil {
		return record, fmt.Errorf("connecting to %s: %w", d.place, err)
	}
	d.staged = map[string]bool{}
	defer func() {
		if err != nil {
			_ = d.Close() // the error is the first one
		}
	}()
	if err := d.check(ctx); err != nil {
		return record, d.failed("checking", err)
	}
	if err := d.lock(ctx); err != nil {
		return record, d.failed("taking the lock", err)
	}
	if err := d.transact(ctx, func(tx pgx.Tx) error { return d.prepare(ctx, tx) }); err != nil {
		return record, d.failed("preparing the schema", err)
	}
	record, err = d.record(ctx)
	return record, d.failed("reading the last run", err)
}

// settings are what a session of a run needs, as far as the server has them. Time limits of the role are for queries, not
// for a merge of a million rows. A commit that the server confirmed must not be lost. A dead network must not keep the
// lock for hours.
const settings = `
select set_config(name, value, false)
from (values
	('statement_timeout', '0'), ('transaction_timeout', '0'), ('lock_timeout', '0'), ('idle_session_timeout', '0'),
	('idle_in_transaction_session_timeout', '0'),
	('synchronous_commit', coalesce(nullif(current_setting('synchronous_commit'), 'off'), 'on')),
	('standard_conforming_strings', 'on'),
	('client_connection_check_interval', '1000'),
	('tcp_keepalives_idle', '60'), ('tcp_keepalives_interval', '10'), ('tcp_keepalives_count', '6')
) as wanted (name, value)
where current_setting(name, true) is not null`

func (d *Destination) connect(ctx context.Context) (*pgx.Conn, error) {
	conn, err := pgx.ConnectConfig(ctx, d.config)
	if err != nil {
		return nil, err
	}
	if _, err := conn.Exec(ctx, settings); err != nil {
		return nil, errors.Join(err, conn.Close(ctx))
	}
	return conn, nil
}

// Close gives the lock back, with the connection.
func (d *Destination) Close() error {
	conn := d.conn
	if conn == nil {
		return nil
	}
	d.conn = nil
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	_ = conn.Close(ctx) // all that counts was confirmed before
	return nil
}

// transact does something in one transaction, in the session that has the lock.
func (d *Destination) transact(ctx context.Context, do func(pgx.Tx) error) error {
	if d.conn == nil {
		return errors.New("the destination is not open")
	}
	options := pgx.TxOptions{IsoLevel: pgx.ReadCommitted, AccessMode: pgx.ReadWrite}
	return pgx.BeginTxFunc(ctx, d.conn, options, func(tx pgx.Tx) error {
		if err := d.checkLock(ctx, tx); err != nil {
			return err
		}
		return do(tx)
	})
}

// failed says what was tried where, and what to do.
func (d *Destination) failed(trying string, err error) error {
	var server *pgconn.PgError
	var busy *replica.BusyError
	var advised *advice
	switch {
	case err == nil:
		return nil
	case errors.As(err, &busy):
		return err
	case errors.As(err, &advised) || errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded):
		return fmt.Errorf("%s: %s: %w", d.place, trying, err)
	case errors.As(err, &server):
		return fmt.Errorf("%s: %s: %w. Readers see the rows as they were. %s", d.place, trying, err, remedy(server.Code))
	default:
		return fmt.Errorf("%s: %s: the connection was lost: %w. Sync again: it continues with the staged rows", d.place, trying, err)
	}
}

// An advice is an error that says itself what to do.
type advice struct{ text string }

func (a *advice) Error() string { return a.text }

func advisef(format string, args ...any) error {
	return &advice{fmt.Sprintf(format, args...)}
}

// remedy says what to do about an error of the server.
func remedy(code string) string {
	switch code {
	case "53100", "53200", "53400": // disk_full, out_of_memory, configuration_limit_exceeded
		return "Give the server more room, and sync again: it continues with the staged rows"
	case "42501": // insufficient_privilege
		return "Let the role of the sync own the schema and all that is in it, and sync again"
	default:
		return "Sync again: it continues with the staged rows"
	}
}

// record reads what the runs have left.
func (d *Destination) record(ctx context.Context) (record replica.Record, err error) {
	var last replica.Run
	var id, state, progress *string
	var started, ended *time.Time
	err = d.conn.QueryRow(ctx, `
		select id, started_at, ended_at, coalesce(is_full, false), coalesce(connection, ''), coalesce(account, ''),
			coalesce(version, ''), coalesce(requests, 0), state::text, progress::text
		from `+d.name("_sync_state")+` left join `+d.name("_sync_run")+` on id = last_run`).Scan(
		&id, &started, &ended, &last.IsFull, &last.Connection, &last.Account, &last.Version, &last.Requests, &state, &progress)
	if err != nil {
		return record, err
	}
	if id != nil {
		last.ID, last.StartedAt, last.EndedAt = *id, started.UTC(), ended.UTC()
		record.Last = &last
	}
	if state != nil {
		record.State = json.RawMessage(*state)
	}
	if progress != nil {
		record.Progress = json.RawMessage(*progress)
	}
	return record, nil
}

// name returns a name in the schema, quoted.
func (d *Destination) name(of string) string { return pgx.Identifier{d.schema, of}.Sanitize() }

func quote(name string) string { return pgx.Identifier{name}.Sanitize() }
