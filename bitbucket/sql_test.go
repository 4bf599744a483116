package bitbucket

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/turbot/steampipe-plugin-sdk/v5/grpc/proto"
	gproto "google.golang.org/protobuf/proto"

	"github.com/kindor/steampipe-plugin-bitbucket/internal/fakebitbucket"
)

// TestConditionsMeanWhatSQLSays queries every table with every operator of every key column, in every form that the wrapper for
// PostgreSQL can send. It compares the rows that a host then keeps with those that SQL keeps of all rows. The rules of SQL are
// implemented here a second time. A third of the queries are also made with LIMIT, which the host pushes down. With -soak, all
// are, and many more combinations of conditions are tested.
func TestConditionsMeanWhatSQLSays(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("takes long")
	}
	for name, options := range map[string]fakebitbucket.Options{
		"minding the case": {},
		"folding the case": {FoldsCase: true}, // this changes filters by texts
	} {
		t.Run(name, func(t *testing.T) {
			options.Repositories, options.Projects, options.Users, options.Groups = 4, 2, 5, 2
			fake := fakebitbucket.Start(t, options)
			e := &conditionTest{h: connected(t, fake, `max_age = "1m"`)}
			for _, tab := range tables {
				t.Run(tab.name, func(t *testing.T) {
					fake.ResetJournal() // frees a hundred thousand entries that aren't used
					x := &tableTest{conditionTest: e, tab: tab, random: rand.New(rand.NewPCG(1, 2)), results: map[string]queryResult{}}
					x.keys = x.keyColumns()
					for _, q := range tab.keyColumns {
						c := tab.column(q.column)
						if !options.FoldsCase || q.field != "" && c.kind == proto.ColumnType_STRING {
							x.column(t, c, q)
						}
					}
					x.several(t)
				})
			}
			t.Logf("%d combinations, %d with LIMIT too, in %d queries; %d of them were refused for a name that does not exist",
				e.combinations, e.limited, e.queries, e.refused)
		})
	}
}

// A conditionTest queries the tables of one organization.
type conditionTest struct {
	h *host

	combinations, limited, queries, refused int
}

// A tableTest queries one of the tables.
type tableTest struct {
	*conditionTest
	tab     *table
	keys    string // the key columns, and those that identify a row
	random  *rand.Rand
	results map[string]queryResult // by query
}

// A queryResult is the result of a query.
type queryResult struct {
	rows []sqlRow
	err  error
}

// A sqlRow is a row, by column and as a text.
type sqlRow struct {
	values map[string]any
	text   string
}

// namesObjects are the columns that name a workspace, a project, a repository, or another object. A name that does not exist
// may be an error.
var namesObjects = []string{
	"workspace_slug", "bitbucket_workspace.slug", "full_name", "repository_full_name", "project_key", "bitbucket_project.key",
	"role", "bitbucket_webhook_event.subject_type", "bitbucket_my_workspace.slug", "bitbucket_source_file.max_depth",
}

// widens are the columns whose values widen the query: it returns rows that the whole table does not have. The columns that
// repeat the query do so, too.
var widens = []string{
	"commit_hash", "bitbucket_user.uuid", "bitbucket_user.account_id", "bitbucket_workspace.slug", "bitbucket_workspace.uuid",
	"bitbucket_commit.hash", "bitbucket_source_file.path", "bitbucket_repository.uuid",
}

func (x *tableTest) isOneOf(columns []string, name string) bool {
	return slices.Contains(columns, name) || slices.Contains(columns, x.tab.name+"."+name)
}

func (x *tableTest) widens(name string) bool {
	return x.isOneOf(widens, name) || x.tab.column(name).from()[0].part == queryPart
}

func (x *tableTest) keyColumns() string {
	columns := map[string]bool{}
	for _, q := range x.tab.keyColumns {
		columns[q.column] = true
	}
	for _, c := range x.tab.columns {
		if slices.Contains([]string{"uuid", "id", "name", "title", "full_name", "hash", "path", "slug", "key"}, c.name) {
			columns[c.name] = true
		}
	}
	return strings.Join(slices.Sorted(maps.Keys(columns)), " ")
}

