package bitbucket

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/turbot/steampipe-plugin-sdk/v5/grpc/proto"

	"github.com/kindor/steampipe-plugin-bitbucket/internal/api"
	"github.com/kindor/steampipe-plugin-bitbucket/internal/cache"
	"github.com/kindor/steampipe-plugin-bitbucket/internal/fakebitbucket"
	"github.com/kindor/steampipe-plugin-bitbucket/internal/fakebitbucket/organization"
	"github.com/kindor/steampipe-plugin-bitbucket/internal/jsontree"
	"github.com/kindor/steampipe-plugin-bitbucket/internal/streams"
)

// A nestedLoop is a nested loop of a query plan: one scan of a table for each row of another table. Each scan has conditions with =
// on the keys, as PostgreSQL's wrapper sends them.
type nestedLoop struct {
	tableQuery
	keys string // columns, separated by spaces
	// names returns the values of the keys for each scan. If it is nil, they are those of the table's own rows.
	names func(*organization.Organization) [][]any
	// most is the maximum number of requests beyond those for the whole table.
	most int
}

// run makes a number of scans, width at a time, each for the next of the names, and returns their rows.
func (n nestedLoop) run(h *host, names [][]any, width, scans int) [][]map[string]any {
	h.t.Helper()
	found := make([][]map[string]any, scans)
	inParallel(width, scans, func(i int) {
		q := n.tableQuery
		q.where = slices.Clone(n.where)
		for j, key := range strings.Fields(n.keys) {
			q.where = append(q.where, where(key, "=", names[(i-1)%len(names)][j]))
		}
		rows, err := h.try(context.Background(), q)
		if err != nil {
			h.t.Errorf("%s %v: %v", n.table, q.where, err)
		}
		for _, r := range rows {
			found[i-1] = append(found[i-1], onlyColumns(r, n.columns))
		}
	})
	return found
}

// withCache calls do with a host that caches answers, in simulated time: however slow the machine is, nothing expires.
func withCache(t *testing.T, fake *fakebitbucket.Server, do func(h *host)) {
	t.Helper()
	s := simulateToken(t, fake, `max_age = "30s"`)
	s.online(t, func(*testing.T, *network) { do(s.host) })
}

// onlyColumns returns the row with only the columns of the query.
func onlyColumns(r map[string]any, columns string) map[string]any {
	selected := map[string]any{}
	for _, col := range strings.Fields(columns) {
		selected[col] = r[col]
	}
	return selected
}

// keysOf returns the values of the keys in a row.
func keysOf(r map[string]any, keys string) (values []any) {
	for _, key := range strings.Fields(keys) {
		value := r[key]
		if number, ok := value.(int64); ok {
			value = int(number)
		}
		values = append(values, value)
	}
	return values
}

