// Package sqlhost runs SQL over the tables of a Steampipe plugin, in process, inside SQLite.
//
// Each connection is a schema, and each of the plugin's tables a virtual table in it. What SQLite
// can tell about a scan reaches the plugin as it would from Steampipe: the columns used, the WHERE
// terms on declared key columns, ORDER BY and LIMIT. SQLite checks every WHERE term again, so a term
// is pushed down only where the plugin's answer cannot lack a row that SQLite would have kept.
//
// # Joins
//
// SQLite joins by nested loops. If the inner table has a key column in the join's condition, the plugin
// is asked once for each distinct value that the outer rows have; if not, the inner table is read once,
// or twice if it is large, and kept for as long as the statement runs. Where it is cheaper to read a
// whole table than to look up its rows one by one, a WITH clause says so:
//
//	with r as materialized (select full_name, size from bitbucket_repository)
//	select … from bitbucket_my_repository m join r on r.full_name = m.repository_full_name
//
// # Values
//
//	plugin           SQLite    form
//	BOOL             integer   0 or 1, so that is_private and not is_private work
//	INT, DOUBLE      integer, real
//	TIMESTAMP        text      "2006-01-02 15:04:05", with a fraction only where there is one; always UTC
//	JSON             text      for ->, ->> and json_each
//	the others       text
//
// The form of timestamps is the one that SQLite's own datetime() returns. It sorts as text, and
// compares with datetime('now', '-7 days'), with '2026-01-02' and with any other beginning of itself.
// A time in another form, such as 2026-01-02T03:04:05Z, has to go through datetime() first.
//
// The columns that the SDK adds to every table (sp_connection_name, sp_ctx, _ctx) are hidden: they
// can be named, but "select *" leaves them out. On a terminal they would be most of the output.
package sqlhost
