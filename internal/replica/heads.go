package replica

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/kindor/steampipe-plugin-bitbucket/bitbucket"
)

const (
	targetHash     = "target_hash"
	mainBranchName = "mainbranch_name"
)

// commits returns the table of commits, if a run has to read only those that lead to heads which have moved; else nil.
func (r *runner) commits() *Spec {
	for _, s := range r.specs {
		if s.Reading == bitbucket.ReadHeads && !r.isFull(s) {
			return s
		}
	}
	return nil
}

// headColumn returns the column of a table of branches or tags that has the newest commit, or -1 if that does not matter.
func (r *runner) headColumn(s *Spec) int {
	if s.Name != branchTable && s.Name != tagTable || r.commits() == nil {
		return -1
	}
	return s.column(targetHash)
}

// A reference is a branch or tag of a repository.
type reference struct{ table, repository, name string }

// loadHeads reads the heads of a table of branches or tags as they were after the last run, in touched repositories.
func (r *runner) loadHeads(ctx context.Context, s *Spec) error {
	if r.headColumn(s) < 0 || r.loaded[s.Name] {
		return nil
	}
	r.loaded[s.Name] = true
	for row, err := range r.to.Current(ctx, s.Table, []string{repositoryUUID, "name", targetHash}) {
		if err != nil {
			return err
		}
		uuid := fmt.Sprint(row[0])
		if is, ok := r.progress.Repositories[uuid]; ok && r.wasTouched(uuid, is) {
			r.heads[reference{s.Name, uuid, fmt.Sprint(row[1])}] = fmt.Sprint(row[2])
		}
	}
	return nil
}

// noteHead notes the head in a row of a table of branches or tags, if it has moved.
func (r *runner) noteHead(p *runProgress, s *Spec, row []any, hash int) {
	uuid, name := fmt.Sprint(row[s.column(repositoryUUID)]), fmt.Sprint(row[s.column("name")])
	if r.isNew(uuid, p.Repositories[uuid]) || row[hash] == nil {
		return // all of its commits are read
	}
	now := fmt.Sprint(row[hash])
	if main := s.column(mainBranchName); main >= 0 && row[main] == name {
		p.Main[uuid] = now
	}
	if before := r.heads[reference{s.Name, uuid, name}]; now != before {
		p.Moved = append(p.Moved, head{uuid, now, before})
	}
}

// fromHeads reads the commits that lead to heads which have moved, without those that led to the same head before. Those
// of a new branch or tag are read without those of the main branch.
func (r *runner) fromHeads(_ context.Context, s *Spec) ([]batch, error) {
	batches := r.inChunks(s, "in", r.toReadWhole(s))
	if r.isFull(s) {
		return batches, nil
	}
	moved := map[string][][]Condition{}
	for _, h := range r.progress.Moved {
		conditions := []Condition{{Column: revision, Operator: "=", Value: h.Hash}}
		if known := cmp.Or(h.Before, r.progress.Main[h.Repository]); known != "" && known != h.Hash {
			conditions = append(conditions, Condition{Column: excludedRevision, Operator: "=", Value: known})
		}
		moved[h.Repository] = append(moved[h.Repository], conditions)
	}
	return append(batches, r.inEach(s, "from", moved)...), nil
}

const (
	revision         = "revision"
	excludedRevision = "excluded_revision"
)

// withoutExclusion returns the scan to do when one has found nothing, because a head that was known is no longer in the
// repository: after a branch was forced to another history.
func (r *runner) withoutExclusion(s Scan, began time.Time) (Scan, bool) {
	i := slices.IndexFunc(s.Conditions, func(c Condition) bool { return c.Column == excludedRevision })
	if i < 0 || !slices.ContainsFunc(r.source.Omissions(began), func(o bitbucket.Omission) bool {
		return o.Table == s.Table && o.Reason == bitbucket.ReasonUnknownRevision
	}) {
		return s, false
	}
	s.Conditions = slices.Delete(slices.Clone(s.Conditions), i, i+1)
	return s, true
}
