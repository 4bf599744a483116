package auth

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"sync"
	"time"
)

// A Chain is the authentication method of a consumer that acts for a user. It has an access token, and a refresh token to get
// the next pair. A refresh token can be used once, so the chain takes care not to lose the newest pair:
//
//   - The pair is in a file that processes share. One caller at a time replaces it, under a lock.
//   - Disk space for the new pair is reserved before a token is spent. The new pair is saved before it is used.
//   - If a process is killed between the two, the file still has the old token. The service accepts it for about ten more
//     minutes.
//   - No process sends a refused token again for a while, or ever if the token is dead: the service locks out a consumer that
//     insists.
type Chain struct {
	consumer  Consumer
	store     *store
	delays    []time.Duration // between tries of one refresh
	saveDelay time.Duration   // before the first retry of saving
	renewer   renewer

	mu      sync.Mutex  // guards all below
	held    record      // the newest record that this process knows
	unsaved bool        // held is not in the file, because it could not be written
	refused Secret      // the refresh token that was refused last
	seen    fs.FileInfo // the file at the last look, nil if there was none
	judged  digest      // the digest that was last compared with the consumer's secret
	fits    bool        // whether it was the secret's digest
}

// OpenChain returns the chain that starts with seed, a refresh token. If seed is empty, it returns the chain of the consumer's
// login. The token file is in dir, which is made if it doesn't exist. OpenChain reads nothing and sends nothing; the first
// request does. The error is an *Error of KindConfiguration.
func OpenChain(dir string, consumer Consumer, seed Secret) (*Chain, error) {
	consumer, err := consumer.complete()
	if err != nil {
		return nil, err
	}
	s, err := newStore(dir, consumer, seed)
	if err != nil {
		return nil, err
	}
	c := &Chain{consumer: consumer, store: s, delays: retryDelays, saveDelay: time.Second}
	c.renewer.now, c.renewer.maxWait, c.renewer.fetch = consumer.Now, consumer.MaxWait, c.fetch
	return c, nil
}

func newStore(dir string, consumer Consumer, seed Secret) (*store, error) {
	consumer, err := consumer.identified()
	if err != nil {
		return nil, err
	}
	if dir == "" {
		return nil, errorf(KindConfiguration, nil, "no folder for the token file: set token_dir (BITBUCKET_TOKEN_DIR)")
	}
	s := &store{dir: dir, logger: consumer.Logger, platform: native, poll: lockPoll}
	s.setIdentity(identity{oauthURL: consumer.URL, consumerKey: consumer.Key, seed: seed})
	return s, nil
}

// Authorization implements Authorizer.
func (c *Chain) Authorization(ctx context.Context) (string, error) {
	c.notice()
	return c.renewer.authorization(ctx, "")
}

// Renew implements Authorizer.
func (c *Chain) Renew(ctx context.Context, rejected string) (string, error) {
	c.notice()
	return c.renewer.authorization(ctx, rejected)
}

// Scopes returns the scopes of the current token. They are nil if there is no token yet or the server didn't say.
func (c *Chain) Scopes() []string { return c.renewer.scopes() }

// Path returns the path of the token file, whether or not it exists yet.
func (c *Chain) Path() string { return c.store.path() }

// Format writes what identifies the chain, for any verb. The rest is secret, and guarded by a mutex.
func (c *Chain) Format(f fmt.State, _ rune) {
	fmt.Fprintf(f, "auth.Chain(%s, %s)", c.consumer.Key, c.store.path())
}

