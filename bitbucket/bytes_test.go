package bitbucket

import (
	"slices"
	"testing"

	"github.com/kindor/steampipe-plugin-bitbucket/internal/fakebitbucket"
)

// TestOneColumnTakesTheFewestBytes compares the bytes of a query of one column with those of one of two columns: it takes at
// most a fifth more. A column of the workspace, project or repository takes at most a fifth more than the cheapest column.
func TestOneColumnTakesTheFewestBytes(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("takes long")
	}
	h, r := recorded(t, fakebitbucket.Options{Repositories: 2, OneWorkspace: true, Users: 4})
	bytesOf := func(t *testing.T, q tableQuery) (bytes, requests int64) {
		t.Helper()
		for range 2 { // the first query reads the lists that all queries share
			r.forget()
			if _, err := h.try(t.Context(), q); err != nil {
				t.Fatal(err)
			}
		}
		return r.plain.Load(), r.requests.Load()
	}
	for _, tab := range tables {
		t.Run(tab.name, func(t *testing.T) {
			alone, requests := map[string]int64{}, map[string]int64{}
			cheapest := tab.columns[0].name
			for _, c := range tab.columns {
				alone[c.name], requests[c.name] = bytesOf(t, tableQuery{table: tab.name, columns: c.name})
				if requests[c.name] < requests[cheapest] || requests[c.name] == requests[cheapest] && alone[c.name] < alone[cheapest] {
					cheapest = c.name
				}
			}
			for _, c := range tab.columns {
				both, _ := bytesOf(t, tableQuery{table: tab.name, columns: c.name + " " + cheapest})
				if 10*alone[c.name] > 12*both {
					t.Errorf("%s takes %d bytes alone, and %d with %s", c.name, alone[c.name], both, cheapest)
				}
				isOwners := slices.Contains([]part{workspacePart, projectPart, repositoryPart}, c.from()[0].part)
				if isOwners && requests[c.name] == requests[cheapest] && 10*alone[c.name] > 12*alone[cheapest] {
					t.Errorf("%s takes %d bytes alone, and %s takes %d", c.name, alone[c.name], cheapest, alone[cheapest])
				}
			}
		})
	}
}
