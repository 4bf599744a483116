// Package fakebitbucket is Bitbucket Cloud in memory: a generated organization behind the REST API and the
// OAuth server as they behave, for tests, for the demo and for benchmarks.
//
// It is strict: whatever the service refuses it refuses too, and whatever a careful client never does, such as
// asking for an unknown path or sending a query parameter that an endpoint doesn't know, is recorded as a
// violation besides.
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

// Options are the knobs of a Server. The zero value is a good demo.
type Options struct {
	// Seed decides the organization, with the sizes below. Default 1.
	Seed int64
	// Repositories, Projects, Users and Groups are the size of the organization. Defaults 120, 8, 40 and 8,
	// over two workspaces. A third, public one with a handful of repositories comes on top.
	Repositories, Projects, Users, Groups int
	// OneWorkspace puts all repositories into the workspace that the connected user administers.
	OneWorkspace bool
	// PlainMember makes the connected user a plain member of the first workspace too, with a permission of each level on
	// repositories of both and the administration of one project.
	PlainMember bool
	// EveryoneReads makes a group of all members in both workspaces, which may read every repository: many effective
	// permissions.
	EveryoneReads bool
	// GroupsClosed has all workspaces refuse the 1.0 API of groups, even to owners.
	GroupsClosed bool

	// FoldsCase has = and != of filters, IN and NOT IN, take texts in any case for the same.
	FoldsCase bool

	// Now is the service's clock. Default time.Now.
	Now func() time.Time
	// Latency passes before each answer of the API, unless the caller gives up first.
	Latency time.Duration
	// Quota is how many API requests an OAuth consumer, or a user without one, has in a rolling hour; 0 is
	// unlimited. With a quota, answers carry the x-ratelimit headers.
	Quota int

	// AccessTokenLife is how long access tokens last. Default two hours.
	AccessTokenLife time.Duration
	// AccessTokenUses is how many API requests an access token is good for; 0 is no limit.
	AccessTokenUses int
	// RefreshGrace is how long a used refresh token may be used again. Default 10 minutes, negative: not at
	// all.
	RefreshGrace time.Duration
	// Lockout is how long a consumer that used a dead refresh token is refused, even with a good one.
	Lockout time.Duration
	// ScopeField is the member of a token response that lists the scopes: "scope" (the default), "scopes",
	// as before 2026, or "none".
	ScopeField string

	// NextForm is the form of `next` links. Default: that of each endpoint.
	NextForm NextForm
	// NextByUUID has `next` links name the workspace by its UUID.
	NextByUUID bool
	// OmitSize leaves size and page out of lists.
	OmitSize bool
	// OmitNext leaves `next` out of numbered pages, as those of pipelines once did: their size tells whether there are more.
	OmitNext bool
	// PageLen is the most objects that a page has, whatever a request asks for; 0 is what the endpoint allows.
	PageLen int
	// ShortPages puts one object fewer on a page than its pagelen.
	ShortPages bool
	// KeysAsJSON has the GPG keys of a workspace in JSON. The documentation does not say how they are served.
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

// organization is what the options say about the organization.
func (o Options) organization() generate.Options {
	return generate.Options{
		Seed: o.Seed, Repositories: o.Repositories, Projects: o.Projects, Users: o.Users, Groups: o.Groups,
		OneWorkspace: o.OneWorkspace, PlainMember: o.PlainMember, EveryoneReads: o.EveryoneReads, GroupsClosed: o.GroupsClosed,
		Now: o.Now(),
	}
}

// A Server is a Bitbucket Cloud in memory. It serves the API at /2.0 and /1.0 and the OAuth server at
// /site/oauth2.
type Server struct {
	*organization.Current // the organization that is served, and its changes

	options Options
	journal journal
	oauth   oauth
	quota   quota

	mu         sync.Mutex // guards what follows
	url        string
	faults     []*armedFault
	violations []string
}

// New makes a server with an organization of its own. It is an http.Handler; Start and Listen serve it.
func New(o Options) *Server {
	o = o.withDefaults()
	s := &Server{options: o, Current: organization.NewCurrent(generate.Organization(o.organization()), o.Now)}
	s.oauth.init(s.options, s.Organization().Connected.UUID)
	s.quota.limit = s.options.Quota
	return s
}

// TB is what Start needs of a *testing.T.
type TB interface {
	Helper()
	Cleanup(func())
	Errorf(format string, args ...any)
}

// Start serves a new server on a loopback port until the test ends. Each violation is an error of the test.
func Start(t TB, o Options) *Server {
	t.Helper()
	s := New(o)
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
		_ = h.Close() // nothing is left to do for a connection that ends badly
		<-done
	}, nil
}

// URL is the address of the API, without /2.0, while the server listens.
func (s *Server) URL() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.url
}

const oauthPath = "/site/oauth2"

// OAuthURL is the address of the OAuth server; /authorize and /access_token are below it.
func (s *Server) OAuthURL() string { return s.URL() + oauthPath }

// Violations are what clients did that a careful client never does.
func (s *Server) Violations() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.violations)
}

func (s *Server) violate(format string, a ...any) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.violations = append(s.violations, fmt.Sprintf(format, a...))
}

func (s *Server) now() time.Time { return s.options.Now() }
