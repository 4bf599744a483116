package fakebitbucket

import (
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/kindor/steampipe-plugin-bitbucket/internal/fakebitbucket/organization"
)

// An endpoint is an operation of the API: its path, its parameters, the access that it needs, and its answer.
type endpoint struct {
	path        string                   // as in the OpenAPI document; {name...} at the end matches the rest
	scopes      string                   // required OAuth scopes, separated by spaces; "": anybody may call it
	tokenScopes string                   // required scopes of API tokens
	needs       func(*call) error        // finds the objects that the path names and checks the caller's role
	params      string                   // known query parameters besides fields, page, pagelen, q and sort
	people      bool                     // workspace tokens are refused
	public      bool                     // anybody may call it without the scopes for public objects
	gone        string                   // the announcement of its removal
	get         func(*call) (any, error) // answers with an object, a bare list, or a complete response
	list        *listing                 // answers with pages; if get is set, too, it decides when
}

// A listing is the part of an endpoint that lists objects.
type listing struct {
	of       func(*call) collection
	filter   fieldset // fields that q knows; nil: q is not supported
	sort     fieldset // fields that sort knows; nil: sort is not supported
	pagelen  int      // the default page length; default 10
	max      int      // the longest page; default 100
	nextForm NextForm // default: page numbers
	noSize   bool     // size and page are left out
	whole    bool     // everything is on the first page; pagelen has no effect
}

// A collection is a list of objects that are made on demand.
type collection struct {
	length int
	at     func(int) object
}

func collect[T any](all []T, render func(T) object) collection {
	return collection{len(all), func(i int) object { return render(all[i]) }}
}

// altered returns the collection with the alteration of a fault: without its first objects, or with the last one
// first.
func (c collection) altered(a alteration) collection {
	first, n := min(a.drop, c.length), max(c.length-a.drop, 0)
	if !a.rotate {
		return collection{n, func(i int) object { return c.at(first + i) }}
	}
	return collection{n, func(i int) object { return c.at(first + (i+n-1)%n) }}
}

// A call is a request to an endpoint.
type call struct {
	server   *Server
	request  *http.Request
	endpoint *endpoint
	org      *organization.Organization
	who      *principal
	path     map[string]string // the parameters in the path
	query    url.Values

	// Set by needs.
	workspace  *organization.Workspace
	project    *organization.Project
	repository *organization.Repository
	user       *organization.User
	membership *organization.Membership
	snippet    *organization.Snippet

	// Set by needs, for Bitbucket Pipelines.
	pipelines   *organization.Pipelines
	pipeline    *organization.Pipeline
	step        *organization.PipelineStep
	testCase    *organization.TestCase
	schedule    *organization.PipelineSchedule
	environment *organization.DeploymentEnvironment

	// Set by needs, for code.
	commit      *organization.Commit
	commits     []*organization.Commit // a history, or the two commits of a comparison
	report      *organization.Report
	pullRequest *organization.PullRequest
}

// answer answers a request to the API.
func (s *Server) answer(r *http.Request, e *journalEntry) *response {
	if s.options.Latency > 0 {
		select {
		case <-time.After(s.options.Latency):
		case <-r.Context().Done():
			return nil
		}
	}
	c := &call{server: s, request: r, org: s.Organization(), query: r.URL.Query()}
	who, err := s.authenticate(r, c.org)
	if err == nil {
		c.who = who
		e.setPrincipal(who)
		err = s.refuseTokensInQuery(c)
	}
	var res *response
	if err == nil {
		res, err = s.serveEndpoint(c)
	}
	if err != nil {
		var refusal *apiError
		if !errors.As(err, &refusal) {
			panic(err) // endpoints return only apiErrors
		}
		res = refusal.response()
	}
	c.describe(res.header)
	return res
}

// serveEndpoint answers the request of an authenticated or anonymous caller.
func (s *Server) serveEndpoint(c *call) (*response, error) {
	r := c.request
	if !s.quota.take(c.who.budget, s.now()) {
		return nil, errQuota
	}
	if c.endpoint, c.path = endpointAt(r.URL.EscapedPath()); c.endpoint == nil {
		s.violate("%s %s: the path is unknown: correct it, or add the endpoint to endpoints_*.go of the fake", r.Method, r.URL.EscapedPath())
		return nil, errNoAPI
	}
	if r.Method != http.MethodGet {
		s.violate("%s %s: the method is not allowed", r.Method, r.URL.EscapedPath())
		return nil, &apiError{status: http.StatusMethodNotAllowed, message: "Method Not Allowed"}
	}
	if c.endpoint.gone != "" {
		return nil, errGone(c.endpoint.gone)
	}
	c.checkParameters()
	if err := c.authorize(); err != nil {
		return nil, err
	}
	return c.respond()
}

