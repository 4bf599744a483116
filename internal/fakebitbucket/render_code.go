package fakebitbucket

import (
	"fmt"
	"html"
	"net/url"
	"strings"

	"github.com/kindor/steampipe-plugin-bitbucket/internal/fakebitbucket/organization"
)

// layoutReports is the time format of reports: any number of decimals, and Z.
const layoutReports = "2006-01-02T15:04:05.999999Z07:00"

func repositoryAPI(r *organization.Repository) string {
	return linkAPI + "/repositories/" + r.FullName()
}

// escapePath returns a path that is escaped for an address.
func escapePath(path string) string {
	return strings.ReplaceAll(url.PathEscape(path), "%2F", "/")
}

// commitObject returns a commit in the form of lists.
func commitObject(o *organization.Organization, r *organization.Repository, c *organization.Commit) object {
	return object{
		{name: "type", value: "commit"},
		{name: "hash", value: c.Hash},
		{name: "date", value: timestamp{c.Date, layoutSecond}},
		{name: "author", value: lazy(func() any { return signatureObject("author", c.Author) })},
		{name: "committer", value: lazy(func() any { return signatureObject("committer", c.Committer) })},
		{name: "message", value: c.Message},
		{name: "summary", value: lazy(func() any { return renderedText(c.Message) })},
		{name: "links", value: lazy(func() any { return commitLinks(r, c) })},
		{name: "parents", value: lazy(func() any {
			parents := []object{}
			for _, p := range c.Parents {
				parents = append(parents, embeddedCommit(o, r, p, "type", "hash", "links"))
			}
			return parents
		})},
		{name: "rendered", value: lazy(func() any { return object{{name: "message", value: renderedText(c.Message)}} })},
		{name: "repository", value: lazy(func() any { return embeddedRepository(r) })},
		{name: "participants", extra: true, value: lazy(func() any {
			participants := []object{}
			for _, a := range o.Approvals(r, c) {
				participants = append(participants, approvalObject(a))
			}
			return participants
		})},
	}
}

// singleCommit returns a commit in the form of a single object, with the users who approved it.
func singleCommit(o *organization.Organization, r *organization.Repository, c *organization.Commit) object {
	all := commitObject(o, r, c)
	all[len(all)-1].extra = false
	return all
}

// embeddedCommit returns a commit in the form that is used inside other objects, with the given members.
func embeddedCommit(o *organization.Organization, r *organization.Repository, c *organization.Commit, shown ...string) object {
	return commitObject(o, r, c).condensed(shown...)
}

func commitLinks(r *organization.Repository, c *organization.Commit) object {
	api := repositoryAPI(r)
	commit := api + "/commit/" + c.Hash
	return linksOf(
		"self", commit,
		"html", linkSite+"/"+r.FullName()+"/commits/"+c.Hash,
		"diff", api+"/diff/"+c.Hash,
		"approve", commit+"/approve",
		"comments", commit+"/comments",
		"statuses", commit+"/statuses",
		"patch", api+"/patch/"+c.Hash,
	)
}

// signatureObject renders a signature. It leaves out the user if there is no account.
func signatureObject(kind string, s organization.Signature) object {
	o := object{{name: "type", value: kind}, {name: "raw", value: s.Raw}}
	if s.User != nil {
		o = append(o, jsonMember{name: "user", value: lazy(func() any { return embeddedUser(s.User) })})
	}
	return o
}

func renderedText(raw string) object {
	return object{
		{name: "type", value: "rendered"},
		{name: "raw", value: raw},
		{name: "markup", value: "markdown"},
		{name: "html", value: "<p>" + html.EscapeString(strings.TrimSpace(raw)) + "</p>"},
	}
}

func approvalObject(a organization.Approval) object {
	return object{
		{name: "type", value: "participant"},
		{name: "user", value: lazy(func() any { return embeddedUser(a.User) })},
		{name: "role", value: "PARTICIPANT"},
		{name: "approved", value: true},
		{name: "state", value: "approved"},
		{name: "participated_on", value: timestampOf(a.On)},
	}
}

// syncStrategies lists the ways to update a branch from its base.
var syncStrategies = []string{"merge_commit", "rebase"}