// notice takes over a record that another process or a new login has saved since the last look at the file.
func (c *Chain) notice() {
	info, err := os.Lstat(c.store.path())
	c.mu.Lock()
	defer c.mu.Unlock()
	if err != nil || c.seen != nil && os.SameFile(info, c.seen) && info.ModTime().Equal(c.seen.ModTime()) {
		return
	}
	c.seen = info
	saved, err := c.store.read()
	if err != nil || !c.prefers(saved) {
		return // a refresh reports what is wrong with the file
	}
	c.held, c.unsaved = saved, false
	if !saved.RefreshToken.Equal(c.refused) {
		c.renewer.forget()
	}
	switch {
	case !c.obtained(saved):
		c.renewer.adopt(Token{}) // the next request reports the wrong secret
	case saved.usable(c.consumer.Now()):
		c.renewer.adopt(saved.Token)
	}
}

// obtained reports whether the record's pair was obtained with the consumer's secret. It returns true if the record has no
// digest. The caller holds mu.
func (c *Chain) obtained(rec record) bool {
	if !rec.digest.known() {
		return true
	}
	if !reflect.DeepEqual(c.judged, rec.digest) {
		c.judged, c.fits = rec.digest, rec.digest.of(c.consumer.Secret)
	}
	return c.fits
}

// fetch gets a token whose access token is not the rejected one: from the file if another process has already refreshed it,
// otherwise from the service.
func (c *Chain) fetch(ctx context.Context, rejected string) (Token, error) {
	if !c.hasBegun() { // without making the folder: its path may be mistyped
		return Token{}, c.noChain()
	}
	unlock, err := c.store.lock(ctx)
	if err != nil {
		return Token{}, err
	}
	defer unlock()
	rec, err := c.recall()
	if err != nil {
		return Token{}, err
	}
	token, err := c.advance(ctx, rec, rejected)
	refused, ok := err.(*refusedError) // not errors.As: a wrapped one is an older refusal that was remembered
	if !ok {
		return token, err
	}
	// A program that doesn't use the lock may have saved another token in the meantime. Try that one, once.
	if other, readErr := c.store.read(); readErr == nil && !other.RefreshToken.Equal(rec.RefreshToken) {
		rec = other
		c.hold(rec)
		token, err = c.advance(ctx, rec, rejected)
		if refused, ok = err.(*refusedError); !ok {
			return token, err
		}
	}
	return Token{}, c.giveUp(rec, refused)
}

// hasBegun reports whether there may be a token to start from. It also looks for the lock file: while another process replaces
// the token file, some platforms report for a moment that there is none. Only a caller with the lock can be sure.
func (c *Chain) hasBegun() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	_, err := os.Lstat(c.store.path())
	_, lockErr := os.Lstat(c.store.lockPath())
	return !c.store.id.seed.IsZero() || !c.held.RefreshToken.IsZero() || !errors.Is(err, fs.ErrNotExist) || lockErr == nil
}

// giveUp remembers that rec's refresh token was refused, also in the file. The caller holds the lock.
func (c *Chain) giveUp(rec record, answer *refusedError) error {
	rec.refusal = rec.refused(c.consumer.Secret, answer, c.consumer.Now())
	c.hold(rec)
	c.mu.Lock()
	c.refused = rec.RefreshToken
	c.mu.Unlock()
	// Saving rec also clears its note that a refresh has begun. The refresh is over, so the note would mislead.
	if err := c.store.write(rec); err != nil {
		c.consumer.Logger.Warn("cannot write the token file after a refusal", "error", err)
	}
	return c.explain(answer, rec)
}

// recall returns the newest record. This is the one in the file, or the one in memory if that is newer or the file is gone,
// or a first record with the seed. The caller holds the lock.
func (c *Chain) recall() (record, error) {
	saved, err := c.store.read()
	damaged, isDamaged := errors.AsType[*damagedError](err)
	if isDamaged {
		aside, err := c.store.setAside(c.consumer.Now())
		if err != nil {
			return record{}, err
		}
		c.consumer.Logger.Warn("the token file is not used: it "+damaged.reason, "file", c.store.path(), "moved_to", aside)
	} else if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return record{}, err
	}
	c.mu.Lock()
	held, prefers := c.held, err == nil && c.prefers(saved)
	c.mu.Unlock()
	switch {
	case prefers:
		c.hold(saved)
		return saved, nil
	case !held.RefreshToken.IsZero():
		return held, nil
	case !c.store.id.seed.IsZero():
		return startRecord(Token{RefreshToken: c.store.id.seed}), nil
	}
	return record{}, c.noChain()
}

