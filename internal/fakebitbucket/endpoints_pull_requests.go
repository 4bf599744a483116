package fakebitbucket

import (
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/kindor/steampipe-plugin-bitbucket/internal/fakebitbucket/organization"
)

// pullRequestEndpoints return pull requests.
// https://developer.atlassian.com/cloud/bitbucket/rest/api-group-pullrequests/
var pullRequestEndpoints = []endpoint{
	{
		path: "/2.0/repositories/{workspace}/{repo_slug}/pullrequests", scopes: "pullrequest",
		tokenScopes: "read:pullrequest:bitbucket", public: true, needs: aRepository, params: "state",
		list: &listing{max: 50, of: pullRequestsOf, filter: pullRequestFields, sort: pullRequestOrders},
	},
	{
		path: "/2.0/repositories/{workspace}/{repo_slug}/pullrequests/activity", scopes: "pullrequest",
		tokenScopes: "read:pullrequest:bitbucket", public: true, needs: aRepository,
		list: &listing{max: 50, nextForm: NextContext, of: func(c *call) collection {
			return activityOf(c.repository, c.org.PullRequests(c.repository))
		}},
	},
	{
		path: "/2.0/repositories/{workspace}/{repo_slug}/pullrequests/{pull_request_id}", scopes: "pullrequest",
		tokenScopes: "read:pullrequest:bitbucket", public: true, needs: aPullRequest,
		get: func(c *call) (any, error) { return pullRequestObject(c.repository, c.pullRequest), nil },
	},
	{
		path:   "/2.0/repositories/{workspace}/{repo_slug}/pullrequests/{pull_request_id}/activity",
		scopes: "pullrequest", tokenScopes: "read:pullrequest:bitbucket", public: true, needs: aPullRequest,
		list: &listing{max: 50, nextForm: NextContext, of: func(c *call) collection {
			return activityOf(c.repository, []*organization.PullRequest{c.pullRequest})
		}},
	},
	{
		path:   "/2.0/repositories/{workspace}/{repo_slug}/pullrequests/{pull_request_id}/comments",
		scopes: "pullrequest", tokenScopes: "read:pullrequest:bitbucket", public: true, needs: aPullRequest,
		list: &listing{
			of: func(c *call) collection {
				return collect(c.pullRequest.Comments, func(x *organization.PullRequestComment) object {
					return pullRequestComment(c.repository, c.pullRequest, x)
				})
			},
			filter: pullRequestCommentFields, sort: pullRequestCommentFields,
		},
	},
	{
		path:   "/2.0/repositories/{workspace}/{repo_slug}/pullrequests/{pull_request_id}/comments/{comment_id}",
		scopes: "pullrequest", tokenScopes: "read:pullrequest:bitbucket", public: true, needs: aPullRequest,
		get: func(c *call) (any, error) {
			for _, x := range c.pullRequest.Comments {
				if strconv.FormatInt(x.ID, 10) == c.path["comment_id"] {
					return pullRequestComment(c.repository, c.pullRequest, x), nil
				}
			}
			return nil, notFound("Comment %s not found", c.path["comment_id"])
		},
	},
	{
		path:   "/2.0/repositories/{workspace}/{repo_slug}/pullrequests/{pull_request_id}/tasks",
		scopes: "pullrequest", tokenScopes: "read:pullrequest:bitbucket", public: true, needs: aPullRequest, params: "pagelen",
		list: &listing{
			of: func(c *call) collection {
				return collect(c.pullRequest.Tasks, func(t *organization.PullRequestTask) object {
					return pullRequestTask(c.repository, c.pullRequest, t)
				})
			},
			filter: pullRequestTaskFields, sort: pullRequestTaskFields,
		},
	},
	{
		path:   "/2.0/repositories/{workspace}/{repo_slug}/pullrequests/{pull_request_id}/tasks/{task_id}",
		scopes: "pullrequest", tokenScopes: "read:pullrequest:bitbucket", public: true, needs: aPullRequest,
		get: func(c *call) (any, error) {
			for _, t := range c.pullRequest.Tasks {
				if strconv.FormatInt(t.ID, 10) == c.path["task_id"] {
					return pullRequestTask(c.repository, c.pullRequest, t), nil
				}
			}
			return nil, notFound("Task %s not found", c.path["task_id"])
		},
	},
	{
		path:   "/2.0/repositories/{workspace}/{repo_slug}/pullrequests/{pull_request_id}/commits",
		scopes: "pullrequest", tokenScopes: "read:pullrequest:bitbucket", public: true, needs: aPullRequestWithSource,
		list: &listing{nextForm: NextToken, of: func(c *call) collection {
			return collect(c.pullRequest.Commits, func(x *organization.PullRequestCommit) object {
				return pullRequestCommit(c.repository, x)
			})
		}},
	},
	{
		path:   "/2.0/repositories/{workspace}/{repo_slug}/pullrequests/{pull_request_id}/diffstat",
		scopes: "pullrequest", tokenScopes: "read:pullrequest:bitbucket", public: true, needs: aPullRequest,
		get: func(c *call) (any, error) {
			return c.redirect("/2.0/repositories/%s/diffstat/%s?from_pullrequest_id=%d&topic=true",
				c.repository.FullName(), pullRequestSpec(c.repository, c.pullRequest), c.pullRequest.ID), nil
		},
	},
	{
		path:   "/2.0/repositories/{workspace}/{repo_slug}/pullrequests/{pull_request_id}/statuses",
		scopes: "pullrequest", tokenScopes: "read:pullrequest:bitbucket", public: true, needs: aPullRequest,
		list: &listing{
			pagelen: 30,
			of: func(c *call) collection {
				return collect(c.pullRequest.Statuses, func(s *organization.PullRequestStatus) object {
					return pullRequestStatus(c.repository, c.pullRequest, s)
				})
			},
			filter: pullRequestStatusFields, sort: pullRequestStatusFields,
		},
	},
	{
		path:   "/2.0/repositories/{workspace}/{repo_slug}/pullrequests/{pull_request_id}/mergeability/checks",
		scopes: "pullrequest", tokenScopes: "read:pullrequest:bitbucket", needs: aPullRequest, params: "q",
		get: mergeChecks,
	},
	{
		path:   "/2.0/repositories/{workspace}/{repo_slug}/commit/{commit}/pullrequests",
		scopes: "pullrequest", tokenScopes: "read:pullrequest:bitbucket", public: true, needs: aReviewedCommit,
		params: "page pagelen",
		list: &listing{pagelen: 30, max: 50, of: func(c *call) collection {
			return collect(c.org.PullRequestsWith(c.repository, c.path["commit"]), func(p *organization.PullRequest) object {
				return listedPullRequest(c.repository, p)
			})
		}},
	},
	{
		path: "/2.0/workspaces/{workspace}/pullrequests/{selected_user}", scopes: "pullrequest",
		tokenScopes: "read:pullrequest:bitbucket", params: "state", needs: func(c *call) error {
			if err := aWorkspace(c); err != nil {
				return err
			}
			return aUser(c)
		},
		list: &listing{max: 50, of: pullRequestsBy, filter: pullRequestFields, sort: pullRequestOrders},
	},
}

