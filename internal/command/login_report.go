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

// A granted describes the result of a login.
type granted struct {
	consumer auth.Consumer
	client   *api.Client
	file     string // contains the tokens

	user        jsontree.Value   // missing without the scope account
	workspaces  []jsontree.Value // Bitbucket's workspace_access objects; nil without the scope account
	scopes      []string
	scopesKnown bool
}

// newGranted checks the settings before the user is asked for anything, and prepares the first requests.
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
	return &granted{consumer: consumer, client: client, file: chain.Path()}, nil
}

// ask requests the connected user, the workspaces and the scopes. It skips answers for which a scope is missing.
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

// report prints the result of a login, and the connection to put into a .spc file.
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

// A fact is a label of the report and its lines.
type fact struct {
	label  string
	values []string
}

func (g *granted) facts() []fact {
	return []fact{
		{"Authorized:", []string{g.who()}},
		{"Workspaces:", g.where()},
		{"Scopes:", []string{g.what()}},
		{"Tables:", g.unavailable()},
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
		return "unknown: Bitbucket does not show them"
	case len(g.scopes) == 0:
		return "none"
	}
	return strings.Join(g.scopes, ", ")
}

// unavailable lists the tables that need scopes which were not granted, by the first missing scope of each.
func (g *granted) unavailable() []string {
	if !g.scopesKnown {
		return []string{"unknown"}
	}
	lacking := map[string][]string{}
	out := map[string]bool{} // whole tables
	for _, r := range bitbucket.Requirements() {
		if missing := missing(r, g.scopes); len(missing) > 0 && !out[r.Table] {
			lacking[missing[0]] = append(lacking[missing[0]], r.String())
			out[r.Table] = r.Column == ""
		}
	}
	if len(lacking) == 0 {
		return []string{"all are available"}
	}
	var lines []string
	for _, p := range permissions {
		if tables := lacking[p.scope]; tables != nil {
			lines = append(lines, fmt.Sprintf("not available without %s: %s", p, strings.Join(tables, ", ")))
		}
	}
	return append(lines, "To get them, give the consumer these permissions and log in again.")
}

// instruction returns what to do with the block.
func (t target) instruction() string {
	if t.declared {
		return fmt.Sprintf("Replace the connection %q at %s with", t.Name, place(t.where))
	}
	return "Add this to " + t.where.Filename
}

// block returns the connection for a .spc file, without a secret. It keeps the arguments of the connection that don't
// concern credentials.
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

// A setting is an argument that is written only if its value differs from the standard.
type setting struct{ name, value, standard string }

// arguments returns the settings that the connection has now, as they are written in its file, and those that differ
// from the standard.
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
