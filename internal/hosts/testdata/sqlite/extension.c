// The extension's side of SQLite: a module for each table, which main.go reads.
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sqlite3ext.h>
SQLITE_EXTENSION_INIT1
#include "_cgo_export.h"

typedef struct { sqlite3_vtab base; int table; } table;
typedef struct { sqlite3_vtab_cursor base; int scan, end; sqlite3_int64 row; } cursor;

static int connectTable(sqlite3 *db, void *number, int argc, const char *const *argv, sqlite3_vtab **made, char **wrong) {
	char *sql = hostDeclaration((int)(intptr_t)number);
	int rc = sqlite3_declare_vtab(db, sql);
	free(sql);
	if (rc != SQLITE_OK) return rc;
	table *t = sqlite3_malloc(sizeof *t);
	if (t == NULL) return SQLITE_NOMEM;
	memset(t, 0, sizeof *t);
	t->table = (int)(intptr_t)number;
	*made = &t->base;
	return SQLITE_OK;
}

static int disconnectTable(sqlite3_vtab *t) { sqlite3_free(t); return SQLITE_OK; }

// The plan is the mask of the columns. A limit is taken where there is nothing else to decide.
static int plan(sqlite3_vtab *t, sqlite3_index_info *info) {
	info->idxStr = sqlite3_mprintf("%llu", info->colUsed);
	info->needToFreeIdxStr = 1;
	if (info->nConstraint == 1 && info->aConstraint[0].op == SQLITE_INDEX_CONSTRAINT_LIMIT && info->aConstraint[0].usable && info->nOrderBy == 0)
		info->aConstraintUsage[0].argvIndex = 1;
	return SQLITE_OK;
}

static int openCursor(sqlite3_vtab *t, sqlite3_vtab_cursor **made) {
	cursor *c = sqlite3_malloc(sizeof *c);
	if (c == NULL) return SQLITE_NOMEM;
	memset(c, 0, sizeof *c);
	*made = &c->base;
	return SQLITE_OK;
}

static int closeCursor(sqlite3_vtab_cursor *base) {
	hostClose(((cursor *)base)->scan);
	sqlite3_free(base);
	return SQLITE_OK;
}

static int next(sqlite3_vtab_cursor *base) {
	cursor *c = (cursor *)base;
	char *wrong = hostNext(c->scan, &c->end);
	c->row++;
	if (wrong == NULL) return SQLITE_OK;
	sqlite3_free(base->pVtab->zErrMsg);
	base->pVtab->zErrMsg = sqlite3_mprintf("%s", wrong);
	free(wrong);
	return SQLITE_ERROR;
}

static int filter(sqlite3_vtab_cursor *base, int number, const char *mask, int argc, sqlite3_value **argv) {
	cursor *c = (cursor *)base;
	hostClose(c->scan);
	c->scan = hostScan(((table *)base->pVtab)->table, strtoull(mask, NULL, 10), argc > 0 ? sqlite3_value_int64(argv[0]) : -1);
	c->end = 0;
	return next(base);
}

static int atEnd(sqlite3_vtab_cursor *base) { return ((cursor *)base)->end; }

static int column(sqlite3_vtab_cursor *base, sqlite3_context *to, int i) {
	char *value = hostColumn(((cursor *)base)->scan, i);
	if (value != NULL) sqlite3_result_text(to, value, -1, free);
	return SQLITE_OK;
}

static int rowid(sqlite3_vtab_cursor *base, sqlite3_int64 *id) { *id = ((cursor *)base)->row; return SQLITE_OK; }

static sqlite3_module module = {
	.xConnect = connectTable, .xBestIndex = plan, .xDisconnect = disconnectTable, .xOpen = openCursor, .xClose = closeCursor,
	.xFilter = filter, .xNext = next, .xEof = atEnd, .xColumn = column, .xRowid = rowid,
};

static void configure(sqlite3_context *to, int argc, sqlite3_value **argv) {
	char *wrong = hostConfigure((char *)sqlite3_value_text(argv[0]));
	if (wrong == NULL) return;
	sqlite3_result_error(to, wrong, -1);
	free(wrong);
}

int sqlite3_extension_init(sqlite3 *db, char **wrong, const sqlite3_api_routines *api) {
	SQLITE_EXTENSION_INIT2(api);
	int tables = hostLoad();
	if (tables < 0) return SQLITE_ERROR;
	for (int i = 0; i < tables; i++) {
		char *name = hostName(i);
		int rc = sqlite3_create_module_v2(db, name, &module, (void *)(intptr_t)i, NULL);
		free(name);
		if (rc != SQLITE_OK) return rc;
	}
	return sqlite3_create_function_v2(db, "steampipe_configure_bitbucket", 1, SQLITE_UTF8, NULL, configure, NULL, NULL, NULL);
}
