package command

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/kindor/steampipe-plugin-bitbucket/internal/auth"
)

// An authCommand runs a command below auth.
type authCommand struct {
	*console
	source     connectionFlags
	connection string
	all        bool
	format     string
}

func newAuth(c *console) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "auth",
		Short: "Show or change the accounts that the connections use",
		Args:  knownCommand,
		RunE:  func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(newAuthStatus(c), newAuthSwitch(c), newAuthLogout(c))
	return cmd
}

// newAuthCommand returns a command below auth with the flags that choose the connection.
func (a *authCommand) command(use, short, long string, run func(cmd *cobra.Command, args []string) error) *cobra.Command {
	cmd := &cobra.Command{Use: use, Short: short, Long: strings.TrimSpace(long), Args: noArguments, RunE: run}
	a.source.addConfigFlag(cmd)
	cmd.Flags().StringVar(&a.connection, "connection", "", "connection in the .spc files")
	return cmd
}

func newAuthSwitch(c *console) *cobra.Command {
	a := &authCommand{console: c}
	cmd := a.command("switch [ACCOUNT]", "Use the login of another account", `
Makes connections use the login of another account with the same consumer. If you log in as a second account, the first login is kept,
and this command goes back to it. ACCOUNT is the nickname, the name or the UUID of the account. If there are only two, leave it out.

A saved login is not renewed while another one is in use. It dies if it is not used for three months.`,
		func(cmd *cobra.Command, args []string) error { return a.runSwitch(cmd, args) })
	cmd.Args = cobra.MaximumNArgs(1)
	return cmd
}

func newAuthLogout(c *console) *cobra.Command {
	a := &authCommand{console: c}
	cmd := a.command("logout", "Remove the saved login", `
Removes the token file of the connection's consumer. Queries then fail until you log in again.

This does not revoke the access: only the user who granted it can do that, in the personal settings of Bitbucket, under App
authorizations. A plugin that is running keeps its token in memory, and would save it again: restart Steampipe.`,
		func(cmd *cobra.Command, _ []string) error { return a.logout(cmd) })
	cmd.Flags().BoolVar(&a.all, "all", false, "also remove the saved logins of other accounts")
	return cmd
}

// logins returns the consumer of the connection, and its logins.
func (a *authCommand) logins(cmd *cobra.Command) (dir string, consumer auth.Consumer, logins []auth.Login, err error) {
	c, err := a.one(cmd)
	if err != nil {
		return "", consumer, nil, err
	}
	settings, err := c.config.Settings()
	if err != nil {
		return "", consumer, nil, c.wrong(err)
	}
	if settings.ConsumerKey == "" || settings.RefreshToken != "" || settings.GrantType != "" {
		return "", consumer, nil, misconfigured("connection %s does not use a login", c.Name)
	}
	consumer = settings.Consumer(nil)
	logins, err = auth.Logins(settings.TokenDir, consumer)
	return settings.TokenDir, consumer, logins, err
}

// one returns the only connection with a consumer, or the named one.
func (a *authCommand) one(cmd *cobra.Command) (spcConnection, error) {
	connections, err := a.source.connections(cmd)
	if err != nil {
		return spcConnection{}, err
	}
	if a.connection != "" {
		i, err := find(cmd, connections, a.connection)
		if err != nil {
			return spcConnection{}, err
		}
		return connections[i], nil
	}
	var candidates []spcConnection
	var names []string
	for _, c := range connections {
		if settings, err := c.config.Settings(); err != nil || settings.ConsumerKey != "" {
			candidates, names = append(candidates, c), append(names, c.Name)
		}
	}
	switch len(candidates) {
	case 0:
		return spcConnection{}, misconfigured("no connection has a consumer: there is no login")
	case 1:
		return candidates[0], nil
	}
	return spcConnection{}, usagef(cmd, "several connections have a consumer: choose %s with --connection", strings.Join(names, ", "))
}

func (a *authCommand) runSwitch(cmd *cobra.Command, args []string) error {
	dir, consumer, logins, err := a.logins(cmd)
	if err != nil {
		return err
	}
	var kept []auth.Login
	for _, login := range logins {
		if !login.Active && (len(args) == 0 || namesAccount(login.Account, args[0])) {
			kept = append(kept, login)
		}
	}
	if len(args) > 0 && len(logins) > 0 && logins[0].Active && namesAccount(logins[0].Account, args[0]) && len(kept) == 0 {
		_, err := fmt.Fprintf(a.out, "Connections already use the login of %s.\n", described(logins[0].Account, ""))
		return err
	}
	switch len(kept) {
	case 0:
		wanted := "another account"
		if len(args) > 0 {
			wanted = strconv.Quote(args[0])
		}
		return fmt.Errorf("there is no saved login of %s%s: run `%s login` to log in as another account", wanted, listedAccounts(logins), program)
	case 1:
	default:
		return usagef(cmd, "several logins match%s: name one by its nickname or its UUID", listedAccounts(kept))
	}
	if err := auth.Switch(cmd.Context(), dir, consumer, kept[0].Account); err != nil {
		return err
	}
	if logins[0].Active {
		fmt.Fprintf(a.out, "Was:  %s\n", described(logins[0].Account, ""))
	}
	_, err = fmt.Fprintf(a.out, "Now:  %s\n", described(kept[0].Account, ""))
	return err
}

// namesAccount reports whether a word of the user names the account.
func namesAccount(account auth.Account, word string) bool {
	for _, name := range []string{account.UUID, strings.Trim(account.UUID, "{}"), account.Nickname, account.Name} {
		if strings.EqualFold(name, word) {
			return true
		}
	}
	return false
}

func listedAccounts(logins []auth.Login) string {
	var accounts []string
	for _, login := range logins {
		accounts = append(accounts, described(login.Account, ""))
	}
	if accounts == nil {
		return ""
	}
	return " (" + strings.Join(accounts, "; ") + ")"
}

// appAuthorizations is the page on which a user revokes access.
const appAuthorizations = "https://bitbucket.org/account/settings/app-authorizations/"

func (a *authCommand) logout(cmd *cobra.Command) error {
	dir, consumer, logins, err := a.logins(cmd)
	if err != nil {
		return err
	}
	if len(logins) == 0 || !logins[0].Active && !a.all {
		return fmt.Errorf("there is no login of OAuth consumer %s in %s%s", consumer.Key, dir, listedAccounts(logins))
	}
	if err := auth.Logout(cmd.Context(), dir, consumer, a.all); err != nil {
		return err
	}
	for _, login := range logins {
		if login.Active || a.all {
			fmt.Fprintf(a.out, "Logged out: %s\n", described(login.Account, ""))
		}
	}
	if !a.all && len(logins) > 1 {
		fmt.Fprintf(a.out, "Still kept: %s. `%s auth switch` uses it.\n", strings.Trim(listedAccounts(logins[1:]), " ()"), program)
	}
	a.say("To revoke the access, the user removes it at " + appAuthorizations + ". If Steampipe is running, restart it: it keeps the token in memory.\n")
	return nil
}
