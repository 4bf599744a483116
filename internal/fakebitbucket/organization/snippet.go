package organization

import "time"

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
	return once(o, "snippets", w.UUID, func(g Generator) []*Snippet { return g.Snippets(w) })
}
