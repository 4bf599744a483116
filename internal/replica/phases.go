package replica

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/kindor/steampipe-plugin-bitbucket/bitbucket"
)

// A phase returns the batches of some tables. It may depend on what earlier phases have read.
type phase func(context.Context) ([]batch, error)

// phases returns the phases of a run, in their order.
func (r *runner) phases() []phase {
	of := func(reading bitbucket.Reading, batches func(context.Context, *Spec) ([]batch, error)) phase {
		return func(ctx context.Context) (all []batch, err error) {
			for _, s := range r.specs {
				if s.Reading != reading {
					continue
				}
				found, err := batches(ctx, s)
				if err != nil {
					return nil, err
				}
				all = append(all, found...)
			}
			return all, nil
		}
	}
	return []phase{
		of(bitbucket.ReadWhole, r.wholeTable),
		of(bitbucket.ReadSince, r.since),
		of(bitbucket.ReadTouched, r.inTouched),
		of(bitbucket.ReadHeads, r.fromHeads),
		of(bitbucket.ReadChildren, r.ofParents),
	}
}

func (r *runner) wholeTable(_ context.Context, s *Spec) ([]batch, error) {
	return []batch{{name: s.Name, spec: s, scans: []Scan{s.scan()}}}, nil
}

// The number of repositories that are read in one batch: so many that what a stopped run has to read again is little, and
// so few that the record of its progress is not written all the time.
const (
	fewestInBatch = 25
	mostInBatch   = 200
	batchesOfAll  = 20
)

// inChunks returns batches which read a table in these repositories: one for some dozens. The last one may have more,
// because a scan for few names costs a request more for each.
func (r *runner) inChunks(s *Spec, what string, repositories []string, more ...Condition) []batch {
	size := min(max(len(r.progress.Repositories)/batchesOfAll, fewestInBatch), mostInBatch)
	var batches []batch
	for len(repositories) > 0 {
		n := size
		if len(repositories) < 2*size {
			n = len(repositories)
		}
		b := batch{name: fmt.Sprintf("%s %s %s", s.Name, what, repositories[0]), spec: s}
		if names := r.names(repositories[:n]); len(names) > 0 {
			b.scans = []Scan{s.scan(append(more, Condition{Column: repositoryName, Operator: "=", Value: names})...)}
		}
		batches, repositories = append(batches, b), repositories[n:]
	}
	return batches
}

// names returns the full names of those repositories that are still there.
func (r *runner) names(repositories []string) (names []any) {
	for _, uuid := range repositories {
		if is, ok := r.live[uuid]; ok {
			names = append(names, is.FullName)
		}
	}
	return names
}

// A repositoryFilter reports whether a run reads a repository, by uuid.
type repositoryFilter func(uuid string, is repository) bool

// choose returns repositories that there were when the run began, by name.
func (r *runner) choose(is repositoryFilter) []string {
	return slices.DeleteFunc(byName(r.progress.Repositories), func(uuid string) bool { return !is(uuid, r.progress.Repositories[uuid]) })
}

// isNew reports whether nothing is known of a repository, or not enough, or whether all of its rows have another name now.
func (r *runner) isNew(uuid string, is repository) bool {
	was, ok := r.old.Repositories[uuid]
	return !ok || was.IsPartial || was.FullName != is.FullName || was.Name != is.Name
}

// wasTouched reports whether something in a repository may have changed.
func (r *runner) wasTouched(uuid string, _ repository) bool { return r.touched[uuid] }

// findTouched returns the repositories in which something may have changed, as far as it is known, and those from which
// one of them was forked.
func (r *runner) findTouched() map[string]bool {
	touched := map[string]bool{}
	for uuid, is := range r.progress.Repositories {
		if r.hasMoved(uuid, is) {
			touched[uuid] = true
			touched[is.Parent] = true
		}
	}
	for _, p := range r.progress.Parents {
		if !p.IsKnown {
			touched[p.Repository] = true
		}
	}
	return touched
}

// hasMoved reports whether a repository shows that something in it has changed.
func (r *runner) hasMoved(uuid string, is repository) bool {
	was := r.old.Repositories[uuid]
	return r.isNew(uuid, is) || !was.UpdatedOn.Equal(is.UpdatedOn) || was.Access != is.Access
}

// hasNewGrounds reports whether a table on which another one depends has changed.
func (r *runner) hasNewGrounds(s *Spec) bool {
	return slices.ContainsFunc(s.Depends, func(name string) bool { return r.progress.Sums[name] != r.old.Tables[name].Sum })
}

// toRead returns the repositories of which a run reads all rows of a table of ReadTouched.
func (r *runner) toRead(s *Spec) []string {
	if r.isFull(s) || r.hasNewGrounds(s) {
		return r.choose(everyRepository)
	}
	return r.choose(r.wasTouched)
}

func everyRepository(string, repository) bool { return true }

