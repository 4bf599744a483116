package fakebitbucket

import (
	"net/http"
	"strconv"
	"strings"

	"github.com/kindor/steampipe-plugin-bitbucket/internal/fakebitbucket/organization"
)

// codeEndpoints return the Git data of a repository, and the statuses, reports, comments and approvals of its
// commits.
// https://developer.atlassian.com/cloud/bitbucket/rest/api-group-refs/
// https://developer.atlassian.com/cloud/bitbucket/rest/api-group-commits/
// https://developer.atlassian.com/cloud/bitbucket/rest/api-group-commit-statuses/
// https://developer.atlassian.com/cloud/bitbucket/rest/api-group-reports/
// https://developer.atlassian.com/cloud/bitbucket/rest/api-group-branching-model/
var codeEndpoints = []endpoint{
	inCode(aRepository, "/refs", listing{of: refList, filter: refFields, sort: refOrders}),
	inCode(aRepository, "/refs/branches", listing{of: branchList, filter: refFields, sort: refOrders}),
	oneInCode(aRepository, "/refs/branches/{name}", func(c *call) (any, error) {
		if b := c.org.Branch(c.repository, c.path["name"]); b != nil {
			return branchObject(c.org, c.repository, b), nil
		}
		return nil, notFound("No such branch: %s", c.path["name"])
	}),
	inCode(aRepository, "/refs/tags", listing{of: tagList, filter: tagFields, sort: tagOrders}),
	oneInCode(aRepository, "/refs/tags/{name}", func(c *call) (any, error) {
		for _, t := range c.org.Tags(c.repository) {
			if t.Name == c.path["name"] {
				return tagObject(c.org, c.repository, t), nil
			}
		}
		return nil, notFound("No such tag: %s", c.path["name"])
	}),
	inCode(aHistory, "/commits", commitListing, "include", "exclude", "path"),
	inCode(aRevisionsHistory, "/commits/{revision}", commitListing, "include", "exclude", "path"),
	oneInCode(aCommit, "/commit/{commit}", func(c *call) (any, error) {
		return singleCommit(c.org, c.repository, c.commit), nil
	}),
	inCode(aCommit, "/commit/{commit}/statuses", listing{
		of: statusList, pagelen: 30, filter: statusFields, sort: statusFields,
	}, "refname"),
	oneInCode(aCommit, "/commit/{commit}/statuses/build/{key}", func(c *call) (any, error) {
		for _, s := range c.org.Statuses(c.repository, c.commit) {
			if s.Key == c.path["key"] {
				return statusObject(c.org, c.repository, c.commit, s), nil
			}
		}
		return nil, notFound("No build status with key %s", c.path["key"])
	}),
	inCode(aCommit, "/commit/{commit}/comments", listing{of: commentList, filter: commentFields, sort: commentFields}),
	oneInCode(aCommit, "/commit/{commit}/comments/{comment_id}", func(c *call) (any, error) {
		for _, comment := range c.org.CommitComments(c.repository, c.commit) {
			if strconv.FormatInt(comment.ID, 10) == c.path["comment_id"] {
				return commentObject(c.org, c.repository, c.commit, comment), nil
			}
		}
		return nil, notFound("Comment not found")
	}),
	inCode(aCommit, "/commit/{commit}/reports", listing{of: func(c *call) collection {
		return collect(c.org.Reports(c.repository, c.commit), reportObject)
	}}),
	oneInCode(aReport, "/commit/{commit}/reports/{reportId}", func(c *call) (any, error) { return reportObject(c.report), nil }),
	inCode(aReport, "/commit/{commit}/reports/{reportId}/annotations", listing{of: func(c *call) collection {
		return collect(c.report.Annotations, annotationObject)
	}}),
	oneInCode(aReport, "/commit/{commit}/reports/{reportId}/annotations/{annotationId}", func(c *call) (any, error) {
		for _, a := range c.report.Annotations {
			if id := c.path["annotationId"]; a.UUID == id || a.ExternalID == id {
				return annotationObject(a), nil
			}
		}
		return nil, notFound("The annotation with the given ID was not found.")
	}),
	oneInCode(aComparison, "/merge-base/{revspec}", func(c *call) (any, error) {
		if base := organization.MergeBase(c.commits[0], c.commits[1]); base != nil {
			return commitObject(c.org, c.repository, base), nil
		}
		return nil, notFound("There is no common ancestor.")
	}),
	inCode(aDiff, "/diffstat/{spec...}", listing{of: changeList, pagelen: 500, max: 5000},
		"ignore_whitespace", "merge", "path", "renames", "topic", "from_pullrequest_id"),
	inCode(aRevision, "/filehistory/{commit}/{path...}", listing{
		of: versionList, pagelen: 50, nextForm: NextToken, filter: fileFields, sort: fileFields,
	}, "renames"),
	oneInCode(aRepository, "/branching-model", func(c *call) (any, error) {
		m := c.org.RepositoryBranchingModel(c.repository)
		return branchingModelObject(c.org, c.repository, m, "branching_model", modelPlace(c)), nil
	}),
	oneInCode(aRepository, "/effective-branching-model", func(c *call) (any, error) {
		m := c.org.EffectiveBranchingModel(c.repository)
		return branchingModelObject(c.org, c.repository, m, "effective_repo_branching_model", modelPlace(c)), nil
	}),
	{
		path:   "/2.0/repositories/{workspace}/{repo_slug}/branching-model/settings",
		scopes: "repository:admin", tokenScopes: "admin:repository:bitbucket", needs: anAdminsRepository,
		get: func(c *call) (any, error) {
			return branchingSettings(c.org, c.repository, c.org.RepositoryBranchingModel(c.repository), modelPlace(c)), nil
		},
	},
	{
		path:   "/2.0/workspaces/{workspace}/projects/{project_key}/branching-model",
		scopes: "project:admin", tokenScopes: "read:repository:bitbucket", needs: aProject,
		get: func(c *call) (any, error) {
			m := c.org.ProjectBranchingModel(c.project)
			return branchingModelObject(c.org, nil, m, "project_branching_model", modelPlace(c)), nil
		},
	},
	{
		path:   "/2.0/workspaces/{workspace}/projects/{project_key}/branching-model/settings",
		scopes: "project:admin", tokenScopes: "admin:project:bitbucket", needs: anAdminsProject,
		get: func(c *call) (any, error) {
			return branchingSettings(c.org, nil, c.org.ProjectBranchingModel(c.project), modelPlace(c)), nil
		},
	},
}