// pullRequestFields lists the fields by which pull requests can be filtered. Fields of participants cannot be used.
var pullRequestFields = fieldsOf(map[fieldKind]string{
	textKind: "title state source.branch.name source.repository.full_name source.repository.uuid destination.branch.name " +
		"author.uuid author.nickname author.account_id reviewers.uuid reviewers.nickname reviewers.account_id",
	booleanKind:  "draft",
	datetimeKind: "created_on updated_on",
})

var pullRequestOrders = fieldsOf(map[fieldKind]string{
	textKind:     "title state",
	numberKind:   "id",
	datetimeKind: "created_on updated_on",
})

var pullRequestCommentFields = fieldsOf(map[fieldKind]string{
	textKind:     "user.uuid user.nickname user.account_id content.raw",
	numberKind:   "id",
	booleanKind:  "deleted",
	datetimeKind: "created_on updated_on",
})

var pullRequestTaskFields = fieldsOf(map[fieldKind]string{
	textKind:     "state content.raw creator.uuid creator.nickname creator.account_id",
	numberKind:   "id",
	datetimeKind: "created_on updated_on",
})

var pullRequestStatusFields = fieldsOf(map[fieldKind]string{
	textKind:     "key name state url description refname",
	datetimeKind: "created_on updated_on",
})

var pullRequestStates = []string{"OPEN", "MERGED", "DECLINED", "SUPERSEDED"}

// hasState returns a function that reports whether a pull request has a requested state. The default state is OPEN.
// With q, the state parameter is ignored, and pull requests in all states pass.
func (c *call) hasState() func(*organization.PullRequest) bool {
	states := c.query["state"]
	switch {
	case c.query.Get("q") != "" && len(states) > 0:
		c.violate("the query parameter state has no effect with q")
		fallthrough
	case c.query.Get("q") != "":
		states = pullRequestStates
	case len(states) == 0:
		states = pullRequestStates[:1]
	}
	for _, s := range states {
		if !slices.Contains(pullRequestStates, s) {
			c.violate("the state %q is unknown", s)
			states = pullRequestStates
		}
	}
	return func(p *organization.PullRequest) bool { return slices.Contains(states, p.State) }
}

