// Package fakebitbucket simulates Bitbucket Cloud in memory, for tests, the demo and benchmarks. It serves a
// generated organization through the REST API and the OAuth server.
//
// It is strict. It refuses every request that the service refuses. It also records violations: mistakes that a
// careful client does not make, such as requests to an unknown path or with an unknown query parameter.
package fakebitbucket

import (
	"errors"
	"fmt"
	"net"
	"net/http"
	"slices"
	"sync"
	"time"

	"github.com/kindor/steampipe-plugin-bitbucket/internal/fakebitbucket/generate"
	"github.com/kindor/steampipe-plugin-bitbucket/internal/fakebitbucket/organization"
)

// Options configure a Server. The zero value is a good demo.
type Options struct {
	// Seed and the sizes below decide the organization. Default 1.
	Seed int64
	// Repositories, Projects, Users and Groups are the sizes of the organization. The defaults are 120, 8, 40 and 8,
	// over two workspaces. A third workspace, which is public and has a few repositories, is added.
	Repositories, Projects, Users, Groups int
	// OneWorkspace puts all repositories into the workspace that the connected user administers.
	OneWorkspace bool
	// PlainMember makes the connected user a plain member of the first workspace, too. The user has a permission of
	// each level on repositories of both workspaces, and administers one project.
	PlainMember bool
	// EveryoneReads adds a group of all members to both workspaces. The group may read every repository, which gives
	// many effective permissions.
	EveryoneReads bool
	// GroupsClosed makes all workspaces refuse the 1.0 API of groups, even to owners.
	GroupsClosed bool

	// FoldsCase makes =, !=, IN and NOT IN of filters ignore the case of text.
	FoldsCase bool

	// Now is the service's clock. Default time.Now.
	Now func() time.Time
	// Latency delays each answer of the API, unless the caller gives up first.
	Latency time.Duration
	// Quota is the number of API requests in a rolling hour for each OAuth consumer, or for each user without one. 0
	// is unlimited. With a quota, answers have the x-ratelimit headers.
	Quota int

	// AccessTokenLife is the lifetime of access tokens. Default two hours.
	AccessTokenLife time.Duration
	// AccessTokenUses is the number of API requests for which an access token is valid. 0 is unlimited.
	AccessTokenUses int
	// RefreshGrace is how long a used refresh token may be used again. Default 10 minutes. If it is negative, the
	// token cannot be used again.
	RefreshGrace time.Duration
	// Lockout is how long a consumer is refused after it used an invalid refresh token, even with a valid one.
	Lockout time.Duration
	// ScopeField is the name of the scopes in a token response: "scope" (the default), "scopes", as before 2026, or
	// "none" to leave them out.
	ScopeField string

	// NextForm is the form of `next` links. By default, each endpoint has its own form.
	NextForm NextForm
	// NextByUUID makes `next` links name the workspace by its UUID.
	NextByUUID bool
	// OmitSize leaves size and page out of lists.
	OmitSize bool
	// OmitNext leaves `next` out of numbered pages, as lists of pipelines once did. The size of the list shows
	// whether there are more pages.
	OmitNext bool
	// PageLen is the largest number of objects on a page, even if a request asks for more. 0 is the limit of the
	// endpoint.
	PageLen int
	// ShortPages puts one object fewer on a page than its pagelen.
	ShortPages bool
	// KeysAsJSON returns the GPG keys of a workspace as JSON. The documentation does not describe their format.
	KeysAsJSON bool
}

func (o Options) withDefaults() Options {
	if o.Seed == 0 {
		o.Seed = 1
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.AccessTokenLife == 0 {
		o.AccessTokenLife = 2 * time.Hour
	}
	if o.RefreshGrace == 0 {
		o.RefreshGrace = 10 * time.Minute
	}
	if o.ScopeField == "" {
		o.ScopeField = "scope"
	}
	return o
}

// organization returns the options for generating the organization.
func (o Options) organization() generate.Options {
	return generate.Options{
		Seed: o.Seed, Repositories: o.Repositories, Projects: o.Projects, Users: o.Users, Groups: o.Groups,
		OneWorkspace: o.OneWorkspace, PlainMember: o.PlainMember, EveryoneReads: o.EveryoneReads, GroupsClosed: o.GroupsClosed,
		Now: o.Now(),
	}
}

// A Server simulates Bitbucket Cloud in memory. It serves the API at /2.0 and /1.0, and the OAuth server at
// /site/oauth2.
type Server struct {
	*organization.Current // the organization and its changes

	options Options
	journal journal
	oauth   oauth
	quota   quota

	mu         sync.Mutex // guards the fields below
	url        string
	faults     []*armedFault
	violations []string
}

// New returns a server with its own organization. The server is an http.Handler; Start and Listen serve it.
func New(o Options) *Server {
	o = o.withDefaults()
	return newServer(o, generate.Organization(o.organization()))
}

func newServer(o Options, org *organization.Organization) *Server {
	s := &Server{options: o, Current: organization.NewCurrent(org, o.Now)}
	s.oauth.init(s.options, s.Organization().Connected.UUID)
	s.quota.limit = s.options.Quota
	return s
}

// TB is the part of *testing.T that Start needs.
type TB interface {
	Helper()
	Cleanup(func())
	Errorf(format string, args ...any)
}

// Start serves a new server on a loopback port until the test ends. Each violation fails the test.
func Start(t TB, o Options) *Server {
	t.Helper()
	return New(o).start(t)
}

func (s *Server) start(t TB) *Server {
	t.Helper()
	stop, err := s.Listen()
	if err != nil {
		t.Errorf("fakebitbucket: %v", err)
		return s
	}
	t.Cleanup(func() {
		stop()
		for _, v := range s.Violations() {
			t.Errorf("fakebitbucket: %s", v)
		}
	})
	return s
}

// Listen serves on a free loopback port until stop is called.
func (s *Server) Listen() (stop func(), err error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("listening on a loopback port: %w", err)
	}
	s.mu.Lock()
	s.url = "http://" + l.Addr().String()
	s.mu.Unlock()
	h := &http.Server{Handler: s}
	done := make(chan struct{})
	go func() {
		defer close(done)
		if err := h.Serve(l); !errors.Is(err, http.ErrServerClosed) {
			s.violate("serving ended: %v", err)
		}
	}()
	return func() {
		_ = h.Close() // errors of closing connections do not matter
		<-done
	}, nil
}

// URL returns the address of the API, without /2.0, while the server listens.
func (s *Server) URL() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.url
}

const oauthPath = "/site/oauth2"

// OAuthURL returns the address of the OAuth server, above /authorize and /access_token.
func (s *Server) OAuthURL() string { return s.URL() + oauthPath }

// Violations returns the mistakes of clients that a careful client does not make.
func (s *Server) Violations() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.violations)
}

// violate records a mistake, once.
func (s *Server) violate(format string, a ...any) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if mistake := fmt.Sprintf(format, a...); !slices.Contains(s.violations, mistake) {
		s.violations = append(s.violations, mistake)
	}
}

func (s *Server) now() time.Time { return s.options.Now() }
