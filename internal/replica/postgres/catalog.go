package postgres

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"

	"github.com/kindor/steampipe-plugin-bitbucket/internal/replica"
)

// kinds are the types of columns, as PostgreSQL shows them.
var kinds = map[replica.Type]string{
	replica.Text:      "text",
	replica.Boolean:   "boolean",
	replica.Integer:   "bigint",
	replica.Timestamp: "timestamp with time zone",
	replica.JSON:      "jsonb",
}

// A relation is a table or view that is in the schema.
type relation struct {
	kind     string            // as in pg_class: r is a table, v a view
	comments map[string]string // by column; that of the relation itself by ""
	columns  []relationColumn
	key      []string
}

// A relationColumn is a column of a relation.
type relationColumn struct{ name, kind string }

func (r *relation) column(name string) *relationColumn {
	if r != nil {
		for i := range r.columns {
			if r.columns[i].name == name {
				return &r.columns[i]
			}
		}
	}
	return nil
}

func (r *relation) names() []string {
	var all []string
	for _, c := range r.columns {
		all = append(all, c.name)
	}
	return all
}

// A querier is a connection or a transaction.
type querier interface {
	Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error)
}

// relations returns those of the relations that are in the schema.
func (d *Destination) relations(ctx context.Context, q querier, names ...string) (map[string]*relation, error) {
	rows, err := q.Query(ctx, `
		select c.relname::text, c.relkind::text, coalesce(obj_description(c.oid, 'pg_class'), ''),
			a.attname::text, format_type(a.atttypid, a.atttypmod), coalesce(col_description(c.oid, a.attnum), ''),
			coalesce(array_position(i.indkey::int2[], a.attnum), -1)
		from pg_class c
		join pg_namespace n on n.oid = c.relnamespace
		join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
		left join pg_index i on i.indrelid = c.oid and i.indisprimary
		where n.nspname = $1 and c.relname = any ($2::text[])
		order by c.relname, a.attnum`, d.schema, names)
	if err != nil {
		return nil, err
	}
	found := map[string]*relation{}
	var name, kind, comment, ofColumn string
	var c relationColumn
	var inKey int
	_, err = pgx.ForEachRow(rows, []any{&name, &kind, &comment, &c.name, &c.kind, &ofColumn, &inKey}, func() error {
		r := found[name]
		if r == nil {
			r = &relation{kind: kind, comments: map[string]string{"": comment}}
			found[name] = r
		}
		r.columns = append(r.columns, c)
		r.comments[c.name] = ofColumn
		if inKey >= 0 {
			r.key = append(r.key, make([]string, max(0, inKey+1-len(r.key)))...)
			r.key[inKey] = c.name
		}
		return nil
	})
	return found, err
}

// declarations are columns as in a create table.
func declarations(columns []replica.Column) string {
	var all []string
	for _, c := range columns {
		all = append(all, quote(c.Name)+" "+kinds[c.Type])
	}
	return strings.Join(all, ", ")
}

// list is columns, each of them with what is before it.
func list(before string, columns []string) string {
	var all []string
	for _, c := range columns {
		all = append(all, before+quote(c))
	}
	return strings.Join(all, ", ")
}

// literal is a text as SQL has it.
func literal(s string) string { return "'" + strings.ReplaceAll(storedText(s), "'", "''") + "'" }

// checkColumns checks that a table that is there can go on with the columns and the key of today.
func (d *Destination) checkColumns(name string, r *relation, t replica.Table) error {
	tables := d.name(t.Name)
	if t.HasHistory {
		tables += ", " + d.name(t.Name+endedSuffix)
	}
	again := fmt.Sprintf("Drop it with all that depends on it (drop table %s cascade), and sync everything again", tables)
	if r.kind != "r" {
		return advisef("%s is there, and is not a table. Drop or rename it", d.name(name))
	}
	if name == t.Name && !slices.Equal(r.key, t.Key) {
		return advisef("the key of %s is %s, and this version of the plugin has the key %s. %s",
			d.name(name), strings.Join(r.key, ", "), strings.Join(t.Key, ", "), again)
	}
	for _, c := range t.Columns {
		if have := r.column(c.Name); have != nil && have.kind != kinds[c.Type] {
			return advisef("the column %s of %s has the type %s, and this version of the plugin has %s. %s",
				c.Name, d.name(name), have.kind, kinds[c.Type], again)
		}
	}
	return nil
}
