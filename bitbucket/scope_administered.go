package bitbucket

import (
	"context"
	"fmt"
	"iter"

	"github.com/kindor/steampipe-plugin-bitbucket/internal/bbql"
	"github.com/kindor/steampipe-plugin-bitbucket/internal/cache"
	"github.com/kindor/steampipe-plugin-bitbucket/internal/jsontree"
)

// administeredWorkspaces returns the scan's workspaces that the connected user administers. A token that belongs to no
// user counts as the administrator of everything that it can read.
func (s *scan) administeredWorkspaces(ctx context.Context) iter.Seq2[workspaceScope, error] {
	return func(yield func(workspaceScope, error) bool) {
		for p, err := range s.workspaces(ctx) {
			isAdministrator := false
			if err == nil {
				p, isAdministrator, err = p.administered(ctx, s)
			}
			if err == nil && !isAdministrator {
				if err = s.notAdministered(p.omission()); err == nil {
					continue
				}
			}
			if !yield(p, err) || err != nil {
				return
			}
		}
	}
}

// administered returns the workspace with what the list of the user's workspaces has of it, if anything, and reports
// whether the user administers it.
func (p workspaceScope) administered(ctx context.Context, s *scan) (_ workspaceScope, isAdministrator bool, err error) {
	known, ok, err := s.userWorkspace(ctx, p)
	if s.belongsToNobody(err) {
		return p, true, nil
	}
	_, byQuery := s.namedWorkspaces()
	switch {
	case err != nil:
		return p, false, err
	case ok && byQuery && p.named:
		err = checkName(p.slug(), known.Get("workspace.slug").String())
	case !ok && byQuery:
		err = s.checkWorkspace(ctx, p.slug())
	}
	if ok {
		p.workspace = known.Field("workspace")
	}
	return p, known.Get("administrator").Bool(), err
}

// notAdministered records that something is left out because only its administrators may read it. It returns an error
// if on_refusal is "strict" and the query names what is left out.
func (s *scan) notAdministered(one Omission) error {
	one.Reason = ReasonNotAdministered
	one.Message = fmt.Sprintf("%s leaves out %s, which the connected user does not administer.", s.queriedTable, one.Message)
	_, isNamed := s.namedWorkspaces()
	return s.omitUnlessStrict(one, isNamed)
}

// administers reports whether the connected user administers a workspace.
func (c *connection) administers(ctx context.Context, p workspaceScope) (bool, error) {
	known, _, err := c.userWorkspace(ctx, p)
	return known.Get("administrator").Bool(), err
}

// ifAdministered lists the children of a repository that the query names, unless the connected user does not administer
// it. Bitbucket refuses then: so the lists that show whether the user does are read only after a refusal, or first if
// they are cached.
func (r repositoryScope) ifAdministered(ctx context.Context, s *scan, children func(context.Context, repositoryScope) rowSeq) rowSeq {
	leaveOut := func(yield func(*row, error) bool) {
		if err := s.notAdministered(r.omission()); err != nil {
			yield(nil, err)
		}
	}
	return func(yield func(*row, error) bool) {
		if _, known := cache.Peek[[]jsontree.Value](s.places().answers, workspacesKey); known {
			isAdministrator, err := s.administersRepository(ctx, r)
			if err != nil {
				yield(nil, err)
				return
			}
			if !isAdministrator {
				leaveOut(yield)
				return
			}
		}
		first := true
		for child, err := range children(ctx, r) {
			if isRefused(err) && first {
				isAdministrator, failed := s.administersRepository(ctx, r)
				if failed == nil && !isAdministrator {
					leaveOut(yield)
					return
				}
			}
			first = false
			if !yield(child, err) || err != nil {
				return
			}
		}
	}
}

// administersRepository reports whether the connected user administers a repository, by the same lists as a scan of all
// repositories.
func (c *connection) administersRepository(ctx context.Context, r repositoryScope) (bool, error) {
	if isAdministrator, err := c.administers(ctx, r.workspaceScope); isAdministrator || c.belongsToNobody(err) {
		return true, nil
	} else if err != nil {
		return false, err
	}
	from := administeredRepositories(r.slug())
	_, _, isWhole := cache.PeekList[jsontree.Value](c.places().answers, from.key)
	if _, ok := from.find(ctx, c, r.fullName()); ok || isWhole {
		return ok, nil
	}
	for item, err := range c.places().shared(ctx, from.key, from.list(bbql.Filter{})) {
		if err != nil {
			return false, err
		}
		if from.repository(item).Get("full_name").String() == r.fullName() {
			return true, nil
		}
	}
	return false, nil
}

// administeredRepositories lists the repositories of a workspace that the connected user administers: all of them, or
// those in the user's permissions. The others are recorded as an omission.
func (p workspaceScope) administeredRepositories(ctx context.Context, s *scan) iter.Seq2[repositoryScope, error] {
	return func(yield func(repositoryScope, error) bool) {
		p, isAdministrator, err := p.administered(ctx, s)
		if err != nil {
			yield(repositoryScope{}, err)
			return
		}
		if isAdministrator {
			p.repositories(ctx, s)(yield)
			return
		}
		found := 0
		for r, err := range administeredRepositories(p.slug()).repositories(ctx, s, p) {
			found++
			if !yield(r, err) || err != nil {
				return
			}
		}
		if err := p.omitOthers(s, found); err != nil {
			yield(repositoryScope{}, err)
		}
	}
}

// omitOthers records how many repositories of a workspace the scan leaves out because the connected user does not
// administer them. It returns an error if the user administers none of them, on_refusal is "strict" and the query names
// the workspace.
func (p workspaceScope) omitOthers(s *scan, administers int) error {
	one := p.omission()
	one.Reason = ReasonNotAdministered
	one.Message = fmt.Sprintf("%s covers what the connected user administers: %d", s.queriedTable, administers)
	if _, byQuery := s.namedWorkspaces(); byQuery && administers == 0 && s.onRefusal == StrictOnRefusal {
		one.Message += " repositories of " + p.slug() + "."
		return &OmissionError{one}
	}
	if s.hasOmissions.Store(true); s.silent {
		return nil
	}
	s.deferred.add(func(ctx context.Context) {
		total, known := s.countGranted(ctx, p.slug())
		if known && total <= administers {
			return
		}
		if known {
			one.Covered, one.Total = administers, total
			one.Message += fmt.Sprintf(" of %d", total)
		}
		one.Message += " repositories of " + p.slug() + "."
		s.omit(one)
	})
	return nil
}