// TestLookupsCostTheListOnce makes one scan for each name, as a planner may that chooses the wrong outer table. Together they
// cost a few requests more than the whole table, and each returns the rows of the whole table that have its name.
func TestLookupsCostTheListOnce(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("takes long")
	}
	const repositories = 60
	fake := fakebitbucket.Start(t, fakebitbucket.Options{Repositories: repositories, OneWorkspace: true, Users: 40})
	o := fake.Organization()
	inAll := []*proto.Qual{where("workspace_slug", "=", o.Repositories[0].Workspace.Slug)}
	members := func(o *organization.Organization) (names [][]any) {
		for _, m := range o.MembersOf(o.Repositories[0].Workspace) {
			if m.User.Type == "user" {
				names = append(names, []any{m.User.UUID})
			}
		}
		return names
	}
	// In each repository the plugin requests one name before it reads the list, and ten names before it reads the inventory.
	const inEach = repositories + 10 + 10
	for _, n := range []nestedLoop{
		{tableQuery: tableQuery{table: "bitbucket_repository", columns: "full_name uuid size"}, keys: "full_name", most: 10},
		{tableQuery: tableQuery{table: "bitbucket_repository", columns: "full_name uuid size"}, keys: "uuid", most: 10},
		{tableQuery: tableQuery{table: "bitbucket_repository", columns: "full_name size slug", where: inAll}, keys: "slug", most: 10},
		{tableQuery: tableQuery{table: "bitbucket_repository", columns: "full_name project_key size", where: inAll}, keys: "project_key", most: 10},
		{tableQuery: tableQuery{table: "bitbucket_my_repository", columns: "full_name uuid permission"}, keys: "full_name", most: 10},
		{tableQuery: tableQuery{table: "bitbucket_project", columns: "workspace_slug key name"}, keys: "workspace_slug key", most: 10},
		{tableQuery: tableQuery{table: "bitbucket_workspace_member", columns: "workspace_slug user_uuid display_name"}, keys: "workspace_slug user_uuid", most: 11},
		{tableQuery: tableQuery{table: "bitbucket_user", columns: "uuid display_name account_id"}, keys: "uuid", names: members, most: 12},
		{tableQuery: tableQuery{table: "bitbucket_branch", columns: "repository_full_name name target_hash"}, keys: "repository_full_name name", most: inEach},
		{tableQuery: tableQuery{table: "bitbucket_branch", columns: "repository_full_name name target_hash"}, keys: "repository_full_name target_hash", most: inEach},
		{tableQuery: tableQuery{table: "bitbucket_tag", columns: "repository_full_name name"}, keys: "repository_full_name name", most: inEach},
		{tableQuery: tableQuery{table: "bitbucket_commit", columns: "repository_full_name hash date"}, keys: "repository_full_name hash", most: inEach},
		{tableQuery: tableQuery{table: "bitbucket_pull_request", columns: "repository_full_name id title"}, keys: "repository_full_name id", most: inEach},
		{tableQuery: tableQuery{table: "bitbucket_pipeline", columns: "repository_full_name uuid build_number"}, keys: "repository_full_name uuid", most: inEach},
		{tableQuery: tableQuery{table: "bitbucket_pipeline", columns: "repository_full_name uuid build_number"}, keys: "repository_full_name build_number", most: inEach},
		{tableQuery: tableQuery{table: "bitbucket_repository_permission", columns: "repository_full_name user_uuid permission"}, keys: "repository_full_name", most: inEach},
		{tableQuery: tableQuery{table: "bitbucket_repository_user_permission", columns: "repository_full_name user_uuid permission"}, keys: "repository_full_name user_uuid", most: inEach},
		{tableQuery: tableQuery{table: "bitbucket_repository_group_permission", columns: "repository_full_name group_slug permission"}, keys: "repository_full_name group_slug", most: inEach},
		{tableQuery: tableQuery{table: "bitbucket_deploy_key", columns: "repository_full_name key_id label"}, keys: "repository_full_name", most: inEach},
	} {
		for _, width := range []int{1, 8} {
			t.Run(fmt.Sprintf("%s by %s, %d at a time", n.table, n.keys, width), func(t *testing.T) {
				fake.ResetJournal()
				all := connected(t, fake).rows(n.tableQuery)
				wholeRequests := len(fake.Journal())
				byName := map[string][]map[string]any{}
				var names [][]any
				for _, r := range all {
					name := keysOf(r, n.keys)
					if byName[fmt.Sprint(name)] == nil {
						names = append(names, name)
					}
					byName[fmt.Sprint(name)] = append(byName[fmt.Sprint(name)], onlyColumns(r, n.columns))
				}
				if n.names != nil {
					names = n.names(o)
				}
				scans := 2 * len(names)
				var found [][]map[string]any
				withCache(t, fake, func(h *host) {
					fake.ResetJournal()
					found = n.run(h, names, width, scans)
				})
				if requests, most := len(fake.Journal()), wholeRequests+n.most+3*(width-1); requests > most || requests > len(names)+len(names)/4+5 {
					t.Errorf("%d scans for %d names took %d requests; the whole table takes %d", scans, len(names), requests, wholeRequests)
				}
				for i, rows := range found {
					name := fmt.Sprint(names[i%len(names)])
					if n.names != nil {
						if len(rows) != 1 || fmt.Sprint(keysOf(rows[0], n.keys)) != name {
							t.Fatalf("rows of %s: %v", name, rows)
						}
						continue
					}
					if diff := cmp.Diff(byName[name], rows, cmpopts.SortSlices(func(a, b map[string]any) bool { return fmt.Sprint(a) < fmt.Sprint(b) })); diff != "" {
						t.Fatalf("rows of %s (-whole table +looked up):\n%s", name, diff)
					}
				}
			})
		}
	}
}