// inCode returns an endpoint for a list. Everybody who can read the repository can read it.
func inCode(needs func(*call) error, place string, list listing, params ...string) endpoint {
	return endpoint{
		path: "/2.0/repositories/{workspace}/{repo_slug}" + place, scopes: "repository",
		tokenScopes: "read:repository:bitbucket", public: true, needs: needs, params: strings.Join(params, " "), list: &list,
	}
}

// oneInCode returns an endpoint for an object. Everybody who can read the repository can read it.
func oneInCode(needs func(*call) error, place string, get func(*call) (any, error)) endpoint {
	e := inCode(needs, place, listing{})
	e.list, e.get = nil, get
	return e
}

func modelPlace(c *call) string { return "https://api.bitbucket.org" + c.request.URL.EscapedPath() }

// The fields by which lists can be filtered and sorted.
var (
	refFields = fieldsOf(map[fieldKind]string{
		textKind: "name target.hash target.message target.author.raw", datetimeKind: "target.date",
	})
	refOrders = fieldsOf(map[fieldKind]string{naturalKind: "name", textKind: "target.hash", datetimeKind: "target.date"})
	tagFields = fieldsOf(map[fieldKind]string{
		textKind: "name message target.hash target.message target.author.raw tagger.raw", datetimeKind: "date target.date",
	})
	tagOrders    = fieldsOf(map[fieldKind]string{naturalKind: "name", textKind: "target.hash", datetimeKind: "date target.date"})
	statusFields = fieldsOf(map[fieldKind]string{
		textKind: "key name state url description refname", datetimeKind: "created_on updated_on",
	})
	commentFields = fieldsOf(map[fieldKind]string{
		numberKind: "id parent.id", textKind: "content.raw user.uuid user.account_id user.nickname inline.path",
		booleanKind: "deleted", datetimeKind: "created_on updated_on", embeddedKind: "parent inline user",
	})
	fileFields = fieldsOf(map[fieldKind]string{textKind: "path commit.hash", datetimeKind: "commit.date", numberKind: "size"})
)