// query queries the table. If the same query was made before, it returns its result: ANY and ALL are often the same query.
func (x *tableTest) query(columns string, limit int, sorting *proto.SortColumn, quals ...*proto.Qual) ([]sqlRow, error) {
	key := fmt.Sprint(columns, limit, sorting, quals)
	if a, known := x.results[key]; known {
		return a.rows, a.err
	}
	x.queries++
	got, err := x.h.try(context.Background(), tableQuery{table: x.tab.name, columns: columns, where: quals, limit: int64(limit), order: sorting})
	a := queryResult{err: err}
	names := strings.Fields(columns)
	for _, r := range got {
		var b strings.Builder
		for _, name := range names {
			fmt.Fprintf(&b, "%s %v, ", name, r[name])
		}
		a.rows = append(a.rows, sqlRow{r, b.String()})
	}
	x.results[key] = a
	return a.rows, a.err
}

// all returns the rows of the table without a condition.
func (x *tableTest) all(t *testing.T, columns string) []sqlRow {
	rows, err := x.query(columns, 0, nil)
	if err != nil {
		t.Fatalf("%s: %v", x.tab.name, err)
	}
	return rows
}

// forms returns the conditions on a key column.
func (x *tableTest) forms(t *testing.T, q keyColumn) []sqlForm {
	return formsOf(x.tab.column(q.column).kind, q.operators, valuesIn(x.all(t, x.keys), q.column))
}

// column makes a query for each condition on a column.
func (x *tableTest) column(t *testing.T, c column, q keyColumn) {
	for _, f := range x.forms(t, q) {
		if c.from()[0].part == queryPart && f.names == nil {
			continue // the column repeats the query, so that the condition excludes no row
		}
		x.combinations++
		qual := f.qual(c.name)
		columns := x.keys
		if gproto.Size(qual)%2 == 1 {
			columns = c.name
		}
		what := fmt.Sprintf("%s where %s, columns %s", x.tab.name, f.on(c.name), columns)
		got, err := x.query(columns, 0, nil, qual)
		if err != nil {
			if !x.mayRefuse(t, c.name, f) {
				t.Errorf("%s: %v", what, err)
			}
			x.refused++
			continue
		}
		keeps := func(r sqlRow) bool { return f.keeps(r.values[c.name]) }
		want, kept := keptBy(x.all(t, columns), keeps), keptBy(got, keeps)
		if x.widens(c.name) && f.names != nil {
			if x.tab.column(c.name).from()[0].part == queryPart {
				want = nil // the column repeats the query, and these rows are of another one
			}
			want = x.widened(t, what, c.name, columns, f, want)
		}
		if diff := difference(want, kept); diff != "" {
			t.Errorf("%s:\n%s", what, diff)
			continue
		}
		if slices.Contains(q.operators, f.operator) {
			x.limit(t, what, columns, want, keeps, qual)
		}
	}
}

// mayRefuse reports whether a condition names something that does not exist, or has a uuid in another spelling.
func (x *tableTest) mayRefuse(t *testing.T, col string, f sqlForm) bool {
	misspelled := func(name sqlConstant) bool {
		id, isText := name.value.(string)
		return isText && anyUUID.MatchString(id) && id != canonicalUUID(id)
	}
	if strings.HasSuffix(col, "uuid") && slices.ContainsFunc(f.mentions, misspelled) {
		return true
	}
	return x.isOneOf(namesObjects, col) && slices.ContainsFunc(f.mentions, func(name sqlConstant) bool {
		return !slices.ContainsFunc(x.all(t, x.keys), func(r sqlRow) bool { return r.values[col] == name.value })
	})
}

// mayRefuseOne reports whether mayRefuse is true for one of several conditions.
func (x *tableTest) mayRefuseOne(t *testing.T, quals []*proto.Qual, forms []sqlForm) bool {
	for i, f := range forms {
		if x.mayRefuse(t, quals[i].FieldName, f) {
			return true
		}
	}
	return false
}

