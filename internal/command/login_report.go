package command

import (
	"context"
	"fmt"
	"strings"
	"text/tabwriter"

	"github.com/kindor/steampipe-plugin-bitbucket/bitbucket"
	"github.com/kindor/steampipe-plugin-bitbucket/internal/api"
	"github.com/kindor/steampipe-plugin-bitbucket/internal/auth"
	"github.com/kindor/steampipe-plugin-bitbucket/internal/jsontree"
)

// granted is what a login has come to.
type granted struct {
	consumer auth.Consumer
	client   *api.Client
	file     string // that keeps the tokens

	user        jsontree.Value   // does not exist if the scope for it is missing
	workspaces  []jsontree.Value // as Bitbucket's workspace_access objects; nil if the scope for it is missing
	scopes      []string
	scopesKnown bool
}

// newGranted prepares the first requests, so that wrong settings are found before a person is asked for anything.
func newGranted(s bitbucket.Settings) (*granted, error) {
	consumer := s.Consumer(nil)
	chain, err := auth.OpenChain(s.TokenDir, consumer, auth.Secret{})
	if err != nil {
		return nil, err
	}
	client, err := api.New(api.Config{BaseURL: s.BaseURL, Authorizer: chain, UserAgent: program + "/" + bitbucket.Version, MaxWait: -1})
	if err != nil {
		return nil, misconfigured("%w", err)
	}
	return &granted{consumer: consumer, client: client}, nil
}

// ask finds out who was authorized for what. A missing scope leaves an answer out; it is no error.
func (g *granted) ask(ctx context.Context, token auth.Token) error {
	user, err := g.client.Get(ctx, api.Path("/2.0/user"), nil)
	if err := unlessScopeMissing(err); err != nil {
		return err
	}
	g.user = user
	for access, err := range g.client.List(ctx, api.List{Path: api.Path("/2.0/user/workspaces"), PageLen: 100}) {
		if err := unlessScopeMissing(err); err != nil {
			return err
		}
		if err == nil {
			g.workspaces = append(g.workspaces, access)
		}
	}
	g.scopes, g.scopesKnown = token.Scopes, token.Scopes != nil
	if !g.scopesKnown {
		g.scopes, g.scopesKnown = g.client.Scopes()
	}
	return nil
}

func unlessScopeMissing(err error) error {
	if _, missing := api.MissingScope(err); missing {
		return nil
	}
	return err
}

// report prints what a login has come to, and the connection to use it with.
func (l *login) report(g *granted, t target) error {
	w := tabwriter.NewWriter(l.out, 0, 0, 2, ' ', 0)
	for _, fact := range g.facts() {
		label := fact.label
		for _, value := range fact.values {
			fmt.Fprintf(w, "%s\t%s\n", label, printable(value))
			label = ""
		}
	}
	if err := w.Flush(); err != nil {
		return err
	}
	_, err := fmt.Fprintf(l.out, "\n%s:\n\n%s", t.instruction(), t.block())
	return err
}

// A fact is a line of the report, or several under one label.
type fact struct {
	label  string
	values []string
}

func (g *granted) facts() []fact {
	return []fact{
		{"Authorized:", []string{g.who()}},
		{"Workspaces:", g.where()},
		{"Scopes:", []string{g.what()}},
		{"Left out:", g.leftOut()},
		{"Token file:", []string{g.file}},
	}
}

func (g *granted) who() string {
	if !g.user.Exists() {
		return "unknown: the scope account was not granted"
	}
	return fmt.Sprintf("%s %s", g.user.Get("display_name"), g.user.Get("uuid"))
}

func (g *granted) where() []string {
	var lines []string
	for _, access := range g.workspaces {
		role := "member"
		if access.Get("administrator").Bool() {
			role = "administrator"
		}
		lines = append(lines, fmt.Sprintf("%s (%s)", access.Get("workspace.slug"), role))
	}
	switch {
	case lines != nil:
		return lines
	case !g.user.Exists():
		return []string{"unknown: the scope account was not granted"}
	}
	return []string{"none"}
}

func (g *granted) what() string {
	switch {
	case !g.scopesKnown:
		return "unknown: Bitbucket does not say"
	case len(g.scopes) == 0:
		return "none"
	}
	return strings.Join(g.scopes, ", ")
}

// leftOut returns the tables that the granted scopes don't reach, by the first scope that each lacks.
func (g *granted) leftOut() []string {
	if !g.scopesKnown {
		return []string{"unknown"}
	}
	lacking := map[string][]string{}
	out := map[string]bool{} // tables as a whole
	for _, r := range bitbucket.Requirements() {
		if missing := missing(r, g.scopes); len(missing) > 0 && !out[r.Table] {
			lacking[missing[0]] = append(lacking[missing[0]], r.String())
			out[r.Table] = r.Column == ""
		}
	}
	if len(lacking) == 0 {
		return []string{"no table"}
	}
	var lines []string
	for _, p := range permissions {
		if tables := lacking[p.scope]; tables != nil {
			lines = append(lines, fmt.Sprintf("without %s: %s", p, strings.Join(tables, ", ")))
		}
	}
	return append(lines, "Give the consumer these permissions and log in again to have them.")
}

// instruction says what to do with the block.
func (t target) instruction() string {
	if t.declared {
		return fmt.Sprintf("Replace the connection %q at %s with", t.Name, place(t.where))
	}
	return "Add this to " + t.where.Filename
}

// block returns the connection for a .spc file, without a secret. What the connection has already and is not about
// credentials stays.
func (t target) block() string {
	secret := "here"
	if t.hasSecret() {
		secret = "as it is now"
	}
	arguments := t.arguments([]setting{{name: "plugin", value: t.Plugin}})
	arguments = append(arguments,
		argument{name: "consumer_key", value: t.settings.ConsumerKey},
		argument{value: `# consumer_secret = "..."  # ` + secret + `, or in BITBUCKET_OAUTH_CLIENT_SECRET`, verbatim: true})
	return connectionBlock(t.Name, append(arguments, t.arguments([]setting{
		{name: "import_schema"},
		{name: "workspaces"},
		{name: "max_concurrency"},
		{name: "max_wait"},
		{name: "max_age"},
		{name: "on_refusal"},
		{"token_dir", t.settings.TokenDir, bitbucket.DefaultTokenDir()},
		{"base_url", t.settings.BaseURL, api.DefaultBaseURL},
		{"oauth_url", t.settings.OAuthURL, auth.DefaultURL},
	})...))
}

// A setting is an argument with a value that need not be written.
type setting struct{ name, value, standard string }

// arguments returns the settings that the connection has now, as they are written, and those that differ from the standard.
func (t target) arguments(settings []setting) []argument {
	var arguments []argument
	for _, s := range settings {
		if text := t.texts[s.name]; text != "" {
			arguments = append(arguments, argument{value: text, verbatim: true})
		} else if s.value != s.standard {
			arguments = append(arguments, argument{name: s.name, value: s.value})
		}
	}
	return arguments
}
