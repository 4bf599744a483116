package command

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/dustin/go-humanize"
	"github.com/spf13/cobra"

	"github.com/kindor/steampipe-plugin-bitbucket/internal/auth"
)

func newAuthStatus(c *console) *cobra.Command {
	a := &authCommand{console: c}
	cmd := a.command("status", "Show the account of each connection, and what it can see", `
Shows for each connection the account, the authentication method, the workspaces, the scopes and what each missing scope leaves
out, the age of the token, and the quota that is left. It takes a few requests.

Exit codes: 0 if all connections work, 1 if one does not, 2 if the command or the configuration is wrong.`,
		func(cmd *cobra.Command, _ []string) error { return a.status(cmd) })
	cmd.Flags().StringVar(&a.format, "output", "text", "format of the output: text or json")
	return cmd
}

// errNotWorking is the error of status if a connection does not work. Its reason is in the output.
var errNotWorking = errors.New("a connection does not work")

func (a *authCommand) status(cmd *cobra.Command) error {
	if a.format != "text" && a.format != "json" {
		return usagef(cmd, "unknown output format %q: choose text or json", a.format)
	}
	connections, err := a.source.connections(cmd)
	if err != nil {
		return err
	}
	if a.connection != "" {
		i, err := find(cmd, connections, a.connection)
		if err != nil {
			return err
		}
		connections = connections[i : i+1]
	}
	var documents []statusDocument
	var failed []string
	for _, c := range connections {
		if c.Aggregator() {
			continue
		}
		state, err := stateOf(cmd.Context(), c)
		if cmd.Context().Err() != nil {
			return cmd.Context().Err()
		}
		if err != nil {
			failed = append(failed, c.Name)
		}
		if a.format == "json" {
			documents = append(documents, state.document(c.Name, err))
			continue
		}
		if err := a.printStatus(c, state, err); err != nil {
			return err
		}
	}
	if a.format == "json" {
		encoder := json.NewEncoder(a.out)
		encoder.SetIndent("", "  ")
		encoder.SetEscapeHTML(false)
		if err := encoder.Encode(documents); err != nil {
			return err
		}
	}
	if failed != nil {
		return fmt.Errorf("%w: %s", errNotWorking, strings.Join(failed, ", "))
	}
	return nil
}

// printStatus prints the facts that are known. failure is why the connection does not work.
func (a *authCommand) printStatus(c spcConnection, s *authState, failure error) error {
	if s == nil {
		s = &authState{}
	}
	facts := []fact{{"Connection:", []string{c.Name}}, {"Works:", nil}, {"Method:", nil}}
	if failure != nil {
		facts[1].values = []string{"no: " + oneLine(failure.Error())}
	}
	if s.method != "" {
		facts[2].values = []string{s.method}
	}
	if failure == nil {
		facts = append(facts,
			fact{"Account:", []string{s.whoever()}},
			fact{"Workspaces:", s.where()},
			fact{"Repositories:", []string{s.howMany()}},
			fact{"Scopes:", []string{s.what()}},
			fact{"Tables:", s.tables(goalAll)},
			fact{"Quota:", []string{s.left()}},
		)
	}
	facts = append(facts, fact{"Token:", s.token()}, fact{"Other logins:", otherAccounts(s.logins)})
	if err := a.printFacts(facts); err != nil {
		return err
	}
	_, err := fmt.Fprintln(a.out)
	return err
}

// whoever describes the account, which an access token does not have.
func (s *authState) whoever() string {
	if s.method == methodAccessToken && !s.user.Exists() {
		return "none: the token belongs to a workspace, a project or a repository"
	}
	text := s.who()
	if kind := s.user.Get("type").String(); kind != "" && kind != "user" {
		text += " (" + kind + ")"
	}
	return text
}

// active returns the login that the connection uses.
func (s *authState) active() (auth.Login, bool) {
	if s == nil || len(s.logins) == 0 || !s.logins[0].Active {
		return auth.Login{}, false
	}
	return s.logins[0], true
}

func (s *authState) token() []string {
	login, ok := s.active()
	if !ok {
		return nil
	}
	since := ""
	if !login.LoggedInAt.IsZero() {
		since = "logged in " + humanize.Time(login.LoggedInAt) + ", "
	}
	return []string{fmt.Sprintf("%srenewed %s, valid until %s", since, humanize.Time(login.ObtainedAt), login.Expiry.UTC().Format("2006-01-02 15:04 MST")), login.File}
}

