package command

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/kindor/steampipe-plugin-bitbucket/bitbucket"
	"github.com/kindor/steampipe-plugin-bitbucket/internal/auth"
)

const (
	defaultCallback = "http://localhost:8976/callback"
	defaultTimeout  = 5 * time.Minute
)

// A login runs the command login.
type login struct {
	*console
	source        connectionFlags
	connection    string
	key           string
	secretOnStdin bool
	callback      string
	noBrowser     bool
	timeout       time.Duration
}

func newLogin(c *console) *cobra.Command {
	l := &login{console: c}
	cmd := &cobra.Command{
		Use:   "login",
		Short: "Connect to Bitbucket with an OAuth consumer",
		Long: strings.TrimSpace(`
Connects to Bitbucket with an OAuth consumer. It opens Bitbucket's authorization page, waits for the answer, and saves the tokens
in a file, which the plugin keeps up to date. At the end it prints the connection to put into a .spc file, and which file.

The consumer's key and secret come from a connection in the .spc files, from the flags, or from the environment
(BITBUCKET_OAUTH_CLIENT_ID, BITBUCKET_OAUTH_CLIENT_SECRET). The command asks for missing values.`),
		Args: noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error { return l.run(cmd) },
	}
	flags := cmd.Flags()
	flags.StringVar(&l.connection, "connection", "", "connection in the .spc files with the consumer")
	l.source.addConfigFlag(cmd)
	flags.StringVar(&l.key, "consumer-key", "", "key of the consumer")
	flags.BoolVar(&l.secretOnStdin, "consumer-secret-stdin", false, "read the consumer's secret from standard input")
	flags.StringVar(&l.callback, "callback", defaultCallback, "callback URL of the consumer")
	flags.BoolVar(&l.noBrowser, "no-browser", false, "do not open a browser; ask for the address that your browser ends up at")
	flags.DurationVar(&l.timeout, "timeout", defaultTimeout, "how long to wait for access to be granted")
	return cmd
}

func (l *login) run(cmd *cobra.Command) error {
	if l.timeout <= 0 {
		return usagef(cmd, "--timeout is %s: give a positive duration, for example 5m", l.timeout)
	}
	target, err := l.target(cmd)
	if err != nil {
		return err
	}
	if err := l.explain(); err != nil {
		return err
	}
	ctx := cmd.Context()
	if err := l.complete(ctx, &target.settings); err != nil {
		return err
	}
	granted, err := newGranted(target.settings)
	if err != nil {
		return err
	}
	if err := auth.CheckWritable(ctx, target.settings.TokenDir, granted.consumer); err != nil {
		return err
	}
	token, err := l.authorize(ctx, granted.consumer)
	if err != nil {
		return err
	}
	if _, err := auth.SaveLogin(ctx, target.settings.TokenDir, granted.consumer, token, auth.Account{}); err != nil {
		return err
	}
	if err := granted.ask(ctx, token); err != nil {
		return fmt.Errorf("access was granted and the token was saved in %s, but the first request failed: %w", granted.file, err)
	}
	if target.settings.RefreshToken != "" {
		fmt.Fprintln(l.err, "Note: the connection or BITBUCKET_OAUTH_REFRESH_TOKEN contains a refresh token. It takes precedence over this login: remove it.")
	}
	if target.settings.GrantType != "" {
		fmt.Fprintln(l.err, "Note: the connection or BITBUCKET_OAUTH_GRANT_TYPE contains a grant type. The consumer would authorize itself and ignore this login: remove it.")
	}
	return l.report(granted, target)
}

// A target is the connection to log in for.
type target struct {
	connection
	declared bool // whether the connection is in its file already
	settings bitbucket.Settings
}

// target finds the consumer: of the named connection, of --consumer-key, of the only connection with a consumer, or of
// the environment. Its key and secret may be missing.
func (l *login) target(cmd *cobra.Command) (target, error) {
	if l.key != "" && l.connection != "" {
		return target{}, usagef(cmd, "--consumer-key and --connection both name a consumer: give only one")
	}
	connections, err := l.source.configured()
	if err != nil {
		return target{}, err
	}
	if l.key != "" {
		return l.keyTarget(connections)
	}
	if l.connection != "" {
		i, err := find(cmd, connections, l.connection)
		if err != nil {
			return target{}, err
		}
		return namedTarget(connections[i])
	}
	var candidates []target
	var names []string
	for _, c := range connections {
		if c.config.ConsumerKey == nil {
			continue
		}
		t, err := namedTarget(c)
		if err != nil {
			return target{}, err
		}
		candidates, names = append(candidates, t), append(names, c.Name)
	}
	switch len(candidates) {
	case 0:
		return l.keyTarget(connections)
	case 1:
		fmt.Fprintf(l.err, "Using the consumer of connection %s.\n", names[0])
		return candidates[0], nil
	}
	return target{}, usagef(cmd, "several connections have a consumer: choose %s with --connection", strings.Join(names, ", "))
}

// namedTarget returns the login for a connection in the .spc files that has a consumer.
func namedTarget(c connection) (target, error) {
	t, err := declaredTarget(c)
	if err == nil && t.settings.ConsumerKey == "" {
		return target{}, at(c.where, "connection %s has no consumer_key: its authentication method needs no login", c.Name)
	}
	return t, err
}

