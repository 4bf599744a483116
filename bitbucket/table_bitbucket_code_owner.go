package bitbucket

import (
	"context"
	"slices"

	"github.com/kindor/steampipe-plugin-bitbucket/internal/codeowners"
	"github.com/kindor/steampipe-plugin-bitbucket/internal/jsontree"
)

// tableCodeOwner returns the table bitbucket_code_owner. A row is a rule of a CODEOWNERS file.
// https://support.atlassian.com/bitbucket-cloud/docs/set-up-and-use-code-owners/
func tableCodeOwner() *table {
	return &table{
		name:        "bitbucket_code_owner",
		description: "A rule of the file .bitbucket/CODEOWNERS, or of another one that the query names, with its owners and whether they exist. Costs two requests per repository with the file, and a few more to find the owners.",
		scopes:      []string{"account", "repository"},
		columns: slices.Concat([]column{
			text("pattern", "Pattern of the files that the rule is about. If several rules match a file, the last one counts."),
			integer("line", "Line of the rule in the file."),
			document("owners", "Owners of the files, each with its name, kind (email, user, group or team), selection, found, user_uuid, display_name, members (of a group) and contributors (of a team). found is null if Bitbucket does not show enough to tell."),
			document("not_found", "Names of the owners that don't exist, because they have left the workspace or the name is wrong. Includes contributors of teams."),
			document("unknown", "Names of the owners that may or may not exist, because Bitbucket does not show enough to tell."),
			text("error", "Why Bitbucket does not understand the rule, or why the file or the teams can't be read."),
			text("path", "Path of the file: .bitbucket/CODEOWNERS, which Bitbucket reads, or the one in the query's condition.").in(parentPart, "path"),
			text("commit_hash", "Hash of the commit at which the repository was read.").in(parentPart, "commit.hash"),
			text("ref", "Branch, tag or commit that was read, from the query's condition. Null without a condition, which means the head of the main branch.").in(queryPart, "revision"),
			text("title", "Title of the rule: its pattern.").at("pattern").in(parentPart, "path"),
		}, inRepositoryColumns()),
		keyColumns: append(inRepositoryKeyColumns(), named("ref"), named("path").wider()),
		copying:    touched("line").dependingOn("bitbucket_group_member", "bitbucket_workspace_member"),
		rows: func(ctx context.Context, s *scan) rowSeq {
			paths, ok := s.conditions.texts("path")
			if !ok {
				paths = []string{codeowners.Path}
			}
			return s.perFile(ctx, paths, ownerRules)
		},
	}
}

// An ownerRule is a rule with what is known of its owners.
type ownerRule struct {
	codeowners.Rule
	Owners   []foundOwner `json:"owners"`
	NotFound []string     `json:"not_found,omitempty"`
	Unknown  []string     `json:"unknown,omitempty"`
}

// ownerRules returns the rows of the rules in a file.
func ownerRules(ctx context.Context, s *scan, t treeScope, f textFile) ([]*row, error) {
	var rows []*row
	add := func(rule any) {
		r := t.row(jsontree.Of(rule))
		r.set(parentPart, f.file)
		rows = append(rows, r)
	}
	if !f.isText {
		add(codeowners.Rule{Error: "The file is no text, or too large to be read."})
		return rows, nil
	}
	rules := codeowners.Rules(f.text)
	from := &ownerFinder{scan: s, tree: t}
	if s.wants("owners", "not_found", "unknown", "error") {
		if err := from.read(ctx, rules); err != nil {
			return nil, err
		}
	}
	for _, rule := range rules {
		add(from.rule(rule))
	}
	return rows, nil
}
