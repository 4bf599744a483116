package bitbucket

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"
	"github.com/turbot/steampipe-plugin-sdk/v5/grpc/proto"

	"github.com/kindor/steampipe-plugin-bitbucket/internal/fakebitbucket"
)

// uncopied are the tables that are not copied, and the reasons.
var uncopied = map[string]string{
	"bitbucket_omission":   "each run writes what it left out itself",
	"bitbucket_rate_limit": "it is about the process that asks, and not about Bitbucket",
}

func TestEveryTableSaysHowItIsCopied(t *testing.T) {
	for _, tab := range tables {
		_, _, ok := CopyingOf(tab.name)
		if reason := uncopied[tab.name]; ok == (reason != "") {
			t.Errorf("%s: copied: %t; reason in uncopied (in this file): %q", tab.name, ok, reason)
		}
	}
	for name := range uncopied {
		tableNamed(name)
	}
	if _, _, ok := CopyingOf("bitbucket_unknown"); ok {
		t.Error("an unknown table is copied")
	}
}

// forCopies calls a function for each table that is copied.
func forCopies(t *testing.T, do func(t *testing.T, tab *table, c Copying, left []string)) {
	for _, tab := range tables {
		if c, left, ok := CopyingOf(tab.name); ok {
			t.Run(tab.name, func(t *testing.T) { do(t, tab, c, left) })
		}
	}
}

func TestCopyingsAreWhole(t *testing.T) {
	forCopies(t, func(t *testing.T, tab *table, c Copying, left []string) {
		if len(c.Key) == 0 {
			t.Error("there is no key")
		}
		wantColumns(t, tab, "key", c.Key, left)
		wantColumns(t, tab, "ignored", c.Ignored, append(slices.Clone(left), c.Key...))
		if len(c.Ignored) > 0 && !c.HasHistory {
			t.Errorf("%v are ignored, but there is no history", c.Ignored)
		}
		if (c.Since != "") != (c.Reading == ReadSince) || c.Unfinished != "" && c.Since == "" {
			t.Errorf("read %s, since %q, unfinished %q", c.Reading, c.Since, c.Unfinished)
		}
		if (c.Parent != "") != (c.Reading == ReadChildren) || (len(c.Links) > 0) != (c.Parent != "") {
			t.Errorf("read %s, parent %q, links %v", c.Reading, c.Parent, c.Links)
		}
		if c.Elsewhere.Column != "" && (c.Reading != ReadTouched || len(c.Elsewhere.Values) == 0 || !isCondition(tab, c.Elsewhere.Column, "=")) {
			t.Errorf("read %s, elsewhere %v", c.Reading, c.Elsewhere)
		}
		switch c.Reading {
		case ReadWhole:
			return
		case ReadTouched, ReadHeads:
		case ReadSince:
			if !isCondition(tab, c.Since, ">=") || tab.column(c.Since).kind != proto.ColumnType_TIMESTAMP {
				t.Errorf("%s is no timestamp with a condition >=", c.Since)
			}
			if c.Unfinished != "" {
				wantColumns(t, tab, "unfinished", []string{c.Unfinished}, left)
			}
		case ReadChildren:
			checkLinks(t, tab, c)
		default:
			t.Fatalf("unknown reading %q", c.Reading)
		}
		if !isCondition(tab, "repository_full_name", "=") || !tab.hasColumn("repository_uuid") {
			t.Errorf("read %s, but it can't be read by repository, or does not show the id of the repository", c.Reading)
		}
	})
}

// wantColumns fails the test unless the names are columns of the table, different ones, and none of the others.
func wantColumns(t *testing.T, tab *table, what string, names, others []string) {
	t.Helper()
	for i, name := range names {
		if !tab.hasColumn(name) || slices.Contains(names[:i], name) || slices.Contains(others, name) {
			t.Errorf("%s: %s is no column, or stands twice, or is not copied, or is in the key", what, name)
		}
	}
}

// isCondition reports whether a query can have a condition on the column with the operator.
func isCondition(tab *table, col, operator string) bool {
	return slices.ContainsFunc(tab.keyColumns, func(q keyColumn) bool { return q.column == col && slices.Contains(q.operators, operator) })
}

func checkLinks(t *testing.T, tab *table, c Copying) {
	parent, _, ok := CopyingOf(c.Parent)
	if !ok || parent.Reading != ReadSince {
		t.Fatalf("the parent %s is not copied by what has changed", c.Parent)
	}
	if c.Links[0] != (Link{"repository_full_name", "repository_full_name"}) {
		t.Errorf("the first link is %v, want the repository", c.Links[0])
	}
	for _, l := range c.Links {
		if !isCondition(tab, l.Own, "=") {
			t.Errorf("%s of a link can't be a condition", l.Own)
		}
		if parent := tableNamed(c.Parent); !parent.hasColumn(l.Parent) || parent.column(l.Parent).kind != tab.column(l.Own).kind {
			t.Errorf("%s of a link is no column of %s, or of another type", l.Parent, c.Parent)
		}
	}
}

// A copied reads the tables of an organization in the way that copies do.
type copied struct {
	*host
	whole        map[string][]map[string]any // the rows of each table that was queried without conditions
	repositories []any                       // names
}

