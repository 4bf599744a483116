package fakebitbucket

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"strconv"
	"testing"
)

// BenchmarkPages serves all pages of 5,000 repositories.
func BenchmarkPages(b *testing.B) {
	s := New(Options{Repositories: 5000, OneWorkspace: true})
	token := s.AccessToken(s.Organization().Connected.UUID)
	for name, query := range map[string]url.Values{
		"everything":   {},
		"three fields": {"fields": {"values.full_name,values.size,values.updated_on,next"}},
		"filtered":     {"q": {`is_private = true AND name ~ "api"`}},
		"sorted":       {"sort": {"-updated_on"}},
	} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				for page := 1; page <= 50; page++ {
					query.Set("pagelen", "100")
					query.Set("page", strconv.Itoa(page))
					serveOne(b, s, token, "/2.0/repositories/harbor-labs?"+query.Encode())
				}
			}
			s.ResetJournal()
		})
	}
}

// BenchmarkPermissions serves one page of the effective permissions of 40 users on 5,000 repositories.
func BenchmarkPermissions(b *testing.B) {
	s := New(Options{Repositories: 5000, OneWorkspace: true})
	token := s.AccessToken(s.Organization().Connected.UUID)
	for name, query := range map[string]string{"all": "", "filtered": "&q=" + url.QueryEscape(`permission = "admin"`)} {
		b.Run(name, func(b *testing.B) { servePermissions(b, s, token, "&page=7"+query) })
	}
}

// manyPermissions holds options for an organization with 100,000 effective permissions.
var manyPermissions = Options{Repositories: 500, Users: 200, OneWorkspace: true, EveryoneReads: true}

// BenchmarkManyPermissions computes and serves 100,000 effective permissions.
func BenchmarkManyPermissions(b *testing.B) {
	s := New(manyPermissions)
	o := s.Organization()
	token := s.AccessToken(o.Connected.UUID)
	b.Run("compute", func(b *testing.B) {
		for b.Loop() {
			for _, r := range o.RepositoriesOf(o.Workspaces[0]) {
				o.EffectivePermissionsOn(r)
			}
		}
	})
	for name, query := range map[string]string{
		"page":     "&page=700",
		"filtered": "&q=" + url.QueryEscape(`repository.full_name = "`+o.Repositories[99].FullName()+`"`),
	} {
		b.Run(name, func(b *testing.B) { servePermissions(b, s, token, query) })
	}
}

// servePermissions serves a page of the effective permissions in a workspace.
func servePermissions(b *testing.B, s *Server, token, query string) {
	for b.Loop() {
		serveOne(b, s, token, "/2.0/workspaces/harbor-labs/permissions/repositories?pagelen=100"+query)
	}
	s.ResetJournal()
}

// serveOne serves one request.
func serveOne(b *testing.B, s *Server, token, address string) {
	b.Helper()
	r := httptest.NewRequest(http.MethodGet, address, nil)
	r.Header.Set("Authorization", "Bearer "+token)
	r.Header.Set("User-Agent", "benchmark")
	w := httptest.NewRecorder()
	if s.ServeHTTP(w, r); w.Code != http.StatusOK {
		b.Fatal(w.Code, w.Body)
	}
}