// toReadWhole returns the repositories of which a run reads all rows of a table that it else reads in parts.
func (r *runner) toReadWhole(s *Spec) []string {
	if r.isFull(s) {
		return r.choose(everyRepository)
	}
	return r.choose(r.isNew)
}

func (r *runner) inTouched(_ context.Context, s *Spec) ([]batch, error) {
	batches := r.inChunks(s, "in", r.toRead(s))
	if s.Elsewhere.Column != "" {
		values := slices.Concat(elsewhere(s).Values...)
		batches = append(batches, batch{name: s.Name + " elsewhere", spec: s, scans: []Scan{s.scan(Condition{Column: s.Elsewhere.Column, Operator: "=", Value: values})}})
	}
	return batches, nil
}

func (r *runner) since(ctx context.Context, s *Spec) ([]batch, error) {
	batches := r.inChunks(s, "in", r.toReadWhole(s))
	if r.isFull(s) {
		return batches, nil
	}
	known := r.choose(func(uuid string, is repository) bool { return !r.isNew(uuid, is) })
	from := r.old.Tables[s.Name].ReadAt.Add(-overlap)
	batches = append(batches, r.inChunks(s, "since", known, Condition{Column: s.Since, Operator: ">=", Value: from})...)
	unfinished, err := r.unfinished(ctx, s, from)
	return append(batches, unfinished...), err
}

// mostUnfinished is the number of rows of a repository that are looked up because they were not finished: as many as a
// scan requests one by one.
const mostUnfinished = 10

// unfinished returns batches for the rows that were not finished when they were last read, and that no condition on the
// time finds: the newest ones of each repository. If there are more, a full run finds the others.
func (r *runner) unfinished(ctx context.Context, s *Spec, before time.Time) ([]batch, error) {
	if s.Unfinished == "" {
		return nil, nil
	}
	id := s.Table.Key[len(s.Table.Key)-1]
	ids, ok := r.unfinishedIDs[s.Name]
	if !ok {
		var err error
		if ids, err = r.findUnfinished(ctx, s, id, before); err != nil {
			return nil, err
		}
		r.unfinishedIDs[s.Name] = ids
	}
	batches := r.inEach(s, "unfinished", oneOf(id, ids))
	for i := range batches {
		batches[i].isKnown = true
	}
	return batches, nil
}

// findUnfinished returns the ids of these rows, by repository.
func (r *runner) findUnfinished(ctx context.Context, s *Spec, id string, before time.Time) (map[string][]any, error) {
	ids := map[string][]any{}
	for row, err := range r.to.Current(ctx, s.Table, []string{repositoryUUID, id, s.Since, s.Unfinished}) {
		if err != nil {
			return nil, err
		}
		uuid, _ := row[0].(string)
		if at, _ := row[2].(time.Time); row[3] != nil || !at.Before(before) {
			continue
		}
		ids[uuid] = append(ids[uuid], row[1])
		if len(ids[uuid]) > mostUnfinished {
			ids[uuid] = ids[uuid][1:]
		}
	}
	return ids, nil
}

// ofParents reads the children of parents that have changed.
func (r *runner) ofParents(_ context.Context, s *Spec) ([]batch, error) {
	batches := r.inChunks(s, "in", r.toReadWhole(s))
	if r.isFull(s) {
		return batches, nil
	}
	link := s.Links[1].Own
	ids := map[string][]any{}
	for _, p := range r.progress.Parents {
		if p.Table == s.Parent {
			id, err := s.typed(link, p.ID)
			if err != nil {
				return nil, err
			}
			ids[p.Repository] = append(ids[p.Repository], id)
		}
	}
	return append(batches, r.inEach(s, "of", oneOf(link, ids))...), nil
}

// oneOf returns the conditions of one scan for each repository: the column has one of the values.
func oneOf(column string, values map[string][]any) map[string][][]Condition {
	conditions := map[string][][]Condition{}
	for uuid, values := range values {
		conditions[uuid] = [][]Condition{{{Column: column, Operator: "=", Value: values}}}
	}
	return conditions
}

// inEach returns batches with the scans of each repository, which are given by their conditions: one batch for some
// dozens of repositories.
func (r *runner) inEach(s *Spec, what string, found map[string][][]Condition) []batch {
	var batches []batch
	for uuids := range slices.Chunk(r.choose(func(uuid string, is repository) bool { return found[uuid] != nil && !r.isNew(uuid, is) }), fewestInBatch) {
		b := batch{name: fmt.Sprintf("%s %s %s", s.Name, what, uuids[0]), spec: s}
		for _, uuid := range uuids {
			for _, name := range r.names([]string{uuid}) {
				for _, conditions := range found[uuid] {
					b.scans = append(b.scans, s.scan(append(conditions, Condition{Column: repositoryName, Operator: "=", Value: name})...))
				}
			}
		}
		batches = append(batches, b)
	}
	return batches
}
