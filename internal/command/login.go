package command

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/kindor/steampipe-plugin-bitbucket/bitbucket"
	"github.com/kindor/steampipe-plugin-bitbucket/internal/api"
	"github.com/kindor/steampipe-plugin-bitbucket/internal/auth"
)

const (
	defaultCallback = "http://localhost:8976/callback"
	defaultTimeout  = 5 * time.Minute
)

// A loginCommand runs the command login.
type loginCommand struct {
	*console
	source        connectionFlags
	connection    string
	key           string
	secretOnStdin bool
	callback      string
	noBrowser     bool
	timeout       time.Duration
	goal          string
	write         bool
	noWrite       bool
}

func newLogin(c *console) *cobra.Command {
	l := &loginCommand{console: c}
	cmd := &cobra.Command{
		Use:   "login",
		Short: "Connect to Bitbucket with an OAuth consumer",
		Long: strings.TrimSpace(`
Connects to Bitbucket with an OAuth consumer. It says how to create the consumer, asks for its key and secret, and opens Bitbucket's
authorization page. There you sign in as the dedicated user and grant access. The tokens are saved in a file, which the plugin keeps
up to date. At the end the command offers to write the connection into a .spc file.

The key and the secret come from a connection in the .spc files, from the flags, or from the environment
(BITBUCKET_OAUTH_CLIENT_ID, BITBUCKET_OAUTH_CLIENT_SECRET). The command asks for missing values.

The command waits for the browser, and at the same time for a pasted address: if the browser runs on another machine, or ends up at
a page that can't be shown, copy the address from its address bar, and paste it.`),
		Example: `  ` + program + ` login
  ` + program + ` login --for access
  ` + program + ` login --no-browser
  ` + program + ` login --consumer-key "$KEY" --consumer-secret-stdin --write < secret.txt`,
		Args: noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error { return l.run(cmd) },
	}
	flags := cmd.Flags()
	flags.StringVar(&l.connection, "connection", "", "connection in the .spc files with the consumer")
	l.source.addConfigFlag(cmd)
	flags.StringVar(&l.key, "consumer-key", "", "key of the consumer")
	flags.BoolVar(&l.secretOnStdin, "consumer-secret-stdin", false, "read the consumer's secret from standard input")
	flags.StringVar(&l.callback, "callback", defaultCallback, "callback URL of the consumer")
	flags.BoolVar(&l.noBrowser, "no-browser", false, "do not open a browser or wait for one; only ask for the address that your browser ends up at")
	flags.DurationVar(&l.timeout, "timeout", defaultTimeout, "how long to wait for access to be granted")
	flags.StringVar(&l.goal, "for", "", "what you want to see; lists the permissions that this needs: "+goalNames())
	flags.BoolVar(&l.write, "write", false, "write the connection into the .spc file without asking")
	flags.BoolVar(&l.noWrite, "no-write", false, "do not write the connection; print what to change")
	return cmd
}

func (l *loginCommand) run(cmd *cobra.Command) error {
	wanted, err := l.checkFlags(cmd)
	if err != nil {
		return err
	}
	target, err := l.target(cmd)
	if err != nil {
		return err
	}
	ctx := cmd.Context()
	state := auth.NewState()
	callback, err := l.prepare(ctx, target, state)
	if err != nil {
		return err
	}
	if err := l.complete(ctx, &target.settings, wanted); err != nil {
		closeCallback(callback, nil, err)
		return err
	}
	signedIn, err := l.obtain(ctx, target.settings, callback, state)
	closeCallback(callback, signedIn, err)
	if err != nil {
		return err
	}
	if err := signedIn.describe(ctx); err != nil {
		return fmt.Errorf("access was granted and the token was saved in %s, but the first request failed: %w", signedIn.file, err)
	}
	if err := l.report(signedIn, wanted); err != nil {
		return err
	}
	return l.finish(ctx, target, signedIn)
}

func (l *loginCommand) checkFlags(cmd *cobra.Command) (goal, error) {
	wanted, known := goalNamed(l.goal)
	switch {
	case l.timeout <= 0:
		return 0, usagef(cmd, "--timeout is %s: give a positive duration, for example 5m", l.timeout)
	case l.write && l.noWrite:
		return 0, usagef(cmd, "--write and --no-write exclude each other: give only one")
	case !known:
		return 0, usagef(cmd, "--for is %q: choose %s", l.goal, goalNames())
	}
	return wanted, nil
}

// prepare does what can fail before anything is asked: it checks the addresses and the folders, and listens for the
// browser. There is no callback if the user has to paste the address.
func (l *loginCommand) prepare(ctx context.Context, t loginTarget, state string) (*auth.Callback, error) {
	if _, err := newClient(t.settings, nil); err != nil {
		return nil, err
	}
	if err := auth.CheckWritable(ctx, t.settings.TokenDir, t.settings.Consumer(nil)); err != nil {
		return nil, err
	}
	if l.write {
		if err := checkWritable(t.where.Filename); err != nil {
			return nil, err
		}
	}
	if l.noBrowser {
		return nil, nil
	}
	callback, err := auth.Listen(l.callback, state)
	if errors.Is(err, auth.ErrNotLocal) {
		return nil, nil
	}
	return callback, err
}

