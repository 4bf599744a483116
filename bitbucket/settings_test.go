package bitbucket

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// environment sets these environment variables of a connection, and unsets the others.
func environment(t *testing.T, set map[string]string) {
	t.Helper()
	for _, name := range []string{
		"BITBUCKET_OAUTH_CLIENT_ID", "BITBUCKET_OAUTH_CLIENT_SECRET", "BITBUCKET_OAUTH_REFRESH_TOKEN", "BITBUCKET_OAUTH_GRANT_TYPE", "BITBUCKET_OAUTH_TOKEN",
		"BITBUCKET_USERNAME", "BITBUCKET_PASSWORD", "BITBUCKET_TOKEN_DIR", "BITBUCKET_API_BASE_URL", "BITBUCKET_OAUTH_URL",
	} {
		t.Setenv(name, set[name])
	}
	t.Setenv("STEAMPIPE_INSTALL_DIR", "/steampipe")
}

func pointer[T any](v T) *T { return &v }

func TestSettings(t *testing.T) {
	defaults := Settings{
		MaxConcurrency: 8, MaxWait: time.Minute, MaxAge: 30 * time.Second, OnRefusal: FailOnRefusal, TokenDir: "/steampipe/bitbucket",
		BaseURL: "https://api.bitbucket.org", OAuthURL: "https://bitbucket.org/site/oauth2",
	}
	with := func(change func(*Settings)) Settings {
		s := defaults
		change(&s)
		return s
	}
	for name, test := range map[string]struct {
		config      Config
		environment map[string]string
		want        Settings
		wantMethod  authMethod
	}{
		"consumer alone has a login": {
			config:     Config{ConsumerKey: pointer("key"), ConsumerSecret: pointer("secret")},
			want:       with(func(s *Settings) { s.ConsumerKey, s.ConsumerSecret = "key", "secret" }),
			wantMethod: methodLogin,
		},
		"consumer that is to act for itself": {
			config: Config{ConsumerKey: pointer("key"), ConsumerSecret: pointer("secret"), GrantType: pointer("client_credentials")},
			want: with(func(s *Settings) {
				s.ConsumerKey, s.ConsumerSecret, s.GrantType = "key", "secret", "client_credentials"
			}),
			wantMethod: methodClientCredentials,
		},
		"the same by the environment": {
			environment: map[string]string{"BITBUCKET_OAUTH_CLIENT_ID": "key", "BITBUCKET_OAUTH_CLIENT_SECRET": "secret", "BITBUCKET_OAUTH_GRANT_TYPE": "client_credentials"},
			want: with(func(s *Settings) {
				s.ConsumerKey, s.ConsumerSecret, s.GrantType = "key", "secret", "client_credentials"
			}),
			wantMethod: methodClientCredentials,
		},
		"the config's grant type wins over the environment's refresh token": {
			config:      Config{GrantType: pointer("client_credentials")},
			environment: map[string]string{"BITBUCKET_OAUTH_CLIENT_ID": "key", "BITBUCKET_OAUTH_CLIENT_SECRET": "secret", "BITBUCKET_OAUTH_REFRESH_TOKEN": "seed"},
			want: with(func(s *Settings) {
				s.ConsumerKey, s.ConsumerSecret, s.GrantType = "key", "secret", "client_credentials"
			}),
			wantMethod: methodClientCredentials,
		},
		"the config's refresh token wins over the environment's grant type": {
			config:      Config{RefreshToken: pointer("seed")},
			environment: map[string]string{"BITBUCKET_OAUTH_CLIENT_ID": "key", "BITBUCKET_OAUTH_CLIENT_SECRET": "secret", "BITBUCKET_OAUTH_GRANT_TYPE": "client_credentials"},
			want:        with(func(s *Settings) { s.ConsumerKey, s.ConsumerSecret, s.RefreshToken = "key", "secret", "seed" }),
			wantMethod:  methodRefreshToken,
		},
		"keys and secrets of any length": {
			config:     Config{ConsumerKey: pointer(strings.Repeat("k", 32)), ConsumerSecret: pointer(strings.Repeat("s", 76))},
			want:       with(func(s *Settings) { s.ConsumerKey, s.ConsumerSecret = strings.Repeat("k", 32), strings.Repeat("s", 76) }),
			wantMethod: methodLogin,
		},
		"consumer with a seed": {
			config:     Config{ConsumerKey: pointer("key"), ConsumerSecret: pointer("secret"), RefreshToken: pointer("seed")},
			want:       with(func(s *Settings) { s.ConsumerKey, s.ConsumerSecret, s.RefreshToken = "key", "secret", "seed" }),
			wantMethod: methodRefreshToken,
		},
		"key from the config, secret from the environment": {
			config:      Config{ConsumerKey: pointer("key")},
			environment: map[string]string{"BITBUCKET_OAUTH_CLIENT_ID": "other", "BITBUCKET_OAUTH_CLIENT_SECRET": "secret"},
			want:        with(func(s *Settings) { s.ConsumerKey, s.ConsumerSecret = "key", "secret" }),
			wantMethod:  methodLogin,
		},
		"the config's method wins over the environment's": {
			config:      Config{AccessToken: pointer("token")},
			environment: map[string]string{"BITBUCKET_OAUTH_CLIENT_ID": "key", "BITBUCKET_OAUTH_CLIENT_SECRET": "secret", "BITBUCKET_USERNAME": "a@example.com"},
			want:        with(func(s *Settings) { s.AccessToken = "token" }),
			wantMethod:  methodAccessToken,
		},
		"all from the environment": {
			environment: map[string]string{
				"BITBUCKET_USERNAME": "a@example.com", "BITBUCKET_PASSWORD": "token", "BITBUCKET_TOKEN_DIR": "/tokens",
				"BITBUCKET_API_BASE_URL": "https://bitbucket.example.com", "BITBUCKET_OAUTH_URL": "https://login.example.com",
			},
			want: with(func(s *Settings) {
				s.Email, s.APIToken, s.TokenDir = "a@example.com", "token", "/tokens"
				s.BaseURL, s.OAuthURL = "https://bitbucket.example.com", "https://login.example.com"
			}),
			wantMethod: methodAPIToken,
		},
		"an empty argument is none": {
			config:      Config{AccessToken: pointer(""), Email: pointer("a@example.com"), APIToken: pointer("token")},
			environment: map[string]string{"BITBUCKET_OAUTH_TOKEN": "other"},
			want:        with(func(s *Settings) { s.Email, s.APIToken = "a@example.com", "token" }),
			wantMethod:  methodAPIToken,
		},
		"numbers and durations": {
			config: Config{AccessToken: pointer("token"), MaxConcurrency: pointer(3), MaxWait: pointer("0s"), MaxAge: pointer("0s"), OnRefusal: pointer("skip"), Workspaces: []string{"acme", "a*"}},
			want: with(func(s *Settings) {
				s.AccessToken, s.MaxConcurrency, s.MaxWait, s.MaxAge, s.OnRefusal, s.Workspaces = "token", 3, 0, 0, SkipOnRefusal, []string{"acme", "a*"}
			}),
			wantMethod: methodAccessToken,
		},
	} {
		t.Run(name, func(t *testing.T) {
			environment(t, test.environment)
			got, err := test.config.Settings()
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("settings mismatch (-want +got):\n%s", diff)
			}
			method, err := got.authMethod()
			if err != nil || method != test.wantMethod {
				t.Errorf("method = %q, %v, want %q", method, err, test.wantMethod)
			}
		})
	}
}