func branchList(c *call) collection {
	return collect(c.org.Branches(c.repository), func(b *organization.Branch) object { return branchObject(c.org, c.repository, b) })
}

func tagList(c *call) collection {
	return collect(c.org.Tags(c.repository), func(t *organization.Tag) object { return tagObject(c.org, c.repository, t) })
}

// refList returns the branches and then the tags, in the order of git show-ref.
func refList(c *call) collection {
	first, second := branchList(c), tagList(c)
	return collection{first.length + second.length, func(i int) object {
		if i < first.length {
			return first.at(i)
		}
		return second.at(i - first.length)
	}}
}

var commitListing = listing{pagelen: 30, nextForm: NextContext, of: func(c *call) collection {
	all := c.commits
	if path := c.query.Get("path"); path != "" {
		all = nil
		for _, commit := range c.commits {
			if commit.Touches(path) {
				all = append(all, commit)
			}
		}
	}
	return collect(all, func(commit *organization.Commit) object { return commitObject(c.org, c.repository, commit) })
}}

// statusList returns the statuses of the commit. With a refname, it returns those with that refname and those without
// one.
func statusList(c *call) collection {
	var statuses []*organization.CommitStatus
	for _, s := range c.org.Statuses(c.repository, c.commit) {
		if name := c.query.Get("refname"); name == "" || s.Refname == nil || *s.Refname == name {
			statuses = append(statuses, s)
		}
	}
	return collect(statuses, func(s *organization.CommitStatus) object { return statusObject(c.org, c.repository, c.commit, s) })
}

func commentList(c *call) collection {
	return collect(c.org.CommitComments(c.repository, c.commit), func(comment *organization.CommitComment) object {
		return commentObject(c.org, c.repository, c.commit, comment)
	})
}

// aDiff finds the commits to compare. It accepts those of a pull request, too, because the diffstat of a pull request
// redirects here.
func aDiff(c *call) error {
	if c.query.Has("from_pullrequest_id") {
		return aComparedPullRequest(c)
	}
	return aComparison(c)
}

// changeList returns the changes of a pull request or of a comparison. A comparison starts at the second commit, or
// at its merge base with the first, and ends at the first.
func changeList(c *call) collection {
	if c.pullRequest != nil {
		return pullRequestFiles(c)
	}
	to := c.commits[0]
	from := to.Parent()
	if len(c.commits) > 1 {
		from = c.commits[1]
		if c.query.Get("topic") == "true" || !c.query.Has("topic") && c.query.Get("merge") != "false" {
			from = organization.MergeBase(to, from)
		}
	}
	paths := c.query["path"]
	var changes []organization.Change
	for _, change := range organization.Diff(from, to, c.query.Get("renames") != "false") {
		if len(paths) == 0 || isUnder(change.Old, paths) || isUnder(change.New, paths) {
			changes = append(changes, change)
		}
	}
	return collect(changes, func(change organization.Change) object { return changeObject(c.repository, from, to, change) })
}

// isUnder reports whether a path is one of some paths, or below one of them.
func isUnder(path string, some []string) bool {
	for _, s := range some {
		if path == s || strings.HasPrefix(path, strings.TrimSuffix(s, "/")+"/") {
			return true
		}
	}
	return false
}

// versionList returns the commits that changed a file, each with the file's name at that time.
func versionList(c *call) collection {
	type version struct {
		commit *organization.Commit
		path   string
	}
	var versions []version
	path := c.path["path"]
	for _, commit := range organization.Log([]*organization.Commit{c.commit}, nil) {
		if !commit.Touches(path) {
			continue
		}
		versions = append(versions, version{commit, path})
		for _, change := range commit.Changes() {
			if change.Status == "renamed" && change.New == path && c.query.Get("renames") != "false" {
				path = change.Old
				break
			}
		}
	}
	return collect(versions, func(v version) object { return fileObject(c.org, c.repository, v.commit, v.path) })
}

