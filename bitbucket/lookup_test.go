package bitbucket

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/turbot/steampipe-plugin-sdk/v5/grpc/proto"

	"github.com/kindor/steampipe-plugin-bitbucket/internal/fakebitbucket"
)

// A nested is a join that a planner has turned into one scan of a table for each row of another: each names what it looks up, with
// = on the keys, as PostgreSQL's wrapper sends it.
type nested struct {
	ask
	keys string // columns, separated by spaces
	// names are the values of the keys, one after the other; those of the table's own rows if it has none.
	names func(h *host, o *fakebitbucket.Organization) [][]any
	// most is how many requests it may take beyond those of the whole table, for so many names.
	most int
}

// run makes one scan for each of the names, so many at a time, until there were so many, and returns their rows by name.
func (n nested) run(h *host, names [][]any, width, scans int) [][]map[string]any {
	h.t.Helper()
	found := make([][]map[string]any, scans)
	inParallel(width, scans, func(i int) {
		one := n.ask
		one.where = slices.Clone(n.where)
		for j, key := range strings.Fields(n.keys) {
			one.where = append(one.where, where(key, "=", names[(i-1)%len(names)][j]))
		}
		rows, err := h.try(context.Background(), one)
		if err != nil {
			h.t.Errorf("%s %v: %v", n.table, one.where, err)
		}
		found[i-1] = rows
	})
	return found
}

// keysOf are the values of the keys in a row.
func keysOf(row map[string]any, keys string) (values []any) {
	for _, key := range strings.Fields(keys) {
		value := row[key]
		if number, ok := value.(int64); ok {
			value = int(number)
		}
		values = append(values, value)
	}
	return values
}

// The planner may nest a join the wrong way round. However many scans it makes, and for whatever they look up, they cost what
// the whole table costs and a few requests more; and each has the rows that the whole table has for its name.
func TestLookupsCostTheListOnce(t *testing.T) {
	fake := fakebitbucket.Start(t, fakebitbucket.Options{Repositories: 300, OneWorkspace: true, Users: 40})
	o := fake.Organization()
	slug := o.Repositories[0].Workspace.Slug
	users := func(*host, *fakebitbucket.Organization) (names [][]any) {
		for _, m := range o.MembersOf(o.Workspaces[0]) {
			names = append(names, []any{m.User.UUID})
		}
		return names
	}
	for _, n := range []nested{
		{ask: ask{table: "bitbucket_repository", columns: "full_name uuid size"}, keys: "full_name", most: 10},
		{ask: ask{table: "bitbucket_repository", columns: "full_name uuid size"}, keys: "uuid", most: 10},
		{ask: ask{table: "bitbucket_repository", columns: "full_name uuid size workspace_slug slug", where: []*proto.Qual{where("workspace_slug", "=", slug)}}, keys: "slug", most: 10},
		{ask: ask{table: "bitbucket_repository", columns: "full_name project_key size"}, keys: "project_key", most: 10},
		{ask: ask{table: "bitbucket_my_repository", columns: "full_name uuid permission"}, keys: "full_name", most: 10},
		{ask: ask{table: "bitbucket_project", columns: "workspace_slug key name"}, keys: "workspace_slug key", most: 12},
		{ask: ask{table: "bitbucket_workspace_member", columns: "workspace_slug user_uuid display_name"}, keys: "workspace_slug user_uuid", most: 12},
		{ask: ask{table: "bitbucket_user", columns: "uuid display_name account_id"}, keys: "uuid", names: users, most: 11},
		{ask: ask{table: "bitbucket_branch", columns: "repository_full_name name target_hash"}, keys: "repository_full_name name", most: 330},
		{ask: ask{table: "bitbucket_branch", columns: "repository_full_name name target_hash"}, keys: "repository_full_name target_hash", most: 630},
		{ask: ask{table: "bitbucket_tag", columns: "repository_full_name name"}, keys: "repository_full_name name", most: 330},
		{ask: ask{table: "bitbucket_pull_request", columns: "repository_full_name id title"}, keys: "repository_full_name id", most: 330},
		{ask: ask{table: "bitbucket_pipeline", columns: "repository_full_name uuid build_number"}, keys: "repository_full_name uuid", most: 330},
		{ask: ask{table: "bitbucket_pipeline", columns: "repository_full_name uuid build_number"}, keys: "repository_full_name build_number", most: 330},
		{ask: ask{table: "bitbucket_repository_permission", columns: "repository_full_name user_uuid permission"}, keys: "repository_full_name", most: 330},
		{ask: ask{table: "bitbucket_repository_user_permission", columns: "repository_full_name user_uuid permission"}, keys: "repository_full_name user_uuid", most: 330},
		{ask: ask{table: "bitbucket_repository_group_permission", columns: "repository_full_name group_slug permission"}, keys: "repository_full_name group_slug", most: 330},
		{ask: ask{table: "bitbucket_deploy_key", columns: "repository_full_name key_id label"}, keys: "repository_full_name", most: 330},
	} {
		t.Run(n.table+" by "+n.keys, func(t *testing.T) {
			fake.ResetJournal()
			all := connected(t, fake).rows(n.ask)
			whole := len(fake.Journal())
			byName := map[string][]map[string]any{}
			var names [][]any
			for _, row := range all {
				name := keysOf(row, n.keys)
				if byName[fmt.Sprint(name)] == nil {
					names = append(names, name)
				}
				byName[fmt.Sprint(name)] = append(byName[fmt.Sprint(name)], row)
			}
			if n.names != nil {
				names = n.names(nil, o)
			}
			h := connected(t, fake, `max_age = "30s"`)
			fake.ResetJournal()
			scans := 2 * len(names)
			found := n.run(h, names, 1, scans)
			t.Log(len(names), "names", whole, "whole", len(fake.Journal()))
			if asked := len(fake.Journal()); asked > whole+n.most {
				t.Errorf("%d scans for %d names took %d requests; the whole table takes %d", scans, len(names), asked, whole)
			}
			if n.names != nil {
				return
			}
			for i, rows := range found {
				name := fmt.Sprint(names[i%len(names)])
				if diff := cmp.Diff(byName[name], rows, cmpopts.SortSlices(func(a, b map[string]any) bool { return fmt.Sprint(a) < fmt.Sprint(b) })); diff != "" {
					t.Fatalf("rows of %s (-whole table +looked up):\n%s", name, diff)
				}
			}
		})
	}
}

var _ = time.Second
