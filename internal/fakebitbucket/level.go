package fakebitbucket

// A level is one of an ordered set of permissions; BBQL compares levels by their order, not as text.
type level struct {
	name  string
	order []string
}

// The vocabularies of permissions, lowest first.
var (
	repositoryLevels = []string{"none", "read", "write", "admin"}
	projectLevels    = []string{"none", "read", "write", "create-repo", "admin"}
	workspaceLevels  = []string{"collaborator", "member", "create-project", "owner"}
)

// rank is the place of a permission in its vocabulary, or -1.
func rank(order []string, name string) int {
	for i, l := range order {
		if l == name {
			return i
		}
	}
	return -1
}

// onRepositories is what a permission on a project gives on each of its repositories.
func onRepositories(projectPermission string) string {
	if projectPermission == "create-repo" {
		return "write"
	}
	return projectPermission
}

// higher is the higher of two permissions on a repository; "" is none.
func higher(a, b string) string {
	if rank(repositoryLevels, b) > rank(repositoryLevels, a) && b != "none" {
		return b
	}
	return a
}

// atLeast tells whether a permission on a repository includes another.
func atLeast(have, want string) bool {
	return rank(repositoryLevels, have) >= rank(repositoryLevels, want)
}
