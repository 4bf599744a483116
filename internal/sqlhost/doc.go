// Package sqlhost runs SQL over the tables of a Steampipe plugin, in process, inside SQLite.
//
// Each connection is a schema, and each of the plugin's tables is a virtual table in it. The plugin gets what SQLite
// knows about a scan, as from Steampipe: the columns used, the WHERE terms on declared key columns, ORDER BY and LIMIT.
// SQLite checks every WHERE term again. A term is pushed down only if the plugin's answer can't lack a row that SQLite
// would keep.
//
// # Joins
//
// SQLite joins by nested loops. If the inner table has a key column in the join's condition, the plugin is asked for
// the rows of each value of the outer rows. After ten such scans, all rows are read at once and found in memory, up to
// 50,000 of them. The plugin is still asked for a value without rows in memory, because a plugin may find more than it
// lists. IN lists work in the same way. Without a key column, the inner table is read once, or twice if it is large,
// and kept until the statement ends. If it is cheaper to read a whole table from the start, use a WITH clause:
//
//	with r as materialized (select full_name, size from bitbucket_repository)
//	select … from bitbucket_my_repository m join r on r.full_name = m.repository_full_name
//
// A statement can name at most ten connections, the number of databases that SQLite attaches at once. To read more,
// name an aggregator of them.
//
// # Statements
//
// A statement reads. It may also create its own tables and views (create temp table …), which exist until the [Host] is
// closed. Statements that write files, set a pragma, begin a transaction, or drop or alter a table of the plugin are
// refused.
//
// An error about the text of a statement is a [*StatementError], with the place and, if the host knows it, what was
// meant: a similar name, or SQLite's form of PostgreSQL's syntax. Two things of PostgreSQL work here: ILIKE, which is
// SQLite's LIKE, and now(), the time at which the statement began.
//
// # Values
//
//	plugin           SQLite    form
//	BOOL             integer   0 or 1, so that is_private and not is_private work
//	INT, DOUBLE      integer, real
//	TIMESTAMP        text      "2006-01-02T15:04:05+00:00", with a fraction only if it is not zero; always UTC
//	JSON             text      for ->, ->> and json_each
//	the others       text
//
// The text order of timestamps is the order of the times. If SQLite knows that a column is a timestamp, it compares
// instants: a time may be written in any form that PostgreSQL and SQLite write, a time without a zone is in UTC, and
// any other text is an error. SQLite recognises the column by its collation, also through views, subqueries, CASE, OR,
// IN and GROUP BY, and through CREATE TABLE … AS, which keeps the types of the plugin's columns here. It doesn't know
// the type of an expression: there it compares two texts, and also if the left side is a text column of the user's own
// table. So the host rewrites max(updated_on) > '2026-11-30' as max(updated_on) collate timestamp > '2026-11-30', and
// the same for min, coalesce and similar functions, and for a timestamp column on the right. For other expressions, for
// example case when … then updated_on end, use datetime() on both sides, or write the collation.
//
// A constant next to the name of a boolean column may be one of PostgreSQL's words for true and false. The host
// replaces it by 1 or 0 before SQLite gets the statement. Both changes are made only if all columns of this name in the
// statement have the type. In other places, for example next to an alias, a word for a boolean is an error, and so is a
// constant that can't be compared with a number or a boolean. Not found are comparisons that SQLite does not report:
// with an alias of a boolean or with a number inside OR, NOT or CASE, and with a list of numbers.
//
// The columns that the SDK adds to every table (sp_connection_name, sp_ctx, _ctx) are hidden: a query can name them,
// but "select *" omits them. On a terminal they would be most of the output.
package sqlhost
