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

// A Chain is the authentication method of a consumer that acts for a user: an access token, and the refresh token for the next pair. Each use of
// a refresh token kills it, so a chain is as good as the care that its newest pair is kept with:
//
//   - The pair lives in a file that processes share, and is replaced under a lock, by one caller at a time.
//   - Room for the new pair is made sure of before a token is spent, and the new pair is saved before it is used.
//   - A process that is killed between the two leaves the old token in the file, which the service takes
//     for about ten minutes more.
//   - A refused token is not sent again for a while, or never if it is dead, by no process: the service locks out a
//     consumer that insists.
type Chain struct {
	consumer  Consumer
	store     *store
	delays    []time.Duration // between tries of one refresh
	saveDelay time.Duration   // before the first new try to save
	renewer   renewer

	mu      sync.Mutex  // guards all below
	held    record      // the newest pair that this process knows
	unsaved bool        // held is not in the file, because it could not be written
	refused Secret      // the refresh token that was refused last
	seen    fs.FileInfo // the file when it was last noticed, nil if there was none
	judged  digest      // the digest that the consumer's secret was last compared with
	fits    bool        // whether it is the secret's
}

// OpenChain returns the chain that starts from seed, a refresh token, or, if seed is empty, the one that a login left for
// the consumer. Its token file is in dir, which is made if it doesn't exist. Nothing is read or asked before the first
// request; the error is an *Error of KindConfiguration.
func OpenChain(dir string, consumer Consumer, seed Secret) (*Chain, error) {
	consumer, err := consumer.complete()
	if err != nil {
		return nil, err
	}
	store, err := newStore(dir, consumer, seed)
	if err != nil {
		return nil, err
	}
	c := &Chain{consumer: consumer, store: store, delays: retryDelays, saveDelay: time.Second}
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
	return &store{
		dir:      dir,
		id:       identity{oauthURL: consumer.URL, consumerKey: consumer.Key, seed: seed},
		logger:   consumer.Logger,
		platform: native,
	}, nil
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

// Scopes returns the scopes that the current token was granted, nil if there is no token yet or the server didn't say.
func (c *Chain) Scopes() []string { return c.renewer.scopes() }

// Path returns the path of the token file, whether or not it exists yet.
func (c *Chain) Path() string { return c.store.path() }

// Format writes what identifies the chain, for any verb: the rest is for no eyes, and guarded by a mutex.
func (c *Chain) Format(f fmt.State, _ rune) {
	fmt.Fprintf(f, "auth.Chain(%s, %s)", c.consumer.Key, c.store.path())
}

// notice takes over what another process, or a new login, has put into the file since the last look.
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
		return // what is wrong with the file is said when a refresh needs it
	}
	c.held, c.unsaved = saved, false
	if !saved.RefreshToken.Equal(c.refused) {
		c.renewer.forget()
	}
	switch {
	case !c.obtained(saved):
		c.renewer.adopt(Token{}) // the next request says why
	case saved.usable(c.consumer.Now()):
		c.renewer.adopt(saved.Token)
	}
}

// obtained reports whether the record's pair was obtained with the consumer's secret, as far as the record tells.
// The caller holds mu.
func (c *Chain) obtained(rec record) bool {
	if !rec.digest.known() {
		return true
	}
	if !reflect.DeepEqual(c.judged, rec.digest) {
		c.judged, c.fits = rec.digest, rec.digest.of(c.consumer.Secret)
	}
	return c.fits
}

