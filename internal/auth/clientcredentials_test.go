package auth

import (
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func newClientCredentials(t *testing.T, consumer Consumer) *ClientCredentials {
	t.Helper()
	source, err := NewClientCredentials(consumer)
	if err != nil {
		t.Fatal(err)
	}
	source.delays = []time.Duration{0, 0}
	return source
}

func TestClientCredentials(t *testing.T) {
	t.Parallel()
	clock := newClock()
	server := newAuthServer(t, clock.Now)
	source := newClientCredentials(t, server.consumer())
	if scopes := source.Scopes(); scopes != nil {
		t.Errorf("scopes %q before there is a token", scopes)
	}
	for _, step := range []struct {
		name         string
		change       func()
		wantRequests int
	}{
		{"at first", func() {}, 1},
		{"on expiry", func() { clock.advance(2 * time.Hour) }, 2},
		{"on 401", server.revoke, 3},
	} {
		step.change()
		var working sync.WaitGroup
		for range 50 {
			working.Go(func() {
				if err := call(t.Context(), source, server.URL); err != nil {
					t.Error(err)
				}
			})
		}
		working.Wait()
		if got := server.count(); got != step.wantRequests {
			t.Errorf("%s: %d token requests, want %d", step.name, got, step.wantRequests)
		}
	}
	if diff := cmp.Diff([]string{"account", "repository"}, source.Scopes()); diff != "" {
		t.Errorf("scopes (-want +got):\n%s", diff)
	}
}

func TestFlightThatIsNoLongerNeeded(t *testing.T) {
	t.Parallel()
	server := newAuthServer(t, newClock().Now)
	source := newClientCredentials(t, server.consumer())
	old := authorize(t, source)
	renewed, err := source.Renew(t.Context(), old)
	if err != nil {
		t.Fatal(err)
	}
	// As if the caller had looked before this renewal and joined after it.
	token, err := source.renewer.join(t.Context(), strings.TrimPrefix(old, bearerPrefix))
	if err != nil || bearer(token) != renewed || server.count() != 2 {
		t.Errorf("%v, %d token requests; want the renewed token without a third", err, server.count())
	}
}

func TestClientCredentialsRefused(t *testing.T) {
	t.Parallel()
	clock := newClock()
	server := newAuthServer(t, clock.Now)
	consumer := server.consumer()
	consumer.Secret = NewSecret("access-token-for-a-secret")
	source := newClientCredentials(t, consumer)
	for range 3 {
		_, err := source.Authorization(t.Context())
		wantError(t, err, KindAuthorization, testKey, "unauthorized_client", "consumer_secret", "login")
	}
	if got := server.count(); got != 1 {
		t.Errorf("%d token requests, want 1", got)
	}
	clock.advance(refusalMemory)
	source.Authorization(t.Context())
	if got := server.count(); got != 2 {
		t.Errorf("%d token requests after a minute, want 2", got)
	}
}

func TestClientCredentialsAreTriedAgain(t *testing.T) {
	t.Parallel()
	server := newAuthServer(t, newClock().Now)
	server.fault = func(w http.ResponseWriter, _ *http.Request, request int) bool {
		if request < 3 {
			http.Error(w, "Not now", http.StatusBadGateway)
		}
		return request < 3
	}
	authorize(t, newClientCredentials(t, server.consumer()))
}

func TestTokenThatIsRefusedAndGivenAgain(t *testing.T) {
	t.Parallel()
	server := newAuthServer(t, newClock().Now)
	server.extra = map[string]any{"access_token": "access-token-for-ever"}
	source := newClientCredentials(t, server.consumer())
	value := authorize(t, source)
	_, err := source.Renew(t.Context(), value)
	wantError(t, err, KindTemporary, "refuses")
}

func TestConsumerConfiguration(t *testing.T) {
	t.Parallel()
	good := Consumer{Key: "k", Secret: NewSecret("s")}
	for name, test := range map[string]struct {
		change    func(*Consumer)
		wantTexts []string // none if it is accepted
	}{
		"defaults":         {func(c *Consumer) {}, nil},
		"loopback":         {func(c *Consumer) { c.URL = "http://127.0.0.1:8080/site/oauth2/" }, nil},
		"loopback by name": {func(c *Consumer) { c.URL = "http://localhost:8080" }, nil},
		"loopback on IPv6": {func(c *Consumer) { c.URL = "http://[::1]:8080" }, nil},
		"no key":           {func(c *Consumer) { c.Key = "" }, []string{"consumer_key", "consumer_secret"}},
		"no secret":        {func(c *Consumer) { c.Secret = NewSecret("") }, []string{"consumer_key", "consumer_secret"}},
		"plain http":       {func(c *Consumer) { c.URL = "http://bitbucket.org/site/oauth2" }, []string{"oauth_url", "https"}},
		"no address":       {func(c *Consumer) { c.URL = "bitbucket.org" }, []string{"oauth_url"}},
		"with a password":  {func(c *Consumer) { c.URL = "https://user:" + testSecret + "@bitbucket.org" }, []string{"oauth_url"}},
		"unparsable":       {func(c *Consumer) { c.URL = "https://" + testSecret + "\x7f" }, []string{"oauth_url"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			consumer := good
			test.change(&consumer)
			_, err := OpenChain(t.TempDir(), consumer, Secret{})
			_, ccErr := NewClientCredentials(consumer)
			_, urlErr := consumer.AuthorizeURL("state", "")
			for _, err := range []error{err, ccErr, urlErr} {
				if test.wantTexts == nil && err != nil {
					t.Error(err)
				}
				if test.wantTexts != nil {
					wantError(t, err, KindConfiguration, test.wantTexts...)
				}
			}
		})
	}
	_, err := OpenChain("", good, Secret{})
	wantError(t, err, KindConfiguration, "token_dir")
}
