package fakebitbucket

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/kindor/steampipe-plugin-bitbucket/internal/contract"
)

type openAPIOperation struct {
	Parameters []openAPIParameter
	Security   []map[string][]string
}

type openAPIParameter struct{ Name, In string }

type openAPI struct {
	Paths map[string]struct {
		Get        *openAPIOperation
		Parameters []openAPIParameter
	}
}

// undocumented lists endpoints that the OpenAPI document does not contain.
var undocumented = map[string]string{
	"/1.0/groups/{workspace}": "the document covers 2.0 only",
	"/2.0/repositories/{workspace}/{repo_slug}/pullrequests/{pull_request_id}/mergeability/checks": "newer than the document",
}

// undocumentedParameters lists parameters that are missing in the OpenAPI document, and their sources.
var undocumentedParameters = map[string]string{
	"GET /2.0/user/workspaces q":                "the operation's description: filtering by slug",
	"GET /2.0/workspaces/{workspace}/members q": "the operation's description: filtering by e-mail; other fields work",

	"GET /2.0/repositories/{workspace}/{repo_slug}/pullrequests q":                               "the operation's description",
	"GET /2.0/repositories/{workspace}/{repo_slug}/pullrequests sort":                            "the operation's description",
	"GET /2.0/repositories/{workspace}/{repo_slug}/pullrequests/{pull_request_id}/comments q":    "the operation's description",
	"GET /2.0/repositories/{workspace}/{repo_slug}/pullrequests/{pull_request_id}/comments sort": "the operation's description",
	"GET /2.0/workspaces/{workspace}/pullrequests/{selected_user} q":                             "the operation's description",
	"GET /2.0/workspaces/{workspace}/pullrequests/{selected_user} sort":                          "the operation's description",

	"GET /2.0/repositories/{workspace}/{repo_slug}/diffstat/{spec...} from_pullrequest_id": "links and redirects of pull requests",

	"GET /2.0/repositories/{workspace}/{repo_slug}/commits include":            ofCommits,
	"GET /2.0/repositories/{workspace}/{repo_slug}/commits exclude":            ofCommits,
	"GET /2.0/repositories/{workspace}/{repo_slug}/commits path":               ofCommits,
	"GET /2.0/repositories/{workspace}/{repo_slug}/commits/{revision} include": ofCommits,
	"GET /2.0/repositories/{workspace}/{repo_slug}/commits/{revision} exclude": ofCommits,
	"GET /2.0/repositories/{workspace}/{repo_slug}/commits/{revision} path":    ofCommits,

	"GET /2.0/snippets/{workspace}/{encoded_id}/comments sort": "the operation's description",
}

const ofCommits = "the operation's description: the DAG can be filtered"

// TestOpenAPI compares the table of endpoints with the official document.
func TestOpenAPI(t *testing.T) {
	t.Parallel()
	var document openAPI
	if err := json.Unmarshal([]byte(contract.Document().Raw), &document); err != nil {
		t.Fatal(err)
	}
	for _, e := range allEndpoints {
		if undocumented[e.path] != "" {
			continue
		}
		place := strings.ReplaceAll(e.path, "...}", "}")
		path, ok := document.Paths[strings.TrimPrefix(place, "/2.0")]
		if !ok || path.Get == nil {
			t.Errorf("%s: the document does not have the operation", e.path)
			continue
		}
		if e.gone != "" {
			continue
		}
		e.compareScopes(t, path.Get)
		declared := append(path.Parameters, path.Get.Parameters...)
		parameters := strings.Fields(e.params)
		if e.list != nil && e.list.filter != nil {
			parameters = append(parameters, "q")
		}
		if e.list != nil && e.list.sort != nil {
			parameters = append(parameters, "sort")
		}
		for _, name := range parameters {
			is := func(p openAPIParameter) bool { return p.In == "query" && p.Name == name }
			if !slices.ContainsFunc(declared, is) && undocumentedParameters["GET "+e.path+" "+name] == "" {
				t.Errorf("%s: the parameter %s is not declared", e.path, name)
			}
		}
		for _, p := range declared {
			if p.In == "query" && !slices.Contains(parameters, p.Name) {
				t.Errorf("%s: the declared parameter %s is unknown", e.path, p.Name)
			}
			if p.In == "path" && !strings.Contains(place, "{"+p.Name+"}") {
				t.Errorf("%s: the path has no %s", e.path, p.Name)
			}
		}
	}
}

func (e *endpoint) compareScopes(t *testing.T, o *openAPIOperation) {
	t.Helper()
	for _, s := range o.Security {
		if want, ok := s["oauth2"]; ok && strings.Join(want, " ") != e.scopes {
			t.Errorf("%s: scopes %q, want %q", e.path, e.scopes, want)
		}
	}
}
