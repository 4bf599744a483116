package similar_test

import (
	"testing"

	"github.com/kindor/steampipe-plugin-bitbucket/internal/similar"
)

func TestTo(t *testing.T) {
	t.Parallel()
	tables := []string{"bitbucket_branch", "bitbucket_my_repository", "bitbucket_repository", "bitbucket_tag", "bitbucket_user"}
	commands := []string{"audit", "demo", "describe", "login", "query", "tables", "version"}
	for _, test := range []struct {
		word  string
		known []string
		want  string
	}{
		{"bitbucket_repositories", tables, "bitbucket_repository"},
		{"repository", tables, "bitbucket_repository"},
		{"Bitbucket_User", tables, "bitbucket_user"},
		{"users", tables, "bitbucket_user"},
		{"bitbucket_issue", tables, ""}, // the common prefix does not count
		{"qery", commands, "query"},
		{"tabels", commands, "tables"},
		{"descrbe", commands, "describe"},
		{"issues", commands, ""},
		{"fullname", []string{"full_name", "name"}, "full_name"},
		{"cvs", []string{"csv", "json", "line"}, "csv"},
		{"xml", []string{"csv", "json", "line"}, ""},
		{"x", nil, ""},
		{"", commands, ""},
	} {
		if got := similar.To(test.word, test.known); got != test.want {
			t.Errorf("To(%q) = %q, want %q", test.word, got, test.want)
		}
	}
}
