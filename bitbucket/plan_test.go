package bitbucket

import (
	"fmt"
	"slices"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"
	"github.com/turbot/steampipe-plugin-sdk/v5/grpc/proto"

	"github.com/kindor/steampipe-plugin-bitbucket/internal/fakebitbucket"
)

// A plan is the way in which a planner reads a table that a query joins with names: the conditions of its scans.
type plan struct {
	name  string
	scans func(names []nameQuals) [][]*proto.Qual
}

// A nameQuals is the conditions that name one workspace, project or repository.
type nameQuals []*proto.Qual

var plans = []plan{
	// A nested loop, like a correlated subquery, makes one scan for each row of the outer table.
	{"nested loop", func(names []nameQuals) [][]*proto.Qual {
		var scans [][]*proto.Qual
		for _, name := range names {
			scans = append(scans, name)
		}
		return scans
	}},
	{"IN list", func(names []nameQuals) [][]*proto.Qual { return [][]*proto.Qual{inOneScan(names)} }},
	{"short IN lists", func(names []nameQuals) [][]*proto.Qual {
		var scans [][]*proto.Qual
		for some := range slices.Chunk(names, 3) {
			scans = append(scans, inOneScan(some))
		}
		return scans
	}},
}

// inOneScan returns the conditions of one scan for several names, which differ in their last condition.
func inOneScan(names []nameQuals) []*proto.Qual {
	var values []string
	for _, name := range names {
		values = append(values, name[len(name)-1].Value.GetStringValue())
	}
	last := names[0][len(names[0])-1]
	return append(slices.Clone(names[0][:len(names[0])-1]), where(last.FieldName, "=", values))
}

// namesFor returns the groups of names by which a query can read the table: those of all workspaces, projects or repositories
// that the connected user can see.
func namesFor(tab *table, h *host) map[string][]nameQuals {
	has := func(col string) bool {
		return slices.ContainsFunc(tab.keyColumns, func(q keyColumn) bool { return q.column == col })
	}
	all := map[string][]nameQuals{}
	for _, col := range []string{"full_name", "repository_full_name"} {
		if has(col) {
			for _, r := range h.rows(tableQuery{table: "bitbucket_repository", columns: "full_name"}) {
				all[col] = append(all[col], nameQuals{where(col, "=", r["full_name"])})
			}
		}
	}
	workspaces := h.rows(tableQuery{table: "bitbucket_my_workspace", columns: "slug"})
	if col := tab.workspaceColumn(); has(col) {
		for _, r := range workspaces {
			all[col] = append(all[col], nameQuals{where(col, "=", r["slug"])})
		}
	}
	for _, col := range []string{"key", "project_key"} {
		if !has(col) || col == "key" && tab.name != "bitbucket_project" {
			continue
		}
		for _, r := range h.rows(tableQuery{table: "bitbucket_project", columns: "key workspace_slug"}) {
			group := fmt.Sprintf("%s of %s", col, r["workspace_slug"])
			all[group] = append(all[group], nameQuals{where("workspace_slug", "=", r["workspace_slug"]), where(col, "=", r["key"])})
		}
	}
	return all
}

// sortedJSON returns rows as sorted texts, so that their order does not matter.
func sortedJSON(rows []map[string]any) []string {
	var all []string
	for _, r := range rows {
		all = append(all, rowJSON(r))
	}
	slices.Sort(all)
	return all
}

// TestEveryPlanHasTheSameRows reads every table by every plan. The rows are those of the whole table. Reading it name by name
// costs at most its pages, and one request for each name.
func TestEveryPlanHasTheSameRows(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("takes long")
	}
	combinations := 0
	for who, options := range map[string]fakebitbucket.Options{
		"administrator": {Repositories: 16, Users: 12, Groups: 4},
		"plain member":  {Repositories: 16, Users: 12, Groups: 4, Seed: 5, PlainMember: true},
	} {
		fake := fakebitbucket.Start(t, options)
		for _, tab := range tables {
			if tab.name == "bitbucket_rate_limit" || tab.name == "bitbucket_omission" {
				continue
			}
			t.Run(who+" "+tab.name, func(t *testing.T) { combinations += comparePlans(t, fake, tab) })
		}
	}
	t.Logf("%d combinations", combinations)
}

// comparePlans reads a table by every plan, and returns the number of combinations.
func comparePlans(t *testing.T, fake *fakebitbucket.Server, tab *table) (combinations int) {
	columns, perName := allColumns(tab.name), 1
	if tab.name == "bitbucket_my_repository" { // one request for the permission, and one for the details
		perName = 2
	}
	var rows []map[string]any
	var groups map[string][]nameQuals
	cost := 0
	t.Run("whole", func(t *testing.T) {
		h := connected(t, fake)
		fake.ResetJournal()
		rows = h.rows(tableQuery{table: tab.name, columns: columns})
		cost = len(fake.Journal())
		groups = namesFor(tab, h)
	})
	for group, names := range groups {
		want := rows
		if len(names[0]) > 1 { // the names are of projects in one workspace
			slug := names[0][0].Value.GetStringValue()
			want = slices.DeleteFunc(slices.Clone(rows), func(r map[string]any) bool { return r["workspace_slug"] != slug })
		}
		if tab.name == "bitbucket_machine_access" { // some of its rows have no repository
			col := names[0][len(names[0])-1].FieldName
			want = slices.DeleteFunc(slices.Clone(want), func(r map[string]any) bool { return r[col] == nil })
		}
		for _, p := range plans {
			combinations++
			t.Run(p.name+" by "+group, func(t *testing.T) {
				h := connected(t, fake, `max_age = "30s"`)
				h.rows(tableQuery{table: "bitbucket_repository", columns: "full_name"})
				fake.ResetJournal()
				var got []map[string]any
				for _, quals := range p.scans(names) {
					got = append(got, h.rows(tableQuery{table: tab.name, columns: columns, where: quals})...)
				}
				if diff := gocmp.Diff(sortedJSON(want), sortedJSON(got)); diff != "" {
					t.Errorf("rows mismatch (-whole +plan):\n%.2000s", diff)
				}
				if n := len(fake.Journal()); n > cost+perName*len(names) {
					t.Errorf("%d requests, want %d for the whole and %d for each of %d names: %v", n, cost, perName, len(names), requested(fake))
				}
			})
		}
	}
	return combinations
}
