package bitbucket

import (
	"net/http"
	"sync/atomic"

	"github.com/hashicorp/go-hclog"

	"github.com/kindor/steampipe-plugin-bitbucket/internal/api"
	"github.com/kindor/steampipe-plugin-bitbucket/internal/auth"
	"github.com/kindor/steampipe-plugin-bitbucket/internal/cache"
)

// A connection is what the scans of a Steampipe connection share: the client with its quota and its token, and the
// caches.
type connection struct {
	*api.Client
	settings   Settings
	method     authMethod
	authorizer auth.Authorizer
	tokenFile  string       // where the authentication method keeps its tokens; "" if it keeps none
	answers    *cache.Cache // lists of workspaces, repositories and the like, for a short time

	directories *directories // of the names that were looked up
	rehearses   *connection  // nil except in a rehearsal
	madeUp      atomic.Bool  // a rehearsal has made up an answer
}

// open returns a new connection. Its requests use the transport, or the client's own if that is nil.
func open(settings Settings, method authMethod, budget *api.Budget, transport http.RoundTripper, logger hclog.Logger) (*connection, error) {
	authorizer, err := settings.authorizer(method, transport, logger)
	if err != nil {
		return nil, err
	}
	maxWait := settings.MaxWait
	if maxWait == 0 {
		maxWait = -1 // zero would be the client's default
	}
	client, err := api.New(api.Config{
		BaseURL:        settings.BaseURL,
		Authorizer:     authorizer,
		UserAgent:      "steampipe-plugin-bitbucket/" + Version,
		Transport:      transport,
		MaxConcurrency: settings.MaxConcurrency,
		MaxWait:        maxWait,
		MaxAge:         settings.MaxAge,
		Budget:         budget,
		Logger:         logger,
	})
	if err != nil {
		return nil, &ConfigError{[]string{"base_url"}, err.Error()}
	}
	c := &connection{
		Client: client, settings: settings, method: method, authorizer: authorizer,
		answers: cache.New(cacheLife, cacheBytes), directories: newDirectories(),
	}
	if chain, ok := authorizer.(*auth.Chain); ok {
		c.tokenFile = chain.Path()
	}
	return c, nil
}

// A Client is a client for Bitbucket's API that authenticates as a connection does.
type Client struct {
	*api.Client
	Method     string // for example "login"
	Authorizer auth.Authorizer
}

// Open returns a client with the authentication method of the settings. It sends no request.
func (s Settings) Open() (*Client, error) {
	method, err := s.authMethod()
	if err != nil {
		return nil, err
	}
	c, err := open(s, method, nil, nil, nil)
	if err != nil {
		return nil, err
	}
	return &Client{c.Client, string(method), c.authorizer}, nil
}

// An authMethod is how a connection authenticates.
type authMethod string

const (
	methodRefreshToken      authMethod = "refresh_token"
	methodLogin             authMethod = "login"
	methodClientCredentials authMethod = clientCredentials
	methodAccessToken       authMethod = "access_token"
	methodAPIToken          authMethod = "api_token"
)

// authMethod returns the one complete authentication method of the settings.
func (s Settings) authMethod() (authMethod, error) {
	if err := s.checkCredentials(); err != nil {
		return "", err
	}
	switch {
	case s.AccessToken != "":
		return methodAccessToken, nil
	case s.APIToken != "":
		return methodAPIToken, nil
	case s.RefreshToken != "":
		return methodRefreshToken, nil
	case s.GrantType != "":
		return methodClientCredentials, nil
	}
	return methodLogin, nil
}

func (s Settings) authorizer(method authMethod, transport http.RoundTripper, logger hclog.Logger) (auth.Authorizer, error) {
	consumer := s.Consumer(logger)
	if transport != nil {
		consumer.HTTPClient = &http.Client{Transport: transport}
	}
	switch method {
	case methodAccessToken:
		return auth.NewAccessToken(auth.NewSecret(s.AccessToken)), nil
	case methodAPIToken:
		return auth.NewAPIToken(s.Email, auth.NewSecret(s.APIToken)), nil
	case methodClientCredentials:
		return auth.NewClientCredentials(consumer)
	default:
		return auth.OpenChain(s.TokenDir, consumer, auth.NewSecret(s.RefreshToken))
	}
}

// Consumer returns the OAuth consumer of the settings. The logger, which may be nil, logs refreshes.
func (s Settings) Consumer(logger hclog.Logger) auth.Consumer {
	return auth.Consumer{Key: s.ConsumerKey, Secret: auth.NewSecret(s.ConsumerSecret), URL: s.OAuthURL, MaxWait: s.MaxWait, Logger: logger}
}