func branchObject(o *organization.Organization, r *organization.Repository, b *organization.Branch) object {
	return object{
		{name: "name", value: b.Name},
		{name: "links", value: lazy(func() any { return refLinks(r, "branches", "branch", b.Name) })},
		{name: "default_merge_strategy", value: b.DefaultMergeStrategy},
		{name: "merge_strategies", value: r.MergeStrategies()},
		{name: "sync_strategies", value: syncStrategies},
		{name: "type", value: "branch"},
		{name: "target", value: lazy(func() any { return refTarget(o, r, b.Target) })},
	}
}

// tagObject renders a tag. The fields that a lightweight tag lacks are null.
func tagObject(o *organization.Organization, r *organization.Repository, t *organization.Tag) object {
	var message, tagger any
	if t.Tagger != nil {
		message, tagger = t.Message, lazy(func() any { return signatureObject("author", *t.Tagger) })
	}
	return object{
		{name: "name", value: t.Name},
		{name: "type", value: "tag"},
		{name: "message", value: message},
		{name: "date", value: orNull(t.Date, layoutSecond)},
		{name: "tagger", value: tagger},
		{name: "target", value: lazy(func() any { return refTarget(o, r, t.Target) })},
		{name: "links", value: lazy(func() any { return refLinks(r, "tags", "commits/tag", t.Name) })},
	}
}

func refTarget(o *organization.Organization, r *organization.Repository, c *organization.Commit) object {
	return embeddedCommit(o, r, c, "type", "hash", "date", "author", "message", "links", "parents", "repository")
}

func refLinks(r *organization.Repository, kind, page, name string) object {
	api, escaped := repositoryAPI(r), escapePath(name)
	return linksOf(
		"self", api+"/refs/"+kind+"/"+escaped,
		"commits", api+"/commits/"+escaped,
		"html", linkSite+"/"+r.FullName()+"/"+page+"/"+escaped,
	)
}

func statusObject(
	o *organization.Organization, r *organization.Repository, c *organization.Commit, s *organization.CommitStatus,
) object {
	self := repositoryAPI(r) + "/commit/" + c.Hash
	return object{
		{name: "key", value: s.Key},
		{name: "type", value: "build"},
		{name: "state", value: s.State},
		{name: "name", value: s.Name},
		{name: "refname", value: stringOrNull(s.Refname)},
		{name: "commit", value: lazy(func() any { return embeddedCommit(o, r, c, "type", "hash", "links") })},
		{name: "url", value: s.URL},
		{name: "repository", value: lazy(func() any { return embeddedRepository(r) })},
		{name: "description", value: s.Description},
		{name: "created_on", value: timestampOf(s.CreatedOn)},
		{name: "updated_on", value: timestampOf(s.UpdatedOn)},
		{name: "links", value: linksOf("self", self+"/statuses/build/"+url.PathEscape(s.Key), "commit", self)},
	}
}

func commentObject(
	o *organization.Organization, r *organization.Repository, c *organization.Commit, comment *organization.CommitComment,
) object {
	self := fmt.Sprintf("%s/commit/%s/comments/", repositoryAPI(r), c.Hash)
	all := object{
		{name: "type", value: "commit_comment"},
		{name: "id", value: comment.ID},
		{name: "created_on", value: timestampOf(comment.CreatedOn)},
		{name: "updated_on", value: timestampOf(comment.UpdatedOn)},
		{name: "content", value: lazy(func() any { return renderedText(comment.Text) })},
		{name: "user", value: lazy(func() any { return embeddedUser(comment.User) })},
		{name: "deleted", value: comment.Deleted},
		{name: "commit", value: lazy(func() any { return embeddedCommit(o, r, c, "type", "hash", "links") })},
		{name: "links", value: linksOf("self", self+fmt.Sprint(comment.ID),
			"html", fmt.Sprintf("%s/%s/commits/%s#comment-%d", linkSite, r.FullName(), c.Hash, comment.ID))},
	}
	if comment.Parent != nil {
		all = append(all, jsonMember{name: "parent", value: object{
			{name: "id", value: comment.Parent.ID},
			{name: "links", value: linksOf("self", self+fmt.Sprint(comment.Parent.ID))},
		}})
	}
	if comment.Path != "" {
		all = append(all, jsonMember{name: "inline", value: object{
			{name: "path", value: comment.Path}, {name: "from", value: lineNumber(comment.From)}, {name: "to", value: lineNumber(comment.To)},
		}})
	}
	return all
}

func lineNumber(n *int) any {
	if n == nil {
		return nil
	}
	return *n
}