func (s *authState) left() string {
	q := s.quota
	if !q.Known || q.Remaining == nil {
		return "unknown: Bitbucket did not report it"
	}
	text := fmt.Sprintf("%d requests left", *q.Remaining)
	if q.Limit != nil {
		text = fmt.Sprintf("%d of %d requests left in this hour", *q.Remaining, *q.Limit)
	}
	if !q.ResetAt.IsZero() {
		text += ", reset at " + q.ResetAt.UTC().Format("15:04:05 MST")
	}
	return text
}

// A statusDocument is the status of a connection as JSON. What is unknown is null.
type statusDocument struct {
	Connection   string              `json:"connection"`
	Works        bool                `json:"works"`
	Error        *string             `json:"error"`
	Method       string              `json:"authentication_method,omitempty"`
	Account      *accountDocument    `json:"account"`
	Workspaces   []workspaceDocument `json:"workspaces"`
	Repositories *int                `json:"repositories"`
	Scopes       []string            `json:"scopes"`
	Missing      []missingDocument   `json:"missing_scopes"`
	Token        *tokenDocument      `json:"token"`
	OtherLogins  []auth.Account      `json:"other_logins"`
	Quota        *quotaDocument      `json:"quota"`
}

type accountDocument struct {
	auth.Account
	Type  string  `json:"type"`
	Email *string `json:"email"`
}

type workspaceDocument struct {
	Slug string `json:"slug"`
	Role string `json:"role"`
}

type missingDocument struct {
	Scope      string   `json:"scope"`
	Permission string   `json:"permission"`
	Tables     []string `json:"tables"`
}

type tokenDocument struct {
	File       string     `json:"file"`
	LoggedInAt *time.Time `json:"logged_in_at"`
	RenewedAt  time.Time  `json:"renewed_at"`
	ExpiresAt  time.Time  `json:"expires_at"`
	AgeSeconds int64      `json:"age_seconds"`
}

type quotaDocument struct {
	Limit     *int64     `json:"limit"`
	Remaining *int64     `json:"remaining"`
	ResetAt   *time.Time `json:"reset_at"`
}

func (s *authState) document(connection string, failure error) statusDocument {
	d := statusDocument{Connection: connection, Works: failure == nil}
	if failure != nil {
		text := oneLine(failure.Error())
		d.Error = &text
	}
	if s == nil {
		return d
	}
	d.Method = s.method
	for _, login := range s.logins {
		if !login.Active {
			d.OtherLogins = append(d.OtherLogins, login.Account)
		}
	}
	if login, ok := s.active(); ok {
		d.Token = &tokenDocument{login.File, timeOrNil(login.LoggedInAt), login.ObtainedAt, login.Expiry, int64(time.Since(login.ObtainedAt).Seconds())}
	}
	if failure == nil {
		s.addGranted(&d)
	}
	return d
}

// addGranted adds what Bitbucket told.
func (s *authState) addGranted(d *statusDocument) {
	if s.user.Exists() {
		d.Account = &accountDocument{Account: s.account(), Type: s.user.Get("type").String()}
		if s.email != "" {
			d.Account.Email = &s.email
		}
	}
	for _, access := range s.workspaces {
		d.Workspaces = append(d.Workspaces, workspaceDocument{access.Get("workspace.slug").String(), workspaceRole(access)})
	}
	if s.repositories >= 0 {
		d.Repositories = &s.repositories
	}
	if s.scopesKnown {
		d.Scopes = append([]string{}, s.scopes...)
	}
	if s.scopesKnown && !s.ofAPIToken() {
		d.Missing = []missingDocument{}
		for _, u := range unavailableWithout(s.scopes) {
			d.Missing = append(d.Missing, missingDocument{u.permission.scope, u.permission.box, u.tables})
		}
	}
	if s.quota.Known {
		d.Quota = &quotaDocument{s.quota.Limit, s.quota.Remaining, timeOrNil(s.quota.ResetAt)}
	}
}

// timeOrNil returns a time, or nil if it is zero.
func timeOrNil(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	return &t
}
