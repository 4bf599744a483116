package command

import (
	"context"

	"github.com/kindor/steampipe-plugin-bitbucket/internal/api"
	"github.com/kindor/steampipe-plugin-bitbucket/internal/auth"
	"github.com/kindor/steampipe-plugin-bitbucket/internal/sqlhost"
)

// An authState is what a connection connects as.
type authState struct {
	grantedAccess
	method string
	logins []auth.Login // of the connection's consumer, if the method is a login
	quota  api.Quota
}

// The authentication methods that are treated in another way here.
const (
	methodLogin       = "login"
	methodAccessToken = "access_token"
)

// stateOf asks Bitbucket what it grants to the connection. The state has what is known, even with an error; it may be nil.
func stateOf(ctx context.Context, c spcConnection) (*authState, error) {
	settings, err := c.config.Settings()
	if err != nil {
		return nil, err
	}
	client, err := settings.Open()
	if err != nil {
		return nil, err
	}
	state := &authState{method: client.Method}
	logins := func() (err error) {
		if client.Method == methodLogin {
			state.logins, err = auth.Logins(settings.TokenDir, settings.Consumer(nil))
		}
		return err
	}
	if err := logins(); err != nil {
		return state, err
	}
	if err := state.askUser(ctx, client.Client); err != nil {
		if client.Method == methodAccessToken { // most belong to no user
			return state, state.askConnection(ctx, c)
		}
		return state, err
	}
	var scopes []string
	if token, ok := client.Authorizer.(interface{ Scopes() []string }); ok {
		scopes = token.Scopes()
	}
	if err := state.askRest(ctx, client.Client, scopes); err != nil {
		return state, err
	}
	state.quota = client.Quota()
	return state, logins() // the token may have been renewed
}

// askConnection takes from the table bitbucket_connection what an access token can see that belongs to no user.
func (s *authState) askConnection(ctx context.Context, c spcConnection) error {
	db, err := openDatabase([]sqlhost.Connection{c.Connection}, func() {})
	if err != nil {
		return err
	}
	defer db.close()
	s.repositories = -1
	return s.askTable(ctx, db, c.Name)
}
