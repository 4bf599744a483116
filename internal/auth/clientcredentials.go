package auth

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// ClientCredentials is the authentication method of a consumer that acts for itself, as an app user of its workspace. There is
// no refresh token. It requests a new access token when the last one expires.
type ClientCredentials struct {
	consumer Consumer
	delays   []time.Duration // between tries of one request
	renewer  renewer
}

// NewClientCredentials returns the Authorizer for the consumer's own token. The error is an *Error of KindConfiguration.
func NewClientCredentials(consumer Consumer) (*ClientCredentials, error) {
	consumer, err := consumer.complete()
	if err != nil {
		return nil, err
	}
	c := &ClientCredentials{consumer: consumer, delays: retryDelays}
	c.renewer.now, c.renewer.maxWait, c.renewer.fetch = consumer.Now, consumer.MaxWait, c.fetch
	return c, nil
}

// Authorization implements Authorizer.
func (c *ClientCredentials) Authorization(ctx context.Context) (string, error) {
	return c.renewer.authorization(ctx, "")
}

// Renew implements Authorizer.
func (c *ClientCredentials) Renew(ctx context.Context, rejected string) (string, error) {
	return c.renewer.authorization(ctx, rejected)
}

// Scopes returns the scopes of the current token. They are nil if there is no token yet or the server didn't say.
func (c *ClientCredentials) Scopes() []string { return c.renewer.scopes() }

// Format writes what identifies the consumer, for any verb. The rest is secret, and guarded by a mutex.
func (c *ClientCredentials) Format(f fmt.State, _ rune) {
	fmt.Fprintf(f, "auth.ClientCredentials(%s)", c.consumer.Key)
}

func (c *ClientCredentials) fetch(ctx context.Context, _ string) (Token, error) {
	token, err := retry(ctx, c.delays, func() (Token, error) { return c.consumer.clientCredentials(ctx) })
	if refused, ok := errors.AsType[*refusedError](err); ok {
		return Token{}, &Error{Kind: KindAuthorization, Status: refused.status, Err: refused,
			Message: "Bitbucket refused the client credentials of OAuth consumer " + c.consumer.Key + " (" + refused.Error() + "). " +
				"Check consumer_key and consumer_secret, and that the consumer is private and allows client credentials; " +
				"or authorize it as a person with `" + loginCommand + "`"}
	}
	return token, err
}

// loginCommand is the command that authorizes a consumer again.
const loginCommand = "steampipe-plugin-bitbucket login"