// advance returns rec's own token if it is usable, otherwise the next one. The caller holds the lock.
func (c *Chain) advance(ctx context.Context, rec record, rejected string) (Token, error) {
	c.mu.Lock()
	obtained := c.obtained(rec)
	c.mu.Unlock()
	if !obtained {
		return Token{}, c.otherSecret()
	}
	if rec.usable(c.consumer.Now()) && rec.AccessToken.reveal() != rejected {
		return rec.Token, nil
	}
	return c.rotate(ctx, rec)
}

// rotate spends rec's refresh token and saves the new pair. The caller holds the lock.
func (c *Chain) rotate(ctx context.Context, rec record) (Token, error) {
	if answer, _ := rec.standing(c.consumer.Secret, c.consumer.Now()); answer != nil {
		return Token{}, c.explain(answer, rec)
	}
	reserved, err := c.store.reserve()
	if err != nil {
		return Token{}, err
	}
	defer reserved.discard()
	if rec.refreshingSince.IsZero() {
		rec.refreshingSince = c.consumer.Now().Round(0).UTC()
	}
	if err := c.store.write(rec); err != nil {
		return Token{}, err
	}
	c.hold(rec)
	c.store.at("intent saved")
	token, err := retry(ctx, c.delays, func() (Token, error) { return c.consumer.refresh(ctx, rec.RefreshToken) })
	c.store.at("answered")
	if err != nil {
		return Token{}, err
	}
	next := rec.next(token)
	if !next.digest.known() {
		next.digest = newDigest(c.consumer.Secret)
	}
	c.hold(next)
	if err := reserved.commit(next); err != nil {
		c.saveLater(err)
	}
	c.consumer.Logger.Debug("refreshed the access token", "consumer_key", c.consumer.Key, "expiry", next.Expiry, "scopes", next.Scopes)
	return next.Token, nil
}

// prefers reports whether to use saved, the record in the file, instead of the held one. Once the chain is past the seed, a
// record with the seed is not used: a process that lost the file has started again with it, and it is dead by now. The caller
// holds mu.
func (c *Chain) prefers(saved record) bool {
	if c.held.generation > 0 && saved.RefreshToken.Equal(c.store.id.seed) {
		return false
	}
	return saved.replaces(c.held)
}

// hold remembers rec as the newest record, and that it is not unsaved.
func (c *Chain) hold(rec record) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.held, c.unsaved = rec, false
}

// saveLater tries to save the pair in memory until it succeeds or the process ends.
func (c *Chain) saveLater(cause error) {
	c.consumer.Logger.Error("a refreshed token could not be saved. It is used and kept in memory, and saving is tried again; "+
		"if the process ends before that succeeds, somebody has to authorize again", "file", c.store.path(), "error", cause)
	c.mu.Lock()
	c.unsaved = true
	c.mu.Unlock()
	end := underWay.begin()
	go func() {
		defer end()
		for delay := c.saveDelay; ; delay = min(2*delay, time.Minute) {
			time.Sleep(delay)
			if c.save() {
				return
			}
		}
	}()
}

// save tries to save the pair in memory. It reports whether there is nothing left to save.
func (c *Chain) save() bool {
	unlock, err := c.store.lock(context.Background())
	if err != nil {
		return false
	}
	defer unlock()
	saved, err := c.store.read()
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.unsaved {
		return true
	}
	if err == nil && c.prefers(saved) {
		c.held, c.unsaved = saved, false
		return true
	}
	if err := c.store.write(c.held); err != nil {
		return false
	}
	c.unsaved = false
	c.consumer.Logger.Info("the refreshed token is saved now", "file", c.store.path())
	return true
}

