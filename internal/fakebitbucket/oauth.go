package fakebitbucket

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/kindor/steampipe-plugin-bitbucket/internal/fakebitbucket/generate"
	"github.com/kindor/steampipe-plugin-bitbucket/internal/fakebitbucket/organization"
)

// A Consumer is an OAuth consumer of a workspace.
type Consumer struct {
	Key, Secret string
	Callback    string // where the authorization page redirects people
}

// An oauth is the OAuth server. It records what it issued to whom.
// https://developer.atlassian.com/cloud/bitbucket/oauth-2/
type oauth struct {
	options Options

	mu         sync.Mutex // guards the fields below
	random     *rand.Rand
	consenting string // UUID of the user at the authorization page; "" declines
	consumers  map[string]*registeredConsumer
	access     map[string]*accessToken
	refresh    map[string]*refreshToken
	codes      map[string]*code
	apiTokens  map[string]*accessToken // by email, ":" and token
	rotations  int
	consented  int
	issued     []string // every secret, token and code
}

type registeredConsumer struct {
	Consumer
	workspaceUUID string
	scopes        []string
	application   *organization.User // the user for client credentials
	lockedUntil   time.Time
}

// An accessToken is any credential that the API accepts.
type accessToken struct {
	userUUID      string             // for a user of the organization
	workspaceUUID string             // for a token of one workspace
	application   *organization.User // replaces the user
	scopes        []string
	credential    string
	budget        string
	consumer      string
	expires       time.Time // zero: never
	uses          int
	limited       bool // by AccessTokenUses
}

// A refreshToken can be used once. Within the grace period, clients that lost the answer can use it again.
type refreshToken struct {
	consumer  string
	userUUID  string
	issued    time.Time
	uses      int
	firstUsed time.Time
	next      string // its replacement
}

type code struct {
	consumer, userUUID, redirectURI string
	expires                         time.Time
}

// The lifetimes, from the documentation or from observation.
const (
	refreshTokenLife = 90 * 24 * time.Hour
	codeLife         = 10 * time.Minute
)

func (a *oauth) init(o Options, consenting string) {
	a.options = o
	a.random = generate.Seeded(uint64(o.Seed), "tokens")
	a.consenting = consenting
	a.consumers = map[string]*registeredConsumer{}
	a.access = map[string]*accessToken{}
	a.refresh = map[string]*refreshToken{}
	a.codes = map[string]*code{}
	a.apiTokens = map[string]*accessToken{}
}

// secret returns a token of a length. It contains characters that must be escaped in a form.
func (a *oauth) secret(prefix string, length int) string {
	const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/-_"
	b := make([]byte, length)
	for i := range b {
		b[i] = alphabet[a.random.IntN(len(alphabet))]
	}
	value := prefix + string(b) + "="
	a.issued = append(a.issued, value)
	return value
}

// Issued returns every secret, token and code that the server has issued. They must not appear anywhere else.
func (s *Server) Issued() []string {
	s.oauth.mu.Lock()
	defer s.oauth.mu.Unlock()
	return slices.Clone(s.oauth.issued)
}

// longToken is the length of access and refresh tokens after their prefix.
const longToken = 2600

// Consumer registers an OAuth consumer in a workspace. Without scopes, it gets all scopes.
func (s *Server) Consumer(workspaceSlug string, scopes ...string) Consumer {
	w := organization.Must(s.Organization().Workspace(workspaceSlug), "workspace", workspaceSlug)
	if len(scopes) == 0 {
		scopes = AllScopes()
	}
	a := &s.oauth
	a.mu.Lock()
	defer a.mu.Unlock()
	c := &registeredConsumer{
		Consumer: Consumer{
			Key: fmt.Sprintf("consumer%024d", len(a.consumers)+1), Secret: a.secret("secret-", 68),
			Callback: "http://localhost:34106/callback",
		},
		workspaceUUID: w.UUID, scopes: scopes,
	}
	c.application = &organization.User{
		Type: "app_user", Kind: "app", UUID: generate.UUID(a.random), DisplayName: "Application of " + c.Key,
		AccountID: fmt.Sprintf("712020:application-%d", len(a.consumers)+1), CreatedOn: s.now(),
	}
	a.consumers[c.Key] = c
	return c.Consumer
}

// SetCallback changes the address to which a consumer's authorization page redirects people.
func (s *Server) SetCallback(c Consumer, address string) Consumer {
	a := &s.oauth
	a.mu.Lock()
	defer a.mu.Unlock()
	registered := organization.Must(a.consumers[c.Key], "consumer", c.Key)
	registered.Callback = address
	return registered.Consumer
}

// SetConsenting sets the user at the authorization page by UUID. With "", the user declines. The default is the
// connected user.
func (s *Server) SetConsenting(userUUID string) {
	s.oauth.mu.Lock()
	defer s.oauth.mu.Unlock()
	s.oauth.consenting = userUUID
}

// Grant returns a refresh token as if a user had authorized the consumer.
func (s *Server) Grant(c Consumer, userUUID string) string {
	a := &s.oauth
	a.mu.Lock()
	defer a.mu.Unlock()
	organization.Must(a.consumers[c.Key], "consumer", c.Key)
	return a.newRefreshToken(c.Key, userUUID, s.now())
}

// AccessToken returns a bearer token of a user. Without scopes, it gets all scopes. It never expires, but counts its
// uses like all access tokens.
func (s *Server) AccessToken(userUUID string, scopes ...string) string {
	if len(scopes) == 0 {
		scopes = AllScopes()
	}
	return s.addToken(&accessToken{
		userUUID: userUUID, scopes: scopes, credential: "oauth2", budget: "user " + userUUID, limited: true,
	})
}

