package auth

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"golang.org/x/sync/singleflight"
)

// refusalMemory is how long a refusal is remembered. Hundreds of calls may wait for a token, and Bitbucket locks out a consumer
// that keeps asking with a dead one.
const refusalMemory = time.Minute

// A renewer hands out an access token and fetches the next one, with one request at a time.
type renewer struct {
	now     func() time.Time
	maxWait time.Duration // while the server limits requests
	// fetch gets a token whose access token is not the rejected one. rejected may be empty.
	fetch func(ctx context.Context, rejected string) (Token, error)

	flights singleflight.Group // one fetch at a time

	mu        sync.Mutex // guards all below
	token     Token
	refusal   error
	refusedAt time.Time
	gate      gate
}

// authorization returns a header's value that is not the rejected one.
func (r *renewer) authorization(ctx context.Context, rejected string) (string, error) {
	rejected = strings.TrimPrefix(rejected, bearerPrefix)
	var waited time.Duration
	// A call may join a fetch that was started for another rejected token. Its result may be the token that we reject.
	for range 3 {
		token, err := r.await(ctx, rejected, &waited)
		if err != nil {
			return "", err
		}
		if token.reveal() != rejected {
			return bearer(token), nil
		}
	}
	return "", errorf(KindTemporary, nil, "Bitbucket's authorization server keeps giving out an access token that its API refuses; try again later")
}

// await returns the current access token or a fetched one. While the server limits requests, no call sends one or holds the
// lock. Each call waits on its own, at most maxWait.
func (r *renewer) await(ctx context.Context, rejected string, waited *time.Duration) (Secret, error) {
	for {
		token, err := r.current(rejected)
		if err == nil && token.IsZero() {
			token, err = r.join(ctx, rejected)
		}
		limited, ok := errors.AsType[*limitedError](err)
		if !ok {
			return token, err
		}
		now := r.now()
		r.mu.Lock()
		wait := r.gate.left(now)
		r.mu.Unlock()
		if *waited+wait > r.maxWait {
			return Secret{}, limited.explain(now, wait, *waited, r.maxWait)
		}
		select {
		case <-ctx.Done():
			return Secret{}, ctx.Err()
		case <-time.After(wait):
		}
		*waited += wait
	}
}

// current returns the access token if it is usable. Otherwise it returns an error if a refusal is remembered or the gate is
// closed, or else neither.
func (r *renewer) current(rejected string) (Secret, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	now := r.now()
	if r.token.usable(now) && r.token.AccessToken.reveal() != rejected {
		return r.token.AccessToken, nil
	}
	// If the clock was set back, the refusal is forgotten.
	if age := now.Sub(r.refusedAt); r.refusal != nil && age >= 0 && age < refusalMemory {
		return Secret{}, r.refusal
	}
	if r.gate.left(now) > 0 {
		return Secret{}, r.gate.closed
	}
	return Secret{}, nil
}

// join waits for the running fetch, or starts one. Cancelling ctx ends the wait but not the fetch, because the answer may
// contain a rotated token.
func (r *renewer) join(ctx context.Context, rejected string) (Secret, error) {
	if err := ctx.Err(); err != nil {
		return Secret{}, err
	}
	landed := r.flights.DoChan("", func() (any, error) {
		defer underWay.begin()()
		// The last fetch may have ended since the caller looked.
		if token, err := r.current(rejected); err != nil || !token.IsZero() {
			return token, err
		}
		token, err := r.fetch(context.WithoutCancel(ctx), rejected)
		r.land(token, err)
		return token.AccessToken, err
	})
	select {
	case <-ctx.Done():
		return Secret{}, ctx.Err()
	case result := <-landed:
		return result.Val.(Secret), result.Err
	}
}

// land keeps the result of a fetch: a token, a refusal that another request won't change, or a limit on requests.
func (r *renewer) land(token Token, err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if err == nil {
		r.token, r.refusal, r.gate = token, nil, gate{}
		return
	}
	if limited, ok := errors.AsType[*limitedError](err); ok {
		r.gate.close(limited, r.now())
	}
	if e, ok := errors.AsType[*Error](err); ok && (e.Kind == KindAuthorization || e.Kind == KindConfiguration) {
		r.refusal, r.refusedAt = err, r.now()
	}
}

// adopt sets the token to hand out.
func (r *renewer) adopt(token Token) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.token = token
}

// forget drops a remembered refusal.
func (r *renewer) forget() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.refusal = nil
}

// scopes returns the scopes of the current token.
func (r *renewer) scopes() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.token.Scopes
}

// retry calls try until it succeeds or fails for good, at most once more than there are delays. A refresh token may be sent
// again: the service accepts a used one for some more minutes.
func retry(ctx context.Context, delays []time.Duration, try func() (Token, error)) (Token, error) {
	for tries := 1; ; tries++ {
		token, err := try()
		e, ok := errors.AsType[*Error](err)
		if !ok || !e.worthRetrying() {
			return token, err
		}
		if tries > len(delays) {
			e.Message += fmt.Sprintf(". Tried %d times", tries)
			return token, e
		}
		select {
		case <-ctx.Done():
			return token, err
		case <-time.After(delays[tries-1]):
		}
	}
}

// retryDelays are the delays between tries. There are few, to spare the server.
var retryDelays = []time.Duration{500 * time.Millisecond, 2 * time.Second}

// worthRetrying reports whether the same request may succeed in a second: after a failed connection or a 5xx.
func (e *Error) worthRetrying() bool {
	return e.Kind == KindTemporary && (e.Status == 0 || e.Status >= 500)
}
