package auth

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

var soak = flag.Bool("soak", false, "explore the life of chains a hundred times longer")

// TestLivesOfChains simulates many random lives of a chain, with the real code, real files and a simulated clock. Processes on
// one or two machines share the chain. The network loses requests and answers, processes are killed at any step, and files are
// damaged. The test checks the results against the rules of the service alone:
//
//   - A process that knows a refresh token that the service would accept gets a working access token.
//   - A process that knows a living token never spends a dead one: the service would lock out the consumer.
//   - A token is not spent again after its successor has arrived and was saved.
//   - After the service has called a token dead, no process that finds the file sends it again, unless a process with another
//     secret was refused since then: a file remembers one refusal.
//   - A process whose secret did not obtain the newest pair gets none of its tokens and sends nothing.
//   - A refusal says what to do.
//
// Most lives use this platform's files. Some use files that behave like those of Windows.
func TestLivesOfChains(t *testing.T) {
	if testing.Short() {
		t.Skip("takes long")
	}
	base := t.TempDir()
	if memory, err := os.MkdirTemp("/dev/shm", "chains-"); err == nil { // in memory, syncing is fast
		t.Cleanup(func() { os.RemoveAll(memory) })
		base = memory
	}
	for name, test := range map[string]struct {
		lives    int
		platform func() platform
	}{
		"native":       {1500, func() platform { return native }},
		"like Windows": {500, func() platform { return newLikeWindows() }},
	} {
		t.Run(name, func(t *testing.T) {
			lives := test.lives
			if *soak {
				lives *= 200
			}
			liveThrough(t, lives, filepath.Join(base, name), test.platform)
		})
	}
}

func liveThrough(t *testing.T, lives int, base string, newPlatform func() platform) {
	seen := map[string]int{}
	for i := range lives {
		synctest.Test(t, func(t *testing.T) {
			folder := filepath.Join(base, fmt.Sprint(i))
			defer os.RemoveAll(folder)
			l := newLife(t, uint64(i), folder, newPlatform())
			l.live()
			for what, n := range l.seen {
				seen[what] += n
			}
		})
		if t.Failed() {
			t.Fatalf("in life %d", i)
		}
	}
	want := []string{
		"rotated", "reused within the grace", "refused", "called dead", "answer lost", "request lost", "locked out", "probe of the living", "probe of the dead",
		"file damaged", "two machines",
		"killed at locked", "killed at reserved", "killed at intent saved", "killed at answered", "killed at written", "killed at renamed",
		"killed at saved", "killed at set aside", "killed before the request", "killed after the rotation",
		"another secret noticed", "another secret refused",
	}
	if _, ok := newPlatform().(*likeWindows); ok {
		want = append(want, "file held open")
	}
	for _, what := range want {
		if seen[what] == 0 {
			t.Errorf("in %d lives this never happened: %s", lives, what)
		}
	}
	t.Logf("%d lives: %v", lives, seen)
}

// A life is one history of a chain.
type life struct {
	t    *testing.T
	rand *rand.Rand
	seed string

	platform platform
	machines []string // token folders
	tampered bool     // a file was damaged or restored, so a token may be spent again

	mu        sync.Mutex // guards all below
	processes []*mortal
	tokens    map[string]*refreshLife
	access    map[string]time.Time // the expiry of access tokens
	locked    time.Time
	calls     bool            // whether the service calls a dead token dead, or gives its ambiguous answer
	refused   map[string]bool // the machines where a token was refused at any time
	kills     map[string]int  // of processes, for each machine
	buried    map[string]int  // for each machine and dead token: the kills on the machine when the token was called dead
	successor int             // a used token gets within the grace period: 0 another new token, 1 the newest one, 2 one that supersedes it
	troubles  []trouble       // of the next requests
	dieAt     string          // the point that kills the next process to reach it
	seen      map[string]int
	log       []string
}

// A refreshLife is what the service knows about a refresh token.
type refreshLife struct {
	issued  time.Time
	usedAt  time.Time // zero if it wasn't
	next    string    // the newest successor
	dead    bool      // superseded
	settled bool      // the successor arrived, and was saved
}

// A trouble is a failure of a token request.
type trouble int

const (
	requestLost trouble = iota
	answerLost
	answerLate
	badGateway
	killedBefore
	killedAfter
	troubleCount
)