// fetch gets a token with another access token than rejected: from the file if another process was faster,
// else from the service.
func (c *Chain) fetch(ctx context.Context, rejected string) (Token, error) {
	if !c.hasBegun() { // and the folder, which may be mistyped, is not made
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
	refused, ok := err.(*refusedError) // itself: one that is wrapped is only remembered
	if !ok {
		return token, err
	}
	// Perhaps somebody who doesn't know of the lock was faster, and the file holds another token by now. Once.
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

// hasBegun reports whether there may be anything to go on from. It looks for the lock as well: while another process replaces
// the token file, some platforms say for a moment that there is none. Who has the lock knows better.
func (c *Chain) hasBegun() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	_, err := os.Lstat(c.store.path())
	_, lockErr := os.Lstat(c.store.lockPath())
	return !c.store.id.seed.IsZero() || !c.held.RefreshToken.IsZero() || !errors.Is(err, fs.ErrNotExist) || lockErr == nil
}

// giveUp remembers, also in the file, that rec's refresh token was refused. It is called with the lock held.
func (c *Chain) giveUp(rec record, answer *refusedError) error {
	rec.refusal = rec.refused(c.consumer.Secret, answer, c.consumer.Now())
	c.hold(rec)
	c.mu.Lock()
	c.refused = rec.RefreshToken
	c.mu.Unlock()
	// The refresh came to an end, if not to a good one: the file's word that it began would mislead.
	if err := c.store.write(rec); err != nil {
		c.consumer.Logger.Warn("cannot write the token file after a refusal", "error", err)
	}
	return c.explain(answer, rec)
}

// recall returns the newest record there is: the file's, or memory's if that is further on or the file is gone,
// or a first one with the seed. It is called with the lock held.
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

// advance returns rec's own token if it will do, else the next one. It is called with the lock held.
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

// rotate spends rec's refresh token and saves the new pair. It is called with the lock held.
func (c *Chain) rotate(ctx context.Context, rec record) (Token, error) {
	if answer, _ := rec.standing(c.consumer.Secret, c.consumer.Now()); answer != nil {
		return Token{}, c.explain(answer, rec)
	}
	slot, err := c.store.reserve()
	if err != nil {
		return Token{}, err
	}
	defer slot.discard()
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
	if err := slot.commit(next); err != nil {
		c.saveLater(err)
	}
	c.consumer.Logger.Debug("refreshed the access token", "consumer_key", c.consumer.Key, "expiry", next.Expiry, "scopes", next.Scopes)
	return next.Token, nil
}

// prefers reports whether saved, found in the file, is to be used rather than what is held. The seed is not, once the chain
// has left it: then a process that lost the file has begun again with what is dead by now. The caller holds mu.
func (c *Chain) prefers(saved record) bool {
	if c.held.generation > 0 && saved.RefreshToken.Equal(c.store.id.seed) {
		return false
	}
	return saved.replaces(c.held)
}

// hold remembers rec as the newest record, and as one that is in the file.
func (c *Chain) hold(rec record) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.held, c.unsaved = rec, false
}

// saveLater goes on trying to save the pair in memory, for as long as the process lives.
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

// save reports whether the pair in memory is in the file, or needn't be any more.
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

// noChain is the error of a chain that nothing is known of.
func (c *Chain) noChain() *Error {
	if aside := c.aside(); aside != "" {
		return errorf(KindAuthorization, nil, "the token file of OAuth consumer %s was damaged, or written by a newer version of the plugin, and has been set aside as %s. "+
			"Run `%s` to authorize again", c.consumer.Key, aside, loginCommand)
	}
	return errorf(KindAuthorization, nil, "nobody has logged in with OAuth consumer %s: its token was looked for in the folder %s "+
		"(token_dir, BITBUCKET_TOKEN_DIR), and is not there. Run `%s`; or set grant_type = \"client_credentials\" "+
		"if the consumer is to act for itself and not for a person", c.consumer.Key, c.store.dir, loginCommand)
}

// otherSecret is the error of a chain that another secret than the consumer's has obtained. It is not tried: Bitbucket locks
// out a consumer that insists.
func (c *Chain) otherSecret() *Error {
	seed := ""
	if !c.store.id.seed.IsZero() {
		seed = ", or set refresh_token (BITBUCKET_OAUTH_REFRESH_TOKEN) to a new one"
	}
	return errorf(KindConfiguration, nil, "consumer_secret (BITBUCKET_OAUTH_CLIENT_SECRET) is not the secret that OAuth consumer %s got its token with: "+
		"correct it. If the consumer has a new secret in Bitbucket, run `%s`%s", c.consumer.Key, loginCommand, seed)
}

// aside returns the path that the chain's file was last set aside as, if it was.
func (c *Chain) aside() string {
	if traces, err := c.store.traces(); err == nil && len(traces) > 0 {
		return filepath.Join(c.store.dir, traces[len(traces)-1])
	}
	return ""
}

// explain says what a refusal of rec's refresh token, new or remembered, may mean. The service mostly doesn't tell.
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
		text += fmt.Sprintf(". It is not sent again before %s, unless consumer_secret changes: Bitbucket locks out a consumer that insists", minute(until))
	default:
		text += ". This process doesn't try it again within a minute"
	}
	return &Error{Kind: KindAuthorization, Status: answer.status, Err: answer, Message: text}
}

// minute writes a time for a person.
func minute(t time.Time) string { return t.UTC().Format("2006-01-02 15:04 MST") }
