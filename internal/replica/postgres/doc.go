// Package postgres keeps copies of tables in PostgreSQL, in a schema of their own.
//
// For a table, the schema has
//
//	bitbucket_x          the current rows, with the primary key
//	bitbucket_x_current  a view of the same
//
// and if the table has a history
//
//	bitbucket_x_ended    the rows that ended, or were otherwise
//	bitbucket_x_history  a view of both
//
// All tables have the view of current rows, so that who reads need not know which ones have a history. Tables and views
// are never dropped, and new columns come last, so grants and other views on them stay.
//
// What begins with _ is for the runs: _sync_run has a row for each run that was published, _sync_state where the next one
// begins, and _staging_bitbucket_x the rows that are staged. Staged rows are logged like others: unlogged tables would be
// empty after a crash of the server, while the progress says that the rows are there.
//
// Batches are copied into staging tables, each in one transaction with the progress. All that publishing does is one
// transaction, in which the server merges the rows itself: readers see all tables change at the same moment.
//
// A run has a session's advisory lock, which ends with its connection, however that ends. All writing is done in the
// session that has the lock, so a run that lost its connection can't write any more. PgBouncer in transaction mode gives
// each transaction another session, and the lock to nobody in particular: each transaction checks that its session has the
// lock, and ends the run if not. PgBouncer in session mode works.
package postgres
