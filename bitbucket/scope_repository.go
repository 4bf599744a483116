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

// A repositoryScope is a repository that a scan covers, for the tables of what belongs to repositories.
type repositoryScope struct {
	workspaceScope
	repository jsontree.Value  // of its fields, those that repoFields names
	from       *repositoryList // nil for one that the query names
}

// An repositoryList is a list of the repositories of a workspace, which scans share.
type repositoryList struct {
	key    string      // under which it is remembered
	path   string      // of the list
	filter bbql.Filter // of what is in it
	at     string      // where the repository stands in its items; empty if they are repositories
}

// list describes the list, or the part of it that also passes a filter.
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

// repository is that of an item of the list.
func (i *repositoryList) repository(item jsontree.Value) jsontree.Value {
	if i.at == "" {
		return item
	}
	return item.Field(strings.TrimSuffix(i.at, "."))
}

// visibleRepositories has the repositories of a workspace that the connected user can see.
// https://developer.atlassian.com/cloud/bitbucket/rest/api-group-repositories/#api-repositories-workspace-get
func visibleRepositories(slug string) *repositoryList {
	return &repositoryList{key: "repositories " + strings.ToLower(slug), path: api.Path("/2.0/repositories/{workspace}", slug)}
}

// administeredRepositories has the repositories of a workspace that the connected user was made an administrator of.
// https://developer.atlassian.com/cloud/bitbucket/rest/api-group-workspaces/#api-user-workspaces-workspace-permissions-repositories-get
func administeredRepositories(slug string) *repositoryList {
	return &repositoryList{
		key:    "administered repositories " + strings.ToLower(slug),
		path:   api.Path("/2.0/user/workspaces/{workspace}/permissions/repositories", slug),
		filter: bbql.Compare("permission", "=", "admin"),
		at:     "repository.",
	}
}

// repositoryFields are what is known of each repository.
var repositoryFields = []string{"full_name", "uuid", "name", "project.key", "mainbranch.name", "workspace.uuid", "override_settings.branching_model"}

// fullName is the slug of the workspace and the slug of the repository, as in "acme/website".
func (r repositoryScope) fullName() string { return r.repository.Get("full_name").String() }

// name is the slug of the repository alone.
func (r repositoryScope) name() string {
	_, name, _ := strings.Cut(r.fullName(), "/")
	return name
}

// mainBranch is the name of the main branch, and empty for a repository without any commit.
func (r repositoryScope) mainBranch() string { return r.repository.Get("mainbranch.name").String() }

// path is that of something in the repository: rest is what follows the repository's own path, with values for its
// placeholders.
func (r repositoryScope) path(rest string, values ...string) string {
	slug, name, _ := strings.Cut(r.fullName(), "/")
	return api.Path("/2.0/repositories/{workspace}/{repo_slug}"+rest, append([]string{slug, name}, values...)...)
}

// row returns a row of an object found in the repository.
func (r repositoryScope) row(item jsontree.Value) *row {
	made := &row{}
	made.set(objectPart, item)
	made.set(repositoryPart, r.repository)
	made.set(workspacePart, r.workspace)
	made.set(queryPart, r.query)
	return made
}

// inRepositoryColumns say in which repository an object lives.
func inRepositoryColumns() []column {
	return []column{
		text("repository_full_name", "Slug of the workspace and slug of the repository, as in \"acme/website\".").in(repositoryPart, "full_name"),
		text("repository_uuid", "Immutable id of the repository, in braces.").in(repositoryPart, "uuid"),
		text("workspace_slug", "Slug of the workspace.").in(workspacePart, "slug"),
		text("workspace_uuid", "Immutable id of the workspace, in braces.").in(repositoryPart, "workspace.uuid").in(workspacePart, "uuid"),
	}
}

// inRepositoryKeyColumns are the conditions by which a query names repositories.
func inRepositoryKeyColumns() []keyColumn {
	return []keyColumn{named("workspace_slug"), named("repository_full_name")}
}

// perRepository lists the children of every repository that the scan covers: those that the query names, else all that the
// connected user can see in the workspaces that the scan covers.
func (s *scan) perRepository(ctx context.Context, children func(context.Context, repositoryScope) rowSeq) rowSeq {
	return s.inEachRepository(ctx, s.repositories(ctx, s.repositoriesOf), children)
}

// perAdministeredRepository is perRepository for what Bitbucket tells administrators only: it covers the repositories that
// the connected user administers.
func (s *scan) perAdministeredRepository(ctx context.Context, children func(context.Context, repositoryScope) rowSeq) rowSeq {
	return s.inEachRepository(ctx, s.repositories(ctx, s.administeredIn), func(ctx context.Context, r repositoryScope) rowSeq {
		if r.from != nil {
			return children(ctx, r)
		}
		return s.ifAdministered(ctx, r, children)
	})
}

// ifAdministered lists the children of a repository that the query names, unless the connected user does not administer it.
// Bitbucket says so itself: the lists that tell are asked after a refusal, or before if they were read a moment ago.
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

// administersRepository says whether the connected user administers a repository, as the whole of a table would find it.
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

// omission is what is noted if the repository is left out.
func (r repositoryScope) omission() Omission {
	return Omission{Workspace: r.slug(), Repository: r.fullName(), Message: "the repository " + r.fullName()}
}

