package bitbucket

import (
	"fmt"
	"math"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/gohcl"

	"github.com/kindor/steampipe-plugin-bitbucket/internal/api"
	"github.com/kindor/steampipe-plugin-bitbucket/internal/auth"
)

// Config has the arguments of a connection as written in the .spc file. The environment or a default replaces what is
// absent.
type Config struct {
	ConsumerKey    *string  `hcl:"consumer_key"`
	ConsumerSecret *string  `hcl:"consumer_secret"`
	RefreshToken   *string  `hcl:"refresh_token"`
	GrantType      *string  `hcl:"grant_type"`
	AccessToken    *string  `hcl:"access_token"`
	Email          *string  `hcl:"email"`
	APIToken       *string  `hcl:"api_token"`
	Workspaces     []string `hcl:"workspaces,optional"`
	MaxConcurrency *int     `hcl:"max_concurrency"`
	MaxWait        *string  `hcl:"max_wait"`
	MaxAge         *string  `hcl:"max_age"`
	OnRefusal      *string  `hcl:"on_refusal"`
	TokenDir       *string  `hcl:"token_dir"`
	BaseURL        *string  `hcl:"base_url"`
	OAuthURL       *string  `hcl:"oauth_url"`

	fault error // an error in the arguments, which Settings returns
}

// ConfigOf reads the arguments of a connection. An unknown argument, or a value of the wrong type, is an error of this
// connection's Settings: a caller that reads many connections must not lose the others.
func ConfigOf(body hcl.Body) Config {
	var c Config
	diagnostics := gohcl.DecodeBody(body, nil, &c)
	if !diagnostics.HasErrors() {
		return c
	}
	written, _ := body.JustAttributes() // decoding has already reported blocks
	fault := &ConfigError{}
	var problems []string
	for _, d := range diagnostics {
		problem := strings.TrimSuffix(d.Detail, ".")
		for name, argument := range written {
			if d.Subject == nil || !argument.Range.Overlaps(*d.Subject) {
				continue
			}
			fault.Arguments = append(fault.Arguments, name)
			if !strings.Contains(problem, strconv.Quote(name)) {
				problem = fmt.Sprintf("%s has a wrong value: %s", name, problem)
			}
			if slices.Contains(appPasswordArguments, name) {
				problem += ". App passwords no longer work: see " + migrationPage
			}
		}
		problems = append(problems, problem)
	}
	fault.Problem = strings.Join(problems, "; ")
	if !strings.HasSuffix(fault.Problem, "?") { // as in "Did you mean …?"
		fault.Problem += "."
	}
	fault.Problem += " Correct it in the connection, or delete it"
	c.fault = fault
	return c
}

// appPasswordArguments are the arguments of the plugin for app passwords, which a migrated connection may still have.
// migrationPage explains what replaces them.
var appPasswordArguments = []string{"username", "password"}

const migrationPage = "https://github.com/kindor/steampipe-plugin-bitbucket/blob/main/docs/migration.md"

// Settings are the settings of a connection: its Config with the environment and the defaults filled in. They hold
// secrets, and are never printed.
type Settings struct {
	ConsumerKey    string
	ConsumerSecret string
	RefreshToken   string
	GrantType      string // "" or clientCredentials
	AccessToken    string
	Email          string
	APIToken       string
	Workspaces     []string
	MaxConcurrency int
	MaxWait        time.Duration
	MaxAge         time.Duration // maximum age of an answer that a query may reuse
	OnRefusal      OnRefusal
	TokenDir       string
	BaseURL        string
	OAuthURL       string
}

// OnRefusal says what a query does if Bitbucket refuses, or fails, to show a repository, a workspace or another part of
// a table.
type OnRefusal string

// The values of OnRefusal.
const (
	FailOnRefusal   OnRefusal = "fail"   // the query fails
	SkipOnRefusal   OnRefusal = "skip"   // the whole part is left out, and recorded as an omission
	StrictOnRefusal OnRefusal = "strict" // like fail, and a condition on one name that the table does not cover is an error too
)

// String hides the secrets.
func (s Settings) String() string { return "settings for " + s.BaseURL }

// GoString hides the secrets.
func (s Settings) GoString() string { return s.String() }

// A ConfigError reports what is wrong with the arguments of a connection.
type ConfigError struct {
	Arguments []string // as named in the .spc file
	Problem   string   // a sentence for the person who wrote them
}

func (e *ConfigError) Error() string { return e.Problem }

// A credential is an argument of an authentication method.
type credential struct {
	argument    string
	environment string
	optional    bool
	config      func(*Config) *string
	setting     func(*Settings) *string
}

