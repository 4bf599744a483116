package auth

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/gofrs/flock"
)

// An Account is who logged in. The zero value is unknown.
type Account struct {
	UUID     string `json:"uuid"`
	Name     string `json:"display_name,omitempty"`
	Nickname string `json:"nickname,omitempty"`
}

// A Login describes a login: what its token file says, without the tokens.
type Login struct {
	Account    Account
	Active     bool // connections use it
	File       string
	LoggedInAt time.Time // zero if unknown
	ObtainedAt time.Time // of the current access token
	Expiry     time.Time
	Scopes     []string
}

// SaveLogin saves a new login with token. Connections use it from now on. A login of another account is kept, for [Switch].
// SaveLogin returns the account that was in use before, if it is known.
func SaveLogin(ctx context.Context, dir string, consumer Consumer, token Token, account Account) (before Account, err error) {
	consumer, err = consumer.complete()
	if err != nil {
		return before, err
	}
	s, err := newStore(dir, consumer, Secret{})
	if err != nil {
		return before, err
	}
	unlock, err := s.lock(ctx)
	if err != nil {
		return before, err
	}
	defer unlock()
	before, err = s.keep(account)
	if err != nil {
		return before, err
	}
	rec := startRecord(token)
	rec.digest, rec.account, rec.loggedInAt = newDigest(consumer.Secret), account, consumer.Now().Round(0).UTC()
	if err := s.write(rec); err != nil {
		return before, err
	}
	return before, s.dropKept(account)
}

// Logins returns the consumer's logins in dir: first the one that connections use, then the kept ones. It doesn't need the
// consumer's secret. It skips files that aren't token files.
func Logins(dir string, consumer Consumer) ([]Login, error) {
	s, err := newStore(dir, consumer, Secret{})
	if err != nil {
		return nil, err
	}
	records, err := s.logins()
	if err != nil {
		return nil, err
	}
	var logins []Login
	active := ""
	for _, saved := range records {
		login := saved.login()
		switch {
		case login.Active:
			active = login.Account.UUID
		case login.Account.UUID == active:
			continue // older than the one in use
		}
		logins = append(logins, login)
	}
	return logins, nil
}

// Switch makes connections use the kept login of an account. The login that they used until now is kept.
func Switch(ctx context.Context, dir string, consumer Consumer, account Account) error {
	s, err := newStore(dir, consumer, Secret{})
	if err != nil {
		return err
	}
	unlock, err := s.lock(ctx)
	if err != nil {
		return err
	}
	defer unlock()
	return s.switchTo(account)
}

// switchTo does the work of [Switch]. No login is missing at any moment. The caller holds the lock.
func (s *store) switchTo(account Account) error {
	kept, err := s.keptOf(account).read()
	if err != nil {
		return errorf(KindStorage, err, "there is no login of this account: log in as this account with `%s`", loginCommand)
	}
	if _, err := s.keep(account); err != nil {
		return err
	}
	if err := s.write(kept); err != nil {
		return err
	}
	return s.dropKept(account)
}

// Logout removes the login that the consumer's connections use. If all is true, it also removes the kept logins. It does not
// revoke the authorization: only the user can do that, in Bitbucket.
func Logout(ctx context.Context, dir string, consumer Consumer, all bool) error {
	s, err := newStore(dir, consumer, Secret{})
	if err != nil {
		return err
	}
	unlock, err := s.lock(ctx)
	if err != nil {
		return err
	}
	defer unlock()
	saved, err := s.logins()
	if err != nil {
		return err
	}
	active := Account{}
	for _, login := range saved {
		if login.active() {
			active = login.account
		}
		if all || login.active() || active.UUID != "" && login.account.UUID == active.UUID {
			if err := s.remove(login.store.path()); err != nil {
				return err
			}
		}
	}
	return nil
}