func TestSettingsRefused(t *testing.T) {
	token := pointer("s3cr3t")
	for name, test := range map[string]struct {
		config        Config
		environment   map[string]string
		wantMention   []string
		wantArguments []string
	}{
		"no credentials":               {wantMention: []string{"consumer_key", "login", "access_token", "api_token"}},
		"two methods":                  {config: Config{AccessToken: token, ConsumerKey: pointer("key")}, wantMention: []string{"consumer_key and access_token"}, wantArguments: []string{"consumer_key", "access_token"}},
		"three methods":                {config: Config{AccessToken: token, ConsumerKey: pointer("key"), Email: pointer("a")}, wantMention: []string{"consumer_key and access_token and email"}, wantArguments: []string{"consumer_key", "access_token", "email"}},
		"two in the environment":       {environment: map[string]string{"BITBUCKET_OAUTH_TOKEN": *token, "BITBUCKET_USERNAME": "a"}, wantMention: []string{"access_token and email", "environment"}, wantArguments: []string{"access_token", "email"}},
		"key without secret":           {config: Config{ConsumerKey: pointer("key")}, wantMention: []string{"consumer_key is set", "consumer_secret", "BITBUCKET_OAUTH_CLIENT_SECRET"}, wantArguments: []string{"consumer_key"}},
		"refresh token alone":          {config: Config{RefreshToken: token}, wantMention: []string{"refresh_token is set", "consumer_key", "consumer_secret"}, wantArguments: []string{"refresh_token"}},
		"grant type alone":             {config: Config{GrantType: pointer("client_credentials")}, wantMention: []string{"grant_type is set", "consumer_key", "consumer_secret"}, wantArguments: []string{"grant_type"}},
		"grant type that is none":      {config: Config{ConsumerKey: pointer("key"), ConsumerSecret: token, GrantType: pointer("password")}, wantMention: []string{`grant_type is "password"`, `"client_credentials"`, "login"}, wantArguments: []string{"grant_type"}},
		"grant type and refresh token": {config: Config{ConsumerKey: pointer("key"), ConsumerSecret: token, RefreshToken: token, GrantType: pointer("client_credentials")}, wantMention: []string{"refresh_token and grant_type are set"}, wantArguments: []string{"refresh_token", "grant_type"}},
		"both in the environment": {
			environment:   map[string]string{"BITBUCKET_OAUTH_CLIENT_ID": "key", "BITBUCKET_OAUTH_CLIENT_SECRET": *token, "BITBUCKET_OAUTH_REFRESH_TOKEN": *token, "BITBUCKET_OAUTH_GRANT_TYPE": "client_credentials"},
			wantMention:   []string{"refresh_token and grant_type are set", "environment"},
			wantArguments: []string{"refresh_token", "grant_type"},
		},
		"grant type and access token":  {config: Config{AccessToken: token, GrantType: pointer("client_credentials")}, wantMention: []string{"grant_type and access_token"}, wantArguments: []string{"grant_type", "access_token"}},
		"e-mail without token":         {config: Config{Email: pointer("a@example.com")}, wantMention: []string{"email is set", "api_token", "BITBUCKET_PASSWORD"}, wantArguments: []string{"email"}},
		"no concurrency":               {config: Config{AccessToken: token, MaxConcurrency: pointer(0)}, wantMention: []string{"max_concurrency is 0", "1 to 100"}, wantArguments: []string{"max_concurrency"}},
		"wait that is no duration":     {config: Config{AccessToken: token, MaxWait: pointer("soon")}, wantMention: []string{`max_wait is "soon"`, `"5m"`}, wantArguments: []string{"max_wait"}},
		"age that is no duration":      {config: Config{AccessToken: token, MaxAge: pointer("old")}, wantMention: []string{`max_age is "old"`}, wantArguments: []string{"max_age"}},
		"age beyond a minute":          {config: Config{AccessToken: token, MaxAge: pointer("61s")}, wantMention: []string{`max_age is "61s"`, `"1m"`}, wantArguments: []string{"max_age"}},
		"refusal that is no word":      {config: Config{AccessToken: token, OnRefusal: pointer("ignore")}, wantMention: []string{`on_refusal is "ignore"`, `"fail"`, `"skip"`, `"strict"`}, wantArguments: []string{"on_refusal"}},
		"negative wait":                {config: Config{AccessToken: token, MaxWait: pointer("-1s")}, wantMention: []string{"max_wait"}, wantArguments: []string{"max_wait"}},
		"workspace that is no pattern": {config: Config{AccessToken: token, Workspaces: []string{"[a"}}, wantMention: []string{`workspaces has "[a"`}, wantArguments: []string{"workspaces"}},
		"workspace by uuid":            {config: Config{AccessToken: token, Workspaces: []string{"{47cd7cf2-ca31-4c90-bc0e-4c7ef67f9dfe}"}}, wantMention: []string{"workspaces has", "slug"}, wantArguments: []string{"workspaces"}},
		"plain http":                   {config: Config{AccessToken: token, BaseURL: pointer("http://bitbucket.example.com")}, wantMention: []string{"base_url", "https"}},
		"plain http for OAuth":         {config: Config{ConsumerKey: pointer("key"), ConsumerSecret: token, OAuthURL: pointer("http://bitbucket.example.com")}, wantMention: []string{"oauth_url", "https"}},
		"address that is none":         {config: Config{AccessToken: token, BaseURL: pointer("bitbucket")}, wantMention: []string{"base_url"}},
	} {
		t.Run(name, func(t *testing.T) {
			environment(t, test.environment)
			err := tryConnection(test.config)
			if err == nil {
				t.Fatal("no error")
			}
			for _, mention := range test.wantMention {
				if !strings.Contains(err.Error(), mention) {
					t.Errorf("error %q does not mention %q", err, mention)
				}
			}
			if strings.Contains(err.Error(), *token) {
				t.Errorf("error %q shows a secret", err)
			}
			var config *ConfigError
			if test.wantArguments != nil && (!errors.As(err, &config) || !cmp.Equal(config.Arguments, test.wantArguments)) {
				t.Errorf("arguments of %#v are not %q", err, test.wantArguments)
			}
		})
	}
}

// tryConnection does what the first scan of a connection does.
func tryConnection(c Config) error {
	settings, err := c.Settings()
	if err != nil {
		return err
	}
	method, err := settings.authMethod()
	if err != nil {
		return err
	}
	_, err = open(settings, method, nil, nil, nil)
	return err
}

func TestSettingsHideSecrets(t *testing.T) {
	s := Settings{ConsumerSecret: "s3cr3t", RefreshToken: "s3cr3t", AccessToken: "s3cr3t", APIToken: "s3cr3t"}
	for _, format := range []string{"%v", "%+v", "%#v", "%s"} {
		if printed := fmt.Sprintf(format, s); strings.Contains(printed, "s3cr3t") {
			t.Errorf("%s prints %q", format, printed)
		}
	}
}

func TestErrorOfAWrongConfigNamesTheArgument(t *testing.T) {
	environment(t, nil)
	h := newHost(t, map[string]string{"bitbucket": `consumer_key = "key"`})
	_, err := h.try(context.Background(), tableQuery{table: "bitbucket_user"})
	if err == nil || !strings.Contains(err.Error(), "consumer_secret") {
		t.Errorf("error = %v, want one that names consumer_secret", err)
	}
}
