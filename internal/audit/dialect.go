package audit

import (
	"embed"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strconv"
	"strings"
	"sync"
	"text/template"
)

// A Dialect is the SQL dialect of an engine.
type Dialect int

// The dialects: SQLite's for the plugin itself, PostgreSQL's for Steampipe.
const (
	SQLite Dialect = iota
	PostgreSQL
)

// A Kind is the type of a parameter.
type Kind string

// The kinds of parameters, in Powerpipe's words for the types of variables.
const (
	Number Kind = "number"
	Text   Kind = "string"
	Flag   Kind = "bool"
	Texts  Kind = "list(string)"
)

// A Param is a parameter of a query.
type Param struct {
	Name string
	Kind Kind
}

//go:embed sql/*.sql
var files embed.FS

// templates returns the queries by name. Files whose names begin with an underscore contain parts of queries. They are only parsed
// when they are needed, because most commands run no control.
var templates = sync.OnceValue(func() *template.Template {
	return template.Must(template.New("").Funcs((&writer{}).functions()).ParseFS(files, "sql/*.sql"))
})

// Queries returns the names of all queries, sorted.
func Queries() []string {
	found, _ := fs.Glob(files, "sql/[a-z]*.sql") // the pattern is valid
	var names []string
	for _, file := range found {
		names = append(names, strings.TrimSuffix(path.Base(file), ".sql"))
	}
	return names
}

// SQL returns a query in SQLite's dialect, with its values inserted.
func SQL(query string, values map[string]any) (string, error) {
	w := &writer{dialect: SQLite, values: values}
	return w.write(query)
}

// Prepared returns a query in PostgreSQL's dialect, with the parameters $1, $2 and so on.
func Prepared(query string) (sql string, params []Param, err error) {
	w := &writer{dialect: PostgreSQL}
	sql, err = w.write(query)
	return sql, w.params, err
}

func (w *writer) write(query string) (string, error) {
	set, err := templates().Clone()
	if err != nil {
		return "", err
	}
	w.set = set
	set.Funcs(w.functions())
	var b strings.Builder
	err = set.ExecuteTemplate(&b, query+".sql", nil)
	if c := FindControl(query); c != nil && err == nil {
		judged := strings.TrimSpace(b.String())
		b.Reset()
		err = set.ExecuteTemplate(&b, "control", controlled{c, judged, w.guards()})
	}
	if err != nil {
		return "", fmt.Errorf("query %s: %w", query, err)
	}
	return strings.TrimSpace(b.String()), nil
}

// A controlled is the data of the template for all controls, which adds rows for what a control could not judge.
type controlled struct {
	Control *Control
	Body    string
	Guards  []guard
}

// A guard stops a control if a variable has an invalid value.
type guard struct {
	Name   string // name of the variable
	Value  string // the value as text, in SQL
	Holds  string // condition for a valid value, in SQL
	Should string // description of a valid value
}

// guards returns the guards of the parameters that were written. Powerpipe itself accepts any value of the type.
func (w *writer) guards() []guard {
	var all []guard
	for _, p := range w.params {
		v, ok := FindVariable(p.Name)
		place, err := w.param(p.Name, p.Kind)
		if !ok || err != nil {
			continue
		}
		should := strings.ReplaceAll(v.should(), "'", "''")
		switch {
		case v.Allowed != nil:
			quoted := make([]string, len(v.Allowed))
			for i, allowed := range v.Allowed {
				quoted[i] = quote(allowed)
			}
			all = append(all, guard{v.Name, place, place + " in (" + strings.Join(quoted, ", ") + ")", should})
		case v.Kind() == Number:
			all = append(all, guard{v.Name, "cast(" + place + " as text)", fmt.Sprintf("%s >= %d", place, v.Min), should})
		}
	}
	return all
}

func indent(sql string) string { return "  " + strings.ReplaceAll(sql, "\n", "\n  ") }

// A writer writes one query. The templates call its methods for the parts that differ between the dialects.
type writer struct {
	dialect Dialect
	values  map[string]any
	params  []Param
	set     *template.Template
}

func (w *writer) functions() template.FuncMap {
	return template.FuncMap{
		"number": w.number, "text": w.text, "flag": w.flag, "listed": w.listed, "matches": w.matches,
		"glob": w.glob, "days_ago": w.daysAgo, "days_since": w.daysSince, "date": w.date, "month": w.month,
		"each": w.each, "ranked": ranked, "percentile": percentile, "object": w.object, "days_between": w.daysBetween,
		"months": w.months, "workspace_of": w.workspaceOf, "named": named, "looked_up": w.lookedUp, "host": w.host, "since": w.since, "not_judged": w.notJudged, "indent": indent,
	}
}