// TestRepositoriesOfBranchesCostNothing makes a scan of the repositories for each branch, as PostgreSQL does for
// bitbucket_repository r join bitbucket_branch b on b.repository_full_name = r.full_name where r.workspace_slug = '…'. The scan
// of the branches has already read the list of repositories.
func TestRepositoriesOfBranchesCostNothing(t *testing.T) {
	fake := fakebitbucket.Start(t, fakebitbucket.Options{Repositories: 150, OneWorkspace: true})
	slug := fake.Organization().Repositories[0].Workspace.Slug
	inner := nestedLoop{tableQuery: tableQuery{table: "bitbucket_repository", columns: "full_name workspace_slug", where: []*proto.Qual{where("workspace_slug", "=", slug)}}, keys: "full_name"}
	withCache(t, fake, func(h *host) {
		var names [][]any
		for _, b := range h.rows(tableQuery{table: "bitbucket_branch", columns: "repository_full_name", where: inner.where}) {
			names = append(names, keysOf(b, "repository_full_name"))
		}
		fake.ResetJournal()
		for i, rows := range inner.run(h, names, 1, len(names)) {
			if len(rows) != 1 || rows[0]["full_name"] != names[i][0] {
				t.Errorf("rows of %v: %v", names[i], rows)
			}
		}
		if len(names) < 1000 || len(fake.Journal()) > 0 {
			t.Errorf("%d requests for the repositories of %d branches", len(fake.Journal()), len(names))
		}
	})
}

// TestLookupsInAnyOrder looks up thousands of names in random order. They cost at most twice the list.
func TestLookupsInAnyOrder(t *testing.T) {
	if testing.Short() {
		t.Skip("takes long")
	}
	fake := fakebitbucket.Start(t, fakebitbucket.Options{Repositories: 2000, OneWorkspace: true})
	var names [][]any
	for _, r := range covered(fake.Organization(), fake.Organization().Connected) {
		names = append(names, []any{r.FullName()})
	}
	pages := (len(names) + 99) / 100
	rand.New(rand.NewPCG(1, 2)).Shuffle(len(names), func(i, j int) { names[i], names[j] = names[j], names[i] })
	for _, width := range []int{1, 8} {
		withCache(t, fake, func(h *host) {
			fake.ResetJournal()
			for i, rows := range (nestedLoop{tableQuery: tableQuery{table: "bitbucket_repository", columns: "full_name size"}, keys: "full_name"}).run(h, names, width, len(names)) {
				if len(rows) != 1 {
					t.Errorf("rows of %v: %v", names[i], rows)
				}
			}
			if n := len(fake.Journal()); n > 2*pages+fewNames+width {
				t.Errorf("%d at a time: %d requests for %d names, which are on %d pages", width, n, len(names), pages)
			}
		})
	}
}

// TestLookupsAreFresh checks that a connection uses cached lookups for half a minute, and none if max_age is 0.
func TestLookupsAreFresh(t *testing.T) {
	fake := fakebitbucket.New(fakebitbucket.Options{Repositories: 100, OneWorkspace: true})
	var names [][]any
	for _, r := range covered(fake.Organization(), fake.Organization().Connected) {
		names = append(names, []any{r.FullName()})
	}
	gone := names[20][0].(string)
	s := simulateToken(t, fake, `max_age = "30s"`)
	s.online(t, func(t *testing.T, _ *network) {
		n := nestedLoop{tableQuery: tableQuery{table: "bitbucket_repository", columns: "full_name size"}, keys: "full_name"}
		n.run(s.host, names, 1, 30)
		fake.RemoveRepository(gone)
		if rows := s.rows(n.queryFor(gone)); len(rows) != 1 {
			t.Errorf("%d cached rows", len(rows))
		}
		time.Sleep(time.Minute) // simulated
		if rows, err := s.try(t.Context(), n.queryFor(gone)); err == nil {
			t.Errorf("%d rows, a minute after the repository was removed", len(rows))
		}
	})
	none := simulateToken(t, fake, `max_age = "0s"`)
	none.online(t, func(t *testing.T, _ *network) {
		fake.ResetJournal()
		n := nestedLoop{tableQuery: tableQuery{table: "bitbucket_repository", columns: "full_name size"}, keys: "full_name"}
		n.run(none.host, names[:20], 1, 40)
		if requests := len(fake.Journal()); requests != 40 {
			t.Errorf("%d requests of 40 scans, but nothing may be cached", requests)
		}
	})
}

// queryFor returns the query for one name.
func (n nestedLoop) queryFor(name any) tableQuery {
	q := n.tableQuery
	q.where = append(slices.Clone(n.where), where(n.keys, "=", name))
	return q
}

