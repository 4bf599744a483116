package bitbucket

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/kindor/steampipe-plugin-bitbucket/internal/api"
	"github.com/kindor/steampipe-plugin-bitbucket/internal/bbql"
	"github.com/kindor/steampipe-plugin-bitbucket/internal/cache"
	"github.com/kindor/steampipe-plugin-bitbucket/internal/jsontree"
)

// A repositoryScope is a repository that a scan covers, for the tables of what belongs to a repository.
type repositoryScope struct {
	workspaceScope
	repository jsontree.Value  // has the fields in repositoryFields
	from       *repositoryList // the list that has it; nil if the query names it
}

// A repositoryList is a list of the repositories of a workspace, which scans share.
type repositoryList struct {
	key    string      // in the cache
	path   string      // of the list
	filter bbql.Filter // that the list always has
	at     string      // path of the repository in an item; empty if the items are repositories
}

// list describes the list, or the part of it that also passes another filter.
func (i *repositoryList) list(only bbql.Filter) api.List {
	l := api.List{Path: i.path, Query: url.Values{}, PageLen: 100}
	for _, field := range repositoryFields {
		l.Fields = append(l.Fields, i.at+field)
	}
	if q := bbql.And(i.filter, only).String(); q != "" {
		l.Query.Set("q", q)
	}
	return l
}

// repository returns the repository in an item of the list.
func (i *repositoryList) repository(item jsontree.Value) jsontree.Value {
	if i.at == "" {
		return item
	}
	return item.Field(strings.TrimSuffix(i.at, "."))
}

// visibleRepositories returns the list of the repositories of a workspace that the connected user can see.
// https://developer.atlassian.com/cloud/bitbucket/rest/api-group-repositories/#api-repositories-workspace-get
func visibleRepositories(slug string) *repositoryList {
	return &repositoryList{key: "repositories " + strings.ToLower(slug), path: api.Path("/2.0/repositories/{workspace}", slug)}
}

// administeredRepositories returns the list of the repositories of a workspace that the connected user administers.
// https://developer.atlassian.com/cloud/bitbucket/rest/api-group-workspaces/#api-user-workspaces-workspace-permissions-repositories-get
func administeredRepositories(slug string) *repositoryList {
	return &repositoryList{
		key:    "administered repositories " + strings.ToLower(slug),
		path:   api.Path("/2.0/user/workspaces/{workspace}/permissions/repositories", slug),
		filter: bbql.Compare("permission", "=", "admin"),
		at:     "repository.",
	}
}

// repositoryFields are the fields that are known of each repository.
var repositoryFields = []string{"full_name", "uuid", "name", "project.key", "mainbranch.name", "workspace.uuid", "override_settings.branching_model"}

// fullName returns the slugs of the workspace and of the repository, as in "acme/website".
func (r repositoryScope) fullName() string { return r.repository.Get("full_name").String() }

// name returns the slug of the repository.
func (r repositoryScope) name() string {
	_, name, _ := strings.Cut(r.fullName(), "/")
	return name
}

// mainBranch returns the name of the main branch, or "" for a repository without commits.
func (r repositoryScope) mainBranch() string { return r.repository.Get("mainbranch.name").String() }

// path returns the path of something in the repository. rest is the part after the repository's own path, and values
// fill its placeholders.
func (r repositoryScope) path(rest string, values ...string) string {
	slug, name, _ := strings.Cut(r.fullName(), "/")
	return api.Path("/2.0/repositories/{workspace}/{repo_slug}"+rest, append([]string{slug, name}, values...)...)
}

// row returns the row of an object in the repository.
func (r repositoryScope) row(item jsontree.Value) *row {
	made := &row{}
	made.set(objectPart, item)
	made.set(repositoryPart, r.repository)
	made.set(workspacePart, r.workspace)
	made.set(queryPart, r.query)
	return made
}

// inRepositoryColumns returns the columns that show the repository of an object.
func inRepositoryColumns() []column {
	return []column{
		text("repository_full_name", "Slugs of the workspace and the repository, as in \"acme/website\".").in(repositoryPart, "full_name"),
		text("repository_uuid", "Immutable id of the repository, in braces.").in(repositoryPart, "uuid"),
		text("workspace_slug", "Slug of the workspace.").in(workspacePart, "slug"),
		text("workspace_uuid", "Immutable id of the workspace, in braces.").in(repositoryPart, "workspace.uuid").in(workspacePart, "uuid"),
	}
}