// param returns the placeholder of a parameter, or its value.
func (w *writer) param(name string, kind Kind) (string, error) {
	i := slices.IndexFunc(w.params, func(p Param) bool { return p.Name == name })
	if i < 0 {
		i = len(w.params)
		w.params = append(w.params, Param{name, kind})
	}
	if w.params[i].Kind != kind {
		return "", fmt.Errorf("%s is a %s and a %s", name, w.params[i].Kind, kind)
	}
	if w.dialect == SQLite {
		value, ok := w.values[name]
		if !ok {
			return "", fmt.Errorf("%s has no value", name)
		}
		return literal(name, kind, value)
	}
	return fmt.Sprintf("$%d::%s", i+1, map[Kind]string{Number: "integer", Text: "text", Flag: "boolean", Texts: "text[]"}[kind]), nil
}

// literal returns a value in SQLite's dialect.
func literal(name string, kind Kind, value any) (string, error) {
	switch v := value.(type) {
	case int:
		if kind == Number {
			return strconv.Itoa(v), nil
		}
	case string:
		if kind == Text {
			return quote(v), nil
		}
	case bool:
		if kind == Flag {
			return strconv.FormatBool(v), nil
		}
	case []string:
		if kind == Texts {
			quoted := make([]string, len(v))
			for i, s := range v {
				quoted[i] = "(" + quote(s) + ")"
			}
			if len(v) == 0 {
				return "(select null as value where false)", nil
			}
			return "(select column1 as value from (values " + strings.Join(quoted, ", ") + "))", nil
		}
	}
	return "", fmt.Errorf("%s is %v, which is not a %s", name, value, kind)
}

func quote(s string) string { return "'" + strings.ReplaceAll(s, "'", "''") + "'" }

func (w *writer) number(name string) (string, error) { return w.param(name, Number) }
func (w *writer) text(name string) (string, error)   { return w.param(name, Text) }
func (w *writer) flag(name string) (string, error)   { return w.param(name, Flag) }

// listed returns a condition: an expression is one of the texts of a list.
func (w *writer) listed(expression, list string) (string, error) {
	texts, err := w.param(list, Texts)
	if w.dialect == PostgreSQL {
		return expression + " = any(" + texts + ")", err
	}
	return expression + " in " + texts, err
}

// matches returns a condition: an expression matches one of the patterns of a list.
func (w *writer) matches(expression, list string) (string, error) {
	patterns, err := w.param(list, Texts)
	if w.dialect == PostgreSQL {
		patterns = "unnest(" + patterns + ")"
	}
	return "exists (select 1 from " + patterns + " as pattern" + map[Dialect]string{PostgreSQL: "(value)"}[w.dialect] +
		" where " + w.glob(expression, "pattern.value") + ")", err
}

// notJudged returns the status of resources that could not be judged.
func (w *writer) notJudged() string {
	if w.dialect == PostgreSQL {
		return quote(string(Skip))
	}
	return quote(string(NotJudged))
}

// glob returns a condition: a name matches a pattern, in which only * has a meaning: any text.
func (w *writer) glob(name, pattern string) string {
	if w.dialect == PostgreSQL {
		return name + ` like replace(replace(replace(replace(` + pattern + `, '\', '\\'), '%', '\%'), '_', '\_'), '*', '%')`
	}
	return name + " glob replace(replace(" + pattern + ", '[', '[[]'), '?', '[?]')"
}

// daysAgo returns the time that many days ago.
func (w *writer) daysAgo(days string) (string, error) {
	n, err := w.number(days)
	if w.dialect == PostgreSQL {
		return "now() - " + n + " * interval '1 day'", err
	}
	return "datetime('now', '-" + n + " days')", err
}

// since returns the beginning of the first day of a dashboard. All panels use the same time, so that the plugin can
// answer them with the same requests.
func (w *writer) since() (string, error) {
	n, err := w.number("since")
	if w.dialect == PostgreSQL {
		return "date_trunc('day', now()) - " + n + " * interval '1 day'", err
	}
	return "datetime('now', 'start of day', '-" + n + " days')", err
}

// daysSince returns the number of calendar days since a time.
func (w *writer) daysSince(time string) string {
	if w.dialect == PostgreSQL {
		return "(current_date - cast(" + time + " as date))"
	}
	return "cast(julianday(date('now')) - julianday(date(" + time + ")) as integer)"
}

func (w *writer) date(time string) string {
	if w.dialect == PostgreSQL {
		return "to_char(" + time + ", 'YYYY-MM-DD')"
	}
	return "date(" + time + ")"
}

func (w *writer) month(time string) string {
	if w.dialect == PostgreSQL {
		return "to_char(" + time + ", 'YYYY-MM')"
	}
	return "strftime('%Y-%m', " + time + ")"
}

