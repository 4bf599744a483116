package replica

import (
	"context"
	"encoding/json"
	"fmt"
	"hash/fnv"
	"iter"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/kindor/steampipe-plugin-bitbucket/bitbucket"
)

// A batch is scans of one table whose rows are staged together.
type batch struct {
	name  string // unique in a run, and the same when the run is resumed
	spec  *Spec
	scans []Scan
	// isKnown says that it reads rows because they were not finished, so that they don't show a change in the repository.
	isKnown bool
}

// stageAll stages the batches of all phases. What a phase has read says what the next ones have to read.
func (r *runner) stageAll(ctx context.Context) error {
	for i := range r.phases() {
		if err := r.plan(ctx, i); err != nil {
			return err
		}
		if i == 0 {
			if err := r.announce(ctx); err != nil {
				return err
			}
		}
		for _, b := range r.planned[0] {
			if r.isStaged(b) {
				continue
			}
			r.report(ctx, b.spec.Name, time.Time{})
			if err := r.stage(ctx, b); err != nil {
				return err
			}
		}
	}
	return r.stageOmissions(ctx)
}

// plan works out what the phases from one on have to read, as far as it is known.
func (r *runner) plan(ctx context.Context, first int) error {
	r.planned, r.touched = nil, r.findTouched()
	for _, p := range r.phases()[first:] {
		batches, err := p(ctx)
		if err != nil {
			return err
		}
		r.planned = append(r.planned, batches)
	}
	return nil
}

func (r *runner) isStaged(b batch) bool { return slices.Contains(r.progress.Batches, b.name) }

// stageOmissions stages what the run has left out.
func (r *runner) stageOmissions(ctx context.Context) error {
	rows := func(yield func([]any, error) bool) {
		for i, o := range r.progress.Omissions {
			if !yield(omissionRow(r.progress.Run.ID, i+1, o), nil) {
				return
			}
		}
	}
	return r.to.Stage(ctx, Batch{Table: omissionTable(), Rows: rows}, func() (json.RawMessage, error) { return json.Marshal(r.progress) })
}

// stage reads a batch and stages it. If that fails because a repository has gone meanwhile, it is tried again without it.
func (r *runner) stage(ctx context.Context, b batch) error {
	for {
		for _, name := range r.vanished {
			b.scans = without(b.scans, name)
		}
		err := r.tryStage(ctx, b)
		if err == nil || ctx.Err() != nil {
			return err
		}
		uuid, is := r.missing(err)
		if uuid == "" {
			return err
		}
		delete(r.live, uuid)
		r.vanished = append(r.vanished, is.FullName)
	}
}

// missing returns the repository that is gone, if that is what an error reports. The plugin's errors reach its hosts as
// texts, and this one has the path of the request that Bitbucket answered.
func (r *runner) missing(err error) (uuid string, is repository) {
	for uuid, is := range r.live {
		if strings.Contains(err.Error(), "/2.0/repositories/"+is.FullName+": Bitbucket answered 404") {
			return uuid, is
		}
	}
	return "", repository{}
}

// without returns scans without the name of a repository.
func without(scans []Scan, fullName string) (left []Scan) {
	for _, s := range scans {
		s.Conditions = slices.Clone(s.Conditions)
		hasNone := false
		for i, c := range s.Conditions {
			if c.Column != repositoryName {
				continue
			}
			names, isList := c.Value.([]any)
			if !isList {
				names = []any{c.Value}
			}
			names = slices.DeleteFunc(slices.Clone(names), func(name any) bool { return name == fullName })
			s.Conditions[i].Value = names
			hasNone = hasNone || len(names) == 0
		}
		if !hasNone {
			left = append(left, s)
		}
	}
	return left
}

// tryStage reads a batch and stages it. What the rows tell is taken over only when they are staged.
func (r *runner) tryStage(ctx context.Context, b batch) error {
	if err := r.afford(ctx, b); err != nil {
		return err
	}
	if err := r.loadHeads(ctx, b.spec); err != nil {
		return err
	}
	next := r.progress.clone()
	next.Batches = append(next.Batches, b.name)
	access := map[string]uint64{}
	began := time.Now()
	rows := r.observed(&next, b, access, r.read(ctx, b))
	err := r.to.Stage(ctx, Batch{Table: b.spec.Table, Rows: rows}, func() (json.RawMessage, error) {
		if b.spec.Name == permissionTable {
			next.Repositories = withAccess(next.Repositories, access)
		}
		r.noteOmissions(&next, b, began)
		next.Run.Requests = r.requests()
		return json.Marshal(next)
	})
	if err == nil {
		r.progress = next
	}
	return err
}