// declaredTarget returns the login for a connection in the .spc files that has a consumer, or gets one.
func declaredTarget(c connection) (target, error) {
	if c.Aggregator() {
		return target{}, misconfigured("connection %s is an aggregator: log in with each of %s", c.Name, strings.Join(c.Connections, ", "))
	}
	settings, err := c.config.Settings()
	if err != nil {
		return target{}, at(c.where, "connection %s: %w", c.Name, err)
	}
	return target{c, true, settings}, nil
}

// keyTarget returns the login for the consumer of --consumer-key or of the environment, to be configured in the default
// connection.
func (l *login) keyTarget(connections []connection) (t target, err error) {
	i := slices.IndexFunc(connections, func(c connection) bool { return strings.EqualFold(c.Name, defaultConnection) })
	if i >= 0 {
		c := connections[i]
		c.config = l.withKey(c.config)
		t, err = declaredTarget(c)
	} else {
		t.connection = bareConnection()
		t.where.Filename = l.source.newFile()
		t.settings, err = l.withKey(t.config).Settings()
	}
	if other := os.Getenv("BITBUCKET_OAUTH_CLIENT_ID"); l.key != "" && other != "" && other != l.key && !t.hasSecret() {
		t.settings.ConsumerSecret = "" // comes from the environment: of another consumer
	}
	return t, err
}

// withKey returns the arguments with the consumer of --consumer-key, if given, as the only authentication method.
func (l *login) withKey(c bitbucket.Config) bitbucket.Config {
	c.RefreshToken, c.GrantType, c.AccessToken, c.Email, c.APIToken = nil, nil, nil, nil, nil
	if l.key != "" && (c.ConsumerKey == nil || *c.ConsumerKey != l.key) {
		c.ConsumerKey, c.ConsumerSecret = &l.key, nil
	}
	return c
}

// hasSecret reports whether the file contains the consumer's secret.
func (t target) hasSecret() bool {
	return t.config.ConsumerSecret != nil && strings.TrimSpace(*t.config.ConsumerSecret) == t.settings.ConsumerSecret
}

// explain prints how to create the consumer, before the prompt for its key.
func (l *login) explain() error {
	fmt.Fprintf(l.err, `The login needs an OAuth consumer (also called OAuth client). An administrator of the workspace creates it in the
workspace's settings, under OAuth consumers. It needs:

  Callback URL
    %s

  Permissions
`, l.callback)
	w := tabwriter.NewWriter(l.err, 0, 0, 2, ' ', 0)
	for _, p := range permissions {
		fmt.Fprintf(w, "    %s\t%s\n", p, p.use)
	}
	if err := w.Flush(); err != nil {
		return err
	}
	_, err := fmt.Fprintln(l.err)
	return err
}

// complete prompts for the key and the secret if they are missing.
func (l *login) complete(ctx context.Context, s *bitbucket.Settings) (err error) {
	if s.ConsumerKey == "" {
		if s.ConsumerKey, err = l.ask(ctx, "Consumer key: "); err != nil {
			return err
		}
	}
	if s.ConsumerSecret == "" || l.secretOnStdin {
		s.ConsumerSecret, err = l.askSecret(ctx, "Consumer secret: ")
	}
	return err
}

// authorize opens Bitbucket's authorization page, and exchanges the code that it returns for a token.
func (l *login) authorize(ctx context.Context, consumer auth.Consumer) (auth.Token, error) {
	state := auth.NewState()
	address, err := consumer.AuthorizeURL(state, "")
	if err != nil {
		return auth.Token{}, err
	}
	limited, cancel := context.WithTimeout(ctx, l.timeout)
	defer cancel()
	var code string
	if l.noBrowser {
		code, err = l.pastedCode(limited, address, state)
	} else {
		code, err = l.receivedCode(limited, address, state)
	}
	if err != nil {
		return auth.Token{}, err
	}
	return consumer.Exchange(ctx, code, "")
}

// receivedCode waits for the browser's redirect to this machine.
func (l *login) receivedCode(ctx context.Context, address, state string) (string, error) {
	callback, err := auth.Listen(l.callback, state)
	if err != nil {
		return "", err
	}
	defer callback.Close()
	fmt.Fprintf(l.err, "Grant access in the browser. If it does not open, open this address:\n\n  %s\n\n", address)
	go func() { _ = l.browse(address) }() // if it fails, the user opens the address
	return callback.Wait(ctx)
}

// pastedCode prompts for the address of the redirect, which the browser may open on another machine.
func (l *login) pastedCode(ctx context.Context, address, state string) (string, error) {
	fmt.Fprintf(l.err, "Open this address in a browser and grant access:\n\n  %s\n\n"+
		"The browser ends up at the callback URL. It may show an error page; that is fine. Copy the whole address.\n", address)
	for {
		pasted, err := l.ask(ctx, "Address that the browser ended up at: ")
		if errors.Is(err, context.DeadlineExceeded) {
			return "", fmt.Errorf("the address was not entered in time; log in again: %w", err)
		}
		if err != nil {
			return "", err
		}
		code, err := auth.ParseRedirect(pasted, state)
		if err != nil && !strings.Contains(pasted, "code=") && !strings.Contains(pasted, "error=") {
			fmt.Fprintln(l.err, "This is not the address:", err) // the clipboard had something else
			continue
		}
		return code, err
	}
}