// keep keeps the login that is in use for a later switch. It does not keep a login of the next account or of an unknown one.
// A damaged file is set aside.
func (s *store) keep(next Account) (current Account, err error) {
	rec, err := s.read()
	if _, damaged := errors.AsType[*damagedError](err); damaged {
		_, err := s.setAside(time.Now())
		return Account{}, err
	}
	if errors.Is(err, fs.ErrNotExist) {
		return Account{}, nil
	}
	if err != nil || rec.account.UUID == "" || rec.account.UUID == next.UUID {
		return rec.account, err
	}
	return rec.account, s.keptOf(rec.account).write(rec)
}

// keptOf returns the store of an account's kept login. Both stores use the same lock.
func (s *store) keptOf(account Account) *store {
	kept, id := *s, s.id
	id.account = account.UUID
	kept.setIdentity(id)
	return &kept
}

// dropKept removes the kept copy of a login that is in use now.
func (s *store) dropKept(account Account) error {
	if account.UUID == "" {
		return nil
	}
	return s.remove(s.keptOf(account).path())
}

func (s *store) remove(path string) error {
	err := s.patiently(func() error { return os.Remove(path) })
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return s.writeError(err)
	}
	if err := s.platform.syncDir(s.dir); err != nil {
		return s.writeError(err)
	}
	return nil
}

// A savedLogin is the record of a login, with the store of its file.
type savedLogin struct {
	record
	store *store
}

func (l savedLogin) active() bool { return l.store.id.account == "" }

func (l savedLogin) login() Login {
	return Login{
		Account: l.account, Active: l.active(), File: l.store.path(), LoggedInAt: l.loggedInAt,
		ObtainedAt: l.ObtainedAt, Expiry: l.Expiry, Scopes: l.Scopes,
	}
}

// logins reads the consumer's logins. The one in use comes first.
func (s *store) logins() ([]savedLogin, error) {
	entries, err := os.ReadDir(s.dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, s.readError(err)
	}
	var logins []savedLogin
	for _, entry := range entries {
		name := entry.Name()
		isKept := strings.HasPrefix(name, s.id.stem()+accountMark) && filepath.Ext(name) == ".json"
		if name != s.id.fileName() && !isKept {
			continue
		}
		login, err := s.loginIn(name)
		if _, damaged := errors.AsType[*damagedError](err); damaged || errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return nil, err
		}
		if login.active() {
			logins = slices.Insert(logins, 0, login)
		} else {
			logins = append(logins, login)
		}
	}
	return logins, nil
}

// loginIn reads the login in a file of the folder. The file of a kept login names its account.
func (s *store) loginIn(name string) (savedLogin, error) {
	in := s
	if name != s.id.fileName() {
		f, err := s.platform.open(filepath.Join(s.dir, name))
		if err != nil {
			return savedLogin{}, s.readError(err)
		}
		defer f.Close()
		var said struct {
			Account Account `json:"account"`
		}
		if json.NewDecoder(io.LimitReader(f, maxFileSize)).Decode(&said) != nil {
			return savedLogin{}, &damagedError{"is cut off or no token file"}
		}
		if in = s.keptOf(said.Account); in.id.fileName() != name {
			return savedLogin{}, &damagedError{"belongs to another account"}
		}
	}
	rec, err := in.read()
	return savedLogin{rec, in}, err
}

// CheckWritable returns an error if no token file can be written and locked in dir. It makes dir if it doesn't exist. A login
// calls it before it asks the person for anything. It leaves no file behind, because the login may fail.
func CheckWritable(_ context.Context, dir string, consumer Consumer) error {
	s, err := newStore(dir, consumer, Secret{})
	if err != nil {
		return err
	}
	if err := s.makeDir(); err != nil {
		return err
	}
	if err := s.checkOwner(); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	reserved, err := s.reserve()
	if err != nil {
		return err
	}
	defer reserved.discard()
	lock := flock.New(reserved.file.Name()+".lock", flock.SetPermissions(0o600))
	defer os.Remove(lock.Path())
	if _, err := lock.TryLock(); err != nil {
		return s.writeError(err)
	}
	return lock.Unlock()
}
