package postgres_test

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/kindor/steampipe-plugin-bitbucket/internal/postgrestest"
	"github.com/kindor/steampipe-plugin-bitbucket/internal/replica/replicatest"
)

// A walk does one run after the other. Each is stopped at a point, and done again. The points go through a whole run.
type walk struct {
	*env   // its connection is a reader's
	proxy  *proxy
	target replicatest.Target

	seed        uint64
	g           *replicatest.Generator
	before, now *replicatest.Model // before the run, and after it
	messages    int                // in the last run that was not stopped
}

func newWalk(e *env, seed uint64) *walk {
	w := &walk{
		env: e, proxy: listen(e, e.server.Socket()), target: target(e.server.Location(), e.conn, e.schema),
		seed: seed, g: replicatest.NewGenerator(seed), before: &replicatest.Model{}, now: &replicatest.Model{},
	}
	w.end(w.next())
	return w
}

// proxied returns a URL of the schema behind the proxy.
func (w *walk) proxied() string { return w.proxy.location() + "&schema=" + w.schema }

// next returns the next run.
func (w *walk) next() *replicatest.Run {
	run := w.g.Next()
	w.runs++
	w.now.Apply(run)
	return run
}

// end does the run to its end, and counts its messages.
func (w *walk) end(run *replicatest.Run) {
	w.Helper()
	w.proxy.stopAt(nil)
	if _, err := run.Do(w.Context(), open(w, w.proxied()), -1); err != nil {
		w.Fatalf("the next run failed: %v", err)
	}
	w.messages = max(w.messages, w.proxy.messages())
	replicatest.Check(w, w.target, w.now, w.g.Tables())
	w.before.Apply(run)
}

// check checks that a reader sees all tables as they were before the run, or as they are after it. It returns which.
func (w *walk) check() (isPublished bool) {
	w.Helper()
	var fromBefore, fromNow string
	err := pgx.BeginTxFunc(w.Context(), w.conn, pgx.TxOptions{IsoLevel: pgx.RepeatableRead}, func(pgx.Tx) error {
		fromBefore = replicatest.Diff(w, w.target, w.before, w.g.Tables())
		fromNow = replicatest.Diff(w, w.target, w.now, w.g.Tables())
		return nil
	})
	if err != nil {
		w.Fatal(err)
	}
	if fromBefore != "" && fromNow != "" {
		w.Fatalf("rows are neither those before the run (-want +got):\n%s\nnor those after it:\n%s", fromBefore, fromNow)
	}
	return fromNow == ""
}

// disturb starts the run and, before the message, does something else. It returns false if there was no such message.
func (w *walk) disturb(stops func(n int, message []byte) bool, do func(), start func() (wait func())) bool {
	stopped, done := w.proxy.stopAt(stops), make(chan struct{})
	wait := start()
	go func() {
		defer close(done)
		wait()
	}()
	defer func() {
		w.proxy.release()
		<-done
	}()
	select {
	case <-stopped:
		do()
		return true
	case <-done:
		return false
	}
}

// beforeMessage stops before the n-th message.
func beforeMessage(n int) func(int, []byte) bool { return func(i int, _ []byte) bool { return i == n } }

// afterCommit stops before the message that follows the n-th commit.
func afterCommit(n int) func(int, []byte) bool {
	seen := 0
	return func(_ int, message []byte) bool {
		if isCommit(message) {
			seen++
			return false
		}
		return seen == n
	}
}

// do does the run through the proxy, however far it comes.
func (w *walk) do(run *replicatest.Run) func() func() {
	return func() (wait func()) {
		d := open(w, w.proxied())
		return func() {
			if _, err := run.Do(w.Context(), d, -1); err != nil && !strings.Contains(err.Error(), "schema "+w.schema+": ") {
				w.Errorf("the error does not say where: %v", err)
			}
		}
	}
}

func testLostConnection(e *env) {
	const points = 60
	w := newWalk(e, 100)
	for i := range points {
		run := w.next()
		w.disturb(beforeMessage(1+w.messages*i/points), w.proxy.cut, w.do(run))
		w.check()
		w.end(run)
	}
}

// The answer to a commit is lost: the run does not know whether it was published, and the next one does.
func testLostAnswer(e *env) {
	w := newWalk(e, 101)
	published, not := 0, 0
	for range 2 {
		run := w.next()
		// The first two commits are Open's. Each time, the third one is that of the next batch, and at last of Publish.
		for n := 1; w.disturb(afterCommit(n), w.proxy.cut, w.do(run)); n = min(n+1, 3) {
			if w.check() {
				published++
				break
			}
			not++
		}
		w.end(run)
	}
	if published == 0 || not == 0 {
		e.Errorf("after a commit, %d runs were published and %d were not, want some of both", published, not)
	}
}

func TestServerCrash(t *testing.T) {
	const points = 6
	server := postgrestest.StartServer(t)
	w := newWalk(&env{T: t, server: server, conn: server.Connect(t), schema: "crash"}, 102)
	for i := range points {
		run := w.next()
		w.disturb(beforeMessage(w.messages*(i+1)/(points+1)), func() {
			w.server.Crash()
			w.conn = w.server.Connect(w)
			w.target = target(w.server.Location(), w.conn, w.schema)
		}, w.do(run))
		w.check()
		w.end(run)
	}
}

// Environment of a process that does a run and is killed.
const (
	locationVariable = "REPLICA_LOCATION"
	seedVariable     = "REPLICA_SEED"
	runsVariable     = "REPLICA_RUNS"
)

func testKilled(e *env) {
	const points = 8
	w := newWalk(e, 103)
	for i := range points {
		run := w.next()
		cmd := exec.Command(os.Args[0], "-test.run", "^TestKilledProcess$")
		cmd.Env = append(os.Environ(), locationVariable+"="+w.proxied(),
			fmt.Sprint(seedVariable, "=", w.seed), fmt.Sprint(runsVariable, "=", w.runs))
		w.disturb(beforeMessage(w.messages*(i+1)/(points+1)), func() {
			if err := cmd.Process.Kill(); err != nil {
				e.Error(err)
			}
		}, func() func() {
			if err := cmd.Start(); err != nil {
				e.Fatal(err)
			}
			return func() { _ = cmd.Wait() }
		})
		if cmd.ProcessState.ExitCode() > 0 {
			e.Fatalf("the process failed: %v", cmd.ProcessState)
		}
		w.check()
		w.end(run)
	}
}

// TestKilledProcess is the process that testKilled kills.
func TestKilledProcess(t *testing.T) {
	location := os.Getenv(locationVariable)
	if location == "" {
		t.Skip("only for testKilled")
	}
	seed, _ := strconv.ParseUint(os.Getenv(seedVariable), 10, 64)
	runs, _ := strconv.Atoi(os.Getenv(runsVariable))
	g := replicatest.NewGenerator(seed)
	var run *replicatest.Run
	for range runs {
		run = g.Next()
	}
	if _, err := run.Do(context.Background(), open(t, location), -1); err != nil {
		t.Fatal(err)
	}
}
