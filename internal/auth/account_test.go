package auth

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

var (
	ann = Account{UUID: "{ann}", Name: "Auditor", Nickname: "ann"}
	bob = Account{UUID: "{bob}", Name: "Auditor", Nickname: "bob"}
)

// logIn logs in as an account. It returns the Authorization header of the new token, and the account that was in use before.
func logIn(t *testing.T, server *authServer, dir string, account Account) (authorization string, before Account) {
	t.Helper()
	token, err := server.consumer().Exchange(t.Context(), server.code(), "")
	if err != nil {
		t.Fatal(err)
	}
	before, err = SaveLogin(t.Context(), dir, server.consumer(), token, account)
	if err != nil {
		t.Fatal(err)
	}
	return bearer(token.AccessToken), before
}

// accountsOf returns the accounts of the logins in dir, the active one first.
func accountsOf(t *testing.T, dir string, consumer Consumer) []Account {
	t.Helper()
	consumer.Secret = Secret{} // none is needed
	logins, err := Logins(dir, consumer)
	if err != nil {
		t.Fatal(err)
	}
	var accounts []Account
	for i, login := range logins {
		if login.Active != (i == 0) || login.LoggedInAt.IsZero() || login.ObtainedAt.IsZero() || len(login.Scopes) == 0 {
			t.Errorf("login %d is %+v", i, login)
		}
		if _, err := os.Stat(login.File); err != nil {
			t.Error(err)
		}
		accounts = append(accounts, login.Account)
	}
	return accounts
}

func wantAccounts(t *testing.T, dir string, consumer Consumer, want ...Account) {
	t.Helper()
	if diff := cmp.Diff(want, accountsOf(t, dir, consumer)); diff != "" {
		t.Errorf("accounts (-want +got):\n%s", diff)
	}
}

// A login of a second account replaces the first one, which is kept. After a switch the first one is back, with its newest
// token.
func TestLoginsOfTwoAccounts(t *testing.T) {
	t.Parallel()
	clock := newClock()
	server := newAuthServer(t, clock.Now)
	dir, consumer := t.TempDir(), server.consumer()
	wantAccounts(t, dir, consumer)
	if _, before := logIn(t, server, dir, ann); before != (Account{}) {
		t.Errorf("before the first login it was %v", before)
	}
	chain := open(t, dir, consumer, "")
	clock.advance(3 * time.Hour)
	ofAnn := authorize(t, chain) // a renewed one
	ofBob, before := logIn(t, server, dir, bob)
	if before != ann {
		t.Errorf("before the second login it was %v", before)
	}
	if got := authorize(t, chain); got != ofBob {
		t.Error("the second login is not used")
	}
	wantAccounts(t, dir, consumer, bob, ann)

	for range 2 {
		if err := Switch(t.Context(), dir, consumer, ann); err != nil {
			t.Fatal(err)
		}
		if got := authorize(t, chain); got != ofAnn {
			t.Error("after a switch the first login is not used as it was")
		}
		wantAccounts(t, dir, consumer, ann, bob)
		if err := Switch(t.Context(), dir, consumer, bob); err != nil {
			t.Fatal(err)
		}
		if got := authorize(t, chain); got != ofBob {
			t.Error("after a switch back the second login is not used")
		}
		wantAccounts(t, dir, consumer, bob, ann)
	}
	wantError(t, Switch(t.Context(), dir, consumer, Account{UUID: "{nobody}"}), KindStorage, "no login of this account", "login")
	wantAccounts(t, dir, consumer, bob, ann)

	if _, before := logIn(t, server, dir, ann); before != bob {
		t.Errorf("before the third login it was %v", before)
	}
	wantAccounts(t, dir, consumer, ann, bob)
	if got := len(fileNames(t, dir)); got != 2 {
		t.Errorf("%d files, want one for each account", got)
	}
	server.wantSingleUse()
}

func TestLogout(t *testing.T) {
	t.Parallel()
	server := newAuthServer(t, newClock().Now)
	dir, consumer := t.TempDir(), server.consumer()
	logIn(t, server, dir, ann)
	logIn(t, server, dir, bob)
	if err := Logout(t.Context(), dir, consumer, false); err != nil {
		t.Fatal(err)
	}
	_, err := open(t, dir, consumer, "").Authorization(t.Context())
	wantError(t, err, KindAuthorization, "nobody has logged in")
	logins, err := Logins(dir, consumer)
	if err != nil || len(logins) != 1 || logins[0].Account != ann || logins[0].Active {
		t.Errorf("logins %+v, %v; want the kept one", logins, err)
	}
	if err := Switch(t.Context(), dir, consumer, ann); err != nil {
		t.Fatal(err)
	}
	logIn(t, server, dir, bob)
	if err := Logout(t.Context(), dir, consumer, true); err != nil {
		t.Fatal(err)
	}
	if left := fileNames(t, dir); len(left) > 0 {
		t.Errorf("files %v", left)
	}
}