// months returns a CTE with the months from the first time of a source until now, so that a month without rows is not missing.
func (w *writer) months(time, source string) string {
	if w.dialect == PostgreSQL {
		return fmt.Sprintf(`months as (
  select
    to_char(month, 'YYYY-MM') as month
  from
    generate_series((select date_trunc('month', min(%s)) from %s), now(), interval '1 month') as month
)`, time, source)
	}
	return fmt.Sprintf(`months as (
  select strftime('%%Y-%%m', min(%s)) as month from %s
  union all
  select strftime('%%Y-%%m', month || '-01', '+1 month') from months where month < strftime('%%Y-%%m', 'now')
)`, time, source)
}

// workspaceOf returns the slug of the workspace in a parameter with a slug or the full name of a repository.
func (w *writer) workspaceOf(name string) (string, error) {
	place, err := w.text(name)
	if w.dialect == PostgreSQL {
		return "split_part(" + place + ", '/', 1)", err
	}
	return "substr(" + place + ", 1, instr(" + place + " || '/', '/') - 1)", err
}

// named returns a name, followed by a suffix where rows with another id have the same name. The suffix is the id unless it is
// given; of a UUID it is a part.
func named(name, id string, suffixes ...string) string {
	suffix := id
	if strings.Contains(id, "uuid") {
		suffix = "substr(replace(" + id + ", '{', ''), 1, 8)"
	}
	for _, given := range suffixes {
		suffix = given
	}
	window := fmt.Sprintf("(%s) over (partition by %s)", id, name)
	return fmt.Sprintf("case when min%s <> max%[1]s then %s || ' (' || (%s) || ')' else %[2]s end", window, name, suffix)
}

// lookedUp returns a CTE with the rows of a table for each row of a source: one lookup by key columns each. In PostgreSQL
// it must not become a join, in which Steampipe loses conditions.
func (w *writer) lookedUp(name, columns, source, table, condition string) string {
	lookup := fmt.Sprintf("cross join %s as t\n  where\n    %s", table, condition)
	if w.dialect == PostgreSQL {
		lookup = fmt.Sprintf("cross join lateral (select * from %s as t where %s offset 0) as t", table, condition)
	}
	return fmt.Sprintf("%s as materialized (\n  select\n    %s\n  from\n    %s as s\n    %s\n)", name, columns, source, lookup)
}

// each returns the elements of a JSON array, as rows with a column value.
func (w *writer) each(array string) string {
	if w.dialect == PostgreSQL {
		return "jsonb_array_elements(" + array + ")"
	}
	return "json_each(" + array + ")"
}

// ranked returns a CTE with the rows of a source, ranked by a column among those with the same value in another column, or
// among all if that is empty. Rows without a value come last, and don't count for percentile.
func ranked(column, source, by string) string {
	partition := ""
	if by != "" {
		partition = "partition by " + by + " "
	}
	return fmt.Sprintf(`ranked as (
  select
    *,
    row_number() over (%sorder by %s is null, %[2]s) as position,
    count(%[2]s) over (%[1]s) as total
  from
    %[3]s
)`, partition, column, source)
}

// percentile returns the smallest value of a ranked column such that the given share of all values is not larger.
func percentile(share, column string) string {
	return "min(" + column + ") filter (where position >= " + share + " * total)"
}

// object returns a JSON object of names and values.
func (w *writer) object(pairs ...string) string {
	function := "json_object"
	if w.dialect == PostgreSQL {
		function = "jsonb_build_object"
	}
	return function + "(" + strings.Join(pairs, ", ") + ")"
}

// daysBetween returns the number of days between two times.
func (w *writer) daysBetween(from, to string) string {
	if w.dialect == PostgreSQL {
		return "extract(epoch from " + to + " - " + from + ") / 86400"
	}
	return "(julianday(" + to + ") - julianday(" + from + "))"
}

// host returns the scheme and the host of an address. The rest may be a secret, and so may the part before an @.
func (w *writer) host(address string) string {
	if w.dialect == PostgreSQL {
		return `regexp_replace(` + address + `, '^([^:/?#]*://)?([^/?#]*@)?([^/?#]*).*$', '\1\3')`
	}
	after := "substr(" + address + ", instr(" + address + ", '://') + 3)"
	authority := "substr(" + after + ", 1, instr(replace(replace(" + after + ", '?', '/'), '#', '/') || '/', '/') - 1)"
	user := "rtrim(" + authority + ", replace(" + authority + ", '@', ''))" // up to the last @
	return "substr(" + address + ", 1, instr(" + address + ", '://') + 2) || substr(" + authority + ", length(" + user + ") + 1)"
}
