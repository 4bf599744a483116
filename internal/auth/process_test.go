package auth

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

// The tests in this file run the test binary again, as processes that share a chain.

const childVariable = "AUTH_TEST_CHILD"

// A child is the task of a process that uses a chain.
type child struct {
	Dir, URL, Seed string
	Calls          int    // how many requests each of two goroutines makes, one after the other
	DieAt          int    // the number of the point where it is killed, 0 for none
	ListPoints     bool   // print the points that it passed
	User           int    // the user to become, 0 for no change
	FileSize       uint64 // the largest file that it may write, 0 for any
}

// A report is the output of a child.
type report struct {
	Error  string
	Kind   Kind
	Points []string
}

func TestMain(m *testing.M) {
	if task := os.Getenv(childVariable); task != "" {
		var c child
		if err := json.Unmarshal([]byte(task), &c); err != nil {
			panic(err)
		}
		json.NewEncoder(os.Stdout).Encode(c.run())
		os.Exit(0)
	}
	digestRounds = 16
	os.Exit(m.Run())
}

// run does the task. It is called in the child process.
func (c child) run() (r report) {
	consumer := Consumer{Key: testKey, Secret: NewSecret(testSecret), URL: c.URL}
	chain, err := OpenChain(c.Dir, consumer, NewSecret(c.Seed))
	if err != nil {
		panic(err)
	}
	if err := c.confine(); err != nil {
		panic(err)
	}
	var mu sync.Mutex
	chain.store.step = func(point string) {
		mu.Lock()
		defer mu.Unlock()
		r.Points = append(r.Points, point)
		if len(r.Points) == c.DieAt {
			if self, err := os.FindProcess(os.Getpid()); err != nil || self.Kill() != nil {
				panic("this process can't be killed")
			}
			select {}
		}
	}
	var working sync.WaitGroup
	for range 2 {
		working.Go(func() {
			for range c.Calls {
				if err := call(context.Background(), chain, c.URL); err != nil {
					mu.Lock()
					defer mu.Unlock()
					r.Error = err.Error()
					if e, ok := errors.AsType[*Error](err); ok {
						r.Kind = e.Kind
					}
					return
				}
			}
		})
	}
	working.Wait()
	return r
}

// start runs the task in another process. wait returns its report, or how it died.
func (c child) start(t *testing.T) (process *exec.Cmd, wait func() (report, error)) {
	t.Helper()
	task, err := json.Marshal(c)
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), os.Args[0])
	cmd.Env = append(os.Environ(), childVariable+"="+string(task), "GORACE=atexit_sleep_ms=0")
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	return cmd, func() (r report, err error) {
		if err := cmd.Wait(); err != nil {
			return r, fmt.Errorf("%w: %s", err, stderr.String())
		}
		return r, json.Unmarshal(stdout.Bytes(), &r)
	}
}

func TestProcessesShareAChain(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("takes long")
	}
	server := newAuthServer(t, time.Now)
	server.budget = 30
	const processes, calls = 8, 50
	dir, seed := t.TempDir(), server.seed()
	var waits []func() (report, error)
	for range processes {
		_, wait := child{Dir: dir, URL: server.URL, Seed: seed, Calls: calls}.start(t)
		waits = append(waits, wait)
	}
	for _, wait := range waits {
		if r, err := wait(); err != nil || r.Error != "" {
			t.Errorf("process: %v, %s", err, r.Error)
		}
	}
	server.wantSingleUse()
	if got, want := server.grants["refresh_token"], processes*2*calls/server.budget; got < want {
		t.Errorf("%d refreshes, want %d at least", got, want)
	}
	if got, want := server.count(), server.grants["refresh_token"]; got != want {
		t.Errorf("%d token requests for %d refreshes", got, want)
	}
	if err := call(t.Context(), open(t, dir, server.consumer(), seed), server.URL); err != nil {
		t.Errorf("the chain is broken: %v", err)
	}
}

// A dead token is sent once, however many processes start with it.
func TestProcessesShareARefusal(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("takes long")
	}
	for _, code := range []string{"invalid_grant", "unauthorized_client"} {
		t.Run(code, func(t *testing.T) {
			t.Parallel()
			server := newAuthServer(t, time.Now)
			server.fault = func(w http.ResponseWriter, _ *http.Request, _ int) bool {
				writeJSON(w, http.StatusBadRequest, map[string]any{"error": code})
				return true
			}
			c := child{Dir: t.TempDir(), URL: server.URL, Seed: server.seed(), Calls: 1}
			var waits []func() (report, error)
			for range 4 {
				_, wait := c.start(t)
				waits = append(waits, wait)
			}
			for _, wait := range waits {
				r, err := wait()
				if err != nil {
					t.Fatal(err)
				}
				wantError(t, &Error{Kind: r.Kind, Message: r.Error}, KindAuthorization, code, "steampipe-plugin-bitbucket login")
			}
			if got := server.count(); got != 1 {
				t.Errorf("%d token requests, want 1", got)
			}
		})
	}
}

