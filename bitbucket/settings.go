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

// Config is a connection of a .spc file, as written there. What is absent comes from the environment, or is a default.
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

	fault error // what is wrong with it as it is written, which Settings reports
}

// ConfigOf reads a connection's arguments. One that is not known, or has a value of another type, is an error of the
// Settings of this one connection: whoever reads many must not lose the others for it.
func ConfigOf(body hcl.Body) Config {
	var c Config
	diagnostics := gohcl.DecodeBody(body, nil, &c)
	if !diagnostics.HasErrors() {
		return c
	}
	written, _ := body.JustAttributes() // what it has to say against blocks, the decoding has said
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
				problem = fmt.Sprintf("%s is not what it takes: %s", name, problem)
			}
			if slices.Contains(appPasswordArguments, name) {
				problem += ". App passwords have ended: see " + migrationPage
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

// The arguments of the plugin for app passwords, which a connection that was moved over may still have, and where it is
// said what to put in their place.
var appPasswordArguments = []string{"username", "password"}

const migrationPage = "https://github.com/kindor/steampipe-plugin-bitbucket/blob/main/docs/migration.md"

// Settings are what a connection works with: a Config with the environment and the defaults filled in. They hold
// secrets, and are never printed.
type Settings struct {
	ConsumerKey    string
	ConsumerSecret string
	RefreshToken   string
	GrantType      string // empty or clientCredentials
	AccessToken    string
	Email          string
	APIToken       string
	Workspaces     []string
	MaxConcurrency int
	MaxWait        time.Duration
	MaxAge         time.Duration // of an answer that another query has had
	OnRefusal      OnRefusal
	TokenDir       string
	BaseURL        string
	OAuthURL       string
}

// OnRefusal is what a query does about a repository, a workspace or another part of a table that Bitbucket refuses to
// show, or can't.
type OnRefusal string

// What a query does about a part that is refused.
const (
	FailOnRefusal   OnRefusal = "fail"   // the query fails
	SkipOnRefusal   OnRefusal = "skip"   // the part is left out whole, and noted
	StrictOnRefusal OnRefusal = "strict" // as fail, and a condition on one name that the table does not cover is an error too
)

// String hides the secrets.
func (s Settings) String() string { return "settings for " + s.BaseURL }

// GoString hides the secrets.
func (s Settings) GoString() string { return s.String() }

// A ConfigError says what is wrong with the arguments of a connection.
type ConfigError struct {
	Arguments []string // as named in the .spc file
	Problem   string   // a sentence for the person who wrote them
}

func (e *ConfigError) Error() string { return e.Problem }

// A credential is an argument that is part of a way in.
type credential struct {
	argument    string
	environment string
	optional    bool
	config      func(*Config) *string
	setting     func(*Settings) *string
}

// clientCredentials is the one grant_type that has to be asked for. The others follow from what a consumer has.
const clientCredentials = "client_credentials"

// credentials are the arguments of each way to authorize. A connection has exactly one way in.
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

// Settings fills in the environment and the defaults, and checks all but the credentials.
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
			return s, &ConfigError{[]string{"workspaces"}, fmt.Sprintf("workspaces has %q, which is neither the slug of a workspace nor a pattern with * and ?", pattern)}
		}
	}
	s.takeCredentials(&c)
	return s, nil
}

// setDuration sets what an argument says, unless it is absent: a duration of at least none and at most some time.
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

// takeCredentials takes the way in that the config names, and completes it from the environment; where the config names
// none, the environment's. HCL wins: a variable for another way in than the config's is not looked at, and of
// refresh_token and grant_type, which exclude each other, not the one if the config has the other.
func (s *Settings) takeCredentials(c *Config) {
	chosen := false
	for _, way := range credentials {
		for _, part := range way {
			if v := part.config(c); v != nil && strings.TrimSpace(*v) != "" {
				*part.setting(s) = strings.TrimSpace(*v) // what is pasted often ends in a line break
				chosen = true
			}
		}
	}
	for _, way := range credentials {
		if chosen && !s.names(way) {
			continue
		}
		decided := s.RefreshToken != "" || s.GrantType != ""
		for _, part := range way {
			if setting := part.setting(s); *setting == "" && !(decided && part.optional) {
				*setting = strings.TrimSpace(os.Getenv(part.environment))
			}
		}
	}
}

// names says whether an argument of the way in is set.
func (s *Settings) names(way []credential) bool { return s.first(way) != "" }

// first is the first argument of the way in that is set.
func (s *Settings) first(way []credential) string {
	for _, part := range way {
		if *part.setting(s) != "" {
			return part.argument
		}
	}
	return ""
}

// checkCredentials demands one whole way in.
func (s *Settings) checkCredentials() error {
	var ways [][]credential
	var given []string
	for _, way := range credentials {
		if s.names(way) {
			ways = append(ways, way)
			given = append(given, s.first(way))
		}
	}
	switch len(ways) {
	case 0:
		return &ConfigError{nil, "no credentials: set consumer_key and consumer_secret (and run `steampipe-plugin-bitbucket login`), " +
			"or access_token, or email and api_token, in the connection; the comments in bitbucket.spc show how"}
	case 1:
	default:
		return &ConfigError{given, fmt.Sprintf("more than one way in: %s are set, in the connection or the environment; keep the arguments of one", strings.Join(given, " and "))}
	}
	var missing []string
	var has string
	for _, part := range ways[0] {
		if strings.ContainsFunc(*part.setting(s), unicode.IsControl) {
			return &ConfigError{[]string{part.argument}, fmt.Sprintf("%s contains a line break or another control character: paste it again, on one line", part.argument)}
		}
		switch {
		case *part.setting(s) != "":
			has = part.argument
		case !part.optional:
			missing = append(missing, fmt.Sprintf("%s (or %s)", part.argument, part.environment))
		}
	}
	if missing != nil {
		return &ConfigError{[]string{has}, fmt.Sprintf("%s is set, but %s is not: it takes both", has, strings.Join(missing, " and "))}
	}
	if s.GrantType != "" && s.GrantType != clientCredentials {
		return &ConfigError{[]string{"grant_type"}, fmt.Sprintf("grant_type is %q: the only one to ask for is %q, for the consumer itself; "+
			"leave it out to use a login or refresh_token", s.GrantType, clientCredentials)}
	}
	if s.GrantType != "" && s.RefreshToken != "" {
		return &ConfigError{[]string{"refresh_token", "grant_type"}, "refresh_token and grant_type are set, in the connection or the environment: " +
			"the one acts for a person, the other for the consumer itself; keep one"}
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

// InstallDir is Steampipe's folder: $STEAMPIPE_INSTALL_DIR, or ~/.steampipe. It is empty where there is neither that
// variable nor a home.
func InstallDir() string {
	if dir := os.Getenv("STEAMPIPE_INSTALL_DIR"); dir != "" {
		return dir
	}
	return inHome(".steampipe")
}

// DefaultTokenDir is the folder of the token files, beside Steampipe's config. Where there is no such place it is empty, and token_dir must be set.
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