// widened returns the expected rows of a condition by names: the rows for each name alone. They include the rows of the whole
// table that satisfy it.
func (x *tableTest) widened(t *testing.T, what, col, columns string, f sqlForm, have []sqlRow) []sqlRow {
	var want []sqlRow
	for _, name := range f.names {
		rows, err := x.query(columns, 0, nil, sqlQual(col, "=", name.wire))
		if err != nil {
			t.Errorf("%s: %v", what, err)
		}
		want = append(want, keptBy(rows, func(r sqlRow) bool { return r.values[col] == name.value })...)
	}
	if missing := surplus(tallyTexts(have), tallyTexts(want)); len(missing) > 0 {
		t.Errorf("%s: lacks these rows of the whole table: %v", what, missing)
	}
	return want
}

// limit makes the query with LIMIT, and checks the number of rows, and that they are among the expected ones.
func (x *tableTest) limit(t *testing.T, what, columns string, want []sqlRow, keeps func(sqlRow) bool, quals ...*proto.Qual) {
	size, mayBeOpen := 0, false
	for _, q := range quals {
		size += gproto.Size(q)
		mayBeOpen = mayBeOpen || q.Value.GetListValue() != nil && q.GetStringValue() != "=" // the host may keep only some of the rows
	}
	if !*soak && !mayBeOpen && size%3 > 0 {
		return
	}
	x.limited++
	limit := 1 + size%5
	if mayBeOpen {
		limit = 4
	}
	got, err := x.query(columns, limit, nil, quals...)
	if err != nil {
		t.Errorf("%s limit %d: %v", what, limit, err)
		return
	}
	kept := keptBy(got, keeps)
	kept = kept[:min(limit, len(kept))] // the host's own LIMIT
	if len(kept) != min(limit, len(want)) {
		t.Errorf("%s limit %d: %d rows of %d", what, limit, len(kept), len(want))
	}
	if more := surplus(tallyTexts(kept), tallyTexts(want)); len(more) > 0 {
		t.Errorf("%s limit %d: has %.300v", what, limit, more)
	}
}

// several makes queries with conditions on several columns, and in an order that Bitbucket keeps.
func (x *tableTest) several(t *testing.T) {
	exact := slices.DeleteFunc(slices.Clone(x.tab.keyColumns), func(q keyColumn) bool {
		return x.widens(q.column) || x.isOneOf(namesObjects, q.column)
	})
	sortable := slices.DeleteFunc(strings.Fields(x.keys), func(name string) bool { return x.tab.column(name).sort == "" })
	times := 8
	if *soak {
		times = 500
	}
	for range times {
		var quals []*proto.Qual
		var forms []sqlForm
		var texts []string
		for range 4 {
			if len(exact) == 0 {
				return
			}
			q := exact[x.random.IntN(len(exact))]
			all := x.forms(t, q)
			f := all[x.random.IntN(len(all))]
			if some := keptBy(x.all(t, x.keys), func(r sqlRow) bool { return f.keeps(r.values[q.column]) }); len(some) > 0 && slices.Contains(q.operators, f.operator) {
				quals, forms, texts = append(quals, f.qual(q.column)), append(forms, f), append(texts, f.on(q.column))
			}
		}
		x.combinations++
		keeps := func(r sqlRow) bool {
			for i, f := range forms {
				if !f.keeps(r.values[quals[i].FieldName]) {
					return false
				}
			}
			return true
		}
		var sorting *proto.SortColumn
		what := fmt.Sprintf("%s where %s", x.tab.name, strings.Join(texts, " and "))
		if len(sortable) > 0 {
			sorting = &proto.SortColumn{Column: sortable[x.random.IntN(len(sortable))], Order: proto.SortOrder(x.random.IntN(2))}
			what += fmt.Sprintf(" order by %s %s", sorting.Column, sorting.Order)
		}
		got, err := x.query(x.keys, 0, sorting, quals...)
		if err != nil {
			if !x.mayRefuseOne(t, quals, forms) {
				t.Errorf("%s: %v", what, err)
			}
			continue
		}
		want, kept := keptBy(x.all(t, x.keys), keeps), keptBy(got, keeps)
		if diff := difference(want, kept); diff != "" {
			t.Errorf("%s:\n%s", what, diff)
			continue
		}
		if sorting == nil {
			x.limit(t, what, x.keys, want, keeps, quals...)
			continue
		}
		x.limited++
		limit := 1 + x.random.IntN(5)
		first, err := x.query(x.keys, limit, sorting, quals...)
		if err != nil {
			t.Errorf("%s limit %d: %v", what, limit, err)
			continue
		}
		x.inOrder(t, what, sorting, kept)
		first = keptBy(first, keeps)
		for i := range min(limit, len(kept)) {
			if i == len(first) || first[i].values[sorting.Column] != kept[i].values[sorting.Column] {
				t.Errorf("%s limit %d: row %d of %d is wrong", what, limit, i, len(first))
				break
			}
		}
	}
}

