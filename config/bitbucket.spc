connection "bitbucket" {
  plugin = "local/bitbucket"

  # Choose one authentication method: A, B or C.

  # A. An OAuth consumer. Create it in Workspace settings > OAuth consumers, and log in once with
  #    `steampipe-plugin-bitbucket login`. The connection then sees what the user who logged in can see. The login saves a
  #    token in token_dir, and the plugin renews it.

  # Key of the consumer. Environment variable: BITBUCKET_OAUTH_CLIENT_ID.
  # consumer_key = "q7RmX4vBn2KtYw9LsZp3HdJc6FgT8aEu"

  # Secret of the consumer. Environment variable: BITBUCKET_OAUTH_CLIENT_SECRET.
  # consumer_secret = "exampleOnlyK3vQ9mTz7XcRw2LbNf5HyJd8GpSa4UeVi6WoBk1MtZxCq0RlPn9ShFgYdEjAuTw2K"

  # A first refresh token, instead of a login. It is used once, because Bitbucket replaces it with each use. The new tokens
  # are in token_dir. Environment variable: BITBUCKET_OAUTH_REFRESH_TOKEN.
  # refresh_token = "jU5sEoxampleR3fr3shT0kenq8Zw"

  # "client_credentials" if the consumer acts for itself, as an app user of its workspace, and not for a user. Then there is
  # no login and no refresh_token. Environment variable: BITBUCKET_OAUTH_GRANT_TYPE.
  # grant_type = "client_credentials"

  # B. An access token of a workspace, a project or a repository. It belongs to no user and can't read permissions. Name its
  #    workspaces in the argument workspaces. Environment variable: BITBUCKET_OAUTH_TOKEN.
  # access_token = "ATCTT3xFfGN0exampleV7rKpLs"

  # C. The e-mail address and an API token of an Atlassian account. Environment variables: BITBUCKET_USERNAME and
  #    BITBUCKET_PASSWORD.
  # email     = "audit-bot@example.com"
  # api_token = "ATATT3xFfGF0exampleQ2mWnXe"

  # The workspaces to cover, by slug. * stands for any text, ? for any one character. Default: all workspaces of the
  # connected user.
  # workspaces = ["acme", "acme-*"]

  # How many requests may run at the same time, from 1 to 100. Default: 8.
  # max_concurrency = 8

  # How long a query waits when the quota of requests is used up. After that it fails, and says when the quota returns.
  # Default: "1m".
  # max_wait = "1m"

  # How long an answer of Bitbucket may be used again for other queries, from "0s" to "1m". The panels of a dashboard share
  # what they read within this time. Default: "30s".
  # max_age = "30s"

  # What a query does if Bitbucket refuses to show a repository or a workspace. With "fail" the query fails. With "skip" it
  # leaves that part out and notes it in bitbucket_omission. "strict" is like "fail", and a condition on a name that the
  # table does not cover is an error too. Default: "fail".
  # on_refusal = "fail"

  # The folder of the token files. Default: $STEAMPIPE_INSTALL_DIR/bitbucket, usually ~/.steampipe/bitbucket.
  # Environment variable: BITBUCKET_TOKEN_DIR.
  # token_dir = "~/.steampipe/bitbucket"

  # The addresses of Bitbucket's API and of its authorization server. Environment variables: BITBUCKET_API_BASE_URL and
  # BITBUCKET_OAUTH_URL.
  # base_url  = "https://api.bitbucket.org"
  # oauth_url = "https://bitbucket.org/site/oauth2"
}