// clientCredentials is the only value of grant_type. The other grant types follow from the other arguments.
const clientCredentials = "client_credentials"

// credentials are the arguments of each authentication method. A connection has exactly one method.
var credentials = [][]credential{
	{
		{"consumer_key", "BITBUCKET_OAUTH_CLIENT_ID", false, func(c *Config) *string { return c.ConsumerKey }, func(s *Settings) *string { return &s.ConsumerKey }},
		{"consumer_secret", "BITBUCKET_OAUTH_CLIENT_SECRET", false, func(c *Config) *string { return c.ConsumerSecret }, func(s *Settings) *string { return &s.ConsumerSecret }},
		{"refresh_token", "BITBUCKET_OAUTH_REFRESH_TOKEN", true, func(c *Config) *string { return c.RefreshToken }, func(s *Settings) *string { return &s.RefreshToken }},
		{"grant_type", "BITBUCKET_OAUTH_GRANT_TYPE", true, func(c *Config) *string { return c.GrantType }, func(s *Settings) *string { return &s.GrantType }},
	},
	{
		{"access_token", "BITBUCKET_OAUTH_TOKEN", false, func(c *Config) *string { return c.AccessToken }, func(s *Settings) *string { return &s.AccessToken }},
	},
	{
		{"email", "BITBUCKET_USERNAME", false, func(c *Config) *string { return c.Email }, func(s *Settings) *string { return &s.Email }},
		{"api_token", "BITBUCKET_PASSWORD", false, func(c *Config) *string { return c.APIToken }, func(s *Settings) *string { return &s.APIToken }},
	},
}

// CredentialArguments returns the names of the arguments of all authentication methods.
func CredentialArguments() []string {
	var names []string
	for _, method := range credentials {
		for _, c := range method {
			names = append(names, c.argument)
		}
	}
	return names
}

// Settings adds the environment and the defaults, and checks everything but the credentials.
func (c Config) Settings() (Settings, error) {
	if c.fault != nil {
		return Settings{}, c.fault
	}
	s := Settings{
		Workspaces:     c.Workspaces,
		MaxConcurrency: api.DefaultMaxConcurrency,
		MaxWait:        api.DefaultMaxWait,
		MaxAge:         cacheLife,
		OnRefusal:      FailOnRefusal,
		TokenDir:       orEnvironment(c.TokenDir, "BITBUCKET_TOKEN_DIR", DefaultTokenDir()),
		BaseURL:        orEnvironment(c.BaseURL, "BITBUCKET_API_BASE_URL", api.DefaultBaseURL),
		OAuthURL:       orEnvironment(c.OAuthURL, "BITBUCKET_OAUTH_URL", auth.DefaultURL),
	}
	if rest, ok := strings.CutPrefix(s.TokenDir, "~/"); ok {
		s.TokenDir = inHome(rest)
	}
	if c.MaxConcurrency != nil {
		s.MaxConcurrency = *c.MaxConcurrency
	}
	if s.MaxConcurrency < 1 || s.MaxConcurrency > 100 {
		return s, &ConfigError{[]string{"max_concurrency"}, fmt.Sprintf("max_concurrency is %d: give a number of requests from 1 to 100", s.MaxConcurrency)}
	}
	if err := setDuration(&s.MaxWait, "max_wait", c.MaxWait, math.MaxInt64, `such as "30s", "5m" or "1h"`); err != nil {
		return s, err
	}
	if err := setDuration(&s.MaxAge, "max_age", c.MaxAge, time.Minute, `from "0s" to "1m"`); err != nil {
		return s, err
	}
	if c.OnRefusal != nil && *c.OnRefusal != "" {
		s.OnRefusal = OnRefusal(*c.OnRefusal)
	}
	switch s.OnRefusal {
	case FailOnRefusal, SkipOnRefusal, StrictOnRefusal:
	default:
		return s, &ConfigError{[]string{"on_refusal"}, fmt.Sprintf("on_refusal is %q: give %q, %q or %q", s.OnRefusal, FailOnRefusal, SkipOnRefusal, StrictOnRefusal)}
	}
	for _, pattern := range s.Workspaces {
		if _, err := path.Match(pattern, ""); err != nil || pattern == "" || strings.HasPrefix(pattern, "{") {
			return s, &ConfigError{[]string{"workspaces"}, fmt.Sprintf("workspaces has %q: give the slug of a workspace, or a pattern with * and ?", pattern)}
		}
	}
	s.takeCredentials(&c)
	return s, nil
}