// noChain returns the error for a chain without any token.
func (c *Chain) noChain() *Error {
	if aside := c.aside(); aside != "" {
		return errorf(KindAuthorization, nil, "the token file of OAuth consumer %s was damaged, or written by a newer version of the plugin, and has been set aside as %s. "+
			"Run `%s` to authorize again", c.consumer.Key, aside, loginCommand)
	}
	return errorf(KindAuthorization, nil, "nobody has logged in with OAuth consumer %s: its token was looked for in the folder %s "+
		"(token_dir, BITBUCKET_TOKEN_DIR), and is not there. Run `%s`; or set grant_type = \"client_credentials\" "+
		"if the consumer is to act for itself and not for a person", c.consumer.Key, c.store.dir, loginCommand)
}

// otherSecret returns the error for a token that was obtained with a secret other than the consumer's. The token is not sent:
// Bitbucket locks out a consumer that insists.
func (c *Chain) otherSecret() *Error {
	seed := ""
	if !c.store.id.seed.IsZero() {
		seed = ", or set refresh_token (BITBUCKET_OAUTH_REFRESH_TOKEN) to a new one"
	}
	return errorf(KindConfiguration, nil, "consumer_secret (BITBUCKET_OAUTH_CLIENT_SECRET) is not the secret that OAuth consumer %s got its token with: "+
		"correct it. If the consumer has a new secret in Bitbucket, run `%s`%s", c.consumer.Key, loginCommand, seed)
}

// aside returns the path of the token file that was set aside last, or "".
func (c *Chain) aside() string {
	if traces, err := c.store.traces(); err == nil && len(traces) > 0 {
		return filepath.Join(c.store.dir, traces[len(traces)-1])
	}
	return ""
}

// explain returns the error for a refusal of rec's refresh token, new or remembered. It lists the possible causes, because the
// service mostly doesn't name one.
func (c *Chain) explain(answer *refusedError, rec record) *Error {
	text := fmt.Sprintf("Bitbucket refused the refresh token of OAuth consumer %s", c.consumer.Key)
	if at := rec.refusal.At; !at.IsZero() {
		text += " on " + minute(at)
	}
	text += fmt.Sprintf(" (%s)", answer)
	if answer.code != deadCode {
		text += ". It answers the same to a wrong consumer_key or consumer_secret and to a dead token"
	}
	text += ". A token dies when it isn't used for three months, when its authorization is revoked, and when it is used in two places: two machines can't share one"
	if since := rec.refreshingSince; !since.IsZero() {
		text += fmt.Sprintf("; an earlier refresh, begun on %s, did not finish, and may have used it up", minute(since))
	}
	if aside := c.aside(); aside != "" && rec.generation == 0 {
		text += fmt.Sprintf(". An earlier token file was damaged, or written by a newer version of the plugin, and has been set aside as %s", aside)
	}
	if answer.code != deadCode {
		text += ". Check key and secret; if they are right, run"
	} else {
		text += ". Run"
	}
	text += fmt.Sprintf(" `%s` to authorize again", loginCommand)
	if !c.store.id.seed.IsZero() {
		text += ", and remove refresh_token (BITBUCKET_OAUTH_REFRESH_TOKEN) or set it to a new one"
	}
	switch _, until := rec.standing(c.consumer.Secret, c.consumer.Now()); {
	case answer.code == deadCode:
		text += ". This token is not sent again"
	case !until.IsZero():
		text += fmt.Sprintf(". It is not sent again before %s, unless consumer_secret changes: Bitbucket locks out a consumer that keeps retrying", minute(until))
	default:
		text += ". This process doesn't try it again within a minute"
	}
	return &Error{Kind: KindAuthorization, Status: answer.status, Err: answer, Message: text}
}

// minute formats a time for people, to the minute.
func minute(t time.Time) string { return t.UTC().Format("2006-01-02 15:04 MST") }