// read yields the rows of all scans of a batch.
func (r *runner) read(ctx context.Context, b batch) iter.Seq2[[]any, error] {
	return func(yield func([]any, error) bool) {
		for _, s := range b.scans {
			began := time.Now()
			if !r.yieldRows(ctx, s, yield) {
				return
			}
			if s, ok := r.withoutExclusion(s, began); ok && !r.yieldRows(ctx, s, yield) {
				return
			}
		}
	}
}

// yieldRows yields the rows of a scan, and reports whether more rows are wanted.
func (r *runner) yieldRows(ctx context.Context, s Scan, yield func([]any, error) bool) bool {
	for row, err := range r.source.Scan(ctx, s) {
		if err != nil {
			err = fmt.Errorf("reading %s: %w", s.Table, err)
		}
		if !yield(row, err) || err != nil {
			return false
		}
	}
	return true
}

// observed yields the rows, and notes in the progress what they tell about other tables.
func (r *runner) observed(p *runProgress, b batch, access map[string]uint64, rows iter.Seq2[[]any, error]) iter.Seq2[[]any, error] {
	s := b.spec
	uuid, link, hash := s.column(repositoryUUID), r.linkTo(s), r.headColumn(s)
	seen, sums := map[parent]bool{}, r.sumColumns(s)
	if sums != nil {
		p.Sums[s.Name] = 0
	}
	observe := func(row []any) {
		p.Scanned++
		if s.Name == permissionTable {
			access[fmt.Sprint(row[uuid])] += sumOf(row, s.column("user_uuid"), s.column("permission"))
		}
		if link >= 0 {
			if one := (parent{s.Name, fmt.Sprint(row[uuid]), fmt.Sprint(row[link]), b.isKnown}); !seen[one] {
				seen[one] = true
				p.Parents = append(p.Parents, one)
			}
		}
		if sums != nil {
			p.Sums[s.Name] += sumOf(row, sums...)
		}
		if hash >= 0 {
			r.noteHead(p, s, row, hash)
		}
	}
	return func(yield func([]any, error) bool) {
		for row, err := range rows {
			if err == nil {
				observe(row)
			}
			if !yield(row, err) || err != nil {
				return
			}
		}
	}
}

// sumOf returns a number from values of a row.
func sumOf(row []any, columns ...int) uint64 {
	h := fnv.New64a()
	for _, i := range columns {
		fmt.Fprintf(h, "%v\x00", row[i])
	}
	return h.Sum64()
}

// withAccess returns the repositories with the sums over their permissions.
func withAccess(repositories map[string]repository, access map[string]uint64) map[string]repository {
	with := map[string]repository{}
	for uuid, is := range repositories {
		is.Access = access[uuid]
		with[uuid] = is
	}
	return with
}

// noteOmissions notes what a batch has left out, and which of it could not be read.
func (r *runner) noteOmissions(p *runProgress, b batch, since time.Time) {
	for _, o := range r.source.Omissions(since) {
		if o.Table != b.spec.Name || o.Reason == bitbucket.ReasonUnknownRevision {
			continue
		}
		p.Omissions = append(p.Omissions, o)
		if o.Reason != bitbucket.ReasonRefused && o.Reason != bitbucket.ReasonFailed {
			continue
		}
		one := skip{Table: o.Table, Workspace: o.Workspace}
		for uuid, is := range p.Repositories {
			if o.Repository != "" && is.FullName == o.Repository {
				one.Repository = uuid
			}
		}
		p.Skipped = append(p.Skipped, one)
	}
}

// sumColumns returns the columns of a table that matter to others which depend on it; nil if none does.
func (r *runner) sumColumns(s *Spec) (columns []int) {
	if !slices.ContainsFunc(r.specs, func(other *Spec) bool { return slices.Contains(other.Depends, s.Name) }) {
		return nil
	}
	for i, c := range s.Columns {
		if !slices.Contains(s.Table.Ignored, c.Name) {
			columns = append(columns, i)
		}
	}
	return columns
}

// linkTo returns the column of a table that its children name, if a run has to read only those whose parent has changed;
// else -1.
func (r *runner) linkTo(s *Spec) int {
	for _, child := range r.specs {
		if child.Reading == bitbucket.ReadChildren && child.Parent == s.Name && !r.isFull(child) {
			return s.column(child.Links[1].Parent)
		}
	}
	return -1
}

// typed returns a text as a value of a column.
func (s *Spec) typed(column, text string) (any, error) {
	if s.Columns[s.column(column)].Type == Integer {
		return integer(text)
	}
	return text, nil
}

func integer(text string) (any, error) {
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		return nil, fmt.Errorf("%q should be a number", text)
	}
	return n, nil
}
