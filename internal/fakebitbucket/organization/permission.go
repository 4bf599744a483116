package organization

import "slices"

// The permissions of each kind, lowest first.
var (
	RepositoryPermissions = []string{"none", "read", "write", "admin"}
	ProjectPermissions    = []string{"none", "read", "write", "create-repo", "admin"}
	WorkspacePermissions  = []string{"collaborator", "member", "create-project", "owner"}
)

// Rank returns the position of a permission in its list, or -1.
func Rank(vocabulary []string, permission string) int { return slices.Index(vocabulary, permission) }

// onRepositories returns the permission that a permission on a project gives on each of its repositories.
func onRepositories(projectPermission string) string {
	if projectPermission == "create-repo" {
		return "write"
	}
	return projectPermission
}

// Higher returns the higher of two permissions on a repository. The permission "" is the lowest.
func Higher(a, b string) string {
	if Rank(RepositoryPermissions, b) > Rank(RepositoryPermissions, a) && b != "none" {
		return b
	}
	return a
}

// AtLeast reports whether a permission on a repository includes another.
func AtLeast(have, want string) bool {
	return Rank(RepositoryPermissions, have) >= Rank(RepositoryPermissions, want)
}
