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
// is asked for the rows of a value when the outer rows come to it. After ten such scans, all rows are read
// in one and looked up in memory, up to 50,000 of them; a value that has none there is asked for after
// all, for a plugin may find more than it lists. The same goes for IN lists. If there is no key column,
// the inner table is read once, or twice if it is large, and kept for as long as the statement runs. Where
// it is cheaper to read a whole table from the start, a WITH clause says so:
//
//	with r as materialized (select full_name, size from bitbucket_repository)
//	select … from bitbucket_my_repository m join r on r.full_name = m.repository_full_name
//
// A statement can name ten connections at most, which is what SQLite attaches at once. To read more than
// that, name an aggregator of them instead.
//
// # Statements
//
// A statement reads. It may also keep tables and views of its own (create temp table …), which last as
// long as the [Host]; but statements that write files, set a pragma, begin a transaction, or drop or alter
// a table of the plugin, are refused.
//
// # Values
//
//	plugin           SQLite    form
//	BOOL             integer   0 or 1, so that is_private and not is_private work
//	INT, DOUBLE      integer, real
//	TIMESTAMP        text      "2006-01-02T15:04:05+00:00", with a fraction only where there is one; always UTC
//	JSON             text      for ->, ->> and json_each
//	the others       text
//
// As texts, timestamps are in the order of the times. Wherever SQLite knows a column to be one, it compares the instants: a
// time may be written in any form that PostgreSQL and SQLite write, without a zone it is in UTC, and what is no time is an
// error. SQLite knows a column by its collation, also through views, subqueries, CASE, OR, IN and GROUP BY, and through
// CREATE TABLE … AS, which keeps the types of the plugin's columns here. What an expression returns it doesn't
// know: there two texts are compared, and so they are where a text column of somebody's own table stands on the left. So the
// host writes max(updated_on) > '2026-11-30' as max(updated_on) collate timestamp > '2026-11-30', and the same for min,
// coalesce and their like, and for a column of times on the right. Elsewhere, such as beside case when … then updated_on end,
// put both sides through datetime(), or write the collation.
//
// A constant beside the name of a column with booleans may be one of PostgreSQL's words for true and false, and is written as
// 1 or 0 before SQLite sees the statement. For either change the name has to mean only columns of that type in the statement.
// In other places, such as beside an alias, a word for a boolean is an error, as a constant is that a number or a boolean can't
// be compared with. What SQLite doesn't tell of isn't found: a comparison with an alias of a boolean or with a number within OR,
// NOT or CASE, and a list of numbers.
//
// The columns that the SDK adds to every table (sp_connection_name, sp_ctx, _ctx) are hidden: they
// can be named, but "select *" leaves them out. On a terminal they would be most of the output.
package sqlhost
