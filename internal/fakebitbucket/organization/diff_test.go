package organization

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestMerged compares the files of merges with both sides.
func TestMerged(t *testing.T) {
	t.Parallel()
	file := func(lines ...int) *File { return &File{lines[0], lines} }
	commit := func(files map[string]*File) *Commit { return &Commit{Files: files} }
	same, gone, theirs := file(1, 2), file(3), file(4)
	base := commit(map[string]*File{"same": same, "gone": gone, "both": file(5, 6, 7)})
	got := Merged(base,
		commit(map[string]*File{"same": same, "gone": gone, "both": file(5, 6, 8)}),
		commit(map[string]*File{"same": same, "new": theirs, "both": file(5, 7, 9)}))
	want := map[string]*File{"same": same, "new": theirs, "both": file(5, 8, 9)}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestDiff(t *testing.T) {
	t.Parallel()
	moved, same := &File{1, []int{1, 2, 3}}, &File{2, []int{4}}
	from := &Commit{Files: map[string]*File{"old": moved, "same": same, "less": {3, []int{5, 6}}, "changed": {4, []int{7, 8}}}}
	to := &Commit{Files: map[string]*File{"new": {1, []int{1, 2, 9, 10}}, "same": same, "more": {5, []int{11}}, "changed": {4, []int{8, 12, 13}}}}
	tests := map[string]struct {
		from    *Commit
		renames bool
		want    []Change
	}{
		"renames": {from, true, []Change{
			{"modified", "changed", "changed", 2, 1}, {"removed", "less", "", 0, 2}, {"added", "", "more", 1, 0},
			{"renamed", "old", "new", 2, 1},
		}},
		"no renames": {from, false, []Change{
			{"modified", "changed", "changed", 2, 1}, {"removed", "less", "", 0, 2}, {"added", "", "more", 1, 0},
			{"added", "", "new", 4, 0}, {"removed", "old", "", 0, 3},
		}},
		"nothing before": {nil, true, []Change{
			{"added", "", "changed", 3, 0}, {"added", "", "more", 1, 0}, {"added", "", "new", 4, 0}, {"added", "", "same", 1, 0},
		}},
	}
	for name, test := range tests {
		if diff := cmp.Diff(test.want, Diff(test.from, to, test.renames)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}
