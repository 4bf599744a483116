package postgres

import (
	"context"

	"github.com/jackc/pgx/v5"
)

// oldest is the first version of PostgreSQL that can be a destination.
const oldest = 13

// check checks that a run can do all it will have to do.
func (d *Destination) check(ctx context.Context) error {
	var version int
	var encoding, role, database string
	var recovers, readOnly, hasSchema, mayCreateSchema, mayCreate bool
	var foreign *string
	err := d.conn.QueryRow(ctx, `
		select current_setting('server_version_num')::int / 10000, current_setting('server_encoding'),
			pg_is_in_recovery(), current_setting('transaction_read_only')::boolean, current_user::text, current_database()::text,
			n.oid is not null, has_database_privilege(current_database(), 'create'),
			coalesce(has_schema_privilege(n.oid, 'create') and has_schema_privilege(n.oid, 'usage'), false),
			(select min(relname) from pg_class where relnamespace = n.oid and relkind in ('r', 'v')
				and relname ~ '^(_sync_|_staging_|bitbucket_)' and not pg_has_role(relowner, 'usage'))
		from (select) one left join pg_namespace n on nspname = $1`, d.schema).Scan(
		&version, &encoding, &recovers, &readOnly, &role, &database, &hasSchema, &mayCreateSchema, &mayCreate, &foreign)
	if err != nil {
		return err
	}
	schema, who := quote(d.schema), quote(role)
	switch {
	case version < oldest:
		return advisef("the server is PostgreSQL %d. Use %d or later", version, oldest)
	case encoding != "UTF8":
		return advisef("the database has the encoding %s. Use one with UTF8", encoding)
	case recovers:
		return advisef("the server is a standby, which is read-only. Use the primary server")
	case readOnly:
		return advisef("transactions are read-only. Let the role write: alter role %s set default_transaction_read_only = off",
			who)
	case !hasSchema && !mayCreateSchema:
		return advisef("there is no such schema, and the role %s may not create it. Let an administrator do it: "+
			"create schema %s authorization %s", role, schema, who)
	case hasSchema && !mayCreate:
		return advisef("the role %s may not create tables in the schema. Let an administrator change that: "+
			"grant usage, create on schema %s to %s", role, schema, who)
	case foreign != nil:
		return advisef("the role %s does not own %s. Sync as the role that does, or let an administrator change the owner",
			role, d.name(*foreign))
	}
	return nil
}

// prepare makes the schema and the tables of the runs, if they are not there.
func (d *Destination) prepare(ctx context.Context, tx pgx.Tx) error {
	var hasSchema, hasTables bool
	err := tx.QueryRow(ctx, "select count(*) > 0, count(c.oid) > 0 from pg_namespace n "+
		"left join pg_class c on relnamespace = n.oid and relname = '_sync_state' where nspname = $1", d.schema).Scan(&hasSchema, &hasTables)
	if err != nil || hasTables {
		return err
	}
	if !hasSchema { // only then, since asking for it takes the privilege even if it is there
		if _, err := tx.Exec(ctx, "create schema "+quote(d.schema)); err != nil {
			return err
		}
	}
	run, state := d.name("_sync_run"), d.name("_sync_state")
	_, err = tx.Exec(ctx, `
		create table `+run+` (
			id text primary key, started_at timestamptz not null, ended_at timestamptz not null, is_full boolean not null,
			connection text not null, account text not null, version text not null, requests bigint not null, tables jsonb not null
		);
		create table `+state+` (
			is_only boolean primary key default true check (is_only),
			last_run text references `+run+`, state json, progress json
		);
		insert into `+state+` default values;
		comment on table `+run+` is 'Runs of the sync that were published.';
		comment on column `+run+`.id is 'Start of the run; run_id in the tables with a history.';
		comment on column `+run+`.started_at is 'Time at which the run started.';
		comment on column `+run+`.ended_at is 'Time at which the run had read all rows.';
		comment on column `+run+`.is_full is 'If true, the run read all rows, and not only those that may have changed.';
		comment on column `+run+`.connection is 'Name of the connection in the configuration of the plugin.';
		comment on column `+run+`.account is 'UUID of the account that the run read Bitbucket as.';
		comment on column `+run+`.version is 'Version of the plugin.';
		comment on column `+run+`.requests is 'Number of requests that the run has sent to Bitbucket.';
		comment on column `+run+`.tables is 'For each table, how many rows it has, and how many were added, changed and removed.';
		comment on table `+state+` is 'Where the next run of the sync begins. Only for the sync.'`)
	return err
}