func pullRequestsOf(c *call) collection {
	isRequested := c.hasState()
	var all []*organization.PullRequest
	for _, p := range c.org.PullRequests(c.repository) {
		if isRequested(p) {
			all = append(all, p)
		}
	}
	return collect(all, func(p *organization.PullRequest) object { return listedPullRequest(c.repository, p) })
}

// pullRequestsBy returns the pull requests that a user created in the repositories of a workspace that the caller
// sees.
func pullRequestsBy(c *call) collection {
	type found struct {
		r *organization.Repository
		p *organization.PullRequest
	}
	isRequested := c.hasState()
	var all []found
	for _, r := range c.org.RepositoriesOf(c.workspace) {
		if !c.who.sees(c.org, r) {
			continue
		}
		for _, p := range c.org.PullRequests(r) {
			if p.Author == c.user && isRequested(p) {
				all = append(all, found{r, p})
			}
		}
	}
	slices.SortStableFunc(all, func(a, b found) int { return b.p.CreatedOn.Compare(a.p.CreatedOn) })
	return collect(all, func(f found) object { return listedPullRequest(f.r, f.p) })
}

// activityOf returns the activity of pull requests, the newest first.
func activityOf(r *organization.Repository, pulls []*organization.PullRequest) collection {
	type happened struct {
		p *organization.PullRequest
		e *organization.PullRequestEvent
	}
	var all []happened
	for _, p := range pulls {
		for _, e := range p.Activity {
			all = append(all, happened{p, e})
		}
	}
	slices.SortStableFunc(all, func(a, b happened) int { return b.e.Date.Compare(a.e.Date) })
	return collect(all, func(h happened) object { return pullRequestEvent(r, h.p, h.e) })
}

// pullRequestFiles returns the files that a pull request changes.
func pullRequestFiles(c *call) collection {
	return collect(c.pullRequest.Files, func(f *organization.PullRequestFile) object {
		return pullRequestFile(c.repository, c.pullRequest, f)
	})
}

// mergeChecks returns all checks at once, without pages.
func mergeChecks(c *call) (any, error) {
	keep := condition(allOf{})
	if q := c.query.Get("q"); q != "" {
		var err error
		fields := fieldsOf(map[fieldKind]string{textKind: "type status", booleanKind: "required blocking"})
		if keep, err = parseBBQL(q, c.server.options.FoldsCase, fields); err != nil {
			return nil, err
		}
	}
	values := []object{}
	for _, check := range c.org.MergeChecks(c.repository, c.pullRequest, c.who.permission(c.org, c.repository)) {
		if o := mergeCheck(c.repository, c.pullRequest, check); keep.holds(o) {
			values = append(values, o)
		}
	}
	return object{{name: "size", value: len(values)}, {name: "values", value: values}}, nil
}

// redirect returns a redirect to another address of the API.
func (c *call) redirect(format string, a ...any) *response {
	res := textResponse(http.StatusFound, "text/html; charset=utf-8", "")
	res.header.Set("Location", c.origin()+fmt.Sprintf(format, a...))
	return res
}

// aPullRequest finds a pull request of a repository that the caller can read.
func aPullRequest(c *call) error {
	if err := aRepository(c); err != nil {
		return err
	}
	return c.findPullRequest(c.path["pull_request_id"])
}

func (c *call) findPullRequest(number string) error {
	id, err := strconv.Atoi(number)
	if err == nil {
		c.pullRequest = c.org.PullRequest(c.repository, id)
	}
	if c.pullRequest == nil {
		return notFound("Pull request %s not found", number)
	}
	return nil
}

// aPullRequestWithSource finds a pull request whose commits still exist. Its fork must not be deleted.
func aPullRequestWithSource(c *call) error {
	if err := aPullRequest(c); err != nil {
		return err
	}
	if c.pullRequest.ForkDeleted {
		return notFound("The source repository of this pull request no longer exists")
	}
	return nil
}

// aComparedPullRequest finds a pull request by its id. The path must contain the comparison of the pull request.
func aComparedPullRequest(c *call) error {
	if err := aRepository(c); err != nil {
		return err
	}
	if err := c.findPullRequest(c.query.Get("from_pullrequest_id")); err != nil {
		return err
	}
	if p := c.pullRequest; p.ForkDeleted || c.path["spec"] != strings.Replace(pullRequestSpec(c.repository, p), "%0D", "\r", 1) {
		return notFound("Commit not found")
	}
	return nil
}

// aReviewedCommit finds a commit that is part of a pull request. The service has no index of other commits.
func aReviewedCommit(c *call) error {
	if err := aRepository(c); err != nil {
		return err
	}
	if len(c.path["commit"]) < 7 || len(c.org.PullRequestsWith(c.repository, c.path["commit"])) == 0 {
		return notFound("Commit not found")
	}
	return nil
}