// A mortal is a process that uses the chain until it is killed.
type mortal struct {
	*life
	name  string
	dir   string
	skew  time.Duration // of its clock
	chain *Chain
	ctx   context.Context
	end   context.CancelFunc
	wrong bool   // its secret is not the consumer's
	dead  bool   // this and the fields below are guarded by life.mu
	spent string // the refresh token in its last request
}

func newLife(t *testing.T, seed uint64, dir string, on platform) *life {
	l := &life{
		t: t, platform: on, rand: rand.New(rand.NewPCG(seed, 1)), tokens: map[string]*refreshLife{}, access: map[string]time.Time{}, seen: map[string]int{},
		refused: map[string]bool{}, kills: map[string]int{}, buried: map[string]int{},
	}
	l.calls = l.rand.IntN(2) == 0
	l.successor = l.rand.IntN(3)
	l.seed = l.mint()
	l.machines = []string{filepath.Join(dir, "one")}
	if l.rand.IntN(6) == 0 {
		l.machines = append(l.machines, filepath.Join(dir, "two"))
		l.seen["two machines"]++
	}
	for range 1 + l.rand.IntN(4) {
		l.start()
	}
	return l
}

// start starts a process.
func (l *life) start() *mortal {
	m := &mortal{life: l, name: fmt.Sprintf("process %d", len(l.processes)+1), dir: l.machines[l.rand.IntN(len(l.machines))]}
	m.skew = time.Duration(l.rand.IntN(9)-4) * time.Minute
	if l.rand.IntN(10) == 0 {
		m.skew = time.Duration(l.rand.IntN(9)-4) * time.Hour
	}
	m.wrong = l.rand.IntN(10) == 0
	m.ctx, m.end = context.WithCancel(context.Background())
	chain, err := OpenChain(m.dir, Consumer{
		Key: testKey, Secret: m.secret(), URL: "https://oauth.test", HTTPClient: &http.Client{Transport: m},
		Now: func() time.Time { return time.Now().Add(m.skew) },
	}, NewSecret(l.seed))
	if err != nil {
		l.t.Fatal(err)
	}
	m.chain = chain
	chain.store.step = m.at
	chain.store.platform = l.platform
	chain.store.poll = time.Second // of the simulated clock; others hold the lock for some seconds
	l.processes = append(l.processes, m)
	return m
}

// secret returns the consumer's secret, or the wrong one that this process has.
func (m *mortal) secret() Secret {
	if m.wrong {
		return NewSecret("another-secret")
	}
	return NewSecret(testSecret)
}

// at is called at each point of the process. It kills the process if it is to die there.
func (m *mortal) at(point string) {
	m.mu.Lock()
	if point == "saved" && m.spent != "" && !m.dead {
		if rec, err := m.chain.store.read(); err == nil && rec.RefreshToken.reveal() != m.spent {
			m.tokens[m.spent].settled = true
		}
	}
	die := m.dieAt == point || m.dead
	if m.dieAt == point {
		m.life.dieAt = ""
	}
	m.mu.Unlock()
	if die {
		m.die("at " + point)
	}
}

// die ends the process here. The temporary files of a killed process stay.
func (m *mortal) die(where string) {
	m.mu.Lock()
	m.note("%s is killed %s", m.name, where)
	m.seen["killed "+where]++
	m.kills[m.dir]++
	m.dead = true
	m.mu.Unlock()
	entries, _ := os.ReadDir(m.dir)
	for _, entry := range entries {
		if strings.HasPrefix(entry.Name(), ".") {
			left := filepath.Join(m.dir, entry.Name())
			_ = os.Link(left, left+"-left") // fails if it was already left before
		}
	}
	m.end()
	runtime.Goexit()
}

func (l *life) note(format string, a ...any) {
	l.log = append(l.log, time.Now().Format("02 15:04:05 ")+fmt.Sprintf(format, a...))
}

func (l *life) mint() string {
	token := fmt.Sprintf("refresh-token-%d", len(l.tokens)+1)
	l.tokens[token] = &refreshLife{issued: time.Now()}
	return token
}

// living reports whether the service would accept a token after this time, apart from a lockout. The caller holds mu.
func (l *life) living(token string, in time.Duration) bool {
	known, at := l.tokens[token], time.Now().Add(in)
	switch {
	case known == nil || known.dead || at.Sub(known.issued) >= 90*24*time.Hour:
		return false
	case known.usedAt.IsZero():
		return true
	}
	return at.Sub(known.usedAt) < grace
}