// The functions below find what the endpoints need, besides repositories and projects.

func errNoCommit(hash string) error {
	return &apiError{status: http.StatusNotFound, message: "Commit not found", data: map[string][]string{"shas": {hash}}}
}

// aCommit finds a commit by its hash.
func aCommit(c *call) error {
	if err := aRepository(c); err != nil {
		return err
	}
	if c.commit = c.org.Commit(c.repository, c.path["commit"]); c.commit == nil {
		return errNoCommit(c.path["commit"])
	}
	return nil
}

// aRevision finds a commit by its hash, a branch or a tag.
func aRevision(c *call) error {
	if err := aRepository(c); err != nil {
		return err
	}
	if c.commit = c.org.Revision(c.repository, c.path["commit"]); c.commit == nil {
		return errNoCommit(c.path["commit"])
	}
	return nil
}

// aReport finds a report on a commit by its UUID or its external id.
func aReport(c *call) error {
	if err := aCommit(c); err != nil {
		return err
	}
	for _, r := range c.org.Reports(c.repository, c.commit) {
		if id := c.path["reportId"]; r.UUID == id || r.ExternalID == id {
			c.report = r
			return nil
		}
	}
	return notFound("The report with the given ID was not found.")
}

// aHistory finds the commits that can be reached from some revisions but not from others. It finds all commits if no
// revisions are named.
func aHistory(c *call) error {
	if err := aRepository(c); err != nil {
		return err
	}
	names := c.query["include"]
	if c.path["revision"] != "" {
		names = append([]string{c.path["revision"]}, names...)
	}
	include, err := c.revisions(names)
	if err != nil {
		return err
	}
	exclude, err := c.revisions(c.query["exclude"])
	if err != nil {
		return err
	}
	if c.commits = c.org.Commits(c.repository); len(names) == 0 {
		include = c.commits
	}
	if len(names)+len(exclude) > 0 {
		c.commits = organization.Log(include, exclude)
	}
	return nil
}

// aRevisionsHistory finds the history of a revision. If the repository does not exist, only this endpoint answers
// with an HTML page.
func aRevisionsHistory(c *call) error {
	if err := aRepository(c); err != nil {
		return &apiError{status: http.StatusNotFound, html: true}
	}
	return aHistory(c)
}

func (c *call) revisions(names []string) ([]*organization.Commit, error) {
	var found []*organization.Commit
	for _, name := range names {
		commit := c.org.Revision(c.repository, name)
		if commit == nil {
			return nil, errNoCommit(name)
		}
		found = append(found, commit)
	}
	return found, nil
}

// aComparison finds one commit, or two that are separated by two dots. Links of pull requests also name the
// repository of the first commit, and have a carriage return instead of the dots.
func aComparison(c *call) error {
	if err := aRepository(c); err != nil {
		return err
	}
	if c.query.Has("merge") && c.query.Has("topic") {
		return badRequest("The 'merge' and 'topic' parameters cannot be both used at the same time.")
	}
	spec, isDiffstat := c.path["spec"]
	if !isDiffstat {
		spec = c.path["revspec"]
	}
	first, second, isPair := strings.Cut(strings.ReplaceAll(spec, "\r", ".."), "..")
	in := c.repository
	if name, revision, ok := strings.Cut(first, ":"); ok && strings.Contains(name, "/") {
		if in, first = c.org.Repository(name), revision; in == nil || !c.who.sees(c.org, in) {
			return errNoRepository
		}
	}
	commit := c.org.Revision(in, first)
	if commit == nil {
		return errNoCommit(first)
	}
	c.commits = []*organization.Commit{commit}
	if !isPair {
		if !isDiffstat {
			return badRequest("Expected two commits with .. between")
		}
		return nil
	}
	other, err := c.revisions([]string{second})
	c.commits = append(c.commits, other...)
	return err
}
