package postgrestest

import (
	"encoding/json"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/kindor/steampipe-plugin-bitbucket/internal/sqlhost"
)

// Joins knows in which joins Steampipe's foreign data wrapper loses conditions. Where rows of another table give it the value
// of a key column, it tells PostgreSQL that it holds all conditions between the two tables, and holds those on that column
// alone: rows come that should not, without an error. A query is safe where such a table is read in a materialized CTE.
//
// PostgreSQL itself says which tables a query joins by which conditions, in a plan without values from other tables. What it
// would really choose for tables of Steampipe's depends on costs, and is not asked.
type Joins struct {
	conn *pgx.Conn
	keys map[string][]string // by table, the columns on which a condition with = reaches the plugin
}

// NewJoins makes tables like a host's, without rows, in a schema of their own.
func NewJoins(t testing.TB, conn *pgx.Conn, host *sqlhost.Host) *Joins {
	t.Helper()
	j := &Joins{conn, map[string][]string{}}
	j.exec(t, "create schema joins")
	for _, table := range host.Tables() {
		var columns []string
		for _, c := range table.Columns {
			if !c.Hidden {
				columns = append(columns, sqlhost.Quote(c.Name)+" "+types[c.Type])
			}
		}
		for _, k := range table.KeyColumns {
			if slices.Contains(k.Operators, "=") {
				j.keys[table.Name] = append(j.keys[table.Name], k.Name)
			}
		}
		j.exec(t, "create table joins."+table.Name+" ("+strings.Join(columns, ", ")+")")
	}
	return j
}

// exec uses the simple protocol, in which $1 is the business of the statement that is prepared.
func (j *Joins) exec(t testing.TB, sql string) {
	t.Helper()
	if err := j.conn.PgConn().Exec(t.Context(), sql).Close(); err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
}

// Losing are the tables of a query that could lose a condition, each with the conditions.
func (j *Joins) Losing(t testing.TB, sql string) []string {
	t.Helper()
	j.exec(t, `begin; set local search_path = joins; set local plan_cache_mode = force_generic_plan;
		set local enable_nestloop = off; set local enable_hashagg = off; set local enable_sort = off`)
	defer j.exec(t, "rollback")
	j.exec(t, "prepare asked as "+sql)
	defer j.exec(t, "deallocate asked")
	var n int
	const parameters = "select cardinality(parameter_types) from pg_prepared_statements where name = 'asked'"
	if err := j.conn.QueryRow(t.Context(), parameters).Scan(&n); err != nil {
		t.Fatal(err)
	}
	execute := "execute asked"
	if n > 0 {
		execute += "(null" + strings.Repeat(", null", n-1) + ")"
	}
	var text []byte
	if err := j.conn.QueryRow(t.Context(), "explain (verbose, format json) "+execute).Scan(&text); err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
	var plans []struct{ Plan node }
	if err := json.Unmarshal(text, &plans); err != nil {
		t.Fatal(err)
	}
	var all []string
	for _, p := range plans {
		for _, l := range levels(p.Plan) {
			all = append(all, j.losing(l)...)
		}
	}
	slices.Sort(all)
	return all
}

// A node is one of a plan.
type node struct {
	Type      string `json:"Node Type"`
	Parent    string `json:"Parent Relationship"`
	Table     string `json:"Relation Name"`
	Alias     string `json:"Alias"`
	Filter    string `json:"Filter"`
	HashCond  string `json:"Hash Cond"`
	MergeCond string `json:"Merge Cond"`
	Joined    string `json:"Join Filter"`
	Plans     []node `json:"Plans"`
}

// A level is the nodes of what PostgreSQL plans as one: a query, with the subqueries and CTEs that it takes into it.
type level []node

// within are the types of nodes that go on with the level of what is below them.
var within = []string{
	"Hash", "Hash Join", "Merge Join", "Nested Loop", "Materialize", "Memoize", "Sort", "Incremental Sort", "Gather", "Gather Merge",
}

func levels(top node) []level {
	var own level
	var others []level
	var add func(n node)
	add = func(n node) {
		own = append(own, n)
		for _, below := range n.Plans {
			planned := below.Parent != "InitPlan" && below.Parent != "SubPlan"
			if planned && slices.Contains(within, n.Type) {
				add(below)
			} else {
				others = append(others, levels(below)...)
			}
		}
	}
	add(top)
	return append(others, own)
}

// namePattern matches a name as PostgreSQL writes it.
const namePattern = `("[^"]+"|\b[a-z_]\w*)`

var (
	literal = regexp.MustCompile(`'(?:[^']|'')*'`)
	column  = regexp.MustCompile(namePattern + `\.` + namePattern)
	equal   = regexp.MustCompile(`^\(?` + namePattern + `\.` + namePattern + ` = ` + namePattern + `\.` + namePattern + `\)?$`)
	fixed   = regexp.MustCompile(`^\(?` + namePattern + `\.` + namePattern + ` = ('(?:[^']|'')*'::[a-z ]+|\$\d+|\d+)\)?$`)
)

// losing are the tables of a level that could lose a condition.
func (j *Joins) losing(l level) []string {
	found := map[string]map[string]bool{} // by alias, the columns that are equal to another table's, and all other conditions
	note := func(alias, condition string) {
		alias, condition = strings.Trim(alias, `"`), strings.Trim(condition, `"`)
		if found[alias] == nil {
			found[alias] = map[string]bool{}
		}
		found[alias][condition] = true
	}
	constant := map[string][][]string{} // the columns that are equal to a constant, and so to each other
	for _, n := range l {
		for _, condition := range conditions(n.HashCond, n.MergeCond, n.Joined) {
			of := column.FindAllStringSubmatch(literal.ReplaceAllString(condition, "''"), -1)
			for _, c := range of {
				other := slices.ContainsFunc(of, func(o []string) bool { return o[1] != c[1] })
				switch {
				case other && equal.MatchString(condition):
					note(c[1], c[2])
				case other:
					note(c[1], condition)
				}
			}
		}
		for _, condition := range conditions(n.Filter) {
			if c := fixed.FindStringSubmatch(condition); c != nil {
				constant[c[3]] = append(constant[c[3]], c[1:3])
			}
		}
	}
	for _, same := range constant {
		for _, c := range same {
			if slices.ContainsFunc(same, func(o []string) bool { return o[0] != c[0] }) {
				note(c[0], c[1])
			}
		}
	}
	var all []string
	for _, n := range l {
		of := slices.Sorted(maps.Keys(found[n.Alias]))
		key := func(condition string) bool { return slices.Contains(j.keys[n.Table], condition) }
		if n.Table != "" && len(of) > 1 && slices.ContainsFunc(of, key) {
			all = append(all, fmt.Sprintf("%s, by %s", n.Table, strings.Join(of, " and ")))
		}
	}
	return all
}

// conditions are those of which texts consist, as a plan has them: (a) or ((a) AND (b)).
func conditions(texts ...string) []string {
	var all []string
	for _, text := range texts {
		quoted, depth, from := false, 0, 0
		for i, r := range text {
			switch {
			case r == '\'':
				quoted = !quoted
			case quoted:
			case r == '(':
				depth++
			case r == ')':
				depth--
			case depth == 1 && strings.HasPrefix(text[i:], " AND "):
				all = append(all, strings.TrimPrefix(text[from:i], "("))
				from = i + len(" AND ")
			}
		}
		if last := text[from:]; from > 0 {
			all = append(all, strings.TrimSuffix(last, ")"))
		} else if text != "" {
			all = append(all, text)
		}
	}
	return all
}