// knows returns the records that a process can know: from the file and its memory, otherwise from its configuration.
func (m *mortal) knows() (known []record) {
	if rec, err := m.chain.store.read(); err == nil {
		known = append(known, rec)
	}
	m.chain.mu.Lock()
	defer m.chain.mu.Unlock()
	if held := m.chain.held; !held.RefreshToken.IsZero() {
		known = append(known, held)
	}
	if known == nil {
		known = []record{{Token: Token{RefreshToken: NewSecret(m.seed)}}}
	}
	return known
}

// survives reports whether the service allows a process with these records to continue after this time. With a damaged or
// restored file, or another machine, a used token can be used again. If this killed its successors or started the chain a
// second time, the records don't tell which of two tokens is dead. The caller holds mu.
func (l *life) survives(known []record, in time.Duration) bool {
	living, lineages := 0, map[string]bool{}
	for _, rec := range known {
		lineages[rec.lineage] = true
		if l.living(rec.RefreshToken.reveal(), in) {
			living++
		}
	}
	if (l.tampered || len(l.machines) > 1) && (l.successor == 2 || len(lineages) > 1) {
		return living == len(known)
	}
	return living > 0
}

// RoundTrip sends a request to the token address, with the next trouble.
func (m *mortal) RoundTrip(r *http.Request) (*http.Response, error) {
	if err := r.ParseForm(); err != nil {
		return nil, err
	}
	m.mu.Lock()
	next := trouble(-1)
	if len(m.troubles) > 0 {
		next, m.troubles = m.troubles[0], m.troubles[1:]
	}
	dead, latency := m.dead, time.Duration(len(m.log)%5)*time.Second
	m.mu.Unlock()
	time.Sleep(latency)
	switch {
	case dead || next == killedBefore:
		m.die("before the request")
	case next == requestLost:
		m.happens("request lost")
		return nil, errors.New("connection reset by peer")
	case next == badGateway:
		return jsonResponse(502, []byte("<html>")), nil
	}
	status, body := m.spend(m, r.PostForm.Get("refresh_token"))
	switch next {
	case killedAfter:
		m.die("after the rotation")
	case answerLost:
		m.happens("answer lost")
		return nil, io.ErrUnexpectedEOF
	case answerLate:
		m.happens("answer lost")
		<-r.Context().Done()
		return nil, r.Context().Err()
	}
	if bytes.Contains(body, []byte(deadCode)) {
		m.mu.Lock()
		defer m.mu.Unlock()
		m.buried[m.dir+" "+r.PostForm.Get("refresh_token")] = m.kills[m.dir]
	}
	return jsonResponse(status, body), nil
}

func (l *life) happens(what string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.seen[what]++
	l.note("%s", what)
}

func jsonResponse(status int, body []byte) *http.Response {
	return &http.Response{StatusCode: status, Header: http.Header{"Content-Type": {"application/json"}}, Body: io.NopCloser(bytes.NewReader(body)), ContentLength: int64(len(body))}
}

// spend returns the service's answer to a refresh token.
func (l *life) spend(m *mortal, token string) (status int, body []byte) {
	known := m.knows()
	l.mu.Lock()
	defer l.mu.Unlock()
	refuse := func(why string) (int, []byte) {
		l.seen["refused"]++
		l.note("%s is refused %s: %s", m.name, token, why)
		l.refused[m.dir] = true
		return 400, []byte(`{"error":"unauthorized_client","error_description":"Invalid OAuth client credentials"}`)
	}
	if m.wrong {
		if slices.ContainsFunc(known, func(rec record) bool { return rec.digest.known() }) && !l.tampered {
			l.fail("%s sent another secret than the one that obtained what it knew", m.name)
		}
		l.seen["another secret refused"]++
		maps.DeleteFunc(l.buried, func(where string, _ int) bool { return strings.HasPrefix(where, m.dir+" ") })
		return refuse("the secret is wrong")
	}
	if kills, ok := l.buried[m.dir+" "+token]; ok && kills == l.kills[m.dir] && !l.tampered {
		l.fail("%s sent %s again, which was called dead", m.name, token)
	}
	if time.Now().Before(l.locked) {
		return refuse("the consumer is locked out")
	}
	if !l.living(token, 0) {
		if l.survives(known, 0) {
			l.fail("%s spent %s, which is dead, although it knew one that is not", m.name, token)
		}
		l.locked = time.Now().Add(lockout)
		l.seen["locked out"]++
		status, body := refuse("it is dead")
		if l.calls {
			l.seen["called dead"]++
			body = []byte(`{"error":"invalid_grant"}`)
		}
		return status, body
	}
	spent := l.tokens[token]
	switch {
	case spent.usedAt.IsZero():
		spent.usedAt = time.Now()
		spent.next = l.mint()
		l.seen["rotated"]++
	default:
		l.seen["reused within the grace"]++
		if spent.settled && !l.tampered && len(l.machines) == 1 {
			l.fail("%s spent %s again, whose successor was saved", m.name, token)
		}
		switch l.successor {
		case 0:
			spent.next = l.mint()
		case 1:
			for l.tokens[spent.next].next != "" {
				spent.next = l.tokens[spent.next].next
			}
		case 2:
			l.tokens[spent.next].dead = true
			spent.next = l.mint()
		}
	}
	m.spent = token
	access := fmt.Sprintf("access-token-%d", len(l.access)+1)
	l.access[access] = time.Now().Add(2 * time.Hour)
	l.note("%s spends %s for %s and %s", m.name, token, spent.next, access)
	body, _ = json.Marshal(map[string]any{"access_token": access, "refresh_token": spent.next, "expires_in": 7200, "token_type": "Bearer"})
	return 200, body
}

