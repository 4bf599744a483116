package command

import (
	"context"
	"fmt"
	"strings"

	"github.com/kindor/steampipe-plugin-bitbucket/bitbucket"
	"github.com/kindor/steampipe-plugin-bitbucket/internal/api"
	"github.com/kindor/steampipe-plugin-bitbucket/internal/auth"
)

// A spcChange is what a connection in a .spc file lacks to use the login.
type spcChange struct {
	set    []spcArgument
	remove []string // other credentials, which would take precedence
}

func (c spcChange) isEmpty() bool { return len(c.set) == 0 && len(c.remove) == 0 }

// change returns what has to change so that the connection uses the login, with the secret that was verified.
func (t loginTarget) change() spcChange {
	key := spcArgument{name: "consumer_key", value: t.settings.ConsumerKey}
	secret := spcArgument{name: "consumer_secret", value: t.settings.ConsumerSecret}
	if !t.declared {
		if t.inEnvironment() {
			return spcChange{}
		}
		return spcChange{set: append([]spcArgument{{name: "plugin", value: t.Plugin}, key, secret}, t.addresses()...)}
	}
	var c spcChange
	for _, name := range bitbucket.CredentialArguments() {
		if name != key.name && name != secret.name && t.texts[name] != "" {
			c.remove = append(c.remove, name)
		}
	}
	now, err := t.written.Settings()
	if err != nil || now.ConsumerKey != key.value {
		c.set = append(c.set, key)
	}
	if err != nil || now.ConsumerSecret != secret.value {
		c.set = append(c.set, secret)
	}
	if !c.isEmpty() {
		c.set = append(c.set, t.addresses()...)
	}
	return c
}

// inEnvironment reports whether the environment makes the connection, because no .spc file has one.
func (t loginTarget) inEnvironment() bool {
	if !t.alone {
		return false
	}
	now, err := bitbucket.Config{}.Settings()
	return err == nil && now.ConsumerKey == t.settings.ConsumerKey && now.ConsumerSecret == t.settings.ConsumerSecret &&
		now.AccessToken == "" && now.Email == "" && now.APIToken == ""
}

// addresses returns the folder and the addresses that the login used, if they are not the standard ones and the connection
// does not have them yet. The environment may not have them for Steampipe.
func (t loginTarget) addresses() []spcArgument {
	var arguments []spcArgument
	for _, a := range []struct{ name, value, standard string }{
		{"token_dir", t.settings.TokenDir, bitbucket.DefaultTokenDir()},
		{"base_url", t.settings.BaseURL, api.DefaultBaseURL},
		{"oauth_url", t.settings.OAuthURL, auth.DefaultURL},
	} {
		if t.texts[a.name] == "" && a.value != a.standard {
			arguments = append(arguments, spcArgument{name: a.name, value: a.value})
		}
	}
	return arguments
}

// finish writes the connection if the user wants that, and says what works now.
func (l *loginCommand) finish(ctx context.Context, t loginTarget, s *signIn) error {
	l.notes()
	change := t.change()
	if change.isEmpty() {
		if t.declared {
			fmt.Fprintf(l.out, "\nThere is nothing to change in the connection %q at %s.\n", t.Name, fileAndLine(t.where))
		} else {
			fmt.Fprintln(l.out, "\nThere is nothing to configure: the environment has the key and the secret.")
		}
		return l.suggest(t, s, "Try")
	}
	write, err := l.mayWrite(ctx, t)
	if err != nil {
		return err
	}
	if !write {
		l.instruct(t, change)
		return l.suggest(t, s, "Then try")
	}
	opened, err := writeConnection(t.where.Filename, t.Name, change)
	if err != nil {
		return fmt.Errorf("the login succeeded, but the connection could not be written to %s: %w", t.where.Filename, err)
	}
	fmt.Fprintf(l.out, "\nThe connection %q is in %s, which only you can read.\n", t.Name, t.where.Filename)
	if opened != "" {
		l.say(fmt.Sprintf("Note: the file could be read by others until now (mode %s).\n", opened))
	}
	return l.suggest(t, s, "Try")
}

// mayWrite reports whether the connection may be written: by the flags, or because the user says so.
func (l *loginCommand) mayWrite(ctx context.Context, t loginTarget) (bool, error) {
	_, onTerminal := terminalFd(l.in)
	switch {
	case l.write, l.noWrite, !onTerminal:
		return l.write, nil
	}
	return l.confirm(ctx, fmt.Sprintf("\nWrite the connection %q with its secret to %s? Only you will be able to read the file.", t.Name, t.where.Filename))
}

// instruct says what to change by hand.
func (l *loginCommand) instruct(t loginTarget, c spcChange) {
	const secret = `consumer_secret = "..."  # the secret that you have entered`
	var shown []spcArgument
	for _, a := range c.set {
		if a.name == "consumer_secret" {
			a = spcArgument{value: secret, verbatim: true}
		}
		shown = append(shown, a)
	}
	if !t.declared {
		fmt.Fprintf(l.out, "\nNothing was written. Log in again with --write, or add this to %s, and close the file to others (chmod 600):\n\n%s",
			t.where.Filename, connectionBlock(t.Name, shown))
		return
	}
	fmt.Fprintf(l.out, "\nNothing was written. Log in again with --write, or change the connection %q at %s:\n\n", t.Name, fileAndLine(t.where))
	if len(shown) > 0 {
		for line := range strings.Lines(connectionBody(shown)) {
			fmt.Fprint(l.out, "  ", line)
		}
	}
	for _, name := range c.remove {
		fmt.Fprintf(l.out, "  delete %s\n", name)
	}
}

// suggestions are queries to try, with what they need.
var suggestions = []struct {
	scopes []string
	sql    string
}{
	{[]string{"account", "repository"}, "select full_name, permission from %sbitbucket_my_repository"},
	{[]string{"account"}, "select slug from %sbitbucket_my_workspace"},
}

// suggest prints a query that works.
func (l *loginCommand) suggest(t loginTarget, s *signIn, word string) error {
	for _, q := range suggestions {
		if s.scopesKnown && len(missingScopes(bitbucket.Requirement{Scopes: q.scopes}, s.scopes)) > 0 {
			continue
		}
		config, schema := "", ""
		if l.source.config != "" {
			config = "--config " + shellQuoted(l.source.config) + " "
		}
		if !t.first {
			schema = t.Name + "."
		}
		_, err := fmt.Fprintf(l.out, "\n%s:\n\n  %s query %s\"%s\"\n", word, program, config, fmt.Sprintf(q.sql, schema))
		return err
	}
	return nil
}

// shellQuoted returns a word as a shell takes it.
func shellQuoted(word string) string {
	if strings.ContainsFunc(word, func(r rune) bool {
		return !strings.ContainsRune("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789/\\._-:,@+=%", r)
	}) {
		return "'" + strings.ReplaceAll(word, "'", `'\''`) + "'"
	}
	return word
}
