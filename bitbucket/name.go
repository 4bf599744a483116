package bitbucket

import (
	"context"
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strings"

	"github.com/kindor/steampipe-plugin-bitbucket/internal/api"
	"github.com/kindor/steampipe-plugin-bitbucket/internal/cache"
	"github.com/kindor/steampipe-plugin-bitbucket/internal/jsontree"
)

// A NameError reports that a query spells a name differently from Bitbucket. SQL compares names exactly, so the query
// would have no rows, and nobody would know that the object exists.
type NameError struct {
	// Name is the name in the query.
	Name string
	// Called is Bitbucket's name for it, or "" if nothing can have that name.
	Called string
	// Form describes a correct name, if Called is empty.
	Form string
}

// Error returns what to write instead.
func (e *NameError) Error() string {
	if e.Called != "" {
		return fmt.Sprintf("%s is called %s now: write the name exactly as Bitbucket does", e.Name, e.Called)
	}
	return fmt.Sprintf("%q can't be found: %s", e.Name, e.Form)
}

const (
	repositoryForm = "the full name of a repository has the form workspace/repository, as in acme/website"
	workspaceForm  = "a workspace is named by its slug, as in acme"
	uuidForm       = "a uuid has the form {01234567-89ab-cdef-0123-456789abcdef}, with its braces and in lower case"
)

// checkName returns an error if Bitbucket spells the name differently.
func checkName(name, called string) error {
	if called == "" || called == name {
		return nil
	}
	return &NameError{Name: name, Called: called}
}

// isSlug reports whether a text can be a slug.
func isSlug(s string) bool { return s != "" && s != "." && s != ".." && !strings.Contains(s, "/") }

// splitFullName splits the full name of a repository.
func splitFullName(name string) (workspace, repository string, err error) {
	workspace, repository, _ = strings.Cut(name, "/")
	if isSlug(workspace) && isSlug(repository) {
		return workspace, repository, nil
	}
	form := repositoryForm
	if u, err := url.Parse(name); err == nil && u.Host != "" {
		name, form = u.Redacted(), form+"; this is an address"
	}
	return "", "", &NameError{Name: name, Form: form}
}

// checkNames returns an error if the query has a name in an impossible form.
func (q *query) checkNames() error {
	for _, columnName := range []string{"full_name", "repository_full_name"} {
		names, _ := q.conditions.texts(columnName)
		for _, name := range names {
			if _, _, err := splitFullName(name); err != nil {
				return err
			}
		}
	}
	slugs, _ := q.conditions.texts(q.table.workspaceColumn())
	for _, slug := range slugs {
		if !isSlug(slug) {
			return &NameError{Name: slug, Form: workspaceForm}
		}
	}
	for _, c := range q.conditions {
		if c.value == "?" && c.column.from()[0].part == queryPart {
			return fmt.Errorf("%[1]s needs a constant, because this host does not say what the value of a subquery is: "+
				"write %[1]s in (select …), or the value itself", c.column.name)
		}
		if name := c.column.name; c.operator != opEqual || name != "uuid" && !strings.HasSuffix(name, "_uuid") {
			continue
		}
		ids, _ := q.conditions.texts(c.column.name)
		for _, id := range ids {
			if anyUUID.MatchString(id) && id != canonicalUUID(id) {
				return &NameError{Name: id, Form: uuidForm}
			}
		}
	}
	return nil
}

// anyUUID matches a uuid in any spelling.
var anyUUID = regexp.MustCompile(`^\{?[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}\}?$`)

// areUUIDs reports whether the ids are uuids, so that rows may repeat them: checkNames has checked their spelling.
// Paths also accept other ids, such as the number of a pipeline.
func areUUIDs(ids []string) bool {
	return !slices.ContainsFunc(ids, func(id string) bool { return !strings.HasPrefix(id, "{") })
}

// canonicalUUID returns a uuid in Bitbucket's spelling.
func canonicalUUID(id string) string { return "{" + strings.ToLower(strings.Trim(id, "{}")) + "}" }

// checkWorkspace returns an error if a workspace does not exist, or is spelled differently, for answers that do not
// name their workspace. It takes one request, or none if the list of the user's workspaces is cached.
// https://developer.atlassian.com/cloud/bitbucket/rest/api-group-workspaces/#api-workspaces-workspace-get
func (c *connection) checkWorkspace(ctx context.Context, slug string) error {
	if accesses, ok := cache.Peek[[]jsontree.Value](c.places().answers, workspacesKey); ok {
		if slices.ContainsFunc(accesses, func(access jsontree.Value) bool { return access.Get("workspace.slug").String() == slug }) {
			return nil
		}
	}
	found, err := cache.Get(ctx, c.places().answers, "workspace "+slug, func(ctx context.Context) (jsontree.Value, error) {
		return c.places().Get(ctx, api.Path("/2.0/workspaces/{workspace}", slug), nil, "slug")
	})
	if err != nil {
		return err
	}
	return checkName(slug, found.Get("slug").String())
}
