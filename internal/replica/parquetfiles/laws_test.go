package parquetfiles

import (
	"context"
	"slices"
	"testing"

	"github.com/kindor/steampipe-plugin-bitbucket/internal/replica"
	"github.com/kindor/steampipe-plugin-bitbucket/internal/replica/replicatest"
)

// Whatever runs change, a reader of the manifest sees what the model has, and no file is left that nothing names. Files
// and groups of rows are small, so that there are many.
func TestLaws(t *testing.T) {
	if testing.Short() {
		t.Skip("takes long")
	}
	set(t, &fewFiles, 3)
	set(t, &groupRows, 7)
	set(t, &fileBytes, 1500)
	replicatest.Laws(t, 6, func(t *testing.T) replicatest.Target {
		location := "parquet:" + t.TempDir()
		return replicatest.Target{
			New: func(t testing.TB) replica.Destination { return open(t, location) },
			Read: func(t testing.TB, table string, columns []replica.Column, history bool) [][]any {
				t.Helper()
				return readByManifest(t, open(t, location).store, table, columns, history)
			},
		}
	})
}

// readByManifest returns the columns of the rows that the manifest names.
func readByManifest(t testing.TB, s *store, name string, columns []replica.Column, history bool) (rows [][]any) {
	t.Helper()
	m, err := s.manifest(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	known := m.table(name)
	if known == nil {
		return nil
	}
	files := known.Files
	if history {
		files = slices.Concat(files, known.Ended)
	}
	var wanted []column
	for _, c := range columns {
		wanted = append(wanted, column{Name: c.Name, Type: c.Type})
	}
	for _, f := range files {
		yieldRows(context.Background(), s, f, wanted, func(row []any, err error) bool {
			if err != nil {
				t.Fatal(err)
			}
			rows = append(rows, slices.Clone(row))
			return true
		})
	}
	return rows
}
