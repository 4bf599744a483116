package bitbucket

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/kindor/steampipe-plugin-bitbucket/internal/fakebitbucket"
)

// TestScopesAreThoseOfTheRequests checks that a table declares the scopes of its requests, and no others.
func TestScopesAreThoseOfTheRequests(t *testing.T) {
	if testing.Short() {
		t.Skip("takes long")
	}
	fake := fakebitbucket.Start(t, fakebitbucket.Options{Repositories: 20})
	declared := map[string][]string{}
	for _, r := range Requirements() {
		declared[r.Table] = append(declared[r.Table], r.Scopes...)
	}
	for _, tab := range tables {
		t.Run(tab.name, func(t *testing.T) {
			h := connected(t, fake)
			fake.ResetJournal()
			h.rows(tableQuery{table: tab.name})
			var needed []string
			for _, e := range fake.Journal() {
				needed = append(needed, fakebitbucket.ScopesOf(e.Endpoint)...)
			}
			slices.Sort(needed)
			slices.Sort(declared[tab.name])
			if diff := cmp.Diff(slices.Compact(needed), slices.Compact(declared[tab.name])); diff != "" {
				t.Errorf("correct the scopes in the file of the table (-needed +declared):\n%s", diff)
			}
		})
	}
}
