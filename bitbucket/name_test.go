package bitbucket

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"

	"github.com/turbot/steampipe-plugin-sdk/v5/grpc/proto"

	"github.com/kindor/steampipe-plugin-bitbucket/internal/fakebitbucket"
)

// TestNamesInAnotherSpelling queries every table with a name in another spelling. The error gives the name in Bitbucket, or the
// form of these names.
func TestNamesInAnotherSpelling(t *testing.T) {
	fake := fakebitbucket.Start(t, fakebitbucket.Options{Repositories: 16})
	o := fake.Organization()
	w := o.Workspaces[0]
	r := o.RepositoriesOf(w)[0]
	h := connected(t, fake)
	upper := strings.ToUpper
	spellings := map[string]map[string]string{ // by the kind of name: the spelling, and a part of the error
		"repository": {
			upper(r.FullName()):                     "is called " + w.Slug,
			w.Slug + "/" + upper(r.Slug):            "is called " + r.FullName(),
			"https://bitbucket.org/" + r.FullName(): "has the form workspace/repository",
			r.FullName() + "/":                      "has the form workspace/repository",
			r.Slug:                                  "has the form workspace/repository",
			r.UUID:                                  "has the form workspace/repository",
			w.Slug + "/nothing-here":                "does not exist",
		},
		"workspace": {
			upper(w.Slug):              "is called " + w.Slug,
			w.UUID:                     "is called " + w.Slug,
			w.Slug + "/":               "by its slug",
			"nobodys-workspace":        "does not exist",
			strings.Trim(w.UUID, "{}"): "does not exist",
		},
	}
	for _, tab := range tables {
		for _, q := range tab.keyColumns {
			kind := ""
			switch {
			case q.column == "full_name" || q.column == "repository_full_name":
				kind = "repository"
			case q.column == tab.workspaceColumn() || tab.name == "bitbucket_my_workspace" && q.column == "slug":
				kind = "workspace"
			}
			for spelling, want := range spellings[kind] {
				_, err := h.try(context.Background(), tableQuery{table: tab.name, where: []*proto.Qual{where(q.column, "=", spelling)}})
				if err == nil || !strings.Contains(err.Error(), want) {
					t.Errorf("%s, %s = %q: error = %v, want %q", tab.name, q.column, spelling, err, want)
				}
			}
			if q.column != "uuid" && !strings.HasSuffix(q.column, "_uuid") {
				continue
			}
			for _, spelling := range []string{strings.Trim(r.UUID, "{}"), upper(r.UUID)} {
				_, err := h.try(context.Background(), tableQuery{table: tab.name, where: []*proto.Qual{where(q.column, "=", spelling)}})
				if err == nil || !strings.Contains(err.Error(), "with its braces and in lower case") {
					t.Errorf("%s, %s = %q: error = %v, want one that describes the form of a uuid", tab.name, q.column, spelling, err)
				}
			}
		}
	}
}

// TestNameOfARepositoryThatWasRenamed queries a repository by its old name. The error gives the new name.
func TestNameOfARepositoryThatWasRenamed(t *testing.T) {
	fake := fakebitbucket.Start(t, fakebitbucket.Options{Repositories: 16})
	o := fake.Organization()
	r := (accessTruth{o, o.Connected}).repositories()[0]
	old := r.Workspace.Slug + "/old-home"
	fake.Inject(fakebitbucket.Fault{
		Kind: fakebitbucket.FaultHandler, Count: -1, Path: "/2.0/repositories/" + r.Workspace.Slug + "/old-home/{rest...}",
		Match: func(*http.Request) bool { return true },
		Handler: func(w http.ResponseWriter, req *http.Request) {
			http.Redirect(w, req, strings.Replace(req.URL.RequestURI(), old, r.FullName(), 1), http.StatusMovedPermanently)
		},
	})
	fake.Inject(fakebitbucket.Fault{
		Kind: fakebitbucket.FaultHandler, Count: -1, Path: "/2.0/repositories/" + r.Workspace.Slug + "/old-home",
		Handler: func(w http.ResponseWriter, req *http.Request) {
			http.Redirect(w, req, strings.Replace(req.URL.RequestURI(), old, r.FullName(), 1), http.StatusMovedPermanently)
		},
	})
	h := connected(t, fake)
	for _, tab := range tables {
		for _, q := range tab.keyColumns {
			if q.column != "full_name" && q.column != "repository_full_name" {
				continue
			}
			switch tab.name {
			case "bitbucket_repository_permission", "bitbucket_repository_access", "bitbucket_my_repository": // its requests have no name in the path
				continue
			}
			_, err := h.try(context.Background(), tableQuery{table: tab.name, where: []*proto.Qual{where(q.column, "=", old)}})
			if err == nil || !strings.Contains(err.Error(), old+" is called "+r.FullName()+" now") {
				t.Errorf("%s: error = %v, want one with the new name", tab.name, err)
			}
		}
	}
}

func TestNameError(t *testing.T) {
	for name, want := range map[string]string{
		"https://user:secret@bitbucket.org/acme/alpha": "user:xxxxx@bitbucket.org",
		"acme/a/b": "workspace/repository",
	} {
		_, _, err := splitFullName(name)
		if _, ok := errors.AsType[*NameError](err); !ok || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "secret") {
			t.Errorf("%s: %v, want %q", name, err, want)
		}
	}
}