func (x *tableTest) inOrder(t *testing.T, what string, by *proto.SortColumn, rows []sqlRow) {
	for i := 1; i < len(rows); i++ {
		before, after := rows[i-1].values[by.Column], rows[i].values[by.Column]
		if by.Order == proto.SortOrder_Desc {
			before, after = after, before
		}
		if before == nil && after != nil || sqlCompare(before, ">", after) == isTrue {
			t.Errorf("%s: %v comes before %v", what, rows[i-1].values[by.Column], rows[i].values[by.Column])
		}
	}
}

func keptBy(rows []sqlRow, keeps func(sqlRow) bool) []sqlRow {
	var kept []sqlRow
	for _, r := range rows {
		if keeps(r) {
			kept = append(kept, r)
		}
	}
	return kept
}

// tallyTexts counts rows by their text.
func tallyTexts(rows []sqlRow) map[string]int {
	counts := map[string]int{}
	for _, r := range rows {
		counts[r.text]++
	}
	return counts
}

func difference(want, got []sqlRow) string {
	expected, found := tallyTexts(want), tallyTexts(got)
	lacks, has := surplus(expected, found), surplus(found, expected)
	if len(lacks)+len(has) == 0 {
		return ""
	}
	return fmt.Sprintf("lacks %d of %d: %.300s\nhas %d too many: %.300s", len(lacks), len(want), strings.Join(lacks, "; "), len(has), strings.Join(has, "; "))
}

// A sqlConstant is a value in a query, and the form in which the wrapper sends it.
type sqlConstant struct {
	value any // string, int64, bool, time.Time, or nil
	wire  *proto.QualValue
}

func (v sqlConstant) String() string { return fmt.Sprintf("%v", v.value) }

// A sqlForm is a condition on a column: in SQL, as the wrapper sends it, and with the rule for the rows that it keeps.
type sqlForm struct {
	sql      string
	operator string
	wire     *proto.QualValue
	keeps    func(have any) bool
	names    []sqlConstant // the different values that the column may have; nil for another kind of condition
	mentions []sqlConstant // the different values in a condition of equality
}

// on returns the condition on a column, in SQL.
func (f sqlForm) on(col string) string { return col + f.sql }

func (f sqlForm) qual(col string) *proto.Qual { return sqlQual(col, f.operator, f.wire) }

func sqlQual(col, operator string, wire *proto.QualValue) *proto.Qual {
	return &proto.Qual{FieldName: col, Operator: &proto.Qual_StringValue{StringValue: operator}, Value: wire}
}

// valuesIn returns the different values in a column that are not null, in order.
func valuesIn(rows []sqlRow, col string) []any {
	var all []any
	for _, r := range rows {
		all = append(all, r.values[col])
	}
	found := differentValues(all)
	slices.SortFunc(found, func(a, b any) int { return cmp.Compare(fmt.Sprint(a), fmt.Sprint(b)) })
	return found
}

