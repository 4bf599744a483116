package audit

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/kindor/steampipe-plugin-bitbucket/internal/sqlhost"
)

// A Scope is the part of a connection that is audited. The zero Scope is all of it.
type Scope struct {
	Workspaces   []string // slugs
	Repositories []string // full names; then their projects and workspaces count only as far as they concern them
}

// String returns the scope in words, and an empty text for all.
func (s Scope) String() string {
	switch {
	case len(s.Repositories) > 0:
		return "repository " + strings.Join(s.Repositories, ", ")
	case len(s.Workspaces) > 0:
		return "workspace " + strings.Join(s.Workspaces, ", ")
	}
	return ""
}

// Has reports whether a control is about the scope. Only controls that look at repositories are about some of them.
func (s Scope) Has(c *Control) bool {
	return len(s.Repositories) == 0 || slices.ContainsFunc(c.Population, func(a *Area) bool { return a.One == "repository" })
}

// Within limits the run to a scope. It is called before Keep, and returns an error for a workspace or repository that
// the connected account does not see.
func (r *Run) Within(ctx context.Context, s Scope) error {
	for _, slug := range s.Workspaces {
		if err := r.find(ctx, "select slug from bitbucket_workspace where slug = "+quote(slug), "workspace", slug); err != nil {
			return err
		}
	}
	for _, name := range s.Repositories {
		if err := r.find(ctx, "select full_name from bitbucket_repository where full_name = "+quote(name), "repository", name); err != nil {
			return err
		}
	}
	r.scope = s
	return nil
}

// find returns an error unless a statement returns a row.
func (r *Run) find(ctx context.Context, sql, what, name string) error {
	found := false
	err := r.texts(ctx, sql, func([]string) { found = true })
	if err == nil && !found {
		err = fmt.Errorf("the connection shows no %s %s", what, name)
	}
	return err
}

// where returns the condition that limits a table to the scope, or an empty text.
func (s Scope) where(host *sqlhost.Host, table string) string {
	has := map[string]bool{}
	for _, t := range host.Tables() {
		if t.Name == table {
			for _, c := range t.Columns {
				has[c.Name] = true
			}
		}
	}
	slugs := s.Workspaces
	for _, name := range s.Repositories {
		slug, _, _ := strings.Cut(name, "/")
		if !slices.Contains(slugs, slug) {
			slugs = append(slices.Clone(slugs), slug)
		}
	}
	var conditions []string
	add := func(column string, values []string) {
		if len(values) > 0 {
			conditions = append(conditions, column+" in ("+quoteAll(values)+")")
		}
	}
	switch {
	case has["repository_full_name"]:
		add("repository_full_name", s.Repositories)
	case has["full_name"]:
		add("full_name", s.Repositories)
	case has["project_key"] && len(s.Repositories) > 0:
		conditions = append(conditions, "project_key in (select project_key from main.bitbucket_repository where full_name in ("+quoteAll(s.Repositories)+"))")
	}
	switch {
	case has["workspace_slug"]:
		add("workspace_slug", slugs)
	case table == "bitbucket_workspace", table == "bitbucket_my_workspace":
		add("slug", slugs)
	}
	if len(conditions) == 0 {
		return ""
	}
	return " where " + strings.Join(conditions, " and ")
}

// restrict hides a table behind a view of the part in the scope.
func (r *Run) restrict(ctx context.Context, table string) error {
	where := r.scope.where(r.host, table)
	if where == "" {
		return nil
	}
	return r.each(ctx, "create temp view "+sqlhost.Quote(table)+" as select * from main."+sqlhost.Quote(table)+where, nil)
}

func quoteAll(values []string) string {
	quoted := make([]string, len(values))
	for i, v := range values {
		quoted[i] = quote(v)
	}
	return strings.Join(quoted, ", ")
}