// fail fails the test and shows what happened before. The caller holds mu.
func (l *life) fail(format string, a ...any) {
	l.t.Errorf(format+"\n%s", append(a, strings.Join(l.log, "\n"))...)
}

// use makes a request of the process to the API.
func (m *mortal) use() error {
	value, err := m.chain.Authorization(m.ctx)
	for range 5 {
		if err != nil {
			return err
		}
		m.mu.Lock()
		good := time.Now().Before(m.access[strings.TrimPrefix(value, bearerPrefix)])
		m.mu.Unlock()
		if good {
			return nil
		}
		value, err = m.chain.Renew(m.ctx, value)
	}
	return errors.New("still refused")
}

// live runs the life: random events, and a probe at the end.
func (l *life) live() {
	for range 5 + l.rand.IntN(12) {
		switch n := l.rand.IntN(20); {
		case n < 6:
			l.pass()
		case n < 9:
			l.trouble()
		case n < 16:
			l.together()
		case n < 17:
			l.mu.Lock()
			clear(l.access)
			l.note("all access tokens are revoked")
			l.mu.Unlock()
		case n < 18:
			l.tamper()
		default:
			l.probe()
		}
		if l.t.Failed() {
			break
		}
	}
	l.probe()
	for _, m := range l.processes {
		m.end()
	}
}

// pass lets some time pass.
func (l *life) pass() {
	unit := []time.Duration{time.Second, time.Minute, time.Minute, time.Hour}[l.rand.IntN(4)]
	d := time.Duration(1+l.rand.IntN(12)) * unit
	if l.rand.IntN(60) == 0 {
		d = 95 * 24 * time.Hour
	}
	l.mu.Lock()
	l.note("%s pass", d)
	l.mu.Unlock()
	time.Sleep(d)
}

// trouble chooses what will go wrong next.
func (l *life) trouble() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.rand.IntN(2) == 0 {
		for range 1 + l.rand.IntN(4) {
			l.troubles = append(l.troubles, trouble(l.rand.IntN(int(troubleCount))))
		}
		return
	}
	points := []string{"locked", "reserved", "intent saved", "answered", "written", "renamed", "saved", "set aside"}
	l.dieAt = points[l.rand.IntN(len(points))]
	clear(l.access)
}

// together makes requests of some processes at the same time. New processes replace killed ones.
func (l *life) together() {
	var working sync.WaitGroup
	defer working.Wait()
	l.holdOpen(&working)
	for range 1 + l.rand.IntN(3) {
		m := l.alive()
		working.Go(func() { l.judge(m, m.use()) })
	}
}

// holdOpen holds a token file open during the requests, like a virus scanner, for less time than the store waits.
func (l *life) holdOpen(working *sync.WaitGroup) {
	windows, ok := l.platform.(*likeWindows)
	if !ok || l.rand.IntN(2) == 0 {
		return
	}
	path := l.processes[l.rand.IntN(len(l.processes))].chain.Path()
	begin := time.Duration(l.rand.IntN(5000)) * time.Millisecond
	working.Go(func() {
		time.Sleep(begin)
		f, err := windows.open(path)
		if err != nil {
			return // it doesn't exist or is in use
		}
		defer f.Close()
		l.happens("file held open")
		time.Sleep(busyTries * busyPause / 2)
	})
}