// authorize checks first the scopes, then the caller's role.
func (c *call) authorize() error {
	required := strings.Fields(c.endpoint.scopes)
	if c.who.credential == "api_token" {
		required = strings.Fields(c.endpoint.tokenScopes)
	}
	anybody := c.who.credential == ""
	switch {
	case anybody && len(required) > 0 && !c.endpoint.public, c.endpoint.people && c.who.user == nil:
		return errToken
	case !anybody && missesScope(c.who.scopes, required):
		return errScopes(required, collapse(c.who.scopes))
	}
	if c.endpoint.needs == nil {
		return nil
	}
	return c.endpoint.needs(c)
}

// respond returns the answer.
func (c *call) respond() (*response, error) {
	selected := allFields
	if c.query.Has("fields") {
		selected = parseFields(c.query.Get("fields"))
	}
	if _, ok := alterationOf(c.request); ok && c.endpoint.list == nil {
		c.violate("a fault of lists was injected at an endpoint without a list")
	}
	var v any
	var err error
	if c.endpoint.get != nil {
		v, err = c.endpoint.get(c)
	} else {
		v, err = c.page()
	}
	if err != nil {
		return nil, err
	}
	if res, ok := v.(*response); ok { // for example, a redirect
		return res, nil
	}
	return jsonResponse(http.StatusOK, appendJSON(nil, v, selected)), nil
}

// checkParameters records query parameters that the endpoint does not know. The service ignores them.
func (c *call) checkParameters() {
	parameters := strings.Fields(c.endpoint.params + " fields")
	if l := c.endpoint.list; l != nil {
		parameters = append(parameters, "page", "pagelen", "ctx", "after")
		if l.filter != nil {
			parameters = append(parameters, "q")
		}
		if l.sort != nil {
			parameters = append(parameters, "sort")
		}
	}
	for name, values := range c.query {
		if !slices.Contains(parameters, name) {
			c.violate("the query parameter %s is unknown here", name)
		} else if len(values) > 1 && !slices.Contains(repeatable, name) {
			c.violate("the query parameter %s is repeated", name)
		}
	}
	for field := range strings.SplitSeq(c.query.Get("fields"), ",") {
		if strings.TrimSpace(field) != field {
			c.violate("the field %q has a space: an unescaped +", field)
		}
	}
}

// repeatable lists the parameters that may be repeated.
var repeatable = []string{"state", "status", "include", "exclude", "path"}

func (c *call) violate(format string, a ...any) {
	c.server.violate("%s %s: "+format, append([]any{c.request.Method, c.request.URL.EscapedPath()}, a...)...)
}

// lookOver records mistakes that a careful client does not make.
func (s *Server) lookOver(r *http.Request) {
	where := r.Method + " " + r.URL.EscapedPath()
	if strings.ContainsAny(r.RequestURI, "{}") {
		s.violate("%s: braces must be escaped", where)
	}
	if r.Header.Get("User-Agent") == "" {
		s.violate("%s: the header User-Agent is missing", where)
	}
	if _, err := url.ParseQuery(r.URL.RawQuery); err != nil {
		s.violate("%s: the query cannot be parsed", where)
	}
}

// refuseTokensInQuery refuses credentials outside the header, as the service has since May 2026.
func (s *Server) refuseTokensInQuery(c *call) error {
	for _, name := range []string{"access_token", "jwt", "token", "client_secret", "refresh_token"} {
		if c.query.Has(name) {
			s.violate("%s %s: credentials in the query", c.request.Method, c.request.URL.EscapedPath())
			return errToken
		}
	}
	return nil
}

// describe adds the headers about the credentials and the quota.
func (c *call) describe(h http.Header) {
	h.Set("Vary", "Authorization, Accept-Encoding")
	if c.who == nil {
		return
	}
	c.server.quota.describe(h, c.who.budget, c.server.now())
	if c.who.credential == "" {
		return
	}
	h.Set("X-Credential-Type", c.who.credential)
	h.Set("X-OAuth-Scopes", strings.Join(collapse(c.who.scopes), ", "))
	if c.endpoint != nil {
		h.Set("X-Accepted-OAuth-Scopes", strings.Join(strings.Fields(c.endpoint.scopes), ", "))
	}
}
