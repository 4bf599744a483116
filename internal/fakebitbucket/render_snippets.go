package fakebitbucket

import (
	"net/url"
	"strconv"
	"strings"

	"github.com/kindor/steampipe-plugin-bitbucket/internal/fakebitbucket/organization"
)

func snippetAPI(s *organization.Snippet) string {
	return linkAPI + "/snippets/" + s.Workspace.Slug + "/" + s.ID
}

// listedSnippet returns a snippet in the form of lists, without its files.
func listedSnippet(s *organization.Snippet) object {
	api, site := snippetAPI(s), linkSite+"/"+s.Workspace.Slug+"/workspace/snippets/"+s.ID
	return object{
		{name: "type", value: "snippet"},
		{name: "id", value: s.ID},
		{name: "title", value: s.Title},
		{name: "scm", value: "git"},
		{name: "is_private", value: s.IsPrivate},
		{name: "created_on", value: timestampOf(s.CreatedOn)},
		{name: "updated_on", value: timestampOf(s.UpdatedOn)},
		{name: "owner", value: lazy(func() any { return embeddedUser(s.Owner) })},
		{name: "creator", value: lazy(func() any { return embeddedUser(s.Creator) })},
		{name: "links", value: lazy(func() any {
			return linksOf("self", api, "html", site, "comments", api+"/comments", "commits", api+"/commits",
				"watchers", api+"/watchers", "diff", api+"/"+s.Commits[0].Hash+"/diff", "patch", api+"/"+s.Commits[0].Hash+"/patch")
		})},
	}
}

// snippetObject returns a snippet in the form of a single object. Its files are members of an object, by name.
func snippetObject(s *organization.Snippet) object {
	files := object{}
	for _, name := range s.Files {
		escaped := url.PathEscape(name)
		files = append(files, jsonMember{name: name, value: object{{name: "links", value: linksOf(
			"self", snippetAPI(s)+"/files/"+s.Commits[0].Hash+"/"+escaped,
			"html", linkSite+"/"+s.Workspace.Slug+"/workspace/snippets/"+s.ID+"#file-"+escaped)}}})
	}
	return append(listedSnippet(s), jsonMember{name: "files", value: files})
}

func embeddedSnippet(s *organization.Snippet) object {
	return listedSnippet(s).condensed("type", "id", "title", "links")
}

func snippetCommentObject(s *organization.Snippet, c *organization.SnippetComment) object {
	o := object{
		{name: "type", value: "snippet_comment"},
		{name: "id", value: c.ID},
		{name: "created_on", value: timestampOf(c.CreatedOn)},
		{name: "updated_on", value: timestampOf(c.UpdatedOn)},
		{name: "content", value: object{
			{name: "type", value: "rendered"}, {name: "raw", value: c.Text}, {name: "markup", value: "markdown"},
			{name: "html", value: "<p>" + c.Text + "</p>"},
		}},
		{name: "user", value: lazy(func() any { return embeddedUser(c.User) })},
		{name: "deleted", value: c.Deleted},
		{name: "snippet", value: lazy(func() any { return embeddedSnippet(s) })},
		{name: "links", value: lazy(func() any { return snippetCommentLinks(s, c) })},
	}
	if c.Parent != nil {
		o = append(o, jsonMember{name: "parent", value: object{
			{name: "id", value: c.Parent.ID}, {name: "links", value: lazy(func() any { return snippetCommentLinks(s, c.Parent) })},
		}})
	}
	return o
}

func snippetCommentLinks(s *organization.Snippet, c *organization.SnippetComment) object {
	id := strconv.Itoa(c.ID)
	return linksOf("self", snippetAPI(s)+"/comments/"+id,
		"html", linkSite+"/"+s.Workspace.Slug+"/workspace/snippets/"+s.ID+"#comment-"+id)
}

func snippetCommitObject(s *organization.Snippet, at int) object {
	c := s.Commits[at]
	author := object{{name: "type", value: "author"}, {name: "raw", value: c.Author}}
	if c.User != nil {
		author = append(author, jsonMember{name: "user", value: lazy(func() any { return embeddedUser(c.User) })})
	}
	parents := []object{}
	if at+1 < len(s.Commits) {
		hash := s.Commits[at+1].Hash
		parents = append(parents, object{
			{name: "type", value: "snippet_commit"}, {name: "hash", value: hash},
			{name: "links", value: linksOf("self", snippetAPI(s)+"/commits/"+hash)},
		})
	}
	return object{
		{name: "type", value: "snippet_commit"},
		{name: "hash", value: c.Hash},
		{name: "date", value: timestamp{c.Date, layoutSecond}},
		{name: "message", value: c.Message},
		{name: "summary", value: object{
			{name: "type", value: "rendered"}, {name: "raw", value: c.Message}, {name: "markup", value: "markdown"},
			{name: "html", value: "<p>" + strings.TrimSpace(c.Message) + "</p>"},
		}},
		{name: "author", value: author},
		{name: "parents", value: parents},
		{name: "snippet", value: lazy(func() any { return embeddedSnippet(s) })},
		{name: "links", value: linksOf("self", snippetAPI(s)+"/commits/"+c.Hash, "html",
			linkSite+"/"+s.Workspace.Slug+"/workspace/snippets/"+s.ID+"/revisions/"+c.Hash, "diff", snippetAPI(s)+"/"+c.Hash+"/diff")},
	}
}