// Wherever a crash or a full disk ends a switch, one of the two logins is in use, and both are still there.
func TestSwitchIsInterrupted(t *testing.T) {
	t.Parallel()
	for _, point := range []string{"locked", "reserved", "written", "renamed", "saved"} {
		for times := 1; times <= 2; times++ {
			server := newAuthServer(t, newClock().Now)
			dir, consumer := t.TempDir(), server.consumer()
			ofAnn, _ := logIn(t, server, dir, ann)
			ofBob, _ := logIn(t, server, dir, bob)
			s, err := newStore(dir, consumer, Secret{})
			if err != nil {
				t.Fatal(err)
			}
			left := times
			s.step = func(at string) {
				if at == point {
					if left--; left == 0 {
						panic("killed")
					}
				}
			}
			func() {
				defer func() { recover() }()
				unlock, err := s.lock(t.Context())
				if err != nil {
					t.Fatal(err)
				}
				defer unlock()
				_ = s.switchTo(ann)
			}()
			got := authorize(t, open(t, dir, consumer, ""))
			if got != ofAnn && got != ofBob {
				t.Errorf("killed at %s (%d): neither login is used", point, times)
			}
			for account, want := range map[Account]string{ann: ofAnn, bob: ofBob} {
				if accountsOf(t, dir, consumer)[0] != account {
					if err := Switch(t.Context(), dir, consumer, account); err != nil {
						t.Errorf("killed at %s (%d): %v", point, times, err)
					}
				}
				if got := authorize(t, open(t, dir, consumer, "")); got != want {
					t.Errorf("killed at %s (%d): the login of %s is lost", point, times, account.Nickname)
				}
			}
		}
	}
}

// A secret other than the one that obtained the token is noticed at once, by old and new processes, and is never sent.
func TestAnotherSecret(t *testing.T) {
	t.Parallel()
	clock := newClock()
	server := newAuthServer(t, clock.Now)
	dir, right := t.TempDir(), server.consumer()
	wrong := right
	wrong.Secret = NewSecret("another")
	early := open(t, dir, wrong, "")
	authorization, _ := logIn(t, server, dir, ann)
	before := server.count()
	for range 2 {
		for _, chain := range []*Chain{early, open(t, dir, wrong, "")} {
			_, err := chain.Authorization(t.Context())
			wantError(t, err, KindConfiguration, "consumer_secret", testKey, "correct it", "steampipe-plugin-bitbucket login")
		}
		clock.advance(10 * time.Hour)
	}
	if got := server.count(); got != before {
		t.Errorf("%d requests with another secret", got-before)
	}
	clock.advance(-20 * time.Hour)
	if got := authorize(t, open(t, dir, right, "")); got != authorization {
		t.Error("the right secret gets another token")
	}
}

// The file of an older version has no digest. It is used anyway, and gets a digest with the next token.
func TestFileWithoutDigest(t *testing.T) {
	t.Parallel()
	clock := newClock()
	server := newAuthServer(t, clock.Now)
	dir, consumer := t.TempDir(), server.consumer()
	authorization, _ := logIn(t, server, dir, ann)
	chain := open(t, dir, consumer, "")
	var content map[string]any
	raw, err := os.ReadFile(chain.Path())
	if err := errors.Join(err, json.Unmarshal(raw, &content)); err != nil {
		t.Fatal(err)
	}
	if content["secret_digest"] == nil || strings.Contains(string(raw), testSecret) {
		t.Fatalf("the file has no digest, or the secret: %s", raw)
	}
	for _, field := range []string{"secret_digest", "account", "logged_in_at"} {
		delete(content, field)
	}
	raw, err = json.Marshal(content)
	if err := errors.Join(err, os.WriteFile(chain.Path(), raw, 0o600)); err != nil {
		t.Fatal(err)
	}
	wrong := consumer
	wrong.Secret = NewSecret("another")
	for name, c := range map[string]Consumer{"the right secret": consumer, "another, which nothing tells": wrong} {
		if got := authorize(t, open(t, dir, c, "")); got != authorization {
			t.Errorf("the token is not used with %s", name)
		}
	}
	clock.advance(3 * time.Hour)
	authorize(t, chain)
	_, err = open(t, dir, wrong, "").Authorization(t.Context())
	wantError(t, err, KindConfiguration, "consumer_secret")
}

// A failed login leaves no file behind.
func TestCheckWritableLeavesNothing(t *testing.T) {
	t.Parallel()
	server := newAuthServer(t, newClock().Now)
	dir := filepath.Join(t.TempDir(), "tokens")
	if err := CheckWritable(context.Background(), dir, server.consumer()); err != nil {
		t.Fatal(err)
	}
	if entries, err := os.ReadDir(dir); err != nil || len(entries) > 0 {
		t.Errorf("left %v, %v", entries, err)
	}
}