func TestKilledProcessLeavesAWorkingChain(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("takes long")
	}
	for name, prepare := range map[string]func(t *testing.T, chain *Chain){
		"with a seed never used": func(*testing.T, *Chain) {},
		"in the midst of a chain": func(t *testing.T, chain *Chain) {
			authorize(t, chain)
		},
		"with a damaged file": func(t *testing.T, chain *Chain) {
			if err := os.WriteFile(chain.Path(), []byte("{"), 0o600); err != nil {
				t.Fatal(err)
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			task := func(t *testing.T) (*authServer, child) {
				server := newAuthServer(t, time.Now)
				c := child{Dir: t.TempDir(), URL: server.URL, Seed: server.seed(), Calls: 1}
				prepare(t, open(t, c.Dir, server.consumer(), c.Seed))
				server.revoke()
				return server, c
			}
			_, undisturbed := task(t)
			_, wait := undisturbed.start(t)
			r, err := wait()
			if err != nil || len(r.Points) < 10 {
				t.Fatalf("%v; passed only the points %v", err, r.Points)
			}
			for i, point := range r.Points {
				t.Run(fmt.Sprintf("%d %s", i+1, point), func(t *testing.T) {
					t.Parallel()
					server, c := task(t)
					c.DieAt = i + 1
					_, wait := c.start(t)
					_, err := wait()
					wantKilled(t, err)
					wantWorking(t, server, c)
				})
			}
		})
	}
}

func TestProcessKilledBetweenRotationAndAnswer(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("takes long")
	}
	server := newAuthServer(t, time.Now)
	c := child{Dir: t.TempDir(), URL: server.URL, Seed: server.seed(), Calls: 1}
	started := make(chan *exec.Cmd, 1)
	server.set(func() {
		server.rotated = func() {
			(<-started).Process.Kill()
			server.rotated = nil
		}
	})
	process, wait := c.start(t)
	started <- process
	_, err := wait()
	wantKilled(t, err)
	wantWorking(t, server, c)
}

func wantKilled(t *testing.T, err error) {
	t.Helper()
	exit, ok := errors.AsType[*exec.ExitError](err)
	if !ok || !wasKilled(exit) {
		t.Fatalf("the process ended with %v, and was to be killed", err)
	}
}

// wantWorking fails the test unless a process after c can continue its chain and leaves no temporary files.
func wantWorking(t *testing.T, server *authServer, c child) {
	t.Helper()
	chain := open(t, c.Dir, server.consumer(), c.Seed)
	for range 3 {
		if err := call(t.Context(), chain, server.URL); err != nil {
			t.Fatal(err)
		}
		server.revoke()
	}
	for _, name := range fileNames(t, c.Dir) {
		if strings.HasPrefix(name, ".") {
			t.Errorf("%s was left behind", name)
		}
	}
}

// Two machines with the same seed don't know of each other. The later one gets an error that says what happened and what to
// do. The chain of the first one continues to work.
func TestTwoMachinesShareASeed(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("takes long")
	}
	clock := newClock()
	server := newAuthServer(t, clock.Now)
	seed := server.seed()
	one := open(t, t.TempDir(), server.consumer(), seed)
	authorize(t, one)
	clock.advance(grace + time.Second)
	two := open(t, t.TempDir(), server.consumer(), seed)
	for range 3 {
		_, err := two.Authorization(t.Context())
		wantError(t, err, KindAuthorization, "two machines can't share one", "steampipe-plugin-bitbucket login", "remove refresh_token")
	}
	if got := server.count(); got != 2 {
		t.Errorf("%d token requests, want one of each machine", got)
	}
	clock.advance(3 * time.Hour)
	authorize(t, one)
	server.wantSingleUse()
}

func TestFolderThatIsAFile(t *testing.T) {
	t.Parallel()
	server := newAuthServer(t, time.Now)
	dir := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(dir, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	_, err := open(t, dir, server.consumer(), server.seed()).Authorization(t.Context())
	wantError(t, err, KindStorage, dir)
	wantError(t, CheckWritable(t.Context(), dir, server.consumer()), KindStorage, dir)
	if _, err := SaveLogin(t.Context(), dir, server.consumer(), Token{RefreshToken: NewSecret("r")}, Account{}); err == nil {
		t.Error("a login was saved in a file")
	}
	if got := server.count(); got != 0 {
		t.Errorf("%d token requests, want 0", got)
	}
}