// WorkspaceAccessToken returns a bearer token of a workspace instead of a user. It can read the workspace, but not
// permissions and the data of users.
func (s *Server) WorkspaceAccessToken(workspaceSlug string, scopes ...string) string {
	w := organization.Must(s.Organization().Workspace(workspaceSlug), "workspace", workspaceSlug)
	if len(scopes) == 0 {
		scopes = AllScopes()
	}
	return s.addToken(&accessToken{
		workspaceUUID: w.UUID, scopes: scopes, credential: "workspace_access_token", budget: "token of " + w.UUID,
	})
}

func (s *Server) addToken(t *accessToken) string {
	a := &s.oauth
	a.mu.Lock()
	defer a.mu.Unlock()
	token := a.secret("access-", longToken)
	a.access[token] = t
	return token
}

// APIToken returns an API token of a user and the user's email address. Without scopes, it gets all scopes that the
// endpoints need.
func (s *Server) APIToken(userUUID string, scopes ...string) (email, token string) {
	u := organization.Must(s.Organization().User(userUUID), "user", userUUID)
	if len(scopes) == 0 {
		scopes = allTokenScopes()
	}
	a := &s.oauth
	a.mu.Lock()
	defer a.mu.Unlock()
	token = a.secret("ATATT", 180)
	a.apiTokens[strings.ToLower(u.Email)+":"+token] = &accessToken{
		userUUID: userUUID, scopes: scopes, credential: "api_token", budget: "user " + userUUID,
	}
	return u.Email, token
}

// RefreshUses returns how often each refresh token has been used.
func (s *Server) RefreshUses() map[string]int {
	a := &s.oauth
	a.mu.Lock()
	defer a.mu.Unlock()
	uses := make(map[string]int, len(a.refresh))
	for token, t := range a.refresh {
		uses[token] = t.uses
	}
	return uses
}

// Rotations returns how many refresh tokens were replaced by a new one.
func (s *Server) Rotations() int {
	s.oauth.mu.Lock()
	defer s.oauth.mu.Unlock()
	return s.oauth.rotations
}

// Consented returns how many authorization codes were issued.
func (s *Server) Consented() int {
	s.oauth.mu.Lock()
	defer s.oauth.mu.Unlock()
	return s.oauth.consented
}

// RevokeAccessTokens makes every issued access token invalid, as if it had expired.
func (s *Server) RevokeAccessTokens() {
	s.oauth.mu.Lock()
	defer s.oauth.mu.Unlock()
	clear(s.oauth.access)
}

// RevokeGrants makes every issued refresh token invalid, as if its user had withdrawn the consent.
func (s *Server) RevokeGrants() {
	s.oauth.mu.Lock()
	defer s.oauth.mu.Unlock()
	for _, t := range s.oauth.refresh {
		t.issued = time.Time{}
	}
}

// bearer returns the principal of an access token.
func (a *oauth) bearer(token string, o *organization.Organization) (*principal, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	t := a.access[token]
	if t == nil || !t.expires.IsZero() && !a.options.Now().Before(t.expires) {
		return nil, errToken
	}
	if t.limited && a.options.AccessTokenUses > 0 && t.uses >= a.options.AccessTokenUses {
		return nil, errToken
	}
	t.uses++
	return t.principal(o)
}

// basic returns the principal of an email address and an API token.
func (a *oauth) basic(email, token string, o *organization.Organization) (*principal, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	t := a.apiTokens[strings.ToLower(email)+":"+token]
	if t == nil {
		return nil, errToken
	}
	return t.principal(o)
}

func (t *accessToken) principal(o *organization.Organization) (*principal, error) {
	p := &principal{user: t.application, scopes: t.scopes, credential: t.credential, budget: t.budget, consumer: t.consumer}
	if t.userUUID != "" {
		p.user = o.User(t.userUUID)
	}
	if t.workspaceUUID != "" {
		p.workspace = o.Workspace(t.workspaceUUID)
	}
	if p.user == nil && p.workspace == nil {
		return nil, errToken // the user was deleted
	}
	return p, nil
}

func (a *oauth) newRefreshToken(consumer, userUUID string, now time.Time) string {
	token := a.secret("refresh-", longToken)
	a.refresh[token] = &refreshToken{consumer: consumer, userUUID: userUUID, issued: now}
	return token
}

func (a *oauth) newAccessToken(c *registeredConsumer, userUUID string, now time.Time) string {
	token := a.secret("access-", longToken)
	t := &accessToken{
		userUUID: userUUID, scopes: c.scopes, credential: "oauth2", budget: "consumer " + c.Key, consumer: c.Key,
		expires: now.Add(a.options.AccessTokenLife), limited: true,
	}
	if userUUID == "" {
		t.workspaceUUID, t.application = c.workspaceUUID, c.application
	}
	a.access[token] = t
	return token
}

// spend uses a refresh token. It returns the replacement, or false if the token is no longer valid.
func (a *oauth) spend(c *registeredConsumer, token string, now time.Time) (next, userUUID string, ok bool) {
	t := a.refresh[token]
	if t == nil || t.consumer != c.Key {
		return "", "", false
	}
	t.uses++
	switch {
	case now.Sub(t.issued) >= refreshTokenLife:
		return "", "", false
	case t.next == "":
		t.firstUsed = now
		t.next = a.newRefreshToken(c.Key, t.userUUID, now)
		a.rotations++
	case now.Sub(t.firstUsed) >= a.options.RefreshGrace:
		c.lockedUntil = now.Add(a.options.Lockout)
		return "", "", false
	}
	next = t.next
	for a.refresh[next].next != "" { // within the grace period, the newest one applies
		next = a.refresh[next].next
	}
	return next, t.userUUID, true
}