// formsOf returns the conditions on a column of a kind that has these values.
func formsOf(kind proto.ColumnType, operators []string, have []any) []sqlForm {
	values := examples(kind, have)
	null := sqlConstant{}
	var forms []sqlForm
	add := func(sql, operator string, wire *proto.QualValue, keeps func(any) truthValue, names ...sqlConstant) {
		f := sqlForm{sql: sql, operator: operator, wire: wire, keeps: func(have any) bool { return keeps(have) == isTrue }}
		if isEqual := operator == "="; isEqual {
			f.mentions = distinctNames(names)
		}
		forms = append(forms, f)
	}
	byName := func() { forms[len(forms)-1].names = forms[len(forms)-1].mentions }
	for _, operator := range operators {
		sent := values
		if strings.HasPrefix(operator, "~~") {
			sent = patterns(have)
		}
		for _, v := range append(slices.Clone(sent), null) {
			add(fmt.Sprintf(" %s %q", operator, v), operator, v.wire, func(have any) truthValue { return sqlCompare(have, operator, v.value) }, v)
			byName()
		}
		lists := listsOf(sent)
		if operator == "<>" { // one value is left, so most rows may be read but few satisfy it
			for i := range have[:min(len(have), 4)] {
				var most []sqlConstant
				for j, v := range have {
					if j != i {
						most = append(most, sqlConstant{v, wireOf(v)})
					}
				}
				lists = append(lists, most)
			}
		}
		for _, list := range lists {
			values := plainValues(list)
			add(fmt.Sprintf(" %s any %q", operator, list), operator, wireList(list), func(have any) truthValue { return compareAny(have, operator, values) }, list...)
			byName()
			add(fmt.Sprintf(" %s all %q", operator, list), operator, wireList(list), func(have any) truthValue { return compareAll(have, operator, values) }, list...)
			if len(list) == 1 {
				byName()
			}
		}
	}
	// The wrapper's forms of OR, and of tests of booleans and null.
	if len(values) > 2 {
		a, b, c := values[0], values[1], values[2]
		for _, nested := range [][]sqlConstant{{a, b}, {b}, {}, {b, null}} {
			wire := wires(wireList(nested), c.wire)
			equal := func(have any) truthValue { return sqlCompare(have, "=", c.value) }
			mentions, values := append(slices.Clone(nested), c), plainValues(nested)
			add(fmt.Sprintf(" = any %q or … = %q", nested, c), "=", wire, func(have any) truthValue { return max(compareAny(have, "=", values), equal(have)) }, mentions...)
			if len(nested) == 1 {
				byName()
			}
			add(fmt.Sprintf(" = all %q or … = %q", nested, c), "=", wire, func(have any) truthValue { return max(compareAll(have, "=", values), equal(have)) }, mentions...)
		}
	}
	if kind == proto.ColumnType_BOOL {
		is := qualValue(true)
		add(" = false", "<>", is, func(have any) truthValue { return sqlCompare(have, "=", false) })
		forms[len(forms)-1].names = []sqlConstant{{false, qualValue(false)}}
		add(" is false", "<>", is, func(have any) truthValue { return truthOf(have == false) })
		forms[len(forms)-1].names = []sqlConstant{{false, qualValue(false)}}
		add(" is not true", "<>", is, func(have any) truthValue { return truthOf(have != true) })
		forms[len(forms)-1].names = []sqlConstant{{false, qualValue(false)}} // NULL can't be named
		add(" is true", "=", is, func(have any) truthValue { return truthOf(have == true) })
		forms[len(forms)-1].names = []sqlConstant{{true, is}}
	}
	add(" is null", "is null", nil, func(have any) truthValue { return truthOf(have == nil) })
	add(" is not null", "is not null", nil, func(have any) truthValue { return truthOf(have != nil) })
	return forms
}

// listsOf returns lists of the values, of each length and with null.
func listsOf(values []sqlConstant) [][]sqlConstant {
	lists := [][]sqlConstant{{}, {{}}, values}
	for i, v := range values[:min(len(values), 2)] {
		next := values[(i+1)%len(values)]
		lists = append(lists, []sqlConstant{v}, []sqlConstant{v, next}, []sqlConstant{{}, v, {}, next, v})
	}
	return lists
}

func distinctNames(list []sqlConstant) []sqlConstant {
	var names []sqlConstant
	for _, v := range list {
		if v.value != nil && !slices.ContainsFunc(names, func(other sqlConstant) bool { return other.value == v.value }) {
			names = append(names, v)
		}
	}
	return names
}

func plainValues(list []sqlConstant) []any {
	var values []any
	for _, c := range list {
		values = append(values, c.value)
	}
	return values
}

// wireList returns a list as the wrapper sends it: each value once, but every null.
func wireList(list []sqlConstant) *proto.QualValue {
	var values []*proto.QualValue
	var seen []any
	for _, v := range list {
		if v.value == nil || !slices.Contains(seen, v.value) {
			values, seen = append(values, v.wire), append(seen, v.value)
		}
	}
	return wires(values...)
}