// inEachRepository lists the children of each repository. One that is gone since it was listed has none.
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

// withRequestsNeeded adds to an error that the quota is used up how many repositories were still to come, each of which takes a
// request at least.
func (s *scan) withRequestsNeeded(ctx context.Context, r repositoryScope, err error) error {
	spent, ok := errors.AsType[*api.QuotaError](err)
	if !ok || r.from == nil {
		return err
	}
	const patience = 200 * time.Millisecond // for a page of the inventory that nobody needs but for this
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
	more := *spent // others may hold it
	more.Needed = max(1, more.Needed) + later
	return &more
}

// isUnknown says whether Bitbucket answered, in its own words, that there is no such thing.
func isUnknown(err error) bool { return api.IsNotFound(err) && api.IsExplained(err) }

// unlessUnknown ends where Bitbucket says that there is no such thing: it is gone since what it belongs to was listed, or it
// never was.
func unlessUnknown(rows rowSeq) rowSeq {
	return func(yield func(*row, error) bool) {
		for r, err := range rows {
			if isUnknown(err) || !yield(r, err) || err != nil {
				return
			}
		}
	}
}

// unlessOff is unlessUnknown for a feature that is switched off, such as pipelines, which answers "not found". It is noted.
func (s *scan) unlessOff(r repositoryScope, rows rowSeq) rowSeq {
	return s.unlessMissing(r, ReasonFeatureOff, "where the feature is off", rows)
}

// unlessMissing is unlessUnknown for what a repository lacks, which is noted for a reason.
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

// omitRepository notes that a repository has nothing to show, for a reason, or because it is empty. Where the connection demands
// it and the query names the repository, it is an error.
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

// repositories returns the repositories that the query names, or those that of has of each workspace that the scan covers.
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
			s.omit(Omission{Reason: ReasonNothingVisible, Message: s.queriedTable + " has no rows because the connected user sees no repository that it could cover."})
		}
	}
}

// repositoriesOf lists the repositories of a workspace that the connected user can see.
func (s *scan) repositoriesOf(ctx context.Context, p workspaceScope) iter.Seq2[repositoryScope, error] {
	return s.repositoriesOn(ctx, p, visibleRepositories(p.slug()))
}

// administeredIn lists the repositories of a workspace that the connected user administers: all, or those that the user's
// permissions name. That there are others is noted.
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

// omitOthers notes how many of the repositories of a workspace the scan leaves out, as the connected user administers only
// some of them. Where the connection demands it and the query names the workspace, it is an error if that is none.
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

// granted is on how many repositories of a workspace the connected user holds a permission, if Bitbucket tells: a request of a
// few bytes, once for all scans of half a minute.
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

// repositoriesOn lists the repositories of a workspace from an inventory.
func (s *scan) repositoriesOn(ctx context.Context, p workspaceScope, from *repositoryList) iter.Seq2[repositoryScope, error] {
	l := from.list(bbql.Filter{})
	if s.limit >= 0 {
		l.Wanted = int64(l.PageLen) // and no page ahead of those that the limit turns out to need
	}
	_, byQuery := s.namedWorkspaces()
	return func(yield func(repositoryScope, error) bool) {
		checked := !byQuery
		for item, err := range s.shared(ctx, from.key, l) {
			r := repositoryScope{workspaceScope: p, repository: from.repository(item), from: from}
			if err == nil && p.named { // somebody may have called the workspace otherwise than it calls itself
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

// ownWorkspace is the workspace that the repository says that it is in.
func (r repositoryScope) ownWorkspace() workspaceScope {
	slug, _, _ := strings.Cut(r.fullName(), "/")
	return namedWorkspace(slug)
}

// namedRepositories returns the repositories that a query names, as they call themselves: a few are asked for one by one,
// many are looked for in the lists of their workspaces, and then those that are missing there one by one.
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

// inTheirWorkspaces looks for repositories in the lists of the workspaces that their names begin with.
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

// repositoryCalled is the one that Bitbucket calls so.
func (s *scan) repositoryCalled(ctx context.Context, fullName string) (repositoryScope, error) {
	r, err := s.repository(ctx, fullName)
	if err != nil {
		return repositoryScope{}, err
	}
	return r, checkName(fullName, r.fullName())
}

// repository is the one with a full name, from the inventory or by a request, which is remembered like that.
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

// repositoryOn returns the repository with a full name, if it is in what was read of an inventory. After the first few names it
// pays to read it.
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

// repositoryIsGone says whether a repository that was refused has gone, or is no longer the connected user's to ask about, since the
// inventory was taken. A scan then goes on without it; whoever named it gets the error.
func (s *scan) repositoryIsGone(ctx context.Context, r repositoryScope, err error) bool {
	_, scopes := api.MissingScope(err)
	if r.from == nil || scopes || !api.HasStatus(err, http.StatusNotFound, http.StatusForbidden) {
		return false
	}
	l := r.from.list(bbql.Compare(r.from.at+"uuid", "=", r.repository.Get("uuid").String()))
	for _, err := range s.List(ctx, l) {
		return api.IsNotFound(err) // the workspace has gone, or the repository is still there
	}
	return true
}
