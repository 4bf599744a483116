package generate

import (
	"slices"
	"time"

	"github.com/kindor/steampipe-plugin-bitbucket/internal/fakebitbucket/organization"
)

// Snippets returns the snippets of a workspace. A workspace with more members has more snippets.
func (g *generator) Snippets(w *organization.Workspace) []*organization.Snippet {
	var made []*organization.Snippet
	for i := range 4 + 5*len(g.org.MembersOf(w))/20 {
		made = append(made, g.snippet(w, i))
	}
	return made
}

func (g *generator) snippet(w *organization.Workspace, i int) *organization.Snippet {
	const letters = "4567AaBbEeGgKkLMnoprRxXyz"
	members := g.org.MembersOf(w)
	anybody := func() *organization.User { return pick(g, members).User }
	s := &organization.Snippet{
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
		c := &organization.SnippetCommit{
			Hash: g.Hash(), Message: "Change " + pick(g, s.Files) + "\n", Date: s.UpdatedOn.Truncate(time.Second),
		}
		if c.User = anybody(); g.IntN(3) == 0 {
			c.User, c.Author = nil, "Build <build@example.com>"
		} else {
			c.Author = c.User.DisplayName + " <" + c.User.Email + ">"
		}
		s.Commits = slices.Insert(s.Commits, 0, c)
		s.UpdatedOn = g.after(s.UpdatedOn)
	}
	for at := range g.IntN(5) {
		c := &organization.SnippetComment{ID: 1000*i + at + 1, User: anybody(), Text: "See also " + pick(g, domains) + "."}
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

var snippetTitles = []string{
	"How to rotate the database password", "Notes from the incident", `A query with "quotes" and 100%`, "",
	"Deploy by hand", "Grün & größer",
}

var snippetFiles = []string{"notes.md", "query.sql", "deploy.sh", "read me.txt", "chart.png"}