func wires(values ...*proto.QualValue) *proto.QualValue {
	return &proto.QualValue{Value: &proto.QualValue_ListValue{ListValue: &proto.QualValueList{Values: values}}}
}

// examples returns values to compare a column with: some of its own, and awkward ones.
func examples(kind proto.ColumnType, have []any) []sqlConstant {
	some := firstMiddleLast(have)
	switch kind {
	case proto.ColumnType_STRING:
		for _, v := range slices.Clone(some) {
			some = append(some, inOtherCase(v.(string)))
		}
		some = append(some, `it's "so"`, `back\slash`, "100%", "a_b", "Größe ☃", "", " ", "0")
	case proto.ColumnType_INT:
		some = append(some, int64(0), int64(-1), int64(5_000_000_000), int64(1)<<53+1, int64(math.MaxInt64))
	case proto.ColumnType_BOOL:
		some = []any{true, false}
	case proto.ColumnType_TIMESTAMP:
		for _, v := range slices.Clone(some[:min(len(some), 1)]) {
			at := v.(time.Time)
			some = append(some, at.Add(time.Microsecond), at.Add(-time.Microsecond), at.Truncate(time.Second), at.Truncate(24*time.Hour))
		}
		some = append(some, time.Date(1970, 1, 1, 0, 0, 0, 0, time.UTC), time.Date(2038, 1, 19, 3, 14, 8, 0, time.UTC),
			time.Date(9999, 12, 31, 0, 0, 0, 0, time.UTC), time.Date(1, 1, 1, 0, 0, 0, 0, time.UTC), time.Date(3000, 1, 1, 0, 0, 0, 0, time.UTC))
	}
	var values []sqlConstant
	for _, v := range some {
		if !slices.ContainsFunc(values, func(other sqlConstant) bool { return other.value == v }) {
			values = append(values, sqlConstant{v, wireOf(v)})
		}
	}
	return values
}

// firstMiddleLast returns the first of the values, one in the middle, and the last.
func firstMiddleLast(values []any) []any {
	if len(values) == 0 {
		return nil
	}
	return differentValues([]any{values[0], values[len(values)/2], values[len(values)-1]})
}

// differentValues returns the values without null, each once.
func differentValues(values []any) []any {
	var different []any
	for _, v := range values {
		if v != nil && !slices.Contains(different, v) {
			different = append(different, v)
		}
	}
	return different
}

func wireOf(v any) *proto.QualValue {
	if at, isTime := v.(time.Time); isTime {
		// As PgTimeToTimestamp of the wrapper does it: nanoseconds from 2000, which overflow.
		micros := (at.Unix()-epoch.Unix())*1_000_000 + int64(at.Nanosecond()/1000)
		return qualValue(epoch.Add(time.Duration(micros * 1000)))
	}
	return qualValue(v)
}

// patterns returns patterns of LIKE that some values match, and awkward ones.
func patterns(have []any) []sqlConstant {
	all := []string{"%", "_%", "", `%\%%`, `%\_%`, `%"%`, `%'%`, `%\\%`, "%ö%", "%e%o%", "___________"}
	for _, i := range []int{0, len(have) / 2} {
		if i < len(have) {
			v := have[i].(string)
			middle := v[len(v)/2:]
			escaped := strings.NewReplacer(`\`, `\\`, "%", `\%`, "_", `\_`).Replace(v)
			all = append(all, escaped, inOtherCase(escaped), "%"+strings.ToValidUTF8(middle, ""), "_"+strings.ToValidUTF8(v[1:], "_")+"%")
		}
	}
	var values []sqlConstant
	for _, pattern := range all {
		if !slices.ContainsFunc(values, func(other sqlConstant) bool { return other.value == pattern }) {
			values = append(values, sqlConstant{pattern, qualValue(pattern)})
		}
	}
	return values
}

// inOtherCase returns a text with lower case for upper, and upper for lower.
func inOtherCase(s string) string {
	return strings.Map(func(char rune) rune {
		if lower := strings.ToLower(string(char)); lower != string(char) {
			return []rune(lower)[0]
		}
		return []rune(strings.ToUpper(string(char)))[0]
	}, s)
}