// newClient returns a client that makes the first requests of a login.
func newClient(s bitbucket.Settings, authorizer auth.Authorizer) (*api.Client, error) {
	client, err := api.New(api.Config{BaseURL: s.BaseURL, Authorizer: authorizer, UserAgent: program + "/" + bitbucket.Version, MaxWait: -1})
	if err != nil {
		return nil, misconfigured("%w", err)
	}
	return client, nil
}

// complete prompts for the key and the secret if they are missing. If the key is, it says first how to create the consumer.
func (l *loginCommand) complete(ctx context.Context, s *bitbucket.Settings, wanted goal) (err error) {
	if s.ConsumerKey == "" {
		l.guide(wanted)
		if s.ConsumerKey, err = l.ask(ctx, "Consumer key: "); err != nil {
			return err
		}
	}
	if s.ConsumerSecret == "" || l.secretOnStdin {
		s.ConsumerSecret, err = l.askSecret(ctx, "Consumer secret: ")
	}
	if _, terminal := terminalFd(l.in); l.secretOnStdin && !terminal {
		l.readTerminal() // standard input ends with the secret
	}
	return err
}

// A signIn is a login that Bitbucket has granted.
type signIn struct {
	grantedAccess
	token   auth.Token
	client  *api.Client
	file    string // contains the tokens
	before  auth.Account
	replace bool // there was a login before
}

// obtain has the user grant access, and saves the token.
func (l *loginCommand) obtain(ctx context.Context, s bitbucket.Settings, callback *auth.Callback, state string) (*signIn, error) {
	consumer := s.Consumer(nil)
	address, err := consumer.AuthorizeURL(state, "")
	if err != nil {
		return nil, err
	}
	code, err := l.code(ctx, callback, s, address, state)
	if err != nil {
		return nil, err
	}
	token, err := consumer.Exchange(ctx, code, "")
	if err != nil {
		return nil, err
	}
	client, err := newClient(s, auth.NewAccessToken(token.AccessToken))
	if err != nil {
		return nil, err
	}
	earlier, err := auth.Logins(s.TokenDir, consumer)
	if err != nil {
		return nil, err
	}
	signedIn := &signIn{token: token, client: client, replace: len(earlier) > 0 && earlier[0].Active}
	unknown := signedIn.askUser(ctx, client) // the token is saved even then
	if signedIn.before, err = auth.SaveLogin(ctx, s.TokenDir, consumer, token, signedIn.account()); err != nil {
		return nil, err
	}
	chain, err := auth.OpenChain(s.TokenDir, consumer, auth.Secret{})
	if err != nil {
		return nil, err
	}
	signedIn.file = chain.Path()
	if unknown != nil {
		return nil, fmt.Errorf("access was granted and the token was saved in %s, but the first request failed: %w", signedIn.file, unknown)
	}
	return signedIn, nil
}

func (s *signIn) describe(ctx context.Context) error {
	return s.askRest(ctx, s.client, s.token.Scopes)
}

// closeCallback shows in the browser how the login ended.
func closeCallback(callback *auth.Callback, s *signIn, err error) {
	if callback == nil {
		return
	}
	page := auth.Page{Status: http.StatusOK, Title: "Logged in"}
	switch {
	case errors.Is(err, context.Canceled):
		page = auth.Page{Status: http.StatusForbidden, Title: "The login was cancelled", Text: "You can close this page."}
	case err != nil:
		page = auth.Page{Status: http.StatusForbidden, Title: "The login failed", Text: "The terminal says why, and what to do. You can close this page."}
	case s.account().UUID == "":
		page.Text = "You can close this page and go back to the terminal."
	default:
		page.Text = "The plugin now reads Bitbucket as " + strings.TrimSuffix(described(s.account(), ""), " "+s.account().UUID) +
			". You can close this page and go back to the terminal."
	}
	callback.Close(page)
}

// notes says what in the environment takes precedence over the login.
func (l *loginCommand) notes() {
	for _, v := range []struct{ variable, effect string }{
		{"BITBUCKET_OAUTH_REFRESH_TOKEN", "connections use that refresh token and ignore this login"},
		{"BITBUCKET_OAUTH_GRANT_TYPE", "the consumer acts for itself and ignores this login"},
	} {
		if os.Getenv(v.variable) != "" {
			l.say(fmt.Sprintf("Note: %s is set in the environment. As long as it is, %s: unset it.\n", v.variable, v.effect))
		}
	}
}
