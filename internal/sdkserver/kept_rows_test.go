package sdkserver

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// A row comes back unchanged, from memory and from the file.
func TestKeptRows(t *testing.T) {
	t.Parallel()
	for _, inMemory := range []int{0, 150, 1 << 20} {
		rows := []Row{
			{nil, nil}, {"", false, int64(0), nil}, {"a", true, int64(-1 << 62), time.Date(2026, 11, 30, 1, 2, 3, 4000, time.UTC)},
			{`{"a": [1, "ü"]}`, time.Date(1, 1, 1, 0, 0, 0, 0, time.UTC)}, {strings.Repeat("long ", 10_000)},
		}
		kept := &keptRows{inMemory: inMemory}
		for _, r := range rows {
			if err := kept.add(r); err != nil {
				t.Fatal(err)
			}
		}
		var got []Row
		for r, err := range kept.all() {
			if err != nil {
				t.Fatal(err)
			}
			got = append(got, r)
		}
		kept.close()
		if diff := cmp.Diff(rows, got); diff != "" {
			t.Errorf("%d bytes in memory (-want +got):\n%s", inMemory, fmt.Sprintf("%.500s", diff))
		}
	}
}