func newCopied(t *testing.T, fake *fakebitbucket.Server) *copied {
	h := connected(t, fake)
	return &copied{host: h, whole: map[string][]map[string]any{}, repositories: differentIn(h.rows(tableQuery{table: "bitbucket_repository", columns: "full_name"}), "full_name")}
}

// differentIn returns the different values in a column.
func differentIn(rows []map[string]any, name string) []any {
	var all []any
	for _, r := range rows {
		all = append(all, r[name])
	}
	return differentValues(all)
}

func (c *copied) all(tableName string) []map[string]any {
	if _, ok := c.whole[tableName]; !ok {
		c.whole[tableName] = c.scan(tableName)
	}
	return c.whole[tableName]
}

// scan returns the rows that meet the conditions, with the columns that a copy has.
func (c *copied) scan(tableName string, quals ...*proto.Qual) []map[string]any {
	_, left, _ := CopyingOf(tableName)
	isLeft := func(name string) bool { return slices.Contains(left, name) }
	names := slices.DeleteFunc(tableQuery{table: tableName}.columnNames(), isLeft)
	rows := c.rows(tableQuery{table: tableName, columns: strings.Join(names, " "), where: quals})
	for _, r := range rows { // the SDK adds the columns of the conditions
		maps.DeleteFunc(r, func(name string, _ any) bool { return isLeft(name) })
	}
	return rows
}

// read returns the rows that a copy finds if everything has changed.
func (c *copied) read(tableName string, how Copying) (rows []map[string]any) {
	switch how.Reading {
	case ReadTouched:
		for some := range slices.Chunk(c.repositories, 25) {
			rows = append(rows, c.scan(tableName, where("repository_full_name", "=", some))...)
		}
		if how.Elsewhere.Column != "" {
			rows = append(rows, c.scan(tableName, where(how.Elsewhere.Column, "=", how.Elsewhere.Values))...)
		}
	case ReadChildren:
		parents := map[any][]any{}
		for _, r := range c.all(how.Parent) {
			repository := r[how.Links[0].Parent]
			parents[repository] = append(parents[repository], r[how.Links[1].Parent])
		}
		for repository, ids := range parents {
			rows = append(rows, c.children(tableName, how.Links, repository, ids)...)
		}
	}
	return rows
}

// children returns the rows of some parents in a repository. It queries a few parents one by one, because the plugin reads many
// in another way.
func (c *copied) children(tableName string, links []Link, repository any, ids []any) (rows []map[string]any) {
	most := fewNames
	if len(ids) > 2*fewNames {
		most = len(ids)
	}
	for some := range slices.Chunk(ids, most) {
		rows = append(rows, c.scan(tableName, where(links[0].Own, "=", repository), where(links[1].Own, "=", some))...)
	}
	return rows
}

// wantSame compares rows. A row may be found more than once.
func wantSame(t *testing.T, want, got []map[string]any) {
	t.Helper()
	if diff := gocmp.Diff(slices.Compact(sortedJSON(want)), slices.Compact(sortedJSON(got))); diff != "" {
		t.Errorf("rows mismatch (-whole table +read in parts):\n%.2000s", diff)
	}
}

// TestCopiesFindWhatTablesHave checks that the rows of all repositories, or of all parents, are the whole table. Copies rely on
// this.
func TestCopiesFindWhatTablesHave(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("takes long")
	}
	for who, options := range map[string]fakebitbucket.Options{
		"administrator": {},
		"plain member":  {Repositories: 30, Seed: 5, PlainMember: true},
	} {
		t.Run(who, func(t *testing.T) {
			c := newCopied(t, fakebitbucket.Start(t, options))
			forCopies(t, func(t *testing.T, tab *table, how Copying, _ []string) {
				checkKey(t, how.Key, c.all(tab.name))
				if how.Reading == ReadTouched || how.Reading == ReadChildren {
					wantSame(t, c.all(tab.name), c.read(tab.name, how))
				}
			})
		})
	}
}

// TestCopiesFindCommitsByHeads checks that every commit is in the history of a branch or a tag. So a copy can read the
// histories of those that moved.
func TestCopiesFindCommitsByHeads(t *testing.T) {
	t.Parallel()
	c := newCopied(t, fakebitbucket.Start(t, fakebitbucket.Options{Repositories: 12}))
	heads := slices.Concat(c.all("bitbucket_branch"), c.all("bitbucket_tag"))
	var found []map[string]any
	for _, repository := range c.repositories {
		of := slices.DeleteFunc(slices.Clone(heads), func(r map[string]any) bool { return r["repository_full_name"] != repository })
		if hashes := differentIn(of, "target_hash"); len(hashes) > 0 {
			found = append(found, c.scan("bitbucket_commit", where("repository_full_name", "=", repository), where("revision", "=", hashes))...)
		}
	}
	wantSame(t, c.all("bitbucket_commit"), found)
}

// checkKey fails the test if a column of the key is null, or if two rows have the same key.
func checkKey(t *testing.T, key []string, rows []map[string]any) {
	t.Helper()
	seen := map[string]bool{}
	for _, r := range rows {
		var values []any
		for _, name := range key {
			if r[name] == nil {
				t.Fatalf("%s is null in %v", name, r)
			}
			values = append(values, r[name])
		}
		data, err := json.Marshal(values)
		if err != nil {
			t.Fatal(err)
		}
		if seen[string(data)] {
			t.Fatalf("two rows have the key %s = %s", key, data)
		}
		seen[string(data)] = true
	}
}