// setDuration sets a duration from an argument, unless it is absent. It must be from 0 to most.
func setDuration(setting *time.Duration, argument string, written *string, most time.Duration, form string) error {
	if written == nil {
		return nil
	}
	d, err := time.ParseDuration(*written)
	if err != nil || d < 0 || d > most {
		return &ConfigError{[]string{argument}, fmt.Sprintf("%s is %q: give a duration %s", argument, *written, form)}
	}
	*setting = d
	return nil
}

// takeCredentials takes the authentication method that the config names, or else the environment's, and completes it
// from the environment. The config comes first: variables of other methods are ignored. So is the variable of
// refresh_token or grant_type if the config has the other one, as they exclude each other.
func (s *Settings) takeCredentials(c *Config) {
	chosen := false
	for _, method := range credentials {
		for _, argument := range method {
			if v := argument.config(c); v != nil && strings.TrimSpace(*v) != "" {
				*argument.setting(s) = strings.TrimSpace(*v) // a pasted value often ends in a line break
				chosen = true
			}
		}
	}
	for _, method := range credentials {
		if chosen && !s.names(method) {
			continue
		}
		decided := s.RefreshToken != "" || s.GrantType != ""
		for _, argument := range method {
			if setting := argument.setting(s); *setting == "" && !(decided && argument.optional) {
				*setting = strings.TrimSpace(os.Getenv(argument.environment))
			}
		}
	}
}

// names reports whether an argument of the authentication method is set.
func (s *Settings) names(method []credential) bool { return s.first(method) != "" }

// first returns the first argument of the authentication method that is set.
func (s *Settings) first(method []credential) string {
	for _, argument := range method {
		if *argument.setting(s) != "" {
			return argument.argument
		}
	}
	return ""
}

// checkCredentials returns an error unless exactly one authentication method is complete.
func (s *Settings) checkCredentials() error {
	var methods [][]credential
	var given []string
	for _, method := range credentials {
		if s.names(method) {
			methods = append(methods, method)
			given = append(given, s.first(method))
		}
	}
	switch len(methods) {
	case 0:
		return &ConfigError{nil, "no credentials: set consumer_key and consumer_secret (and run `steampipe-plugin-bitbucket login`), " +
			"or access_token, or email and api_token, in the connection; the comments in bitbucket.spc show how"}
	case 1:
	default:
		return &ConfigError{given, fmt.Sprintf("more than one authentication method: %s are set, in the connection or the environment; "+
			"keep the arguments of one", strings.Join(given, " and "))}
	}
	var missing []string
	var has string
	for _, argument := range methods[0] {
		if strings.ContainsFunc(*argument.setting(s), unicode.IsControl) {
			return &ConfigError{[]string{argument.argument}, fmt.Sprintf("%s contains a line break or another control character: paste it again, on one line", argument.argument)}
		}
		switch {
		case *argument.setting(s) != "":
			has = argument.argument
		case !argument.optional:
			missing = append(missing, fmt.Sprintf("%s (or %s)", argument.argument, argument.environment))
		}
	}
	if missing != nil {
		return &ConfigError{[]string{has}, fmt.Sprintf("%s is set, but %s is not: set both", has, strings.Join(missing, " and "))}
	}
	if s.GrantType != "" && s.GrantType != clientCredentials {
		return &ConfigError{[]string{"grant_type"}, fmt.Sprintf("grant_type is %q: its only value is %q, to connect as the consumer itself; "+
			"leave it out to use a login or refresh_token", s.GrantType, clientCredentials)}
	}
	if s.GrantType != "" && s.RefreshToken != "" {
		return &ConfigError{[]string{"refresh_token", "grant_type"}, "refresh_token and grant_type are set, in the connection or the environment: " +
			"refresh_token connects as a person, grant_type as the consumer itself; keep one"}
	}
	return nil
}

func orEnvironment(argument *string, variable, otherwise string) string {
	if argument != nil && *argument != "" {
		return *argument
	}
	if v := os.Getenv(variable); v != "" {
		return v
	}
	return otherwise
}

// InstallDir returns Steampipe's folder: $STEAMPIPE_INSTALL_DIR, or ~/.steampipe. It is "" without that variable and a
// home.
func InstallDir() string {
	if dir := os.Getenv("STEAMPIPE_INSTALL_DIR"); dir != "" {
		return dir
	}
	return inHome(".steampipe")
}

// DefaultTokenDir returns the folder of the token files in Steampipe's folder, or "" if that is unknown; token_dir must
// be set then.
func DefaultTokenDir() string {
	if dir := InstallDir(); dir != "" {
		return filepath.Join(dir, "bitbucket")
	}
	return ""
}

func inHome(rest string) string {
	home, err := os.UserHomeDir()
	if err != nil {
		return ""
	}
	return filepath.Join(home, rest)
}
