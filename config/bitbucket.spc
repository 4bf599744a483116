connection "bitbucket" {
  plugin = "local/bitbucket"

  # One way in is needed: A, B or C.

  # A. An OAuth consumer, authorized once by the user whose rights decide what is visible.
  #    Create it in Workspace settings > OAuth consumers, then run `steampipe-plugin-bitbucket login`, which leaves a
  #    token in token_dir and keeps it alive.

  # Key of the consumer. Also from the environment variable BITBUCKET_OAUTH_CLIENT_ID.
  # consumer_key = "q7RmX4vBn2KtYw9LsZp3HdJc6FgT8aEu"

  # Secret of the consumer. Also from the environment variable BITBUCKET_OAUTH_CLIENT_SECRET.
  # consumer_secret = "exampleOnlyK3vQ9mTz7XcRw2LbNf5HyJd8GpSa4UeVi6WoBk1MtZxCq0RlPn9ShFgYdEjAuTw2K"

  # A first refresh token, in place of a login. Bitbucket replaces it with each use: it counts once, and what follows is
  # kept in token_dir. Also from the environment variable BITBUCKET_OAUTH_REFRESH_TOKEN.
  # refresh_token = "jU5sEoxampleR3fr3shT0kenq8Zw"

  # "client_credentials" if the consumer is to act for itself, as an app user of its workspace, and not for a user: then
  # neither a login nor refresh_token is used. Also from the environment variable BITBUCKET_OAUTH_GRANT_TYPE.
  # grant_type = "client_credentials"

  # B. An access token of a workspace, a project or a repository. It can't read permissions, and belongs to no user: name
  #    the workspaces that it is for. Also from the environment variable BITBUCKET_OAUTH_TOKEN.
  # access_token = "ATCTT3xFfGN0exampleV7rKpLs"

  # C. The e-mail address and an API token of an Atlassian account. Also from the environment variables
  #    BITBUCKET_USERNAME and BITBUCKET_PASSWORD.
  # email     = "audit-bot@example.com"
  # api_token = "ATATT3xFfGF0exampleQ2mWnXe"

  # The workspaces to cover, by slug; * and ? stand for any text and any one character. All that the connected user
  # belongs to, if not set.
  # workspaces = ["acme", "acme-*"]

  # The most requests that are under way at a time, from 1 to 100. 8 if not set.
  # max_concurrency = 8

  # The longest that a query waits when the quota of requests is used up; then it fails and says when the quota returns.
  # "1m" if not set.
  # max_wait = "1m"

  # How old an answer of Bitbucket's may be that is given to more than one query, from "0s" to "1m". The panels of a
  # dashboard share what they read within that time. "30s" if not set.
  # max_age = "30s"

  # What a query does about a repository or a workspace that Bitbucket refuses to show: "fail"; or "skip", which leaves it
  # out whole and notes it in bitbucket_omission; or "strict", which is "fail" and makes a condition on one name that the
  # table does not cover an error too. "fail" if not set.
  # on_refusal = "fail"

  # The folder of the token files. $STEAMPIPE_INSTALL_DIR/bitbucket if not set, which is ~/.steampipe/bitbucket by default.
  # Also from the environment variable BITBUCKET_TOKEN_DIR.
  # token_dir = "~/.steampipe/bitbucket"

  # The addresses of Bitbucket's API and of its authorization server. Also from the environment variables
  # BITBUCKET_API_BASE_URL and BITBUCKET_OAUTH_URL.
  # base_url  = "https://api.bitbucket.org"
  # oauth_url = "https://bitbucket.org/site/oauth2"
}