// inRepositoryKeyColumns returns the key columns by which a query names repositories.
func inRepositoryKeyColumns() []keyColumn {
	return []keyColumn{named("workspace_slug"), named("repository_full_name")}
}

// perRepository lists the children of every repository that the scan covers: the ones that the query names, or else all
// that the connected user can see in the workspaces that the scan covers.
func (s *scan) perRepository(ctx context.Context, children func(context.Context, repositoryScope) rowSeq) rowSeq {
	return s.inEachRepository(ctx, s.repositories(ctx, s.repositoriesOf), children)
}

// perAdministeredRepository lists the children of the repositories that the connected user administers, for what
// Bitbucket shows only to administrators.
func (s *scan) perAdministeredRepository(ctx context.Context, children func(context.Context, repositoryScope) rowSeq) rowSeq {
	return s.inEachRepository(ctx, s.repositories(ctx, s.administeredIn), func(ctx context.Context, r repositoryScope) rowSeq {
		if r.from != nil {
			return children(ctx, r)
		}
		return s.ifAdministered(ctx, r, children)
	})
}

// ifAdministered lists the children of a repository that the query names, unless the connected user does not administer
// it. Bitbucket refuses then: so the lists that show whether the user does are read only after a refusal, or first if
// they are cached.
func (s *scan) ifAdministered(ctx context.Context, r repositoryScope, children func(context.Context, repositoryScope) rowSeq) rowSeq {
	leaveOut := func(yield func(*row, error) bool) {
		if err := s.notAdministered(r.omission()); err != nil {
			yield(nil, err)
		}
	}
	return func(yield func(*row, error) bool) {
		if _, known := cache.Peek[[]jsontree.Value](s.answers, workspacesKey); known {
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
func (s *scan) administersRepository(ctx context.Context, r repositoryScope) (bool, error) {
	if isAdministrator, err := s.administers(ctx, r.workspaceScope); isAdministrator || s.belongsToNobody(err) {
		return true, nil
	} else if err != nil {
		return false, err
	}
	from := administeredRepositories(r.slug())
	_, _, isWhole := cache.PeekList[jsontree.Value](s.answers, from.key)
	if _, ok := s.repositoryOn(ctx, from, r.fullName()); ok || isWhole {
		return ok, nil
	}
	for item, err := range s.shared(ctx, from.key, from.list(bbql.Filter{})) {
		if err != nil {
			return false, err
		}
		if from.repository(item).Get("full_name").String() == r.fullName() {
			return true, nil
		}
	}
	return false, nil
}

// omission returns the omission to record if the repository is left out. Its message only names the repository.
func (r repositoryScope) omission() Omission {
	return Omission{Workspace: r.slug(), Repository: r.fullName(), Message: "the repository " + r.fullName()}
}

// inEachRepository lists the children of each repository. A repository that was deleted since it was listed has none.
func (s *scan) inEachRepository(ctx context.Context, repositories iter.Seq2[repositoryScope, error], children func(context.Context, repositoryScope) rowSeq) rowSeq {
	return combine(ctx, s, repositories, func(ctx context.Context, r repositoryScope) rowSeq {
		return wholeOrNone(s, r.omission(), func(yield func(*row, error) bool) {
			for child, err := range s.accepted(children(ctx, r)) {
				if err != nil && s.repositoryIsGone(ctx, r, err) {
					return
				}
				if !yield(child, s.withRequestsNeeded(ctx, r, err)) || err != nil {
					return
				}
			}
		})
	})
}

// withRequestsNeeded adds to an error about a used up quota how many repositories are left, as each of them takes at
// least one request.
func (s *scan) withRequestsNeeded(ctx context.Context, r repositoryScope, err error) error {
	spent, ok := errors.AsType[*api.QuotaError](err)
	if !ok || r.from == nil {
		return err
	}
	const patience = 200 * time.Millisecond // the page of the list is needed for nothing else
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	isLater, later := false, int64(0)
	for item, err := range s.shared(ctx, r.from.key, r.from.list(bbql.Filter{})) {
		if err != nil {
			break
		}
		if isLater {
			later++
		}
		isLater = isLater || r.from.repository(item).Get("uuid").String() == r.repository.Get("uuid").String()
	}
	more := *spent // a copy, as others may have the same error
	more.Needed = max(1, more.Needed) + later
	return &more
}

// isUnknown reports whether Bitbucket itself answered that something does not exist.
func isUnknown(err error) bool { return api.IsNotFound(err) && api.IsExplained(err) }

// unlessUnknown yields the rows, and ends without an error if Bitbucket answers that something does not exist: it never
// did, or it was deleted since its parent was listed.
func unlessUnknown(rows rowSeq) rowSeq {
	return func(yield func(*row, error) bool) {
		for r, err := range rows {
			if isUnknown(err) || !yield(r, err) || err != nil {
				return
			}
		}
	}
}

// unlessOff yields the rows like unlessUnknown, for a feature that may be switched off, such as pipelines: Bitbucket
// then answers "not found". This is recorded as an omission.
func (s *scan) unlessOff(r repositoryScope, rows rowSeq) rowSeq {
	return s.unlessMissing(r, ReasonFeatureOff, "where the feature is off", rows)
}

// unlessMissing yields the rows like unlessUnknown, for something that a repository lacks. This is recorded as an
// omission, with a reason.
func (s *scan) unlessMissing(r repositoryScope, reason, because string, rows rowSeq) rowSeq {
	return func(yield func(*row, error) bool) {
		for child, err := range rows {
			if isUnknown(err) {
				if err = s.omitRepository(r, reason, because); err == nil {
					return
				}
			}
			if !yield(child, err) || err != nil {
				return
			}
		}
	}
}

// omitRepository records that a repository has nothing to show, for a reason, or because it is empty. It returns an
// error if on_refusal is "strict" and the query names the repository.
func (s *scan) omitRepository(r repositoryScope, reason, because string) error {
	if r.mainBranch() == "" && reason != ReasonFeatureOff {
		reason, because = ReasonEmpty, "which is empty"
	}
	one := r.omission()
	one.Reason, one.Message = reason, fmt.Sprintf("%s has no rows for the repository %s, %s.", s.queriedTable, r.fullName(), because)
	if r.from == nil && s.settings.OnRefusal == StrictOnRefusal {
		return &OmissionError{one}
	}
	s.omit(one)
	return nil
}

// repositories returns the repositories that the query names, or else those that of returns for each workspace that the
// scan covers.
func (s *scan) repositories(ctx context.Context, of func(context.Context, workspaceScope) iter.Seq2[repositoryScope, error]) iter.Seq2[repositoryScope, error] {
	return func(yield func(repositoryScope, error) bool) {
		if names, ok := s.equals("repository_full_name"); ok {
			s.namedRepositories(ctx, names)(yield)
			return
		}
		none, places := true, 0
		for p, err := range s.workspaces(ctx) {
			if err != nil {
				yield(repositoryScope{}, err)
				return
			}
			places++
			for r, err := range wholeOrNone(s, p.omission(), of(ctx, p)) {
				if err != nil && s.workspaceIsGone(ctx, p, err) {
					break
				}
				none = false
				if !yield(r, err) || err != nil {
					return
				}
			}
		}
		if none && places > 0 {
			s.omit(Omission{Reason: ReasonNothingVisible, Message: s.queriedTable + " has no rows because the connected user sees no repository that the table could cover."})
		}
	}
}

// repositoriesOf lists the repositories of a workspace that the connected user can see.
func (s *scan) repositoriesOf(ctx context.Context, p workspaceScope) iter.Seq2[repositoryScope, error] {
	return s.repositoriesOn(ctx, p, visibleRepositories(p.slug()))
}

// administeredIn lists the repositories of a workspace that the connected user administers: all of them, or those in
// the user's permissions. The others are recorded as an omission.
func (s *scan) administeredIn(ctx context.Context, p workspaceScope) iter.Seq2[repositoryScope, error] {
	return func(yield func(repositoryScope, error) bool) {
		p, isAdministrator, err := s.administered(ctx, p)
		if err != nil {
			yield(repositoryScope{}, err)
			return
		}
		if isAdministrator {
			s.repositoriesOf(ctx, p)(yield)
			return
		}
		found := 0
		for r, err := range s.repositoriesOn(ctx, p, administeredRepositories(p.slug())) {
			found++
			if !yield(r, err) || err != nil {
				return
			}
		}
		if err := s.omitOthers(p, found); err != nil {
			yield(repositoryScope{}, err)
		}
	}
}

// omitOthers records how many repositories of a workspace the scan leaves out because the connected user does not
// administer them. It returns an error if the user administers none of them, on_refusal is "strict" and the query names
// the workspace.
func (s *scan) omitOthers(p workspaceScope, administers int) error {
	one := p.omission()
	one.Reason = ReasonNotAdministered
	one.Message = fmt.Sprintf("%s covers what the connected user administers: %d", s.queriedTable, administers)
	if _, byQuery := s.namedWorkspaces(); byQuery && administers == 0 && s.settings.OnRefusal == StrictOnRefusal {
		one.Message += " repositories of " + p.slug() + "."
		return &OmissionError{one}
	}
	if s.hasOmissions.Store(true); s.silent {
		return nil
	}
	s.deferred.add(func(ctx context.Context) {
		total, known := s.granted(ctx, p.slug())
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

// granted returns the number of repositories of a workspace on which the connected user has a permission, if Bitbucket
// reports it. That takes a request of a few bytes, and is cached for half a minute.
func (s *scan) granted(ctx context.Context, slug string) (n int, known bool) {
	n, err := cache.Get(ctx, s.answers, "number of repositories of "+slug, func(ctx context.Context) (int, error) {
		page, err := s.Get(ctx, administeredRepositories(slug).path, url.Values{"pagelen": {"1"}}, "size")
		size := page.Get("size")
		if err == nil && !size.Exists() {
			err = errNoSize
		}
		return int(size.Int()), err
	})
	return n, err == nil
}

var errNoSize = errors.New("the list does not say how many items it has")

// repositoriesOn returns the repositories in a list of a workspace.
func (s *scan) repositoriesOn(ctx context.Context, p workspaceScope, from *repositoryList) iter.Seq2[repositoryScope, error] {
	l := from.list(bbql.Filter{})
	if s.limit >= 0 {
		l.Wanted = int64(l.PageLen) // fetch no page before the limit is known to need it
	}
	_, byQuery := s.namedWorkspaces()
	return func(yield func(repositoryScope, error) bool) {
		checked := !byQuery
		for item, err := range s.shared(ctx, from.key, l) {
			r := repositoryScope{workspaceScope: p, repository: from.repository(item), from: from}
			if err == nil && p.named { // the connection may spell the workspace's name differently
				r.workspaceScope = r.ownWorkspace()
				if byQuery {
					err, checked = checkName(p.slug(), r.slug()), true
				}
			}
			if !yield(r, err) || err != nil {
				return
			}
		}
		if !checked && p.named {
			if err := s.checkWorkspace(ctx, p.slug()); err != nil {
				yield(repositoryScope{}, err)
			}
		}
	}
}

// ownWorkspace returns the workspace that the repository says it is in.
func (r repositoryScope) ownWorkspace() workspaceScope {
	slug, _, _ := strings.Cut(r.fullName(), "/")
	return namedWorkspace(slug)
}

// namedRepositories returns the repositories that a query names, under the names that Bitbucket gives them. It requests
// a few one by one. It looks for many in the lists of their workspaces, and requests only the missing ones one by one.
func (s *scan) namedRepositories(ctx context.Context, names []string) iter.Seq2[repositoryScope, error] {
	slugs, byWorkspace := s.equals("workspace_slug")
	names = slices.DeleteFunc(slices.Clone(names), func(name string) bool {
		slug, _, _ := strings.Cut(name, "/")
		if !s.covers(slug) {
			s.omitUncovered(slug)
			return true
		}
		return byWorkspace && !slices.Contains(slugs, slug)
	})
	return func(yield func(repositoryScope, error) bool) {
		if len(names) > fewNames {
			found, err := s.inTheirWorkspaces(ctx, names)
			if err != nil {
				yield(repositoryScope{}, err)
				return
			}
			for _, r := range found {
				if !yield(r, nil) {
					return
				}
				names = slices.DeleteFunc(names, func(name string) bool { return name == r.fullName() })
			}
		}
		for _, name := range names {
			r, err := s.repositoryCalled(ctx, name)
			if reason, ok := s.passedOver(err); ok {
				slug, _, _ := strings.Cut(name, "/")
				s.omitFailed(Omission{Workspace: slug, Repository: name, Message: "the repository " + name}, reason, err)
				continue
			}
			if !yield(r, err) || err != nil {
				return
			}
		}
	}
}

// inTheirWorkspaces looks for repositories in the lists of the workspaces that their full names begin with.
func (s *scan) inTheirWorkspaces(ctx context.Context, names []string) ([]repositoryScope, error) {
	var slugs []string
	for _, name := range names {
		slug, _, _ := strings.Cut(name, "/")
		slugs = append(slugs, slug)
	}
	var found []repositoryScope
	for _, slug := range distinctSlugs(slugs, strings.EqualFold) {
		all := visibleRepositories(slug)
		for item, err := range s.shared(ctx, all.key, all.list(bbql.Filter{})) {
			if err != nil {
				return nil, err
			}
			r := repositoryScope{repository: item}
			r.workspaceScope = r.ownWorkspace()
			if slices.Contains(names, r.fullName()) {
				found = append(found, r)
			}
		}
	}
	return found, nil
}

// repositoryCalled returns the repository that Bitbucket calls by exactly this name.
func (s *scan) repositoryCalled(ctx context.Context, fullName string) (repositoryScope, error) {
	r, err := s.repository(ctx, fullName)
	if err != nil {
		return repositoryScope{}, err
	}
	return r, checkName(fullName, r.fullName())
}

// repository returns the repository with a full name, from a list that is cached or by a request, which is cached as
// well.
func (s *scan) repository(ctx context.Context, fullName string) (repositoryScope, error) {
	slug, name, _ := strings.Cut(fullName, "/")
	if r, ok := s.repositoryOn(ctx, visibleRepositories(slug), fullName); ok {
		return r, nil
	}
	found, err := cache.Get(ctx, s.answers, "repository "+strings.ToLower(fullName), func(ctx context.Context) (jsontree.Value, error) {
		return s.Get(ctx, api.Path("/2.0/repositories/{workspace}/{repo_slug}", slug, name), nil, repositoryFields...)
	})
	if err != nil {
		return repositoryScope{}, err
	}
	r := repositoryScope{repository: found}
	r.workspaceScope = r.ownWorkspace()
	return r, nil
}

// repositoryOn returns the repository with a full name, if it is in the part of a list that was read. After the first
// few names it pays to read the list.
func (s *scan) repositoryOn(ctx context.Context, i *repositoryList, fullName string) (repositoryScope, bool) {
	known := i.substitute(s)
	for found := range s.directories.find(ctx, lookup{
		directory: i.key, kind: i.key, life: cacheLife, name: fullName, isUnique: true, hasOmissions: s.hasOmissions, list: known.rows, since: known.since,
		nameOf: func(r *row) any { return repositoryScope{repository: r.part(objectPart)}.fullName() },
	}) {
		r := repositoryScope{repository: found.part(objectPart)}
		r.workspaceScope = r.ownWorkspace()
		return r, true
	}
	return repositoryScope{}, false
}

// repositoryIsGone reports whether a refused repository was deleted, or hidden from the connected user, since it was
// listed. A scan then goes on without it, but a query that names it fails.
func (s *scan) repositoryIsGone(ctx context.Context, r repositoryScope, err error) bool {
	_, scopes := api.MissingScope(err)
	if r.from == nil || scopes || !api.HasStatus(err, http.StatusNotFound, http.StatusForbidden) {
		return false
	}
	l := r.from.list(bbql.Compare(r.from.at+"uuid", "=", r.repository.Get("uuid").String()))
	for _, err := range s.List(ctx, l) {
		return api.IsNotFound(err) // the workspace is gone, or the repository still exists
	}
	return true
}
