package organization

import "time"

// A Snippet is a few files that a user shares, with their own history.
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

// A SnippetComment is a comment on a snippet. Deleted comments remain, without their text.
type SnippetComment struct {
	ID                   int
	User                 *User
	Text                 string
	Parent               *SnippetComment // set for an answer
	Deleted              bool
	CreatedOn, UpdatedOn time.Time
}

// A SnippetCommit is a change to a snippet's files.
type SnippetCommit struct {
	Hash, Message, Author string // the author as Git stores it
	User                  *User  // nil if no account has the author's address
	Date                  time.Time
}

// Snippets returns the snippets of a workspace, in the order of listings.
func (o *Organization) Snippets(w *Workspace) []*Snippet {
	return once(o, "snippets", w.UUID, func(g Generator) []*Snippet { return g.Snippets(w) })
}
