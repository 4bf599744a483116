package bitbucket

import (
	"context"
	"errors"
	"iter"

	"github.com/kindor/steampipe-plugin-bitbucket/internal/api"
	"github.com/kindor/steampipe-plugin-bitbucket/internal/jsontree"
)

// A scan walks from workspaces to projects and repositories, and from these to what is in them. Each method here lists the
// children of all scopes of one kind that the scan covers. Which ones these are, the files scope_*.go say.

// perWorkspace lists the children of every workspace that the scan covers.
func (s *scan) perWorkspace(ctx context.Context, children func(context.Context, workspaceScope) rowSeq) rowSeq {
	return s.inEachWorkspace(ctx, s.workspaces(ctx), children)
}

// inEachWorkspace lists the children of each workspace. A workspace that was deleted since it was listed has none. It
// is an error if the query spells a workspace's name differently from Bitbucket.
func (s *scan) inEachWorkspace(ctx context.Context, workspaces iter.Seq2[workspaceScope, error], children func(context.Context, workspaceScope) rowSeq) rowSeq {
	_, byQuery := s.namedWorkspaces()
	return combine(ctx, s, workspaces, func(ctx context.Context, p workspaceScope) rowSeq {
		return wholeOrNone(&s.omitter, p.omission(), func(yield func(*row, error) bool) {
			checked := !byQuery
			for r, err := range children(ctx, p) {
				if err != nil && p.isGone(ctx, s.connection, err) {
					return
				}
				if err == nil && byQuery {
					err = p.checkRow(ctx, s.connection, r, &checked)
				}
				if !yield(r, err) || err != nil {
					return
				}
			}
			if !checked {
				if err := s.checkWorkspace(ctx, p.slug()); err != nil {
					yield(nil, err)
				}
			}
		})
	})
}

// perAdministeredWorkspace lists the children of the workspaces that the connected user administers, for what Bitbucket
// shows only to a workspace's administrators.
func (s *scan) perAdministeredWorkspace(ctx context.Context, children func(context.Context, workspaceScope) rowSeq) rowSeq {
	return s.inEachWorkspace(ctx, s.administeredWorkspaces(ctx), children)
}

// perGroup makes rows of the groups of the workspaces that the connected user administers. A workspace that hides its
// groups has no rows; this is recorded as an omission.
func (s *scan) perGroup(ctx context.Context, rows func(workspaceScope, jsontree.Value) []*row) rowSeq {
	return s.perAdministeredWorkspace(ctx, func(ctx context.Context, p workspaceScope) rowSeq {
		return func(yield func(*row, error) bool) {
			groups, err := s.groups(ctx, p.slug())
			if closed, ok := errors.AsType[*groupsError](err); ok && !api.IsGone(err) { // gone means gone for all workspaces
				err = p.omitGroups(s, closed)
			}
			if err != nil {
				yield(nil, err)
				return
			}
			for _, group := range groups {
				for _, r := range rows(p, group) {
					if !yield(r, nil) {
						return
					}
				}
			}
		}
	})
}

// perAdministeredProject lists the children of every project that the connected user administers, for what Bitbucket
// shows only to administrators.
func (s *scan) perAdministeredProject(ctx context.Context, children func(context.Context, projectScope) rowSeq) rowSeq {
	return combine(ctx, s, s.projects(ctx), func(ctx context.Context, p projectScope) rowSeq {
		return wholeOrNone(&s.omitter, p.omission(), func(yield func(*row, error) bool) {
			for child, err := range children(ctx, p) {
				if err != nil && p.isGone(ctx, s.connection, err) {
					return
				}
				if p.isCandidate && isRefused(err) {
					if err = s.notAdministered(p.omission()); err == nil {
						return
					}
				}
				if !yield(child, err) || err != nil {
					return
				}
			}
		})
	})
}

// perSnippet lists the collection at rest below every snippet that the scan covers. A snippet that was deleted since it
// was listed has no rows.
func (s *scan) perSnippet(ctx context.Context, rest string) rowSeq {
	return combine(ctx, s, s.snippets(ctx), func(ctx context.Context, parent snippetScope) rowSeq {
		return wholeOrNone(&s.omitter, parent.omission(), unlessUnknown(s.listIn(ctx, parent, s.collection(parent.path(rest), 100))))
	})
}

// perRepository lists the children of every repository that the scan covers: the ones that the query names, or else all
// that the connected user can see in the workspaces that the scan covers.
func (s *scan) perRepository(ctx context.Context, children func(context.Context, repositoryScope) rowSeq) rowSeq {
	return s.inEachRepository(ctx, s.repositories(ctx, workspaceScope.repositories), children)
}

