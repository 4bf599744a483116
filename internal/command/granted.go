package command

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/kindor/steampipe-plugin-bitbucket/bitbucket"
	"github.com/kindor/steampipe-plugin-bitbucket/internal/api"
	"github.com/kindor/steampipe-plugin-bitbucket/internal/auth"
	"github.com/kindor/steampipe-plugin-bitbucket/internal/jsontree"
	"github.com/kindor/steampipe-plugin-bitbucket/internal/sqlhost"
)

// A grantedAccess is what Bitbucket grants to an authentication method. Without the scope account, much of it is unknown.
type grantedAccess struct {
	user         jsontree.Value   // Bitbucket's account object
	email        string           // the primary address; "" if unknown
	workspaces   []jsontree.Value // Bitbucket's workspace_access objects; nil if unknown
	repositories int              // on which the user has a permission, up to manyRepositories; -1 if unknown
	scopes       []string
	scopesKnown  bool
}

// manyRepositories is where counting ends, so that it takes few requests.
const manyRepositories = 1000

// askUser requests the connected user. It skips an answer for which a scope is missing.
func (g *grantedAccess) askUser(ctx context.Context, client *api.Client) error {
	user, err := client.Get(ctx, api.Path("/2.0/user"), nil)
	g.user = user
	return unlessScopeMissing(err)
}

// askRest requests the workspaces, the number of repositories, and the scopes if the token does not tell them.
func (g *grantedAccess) askRest(ctx context.Context, client *api.Client, tokenScopes []string) error {
	workspaces, err := listed(ctx, client, api.List{Path: api.Path("/2.0/user/workspaces"), PageLen: 100}, -1)
	if err := unlessScopeMissing(err); err != nil {
		return err
	}
	g.workspaces = workspaces
	g.scopes, g.scopesKnown = tokenScopes, tokenScopes != nil
	if !g.scopesKnown {
		g.scopes, g.scopesKnown = client.Scopes()
	}
	if g.scopesKnown && slices.Contains(g.scopes, "email") {
		if err := g.askEmail(ctx, client); err != nil {
			return err
		}
	}
	return g.countRepositories(ctx, client)
}

// askTable takes the scopes and the workspaces from the table bitbucket_connection.
func (g *grantedAccess) askTable(ctx context.Context, db *database, connection string) error {
	rows, err := db.Query(ctx, "select account_uuid, scopes, workspaces from "+sqlhost.Quote(connection)+".bitbucket_connection")
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var slugs []string
		values := rows.Values()
		if text, ok := values[1].(string); ok {
			g.scopesKnown = json.Unmarshal([]byte(text), &g.scopes) == nil
		}
		if text, ok := values[2].(string); ok {
			_ = json.Unmarshal([]byte(text), &slugs) // it is a list of slugs
		}
		for _, slug := range slugs {
			g.workspaces = append(g.workspaces, jsontree.Of(map[string]any{"workspace": map[string]any{"slug": slug}}))
		}
	}
	return rows.Err()
}

func (g *grantedAccess) askEmail(ctx context.Context, client *api.Client) error {
	emails, err := listed(ctx, client, api.List{Path: api.Path("/2.0/user/emails"), PageLen: 100}, -1)
	for _, email := range emails {
		if email.Get("is_primary").Bool() {
			g.email = email.Get("email").String()
		}
	}
	return unlessScopeMissing(err)
}

func (g *grantedAccess) countRepositories(ctx context.Context, client *api.Client) error {
	g.repositories = 0
	if g.workspaces == nil {
		g.repositories = -1
	}
	for _, access := range g.workspaces {
		l := api.List{
			Path:    api.Path("/2.0/user/workspaces/{workspace}/permissions/repositories", access.Get("workspace.slug").String()),
			PageLen: 100,
		}
		found, err := listed(ctx, client, l, manyRepositories-g.repositories)
		if _, missing := api.MissingScope(err); missing {
			g.repositories = -1
			return nil
		}
		if err != nil {
			return err
		}
		g.repositories += len(found)
	}
	return nil
}

