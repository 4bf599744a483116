package fakebitbucket

import (
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

// A Snippet is a handful of files that somebody shares, with a history of their own.
type Snippet struct {
	Workspace            *Workspace
	ID, Title            string // the title may be ""
	Owner, Creator       *User  // the creator is nil if the account is gone
	IsPrivate            bool
	Files                []string
	CreatedOn, UpdatedOn time.Time
	Watchers             []*User
	Comments             []*SnippetComment // oldest first
	Commits              []*SnippetCommit  // newest first
}

// A SnippetComment is a comment on a snippet. One that was deleted stays, without its text.
type SnippetComment struct {
	ID                   int
	User                 *User
	Text                 string
	Parent               *SnippetComment // of an answer
	Deleted              bool
	CreatedOn, UpdatedOn time.Time
}

// A SnippetCommit is a change of a snippet's files.
type SnippetCommit struct {
	Hash, Message, Author string // the author as Git has it
	User                  *User  // nil if the author's address belongs to no account
	Date                  time.Time
}

// Snippets are those of a workspace, in the order in which they are listed.
func (o *Organization) Snippets(w *Workspace) []*Snippet {
	return once(o, "snippets", w.UUID, func(g *generator) []*Snippet {
		var made []*Snippet
		for i := range 4 + 5*len(o.MembersOf(w))/20 {
			made = append(made, g.snippet(w, i))
		}
		return made
	})
}

var snippetTitles = []string{
	"How to rotate the database password", "Notes from the incident", `A query with "quotes" and 100%`, "",
	"Deploy by hand", "Grün & größer",
}

var snippetFiles = []string{"notes.md", "query.sql", "deploy.sh", "read me.txt", "chart.png"}

func (g *generator) snippet(w *Workspace, i int) *Snippet {
	const letters = "4567AaBbEeGgKkLMnoprRxXyz"
	members := g.org.MembersOf(w)
	anybody := func() *User { return pick(g, members).User }
	s := &Snippet{
		Workspace: w, Title: snippetTitles[i%len(snippetTitles)], Owner: w.Account, Creator: anybody(),
		IsPrivate: i%4 != 2, CreatedOn: g.ago(7 * 365),
	}
	for range 6 {
		s.ID += string(letters[g.IntN(len(letters))])
	}
	switch i % 7 {
	case 1:
		s.Owner, s.Creator = g.org.Connected, g.org.Connected
	case 5:
		s.Creator = nil
	}
	for _, at := range g.Perm(len(snippetFiles))[:1+g.IntN(3)] {
		s.Files = append(s.Files, snippetFiles[at])
	}
	for range g.IntN(3) {
		if u := anybody(); !slices.Contains(s.Watchers, u) {
			s.Watchers = append(s.Watchers, u)
		}
	}
	s.UpdatedOn = s.CreatedOn
	n := 1 + g.IntN(4)
	if i == 0 {
		n = 12 // more than a page
	}
	for range n {
		c := &SnippetCommit{Hash: g.digest(), Message: "Change " + pick(g, s.Files) + "\n", Date: s.UpdatedOn.Truncate(time.Second)}
		if c.User = anybody(); g.IntN(3) == 0 {
			c.User, c.Author = nil, "Build <build@example.com>"
		} else {
			c.Author = c.User.DisplayName + " <" + c.User.Email + ">"
		}
		s.Commits = slices.Insert(s.Commits, 0, c)
		s.UpdatedOn = g.after(s.UpdatedOn)
	}
	for at := range g.IntN(5) {
		c := &SnippetComment{ID: 1000*i + at + 1, User: anybody(), Text: "See also " + pick(g, domains) + "."}
		c.CreatedOn, c.UpdatedOn = s.UpdatedOn, s.UpdatedOn
		switch at {
		case 1:
			c.Parent = s.Comments[0]
			c.UpdatedOn = g.after(c.CreatedOn)
		case 2:
			c.Deleted, c.Text = true, ""
		}
		s.Comments = append(s.Comments, c)
		s.UpdatedOn = g.after(s.UpdatedOn)
	}
	return s
}

// seenBy tells whether a principal may read a snippet: those of a workspace that is theirs, and public ones.
func (s *Snippet) seenBy(p *principal, o *Organization) bool {
	return !s.IsPrivate || p.belongsTo(o, s.Workspace)
}

func snippetAPI(s *Snippet) string { return linkAPI + "/snippets/" + s.Workspace.Slug + "/" + s.ID }

// listedSnippet is a snippet as lists show it: without its files.
func listedSnippet(s *Snippet) object {
	api, site := snippetAPI(s), linkSite+"/"+s.Workspace.Slug+"/workspace/snippets/"+s.ID
	return object{
		{name: "type", value: "snippet"},
		{name: "id", value: s.ID},
		{name: "title", value: s.Title},
		{name: "scm", value: "git"},
		{name: "is_private", value: s.IsPrivate},
		{name: "created_on", value: stamp(s.CreatedOn)},
		{name: "updated_on", value: stamp(s.UpdatedOn)},
		{name: "owner", value: lazy(func() any { return embeddedUser(s.Owner) })},
		{name: "creator", value: lazy(func() any { return embeddedUser(s.Creator) })},
		{name: "links", value: lazy(func() any {
			return links("self", api, "html", site, "comments", api+"/comments", "commits", api+"/commits",
				"watchers", api+"/watchers", "diff", api+"/"+s.Commits[0].Hash+"/diff", "patch", api+"/"+s.Commits[0].Hash+"/patch")
		})},
	}
}

// snippetObject is a snippet by itself. Its files are members of an object, by name.
func snippetObject(s *Snippet) object {
	files := object{}
	for _, name := range s.Files {
		escaped := url.PathEscape(name)
		files = append(files, member{name: name, value: object{{name: "links", value: links(
			"self", snippetAPI(s)+"/files/"+s.Commits[0].Hash+"/"+escaped,
			"html", linkSite+"/"+s.Workspace.Slug+"/workspace/snippets/"+s.ID+"#file-"+escaped)}}})
	}
	return append(listedSnippet(s), member{name: "files", value: files})
}

func embeddedSnippet(s *Snippet) object {
	return listedSnippet(s).condensed("type", "id", "title", "links")
}

func snippetCommentObject(s *Snippet, c *SnippetComment) object {
	o := object{
		{name: "type", value: "snippet_comment"},
		{name: "id", value: c.ID},
		{name: "created_on", value: stamp(c.CreatedOn)},
		{name: "updated_on", value: stamp(c.UpdatedOn)},
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
		o = append(o, member{name: "parent", value: object{
			{name: "id", value: c.Parent.ID}, {name: "links", value: lazy(func() any { return snippetCommentLinks(s, c.Parent) })},
		}})
	}
	return o
}

func snippetCommentLinks(s *Snippet, c *SnippetComment) object {
	id := strconv.Itoa(c.ID)
	return links("self", snippetAPI(s)+"/comments/"+id,
		"html", linkSite+"/"+s.Workspace.Slug+"/workspace/snippets/"+s.ID+"#comment-"+id)
}

func snippetCommitObject(s *Snippet, at int) object {
	c := s.Commits[at]
	author := object{{name: "type", value: "author"}, {name: "raw", value: c.Author}}
	if c.User != nil {
		author = append(author, member{name: "user", value: lazy(func() any { return embeddedUser(c.User) })})
	}
	parents := []object{}
	if at+1 < len(s.Commits) {
		hash := s.Commits[at+1].Hash
		parents = append(parents, object{
			{name: "type", value: "snippet_commit"}, {name: "hash", value: hash},
			{name: "links", value: links("self", snippetAPI(s)+"/commits/"+hash)},
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
		{name: "links", value: links("self", snippetAPI(s)+"/commits/"+c.Hash, "html",
			linkSite+"/"+s.Workspace.Slug+"/workspace/snippets/"+s.ID+"/revisions/"+c.Hash, "diff", snippetAPI(s)+"/"+c.Hash+"/diff")},
	}
}