// inEachRepository lists the children of each repository. A repository that was deleted since it was listed has none.
func (s *scan) inEachRepository(ctx context.Context, repositories iter.Seq2[repositoryScope, error], children func(context.Context, repositoryScope) rowSeq) rowSeq {
	read := func(repositories iter.Seq2[repositoryScope, error], done func()) rowSeq {
		return combine(ctx, s, repositories, func(ctx context.Context, r repositoryScope) rowSeq {
			return wholeOrNone(&s.omitter, r.omission(), func(yield func(*row, error) bool) {
				defer done()
				for child, err := range s.accepted(children(ctx, r)) {
					if err != nil && r.isGone(ctx, s.connection, err) {
						return
					}
					if !yield(child, r.withRequestsNeeded(ctx, s.connection, err)) || err != nil {
						return
					}
				}
			})
		})
	}
	if s.limit >= 0 { // it mostly reads few of them, and not the whole list
		return read(repositories, func() {})
	}
	return s.progress.watch(ctx, repositories, read)
}

// perAdministeredRepository lists the children of the repositories that the connected user administers, for what
// Bitbucket shows only to administrators.
func (s *scan) perAdministeredRepository(ctx context.Context, children func(context.Context, repositoryScope) rowSeq) rowSeq {
	return s.inEachRepository(ctx, s.repositories(ctx, workspaceScope.administeredRepositories), func(ctx context.Context, r repositoryScope) rowSeq {
		if r.from != nil {
			return children(ctx, r)
		}
		return r.ifAdministered(ctx, s, children)
	})
}

// perCommit lists the children of the commits that the query names, in each repository that the scan covers. If the
// query names none, it takes the newest commit of each main branch. The hash comes from other rows, so a commit that a
// repository does not have is no error: it has no rows.
func (s *scan) perCommit(ctx context.Context, children func(context.Context, commitScope) rowSeq) rowSeq {
	return s.perRepository(ctx, func(ctx context.Context, r repositoryScope) rowSeq {
		return combine(ctx, s, r.commits(ctx, s), func(ctx context.Context, c commitScope) rowSeq {
			return unlessUnknown(children(ctx, c))
		})
	})
}

// perPullRequest lists the children of every pull request that the scan covers: the ones that the query names, or else,
// in every repository that the scan covers, the ones in all states that the query's conditions on them allow.
func (s *scan) perPullRequest(ctx context.Context, children func(context.Context, pullRequestScope) rowSeq) rowSeq {
	return s.perRepository(ctx, func(ctx context.Context, r repositoryScope) rowSeq {
		return s.accepted(combine(ctx, s, r.pullRequests(ctx, s), func(ctx context.Context, p pullRequestScope) rowSeq {
			return p.ifExists(ctx, s.connection, children(ctx, p))
		}))
	})
}

// perPipeline lists the children of every pipeline that the scan covers. Conditions on the columns about the pipeline
// narrow the list of pipelines as in bitbucket_pipeline.
func (s *scan) perPipeline(ctx context.Context, children func(context.Context, childScope) rowSeq) rowSeq {
	over := s.with(s.onParents(tablePipeline()))
	return s.perRepository(ctx, func(ctx context.Context, r repositoryScope) rowSeq {
		return s.accepted(combine(ctx, s, r.pipelines(ctx, s, over), func(ctx context.Context, p childScope) rowSeq {
			return unlessUnknown(children(ctx, p))
		}))
	})
}

// perStep lists the children of every step that the scan covers and that has started.
func (s *scan) perStep(ctx context.Context, children func(context.Context, stepScope) rowSeq) rowSeq {
	return s.perPipeline(ctx, func(ctx context.Context, p childScope) rowSeq {
		return s.accepted(combine(ctx, s, p.steps(ctx, s), func(ctx context.Context, of stepScope) rowSeq {
			return unlessUnknown(children(ctx, of))
		}))
	})
}

// perChild lists the objects at the path list of each repository, and for each of them the children, which are below
// the path at.
func (s *scan) perChild(ctx context.Context, r repositoryScope, list, at string, children func(context.Context, childScope) rowSeq) rowSeq {
	return s.unlessOff(r, s.accepted(combine(ctx, s, r.parents(ctx, s, list, at), func(ctx context.Context, h childScope) rowSeq {
		return unlessUnknown(children(ctx, h))
	})))
}

// perFile makes rows of the files at some paths in every repository that the scan covers, at each revision that the
// query names in the column ref.
func (s *scan) perFile(ctx context.Context, paths []string, read fileReader) rowSeq {
	return s.perRepository(ctx, func(ctx context.Context, r repositoryScope) rowSeq {
		return combine(ctx, s, r.trees(ctx, s, "ref"), func(ctx context.Context, t treeScope) rowSeq {
			return func(yield func(*row, error) bool) {
				for _, path := range paths {
					rows, err := t.rowsOfFile(ctx, s, path, read)
					if err != nil {
						yield(nil, err)
						return
					}
					for _, r := range rows {
						if !yield(r, nil) {
							return
						}
					}
				}
			}
		})
	})
}