// listed returns the items of a list, at most so many if most is not negative.
func listed(ctx context.Context, client *api.Client, l api.List, most int) ([]jsontree.Value, error) {
	var items []jsontree.Value
	for item, err := range client.List(ctx, l) {
		if err != nil {
			return nil, err
		}
		if most >= 0 && len(items) >= most {
			break
		}
		items = append(items, item)
	}
	return items, nil
}

func unlessScopeMissing(err error) error {
	if _, missing := api.MissingScope(err); missing {
		return nil
	}
	return err
}

// account returns the account as a token file keeps it.
func (g *grantedAccess) account() auth.Account {
	if !g.user.Exists() {
		return auth.Account{}
	}
	return auth.Account{
		UUID: g.user.Get("uuid").String(), Name: g.user.Get("display_name").String(), Nickname: g.user.Get("nickname").String(),
	}
}

// described returns an account in one line. Two accounts can have the same name: the nickname, the e-mail address and the
// id tell them apart.
func described(a auth.Account, email string) string {
	if a.UUID == "" {
		return "unknown: the scope account was not granted"
	}
	var more []string
	if a.Nickname != "" && a.Nickname != a.Name {
		more = append(more, a.Nickname)
	}
	if email != "" {
		more = append(more, email)
	}
	text := a.Name
	if more != nil {
		text += " (" + strings.Join(more, ", ") + ")"
	}
	return text + " " + a.UUID
}

func (g *grantedAccess) who() string { return described(g.account(), g.email) }

func (g *grantedAccess) where() []string {
	var lines []string
	for _, access := range g.workspaces {
		line := access.Get("workspace.slug").String()
		if role := workspaceRole(access); role != "" {
			line += " (" + role + ")"
		}
		lines = append(lines, line)
	}
	switch {
	case lines != nil:
		return lines
	case !g.user.Exists():
		return []string{"unknown: the scope account was not granted"}
	}
	return []string{"none: invite the user to a workspace"}
}

// workspaceRole returns the user's role in a workspace, or "" if there is no user.
func workspaceRole(access jsontree.Value) string {
	switch administrator := access.Get("administrator"); {
	case !administrator.Exists():
		return ""
	case administrator.Bool():
		return "administrator"
	}
	return "member"
}

func (g *grantedAccess) howMany() string {
	switch {
	case g.repositories < 0:
		return "unknown: that takes a user, and the scopes account and repository"
	case g.repositories == 0:
		return "none yet: give the user access to repositories"
	case g.repositories >= manyRepositories:
		return fmt.Sprintf("%d or more", manyRepositories)
	}
	return fmt.Sprint(g.repositories)
}

func (g *grantedAccess) what() string {
	switch {
	case !g.scopesKnown:
		return "unknown: Bitbucket does not show them"
	case len(g.scopes) == 0:
		return "none"
	}
	return strings.Join(g.scopes, ", ")
}

// ofAPIToken reports whether the scopes are those of an API token, which have other names.
func (g *grantedAccess) ofAPIToken() bool {
	return slices.ContainsFunc(g.scopes, func(scope string) bool { return strings.HasSuffix(scope, ":bitbucket") })
}

// tables returns which tables are unavailable for the goal, and what to do.
func (g *grantedAccess) tables(wanted goal) []string {
	if !g.scopesKnown || g.ofAPIToken() {
		return []string{"unknown"}
	}
	total := 0
	for _, r := range bitbucket.Requirements() {
		if r.Column == "" {
			total++
		}
	}
	var lines []string
	for _, u := range unavailableWithout(g.scopes) {
		if u.permission.goal > wanted {
			continue
		}
		tables := strings.Join(u.tables, ", ")
		if len(u.tables) > total/2 {
			tables = fmt.Sprintf("nearly all of the %d tables", total)
		}
		lines = append(lines, fmt.Sprintf("not available without %s: %s", u.permission, tables))
	}
	switch {
	case lines != nil:
		return append(lines, "To get them, give the consumer these permissions and log in again.")
	case wanted == goalAll:
		return []string{"all are available"}
	}
	return []string{fmt.Sprintf("all that --for %s needs are available", goals[wanted].name)}
}
