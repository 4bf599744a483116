package bitbucket

import (
	"context"
	"regexp"
	"slices"
	"strings"

	"github.com/kindor/steampipe-plugin-bitbucket/internal/api"
	"github.com/kindor/steampipe-plugin-bitbucket/internal/jsontree"
)

// branchRules are the rules of a repository about its branches.
type branchRules struct {
	connection *connection
	repository repositoryScope
	all        []jsontree.Value
	model      jsontree.Value // the branching model in force; empty until a rule or the query needs it
}

// branchRules reads the rules of a repository.
func (r repositoryScope) branchRules(ctx context.Context, c *connection) (*branchRules, error) {
	found := &branchRules{connection: c, repository: r}
	l := api.List{
		Path:   r.path("/branch-restrictions"),
		Fields: []string{"id", "kind", "branch_match_kind", "pattern", "branch_type", "value", "users.uuid", "users.display_name", "groups.slug", "groups.name"}, PageLen: 100,
	}
	for rule, err := range c.List(ctx, l) {
		if err != nil {
			return nil, err
		}
		found.all = append(found.all, rule)
	}
	return found, nil
}

// on returns the rules that are about a branch: by a pattern, or by a type of the branch in the branching model.
func (b *branchRules) on(ctx context.Context, branch string) (found []jsontree.Value, err error) {
	var types []string
	for _, rule := range b.all {
		isAbout := false
		if rule.Get("branch_match_kind").String() == "branching_model" {
			if types, err = b.typesOf(ctx, branch); err != nil {
				return nil, err
			}
			isAbout = slices.Contains(types, rule.Get("branch_type").String())
		} else {
			isAbout = matchesBranch(rule.Get("pattern").String(), branch)
		}
		if isAbout {
			found = append(found, rule)
		}
	}
	return found, nil
}

// matchesBranch reports whether a branch's name matches a pattern, in which only the asterisk has a meaning: any text,
// slashes included.
func matchesBranch(pattern, branch string) bool {
	form := strings.ReplaceAll(regexp.QuoteMeta(pattern), `\*`, `.*`)
	return regexp.MustCompile(`(?s)\A` + form + `\z`).MatchString(branch)
}

// typesOf returns the types of a branch in the branching model that is in force in the repository.
// https://developer.atlassian.com/cloud/bitbucket/rest/api-group-branching-model/#api-repositories-workspace-repo-slug-effective-branching-model-get
func (b *branchRules) typesOf(ctx context.Context, branch string) ([]string, error) {
	if !b.model.Exists() {
		model, err := b.connection.Get(ctx, b.repository.path("/effective-branching-model"), nil,
			"development.name", "development.use_mainbranch", "production.name", "production.use_mainbranch", "branch_types")
		if err != nil {
			return nil, err
		}
		b.model = model
	}
	types := []string{}
	for _, name := range []string{"development", "production"} {
		role := b.model.Field(name)
		isMain := role.Get("use_mainbranch").Bool() && branch == b.repository.mainBranch()
		if isMain || role.Get("name").String() == branch {
			types = append(types, name)
		}
	}
	for kind := range b.model.Field("branch_types").Values() {
		if strings.HasPrefix(branch, kind.Get("prefix").String()) {
			types = append(types, kind.Get("kind").String())
		}
	}
	return types, nil
}
