package replica

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"slices"

	"github.com/kindor/steampipe-plugin-bitbucket/bitbucket"
)

// A Spec is a table that a run copies: what is copied, and how its rows are found.
type Spec struct {
	Table
	bitbucket.Copying
	Conditions []Condition // that all its rows meet
}

// column returns the place of a column, or -1.
func (s *Spec) column(name string) int {
	return slices.IndexFunc(s.Columns, func(c Column) bool { return c.Name == name })
}

// names returns the names of the columns.
func (s *Spec) names() []string {
	names := make([]string, len(s.Columns))
	for i, c := range s.Columns {
		names[i] = c.Name
	}
	return names
}

// scan returns a scan of the table with more conditions.
func (s *Spec) scan(more ...Condition) Scan {
	return Scan{Table: s.Name, Columns: s.names(), Conditions: slices.Concat(s.Conditions, more)}
}

// mark returns a text that changes if earlier rows may lack something that is copied now.
func (s *Spec) mark() string {
	text, err := json.Marshal([]any{s.names(), s.Table.Key, s.Conditions, s.Reading})
	if err != nil {
		panic(err) // there are only texts, numbers and times
	}
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:8])
}

// The columns by which rows belong to a repository or a workspace.
const (
	repositoryUUID = "repository_uuid"
	repositoryName = "repository_full_name"
	workspaceSlug  = "workspace_slug"
)

// The tables that tell a run what has changed.
const (
	repositoryTable = "bitbucket_repository"
	permissionTable = "bitbucket_repository_permission"
	branchTable     = "bitbucket_branch"
	tagTable        = "bitbucket_tag"
)

// Needs returns the tables without which a table can't be copied: they say which of its rows may have changed.
func Needs(c bitbucket.Copying) []string {
	needed := slices.Clone(c.Depends)
	switch c.Reading {
	case bitbucket.ReadWhole:
		return needed
	case bitbucket.ReadChildren:
		needed = append(needed, c.Parent)
	case bitbucket.ReadHeads:
		needed = append(needed, branchTable, tagTable)
	}
	return append(needed, repositoryTable)
}
