package command

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"
)

// environmentVariables are the variables of the environment that this program reads.
var environmentVariables = []struct{ name, meaning string }{
	{"BITBUCKET_OAUTH_CLIENT_ID", "consumer_key: key of the OAuth consumer"},
	{"BITBUCKET_OAUTH_CLIENT_SECRET", "consumer_secret: secret of the OAuth consumer"},
	{"BITBUCKET_OAUTH_REFRESH_TOKEN", "refresh_token: a first refresh token, instead of a login"},
	{"BITBUCKET_OAUTH_GRANT_TYPE", "grant_type: client_credentials if the consumer acts for itself"},
	{"BITBUCKET_OAUTH_TOKEN", "access_token: of a workspace, a project or a repository"},
	{"BITBUCKET_USERNAME", "email: address of an Atlassian account"},
	{"BITBUCKET_PASSWORD", "api_token: API token of this account"},
	{"BITBUCKET_TOKEN_DIR", "token_dir: folder of the token files"},
	{"BITBUCKET_API_BASE_URL", "base_url: address of Bitbucket's API"},
	{"BITBUCKET_OAUTH_URL", "oauth_url: address of Bitbucket's authorization server"},
	{"STEAMPIPE_INSTALL_DIR", "Steampipe's folder, with config and bitbucket (default: ~/.steampipe)"},
	{"STEAMPIPE_LOG_LEVEL", "level of the log on standard error: TRACE, DEBUG, INFO, WARN, ERROR"},
	{"HTTPS_PROXY, NO_PROXY", "proxy for requests, and hosts without it"},
	{"SSL_CERT_FILE, SSL_CERT_DIR", "certificates to trust, instead of those of the system"},
	{"BROWSER", "program that xdg-open opens the pages of a login with"},
}

// newEnvironment returns the help topic on the environment.
func newEnvironment() *cobra.Command {
	var text strings.Builder
	text.WriteString("These variables complete a connection, or change how the program works. The arguments of a connection in its .spc file come first.\n\n")
	for _, v := range environmentVariables {
		fmt.Fprintf(&text, "  %-30s %s\n", v.name, v.meaning)
	}
	return &cobra.Command{Use: "environment", Short: "Environment variables", Long: strings.TrimSpace(text.String())}
}