func reportObject(r *organization.Report) object {
	data := []object{}
	for _, d := range r.Data {
		value := d.Value
		if link, ok := value.(organization.ReportLink); ok {
			value = object{{name: "text", value: link.Text}, {name: "href", value: link.Address}}
		}
		data = append(data, object{{name: "title", value: d.Title}, {name: "type", value: d.Type}, {name: "value", value: value}})
	}
	return withoutEmpty(object{
		{name: "type", value: "report"},
		{name: "uuid", value: r.UUID},
		{name: "title", value: r.Title},
		{name: "details", value: r.Details},
		{name: "external_id", value: r.ExternalID},
		{name: "reporter", value: r.Reporter},
		{name: "link", value: r.Link},
		{name: "remote_link_enabled", value: r.RemoteLinkEnabled},
		{name: "logo_url", value: r.LogoURL},
		{name: "report_type", value: r.Type},
		{name: "result", value: r.Result},
		{name: "data", value: data},
		{name: "created_on", value: timestamp{r.CreatedOn, layoutReports}},
		{name: "updated_on", value: timestamp{r.UpdatedOn, layoutReports}},
	}, "link", "logo_url")
}

func annotationObject(a *organization.Annotation) object {
	all := object{
		{name: "type", value: "report_annotation"},
		{name: "external_id", value: a.ExternalID},
		{name: "uuid", value: a.UUID},
		{name: "annotation_type", value: a.Type},
		{name: "path", value: a.Path},
		{name: "summary", value: a.Summary},
		{name: "details", value: a.Details},
		{name: "result", value: a.Result},
		{name: "severity", value: a.Severity},
		{name: "link", value: a.Link},
		{name: "created_on", value: timestamp{a.CreatedOn, layoutReports}},
		{name: "updated_on", value: timestamp{a.UpdatedOn, layoutReports}},
	}
	if a.Line > 0 {
		all = append(all, jsonMember{name: "line", value: a.Line})
	}
	return withoutEmpty(all, "path", "result", "link")
}

// withoutEmpty removes the named members that are "".
func withoutEmpty(o object, names ...string) object {
	var empty []string
	for _, name := range names {
		if lookup(o, name) == "" {
			empty = append(empty, name)
		}
	}
	return o.without(empty)
}

// changeObject renders the change of a file between two commits. The first commit may be nil.
func changeObject(r *organization.Repository, from, to *organization.Commit, c organization.Change) object {
	return object{
		{name: "type", value: "diffstat"},
		{name: "lines_added", value: c.Added},
		{name: "lines_removed", value: c.Removed},
		{name: "status", value: c.Status},
		{name: "old", value: fileSide(r, from, c.Old)},
		{name: "new", value: fileSide(r, to, c.New)},
	}
}

func fileSide(r *organization.Repository, c *organization.Commit, path string) any {
	if path == "" {
		return nil
	}
	return object{
		{name: "path", value: path},
		{name: "type", value: "commit_file"},
		{name: "escaped_path", value: path},
		{name: "links", value: linksOf("self", repositoryAPI(r)+"/src/"+c.Hash+"/"+escapePath(path))},
	}
}

// fileObject renders a file at a commit.
func fileObject(o *organization.Organization, r *organization.Repository, c *organization.Commit, path string) object {
	self := repositoryAPI(r) + "/src/" + c.Hash + "/" + escapePath(path)
	attributes, size := []string{}, 0
	if strings.HasSuffix(path, ".sh") {
		attributes = append(attributes, "executable")
	}
	if f := c.Files[path]; f != nil {
		size = 20 * len(f.Lines)
	}
	return object{
		{name: "path", value: path},
		{name: "commit", value: lazy(func() any { return embeddedCommit(o, r, c, "type", "hash", "links") })},
		{name: "type", value: "commit_file"},
		{name: "attributes", value: attributes},
		{name: "escaped_path", value: path},
		{name: "size", value: size},
		{name: "mimetype", value: mimeTypeOf(path)},
		{name: "links", value: linksOf("self", self, "meta", self+"?format=meta",
			"history", repositoryAPI(r)+"/filehistory/"+c.Hash+"/"+escapePath(path))},
	}
}

// mimeTypeOf returns the MIME type, or nil if the service does not know it.
func mimeTypeOf(path string) any {
	switch {
	case strings.HasSuffix(path, ".py"):
		return "text/x-python"
	case strings.HasSuffix(path, ".json"):
		return "application/json"
	}
	return nil
}
