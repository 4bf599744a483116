package bitbucket

import (
	"context"
	"iter"

	"github.com/kindor/steampipe-plugin-bitbucket/internal/api"
	"github.com/kindor/steampipe-plugin-bitbucket/internal/jsontree"
)

// A held is something in a repository that holds more: a pipeline its steps, an environment its variables.
type held struct {
	repo
	at     string         // its path below the repository's, with a placeholder for its uuid
	parent jsontree.Value // with the uuid at least
}

func (h held) path(rest string, values ...string) string {
	return h.repo.path(h.at+rest, append([]string{h.parent.Get("uuid").String()}, values...)...)
}

func (h held) row(item jsontree.Value) *row {
	r := h.repo.row(item)
	r.set(parent, h.parent)
	return r
}

// perHeld lists the children of what is listed at a path in each repository, and of each of which at is the path.
func (s *scan) perHeld(ctx context.Context, r repo, list, at string, children func(context.Context, held) iter.Seq2[*row, error]) iter.Seq2[*row, error] {
	parents := func(yield func(held, error) bool) {
		l := api.List{Path: r.path(list), Fields: append(s.fields(parent), "uuid"), PageLen: 100}
		for item, err := range s.List(ctx, l) {
			h := held{r, at, item}
			if err == nil && !s.acceptsIn(parent, h.row(jsontree.Value{})) {
				continue
			}
			if !yield(h, err) || err != nil {
				return
			}
		}
	}
	return s.unlessOff(r, s.accepted(combine(ctx, s, parents, func(ctx context.Context, h held) iter.Seq2[*row, error] {
		return unlessUnknown(children(ctx, h))
	})))
}

// acceptsIn checks the conditions on what stands in one part of a row.
func (s *scan) acceptsIn(p part, r *row) bool {
	return s.conditions.in(p).verdict(r) != fails
}

// inRepositories lists what is found at a path in each repository.
func inRepositories(rest string) func(context.Context, *scan) iter.Seq2[*row, error] {
	return func(ctx context.Context, s *scan) iter.Seq2[*row, error] {
		return s.perRepository(ctx, s.list(rest))
	}
}

// inAdministeredRepositories is inRepositories for what Bitbucket tells administrators only.
func inAdministeredRepositories(rest string) func(context.Context, *scan) iter.Seq2[*row, error] {
	return func(ctx context.Context, s *scan) iter.Seq2[*row, error] {
		return s.perAdministeredRepository(ctx, s.list(rest))
	}
}

// inAdministeredWorkspaces lists what is found at a path of each workspace, which Bitbucket tells administrators only.
func inAdministeredWorkspaces(path string) func(context.Context, *scan) iter.Seq2[*row, error] {
	return func(ctx context.Context, s *scan) iter.Seq2[*row, error] {
		return s.perAdministeredWorkspace(ctx, func(ctx context.Context, p place) iter.Seq2[*row, error] {
			return s.listIn(ctx, p, s.collection(api.Path(path, p.slug()), 100))
		})
	}
}

// list lists what is found at a path in a repository, unless the feature is off.
func (s *scan) list(rest string) func(context.Context, repo) iter.Seq2[*row, error] {
	return func(ctx context.Context, r repo) iter.Seq2[*row, error] {
		return s.unlessOff(r, s.listIn(ctx, r, s.collection(r.path(rest), 100)))
	}
}