// alive returns a running process: one of the old ones or a new one.
func (l *life) alive() *mortal {
	m := l.processes[l.rand.IntN(len(l.processes))]
	l.mu.Lock()
	dead := m.dead
	l.mu.Unlock()
	if dead || l.rand.IntN(8) == 0 {
		return l.start()
	}
	return m
}

// judge checks the error of a request that may have had any trouble.
func (l *life) judge(m *mortal, err error) {
	e, isOurs := errors.AsType[*Error](err)
	l.mu.Lock()
	defer l.mu.Unlock()
	switch {
	case err == nil && m.wrong:
		l.fail("%s got a token, with another secret", m.name)
	case err == nil:
	case m.dead && errors.Is(err, context.Canceled):
	case m.wrong && isOurs && e.Kind == KindConfiguration:
		l.seen["another secret noticed"]++
		if !strings.Contains(e.Message, "consumer_secret") || !strings.Contains(e.Message, "login") {
			l.fail("another secret is not spoken of: %v", err)
		}
	case !isOurs:
		l.fail("%s got error %v", m.name, err)
	case e.Kind == KindAuthorization && !l.refused[m.dir]:
		l.fail("%s is told of a refusal that there was not: %v", m.name, err)
	case e.Kind == KindAuthorization:
		for _, advice := range []string{"login", "refresh_token", "two machines"} {
			if !strings.Contains(e.Message, advice) {
				l.fail("the refusal does not speak of %s: %v", advice, err)
			}
		}
	case e.Kind != KindTemporary:
		l.fail("%s got error %v", m.name, err)
	}
}

// probe makes a request of every process, one after the other, without trouble. Those that know a living token must succeed.
func (l *life) probe() {
	l.mu.Lock()
	l.troubles, l.dieAt = nil, ""
	everybody := slices.Clone(l.processes)
	l.mu.Unlock()
	for _, m := range everybody {
		l.mu.Lock()
		if m.dead {
			l.mu.Unlock()
			m = l.start()
			l.mu.Lock()
		}
		l.mu.Unlock()
		// Wait until remembered refusals and the lockout are over.
		time.Sleep(max(refusalMemory+time.Second, time.Until(l.locked)+time.Second))
		known := m.knows()
		for _, rec := range known {
			if answer, until := rec.standing(m.secret(), time.Now().Add(m.skew)); answer != nil && !until.IsZero() {
				time.Sleep(until.Sub(time.Now().Add(m.skew)))
				known = m.knows()
			}
		}
		l.mu.Lock()
		l.note("%s is probed", m.name)
		lives := l.survives(known, 10*time.Second) // a request takes up to five seconds
		l.mu.Unlock()
		err := m.use()
		l.judge(m, err)
		l.mu.Lock()
		if lives {
			l.seen["probe of the living"]++
		} else {
			l.seen["probe of the dead"]++
		}
		if lives && err != nil && !m.wrong {
			l.fail("%s knows a living token, and got error %v", m.name, err)
		}
		l.mu.Unlock()
	}
}

// tamper damages the file of a machine.
func (l *life) tamper() {
	m := l.processes[l.rand.IntN(len(l.processes))]
	path := m.chain.Path()
	content, err := os.ReadFile(path)
	if err != nil {
		return
	}
	var damaged []byte
	switch l.rand.IntN(7) {
	case 0:
		damaged = content[:l.rand.IntN(max(1, len(content)))]
	case 1:
		damaged = bytes.Replace(content, []byte(`"version": 1`), []byte(`"version": 2`), 1)
	case 2:
		damaged = bytes.Replace(content, []byte(`"fingerprint": "`), []byte(`"fingerprint": "f`), 1)
	case 3:
		damaged = []byte("null")
	case 4:
		err = os.Remove(path)
	case 5: // no content is lost
		err = os.Chmod(path, 0o644)
		damaged = content
	case 6:
		if backup, readErr := os.ReadFile(path + "-backup"); readErr == nil {
			damaged = backup
		} else {
			damaged = content
		}
		err = os.WriteFile(path+"-backup", content, 0o600)
	}
	if damaged != nil {
		err = errors.Join(err, os.WriteFile(path, damaged, 0o600))
	}
	if err != nil {
		l.t.Fatal(err)
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.tampered = true
	l.seen["file damaged"]++
	l.note("the file of %s is damaged", m.name)
}