// TestLookupsOfNothing looks up a name that does not exist. The plugin requests it once, like any other.
func TestLookupsOfNothing(t *testing.T) {
	fake := fakebitbucket.Start(t, fakebitbucket.Options{})
	withCache(t, fake, func(h *host) {
		fake.ResetJournal()
		for range 20 {
			if rows := h.rows(tableQuery{table: "bitbucket_user", columns: "uuid website", where: []*proto.Qual{where("uuid", "=", "{00000000-0000-0000-0000-000000000000}")}}); len(rows) != 0 {
				t.Errorf("rows of nobody: %v", rows)
			}
		}
		if n := len(fake.Journal()); n != 1 {
			t.Errorf("%d requests", n)
		}
	})
}

// TestLookupThatLeavesOutIsNotRemembered checks that a lookup with an omission is not cached, because each query must report
// the omission.
func TestLookupThatLeavesOutIsNotRemembered(t *testing.T) {
	ds := newDirectories()
	lookups := 0
	for i := range 3 {
		noted := new(atomic.Bool)
		for range ds.find(t.Context(), lookup{
			directory: "refused", life: time.Hour, name: "one", nameOf: func(*row) any { return "one" }, hasOmissions: noted,
			one: func(func(*row, error) bool) { lookups++; noted.Store(i < 2) },
		}) {
			t.Fatal("a row")
		}
	}
	for range 3 {
		for range ds.find(t.Context(), lookup{
			directory: "refused", life: time.Hour, name: "one", nameOf: func(*row) any { return "one" }, hasOmissions: new(atomic.Bool),
			one: func(func(*row, error) bool) { lookups++ },
		}) {
			t.Fatal("a row")
		}
	}
	if lookups != 3 {
		t.Errorf("%d lookups, want 3", lookups)
	}
}

// TestListIsReadAsFarAsItPays checks that the plugin reads a long list only as far as the lookups have cost, and reads it again
// only when they have cost as much as the list did.
func TestListIsReadAsFarAsItPays(t *testing.T) {
	const list = 1_000_000
	name := func(r *row) any { return r.part(objectPart).Raw() }
	newRow := func(i int) *row {
		r := &row{}
		r.set(objectPart, jsontree.Of(i))
		return r
	}
	for unit, isUnique := range []bool{false, true} {
		ds := newDirectories()
		read, lookups := 0, 0
		for i := range 2000 {
			for range 2 {
				for range ds.find(t.Context(), lookup{
					directory: "list", life: time.Hour, name: fmt.Sprint(list + i), nameOf: name, isUnique: isUnique, hasOmissions: new(atomic.Bool),
					one: func(yield func(*row, error) bool) { lookups++ },
					list: func(ctx context.Context, most int) rowSeq {
						if cache.IsOffline(ctx) {
							return streams.Fail[*row](api.ErrOffline)
						}
						if !isUnique {
							read += 100
							return streams.Fail[*row](api.ErrTooLarge)
						}
						return func(yield func(*row, error) bool) {
							for j := range list {
								if read++; !yield(newRow(j), nil) {
									return
								}
							}
						}
					},
				}) {
					t.Fatal("a row of a name that does not exist")
				}
			}
			if lookups != i+1 {
				t.Fatalf("%d: %d names took %d lookups", unit, i+1, lookups)
			}
			if i < fewNames && read > 0 || read > 2*rowsPerName*lookups {
				t.Fatalf("%d: %d rows were read for %d names", unit, read, lookups)
			}
		}
	}
}

// TestDirectoriesAreBounded checks that directories have a size limit. The oldest entries are removed first.
func TestDirectoriesAreBounded(t *testing.T) {
	ds := newDirectories()
	large := &row{}
	large.set(objectPart, jsontree.Of(strings.Repeat("x", 1<<20)))
	for i := range 100 {
		for range ds.find(t.Context(), lookup{
			directory: fmt.Sprint(i), life: time.Hour, name: "large", nameOf: func(*row) any { return "large" }, hasOmissions: new(atomic.Bool),
			one: streams.Each(large),
		}) {
		}
	}
	var kept []int
	for i := range 100 {
		if _, ok := cache.Peek[*directory](ds.byKey, fmt.Sprint(i)); ok {
			kept = append(kept, i)
		}
	}
	if n := len(kept); n < 5 || n*large.size() > directoryBytes || kept[0] != 100-n || kept[n-1] != 99 {
		t.Errorf("the directories %v are left, want the newest up to %d bytes, each of %d bytes", kept, directoryBytes, large.size())
	}
}
