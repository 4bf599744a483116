package bitbucket

import (
	"cmp"
	"context"
	"crypto/tls"
	"encoding/json"
	"flag"
	"fmt"
	"hash/fnv"
	"maps"
	"net"
	"net/http"
	"net/url"
	"os"
	"slices"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/turbot/steampipe-plugin-sdk/v5/grpc/proto"

	"github.com/kindor/steampipe-plugin-bitbucket/internal/fakebitbucket"
)

// soak makes some tests run for hours: `make soak`.
var soak = flag.Bool("soak", false, "test every fault at every request, and under load for minutes")

// A breach is a fault in the response to one request.
type breach struct {
	fault    fakebitbucket.Fault
	broken   func(*network) http.RoundTripper // the transport of the request, for faults of the network
	heals    bool                             // there is no error if the fault happens once, as another attempt succeeds
	doubtful bool                             // another attempt may avoid the error
	pages    bool                             // only for pages of lists
	several  bool                             // only for lists of several numbered pages with a size
	dear     bool                             // takes long to test and is the same for all requests
}

// statusFault returns a fault with this status, body and headers.
func statusFault(code int, body string, header ...string) fakebitbucket.Fault {
	f := fakebitbucket.Fault{Kind: fakebitbucket.FaultStatus, Status: code, Body: body, Header: http.Header{}}
	for i := 0; i < len(header); i += 2 {
		f.Header.Set(header[i], header[i+1])
	}
	return f
}

// nextPage returns a breach of pages: each names this next page.
func nextPage(address func(*http.Request) string) breach {
	return breach{pages: true, fault: fakebitbucket.Fault{
		Kind: fakebitbucket.FaultEdit, Edit: fakebitbucket.Set("next", func(r *http.Request) any { return address(r) }),
	}}
}

// edited returns a function that returns the changed address of a request.
func edited(change func(*url.URL)) func(*http.Request) string {
	return func(r *http.Request) string {
		u := *r.URL
		u.Scheme, u.Host = "https", r.Host
		change(&u)
		return u.String()
	}
}

// withoutPage changes an address to that of the first page of a list.
func withoutPage(u *url.URL) {
	params := u.Query()
	for _, parameter := range []string{"page", "ctx", "after"} {
		params.Del(parameter)
	}
	u.RawQuery = params.Encode()
}

const expired = `{"type":"error","error":{"message":"Access token expired. Use your refresh token to obtain a new access token."}}`

// breaches are all the faults that a scan must survive: with exact rows, or with an error.
var breaches = map[string]breach{
	"429 with Retry-After":       {fault: statusFault(429, "Rate limit for this resource has been exceeded", "Retry-After", "7", "Content-Type", "text/plain"), heals: true},
	"429 with x-ratelimit-reset": {fault: statusFault(429, `{"type":"error","error":{"message":"slow down"}}`, "X-Ratelimit-Reset", "7"), heals: true},
	"429 as plain text":          {fault: statusFault(429, "Rate limit for this resource has been exceeded", "Content-Type", "text/plain"), heals: true},
	"500":                        {fault: statusFault(500, ""), heals: true},
	"502 with HTML":              {fault: fakebitbucket.Fault{Kind: fakebitbucket.FaultHTML}, heals: true},
	"503":                        {fault: statusFault(503, "", "Retry-After", "3"), heals: true},
	"504":                        {fault: statusFault(504, "upstream request timeout"), heals: true},
	"555":                        {fault: statusFault(555, `{"type":"error","error":{"message":"timeout"}}`)},
	"400":                        {fault: statusFault(400, `{"type":"error","error":{"message":"no"}}`), doubtful: true},
	"401 as expired":             {fault: statusFault(401, expired), doubtful: true},
	"403 as HTML":                {fault: fakebitbucket.Fault{Kind: fakebitbucket.FaultHTML, Status: 403}},
	"404 as HTML":                {fault: fakebitbucket.Fault{Kind: fakebitbucket.FaultHTML, Status: 404}},
	"404 as plain text":          {fault: statusFault(404, "Not Found", "Content-Type", "text/plain")},
	"404 of no endpoint":         {fault: fakebitbucket.Fault{Kind: fakebitbucket.FaultRemoved}},
	"410":                        {fault: statusFault(410, `{"type":"error","error":{"message":"CHANGE-1 - Functionality has been deprecated"}}`)},

	"connection refused":    {broken: connectionRefused, heals: true},
	"name not found":        {broken: nameNotFound},
	"TLS not trusted":       {broken: untrusted},
	"TLS broken off":        {broken: closesInHandshake, heals: true},
	"reset in the body":     {fault: fakebitbucket.Fault{Kind: fakebitbucket.FaultReset}, heals: true},
	"body too short":        {fault: fakebitbucket.Fault{Kind: fakebitbucket.FaultShort}, heals: true},
	"closed unanswered":     {fault: fakebitbucket.Fault{Kind: fakebitbucket.FaultLost}, heals: true},
	"no answer":             {fault: fakebitbucket.Fault{Kind: fakebitbucket.FaultHang}, heals: true},
	"body that stalls":      {fault: fakebitbucket.Fault{Kind: fakebitbucket.FaultStall}, heals: true},
	"body that never ends":  {fault: fakebitbucket.Fault{Kind: fakebitbucket.FaultDrip}, heals: true},
	"page larger than sane": {fault: fakebitbucket.Fault{Kind: fakebitbucket.FaultHuge}, dear: true},
	"compressed bomb":       {fault: fakebitbucket.Fault{Kind: fakebitbucket.FaultBomb}, dear: true},

	"invalid JSON":         {fault: fakebitbucket.Fault{Kind: fakebitbucket.FaultInvalid}},
	"nothing":              {fault: statusFault(200, "")},
	"null":                 {fault: statusFault(200, "null"), doubtful: true},
	"a text":               {fault: statusFault(200, `"maintenance"`)},
	"an empty object":      {fault: statusFault(200, "{}"), doubtful: true},
	"a list of texts":      {fault: statusFault(200, `["a", "b"]`)},
	"a list of null":       {fault: statusFault(200, `[null]`)},
	"an error with 200":    {fault: statusFault(200, `{"type":"error","error":{"message":"no"}}`)},
	"HTML with 200":        {fault: fakebitbucket.Fault{Kind: fakebitbucket.FaultHTML, Status: 200}},
	"another order":        {several: true, fault: fakebitbucket.Fault{Kind: fakebitbucket.FaultOrder}, heals: true},
	"values missing":       {pages: true, doubtful: true, fault: fakebitbucket.Fault{Kind: fakebitbucket.FaultEdit, Edit: fakebitbucket.Set("values", func(*http.Request) any { return nil })}},
	"values null":          {pages: true, doubtful: true, fault: fakebitbucket.Fault{Kind: fakebitbucket.FaultEdit, Edit: fakebitbucket.Set("values", func(*http.Request) any { return json.RawMessage("null") })}},
	"values of null":       {pages: true, fault: fakebitbucket.Fault{Kind: fakebitbucket.FaultEdit, Edit: fakebitbucket.Set("values", func(*http.Request) any { return []any{nil} })}},
	"values an object":     {pages: true, fault: fakebitbucket.Fault{Kind: fakebitbucket.FaultEdit, Edit: fakebitbucket.Set("values", func(*http.Request) any { return map[string]any{"a": 1} })}},
	"next repeats":         nextPage(edited(func(*url.URL) {})),
	"next loops":           nextPage(edited(withoutPage)),
	"next on another host": nextPage(edited(func(u *url.URL) { u.Host = "evil.test" })),
	"next to http":         nextPage(edited(func(u *url.URL) { u.Scheme = "http" })),
	"next on another port": nextPage(edited(func(u *url.URL) { u.Host += ":8443" })),
	"next to another path": nextPage(edited(func(u *url.URL) { u.Path, u.RawPath = "/2.0/user/workspaces/elsewhere", "" })),
	"next not an address":  nextPage(func(*http.Request) string { return "page=2" }),
	"next empty":           nextPage(func(*http.Request) string { return "" }),

	"redirect to another host": {fault: statusFault(302, "", "Location", "https://evil.test/2.0/user")},
	"redirect to http":         {fault: statusFault(301, "", "Location", "http://"+fakeHost+"/2.0/user")},
	"redirect to itself": {fault: fakebitbucket.Fault{Kind: fakebitbucket.FaultHandler, Handler: func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, r.URL.RequestURI(), http.StatusTemporaryRedirect)
	}}, heals: true},
}

// unreachable is a transport that fails at once.
type unreachable struct{ err error }

func (u unreachable) RoundTrip(*http.Request) (*http.Response, error) { return nil, u.err }

func connectionRefused(*network) http.RoundTripper {
	return unreachable{&net.OpError{Op: "dial", Net: "tcp", Err: os.NewSyscallError("connect", syscall.ECONNREFUSED)}}
}

func nameNotFound(*network) http.RoundTripper {
	return unreachable{&net.OpError{Op: "dial", Net: "tcp", Err: &net.DNSError{Err: "no such host", Name: fakeHost, IsNotFound: true}}}
}

func untrusted(n *network) http.RoundTripper { return n.transport(func(*tls.Config) {}) }

// closesInHandshake returns a transport whose other side closes the connection in the handshake.
func closesInHandshake(n *network) http.RoundTripper {
	t := n.transport(func(*tls.Config) {})
	t.DialContext = func(context.Context, string, string) (net.Conn, error) {
		ours, theirs := net.Pipe()
		go func() {
			_, _ = theirs.Read(make([]byte, 5))
			theirs.Close()
		}()
		return ours, nil
	}
	return t
}

// longest is the maximum duration of a scan in which one request always fails: its attempts begin within a minute and a half,
// none takes longer than a minute, and the client waits for the quota for at most a minute.
const longest = 90*time.Second + time.Minute + time.Minute + 10*time.Second

// A scanRequest is a request of a scan.
type scanRequest struct {
	uri, path string
	endpoint  string
	position  string // of the page in its list, or "object"
	sized     bool   // the page has the number of items of the list
}

func (r scanRequest) kind() string { return r.endpoint + " " + r.position }

// has reports whether the breach can happen at the request.
func (r scanRequest) has(does breach) bool {
	isOneOf := r.position != "object"
	return (!does.pages || isOneOf) && (!does.several || isOneOf && r.sized && r.position != "only page")
}

// A baseline is a scan without a fault: its query, its requests and its rows.
type baseline struct {
	tableQuery
	requests []scanRequest
	rows     map[string]int // how often each row comes, by its JSON
}

// learn runs a scan without a fault.
func (s *simulation) learn(t *testing.T, q tableQuery) *baseline {
	t.Helper()
	b := &baseline{tableQuery: q}
	var mu sync.Mutex
	seen := map[string]bool{}
	s.fake.ClearFaults()
	s.fake.ResetJournal()
	s.fake.Inject(fakebitbucket.Fault{Method: http.MethodGet, Kind: fakebitbucket.FaultEdit, Count: -1, Edit: func(r *http.Request, body []byte) []byte {
		var page map[string]json.RawMessage
		_ = json.Unmarshal(body, &page) // a page is an object
		uri := r.URL.RequestURI()
		mu.Lock()
		defer mu.Unlock()
		if !seen[uri] {
			seen[uri] = true
			b.requests = append(b.requests, scanRequest{uri: uri, path: r.URL.EscapedPath(), position: pagePosition(r.URL.Query(), page), sized: page["size"] != nil})
		}
		return body
	}})
	done := s.scan(t, q, func(*network) {})
	s.fake.ClearFaults()
	if done.err != nil {
		t.Fatalf("%v without any fault: %v", q, done.err)
	}
	endpoints := map[string]string{}
	for _, e := range s.fake.Journal() {
		endpoints[e.EscapedPath] = e.Endpoint
	}
	for i, r := range b.requests {
		b.requests[i].endpoint = endpoints[r.path]
	}
	slices.SortFunc(b.requests, func(a, b scanRequest) int { return cmp.Compare(a.uri, b.uri) })
	b.rows = tally(q.table, done.rows)
	return b
}

// tally counts rows by their JSON.
func tally(tableName string, rows []map[string]any) map[string]int {
	counts := map[string]int{}
	for _, r := range rows {
		if tableName == "bitbucket_rate_limit" {
			r = nil // depends on earlier requests
		}
		counts[rowJSON(r)]++
	}
	return counts
}

// rowJSON returns the JSON of a row.
func rowJSON(r map[string]any) string {
	encoded, err := json.Marshal(r)
	if err != nil {
		panic(err) // rows have only texts, numbers, times and decoded JSON
	}
	return string(encoded)
}

// pagePosition returns the position of a page in its list, or "object".
func pagePosition(params url.Values, page map[string]json.RawMessage) string {
	if _, isPage := page["values"]; !isPage {
		return "object"
	}
	isFirst := !params.Has("page") && !params.Has("after")
	switch more := page["next"] != nil; {
	case isFirst && more:
		return "first page"
	case isFirst:
		return "only page"
	case more:
		return "middle page"
	}
	return "last page"
}

// baselines returns the baselines of a table: for the query of all rows, and for a query by each column that can name an object.
func (s *simulation) baselines(t *testing.T, tab *table) []*baseline {
	t.Helper()
	all := []*baseline{s.learn(t, tableQuery{table: tab.name})}
	for _, q := range tab.keyColumns {
		if !slices.Equal(q.operators, nameOperators) {
			continue
		}
		for line := range all[0].rows {
			var columns map[string]any
			if err := json.Unmarshal([]byte(line), &columns); err != nil {
				t.Fatal(err)
			}
			if name, ok := columns[q.column].(string); ok {
				all = append(all, s.learn(t, tableQuery{table: tab.name, where: []*proto.Qual{where(q.column, "=", name)}}))
				break
			}
		}
	}
	return all
}

// faultBudget is the number of scans with a fault in an ordinary run of the tests.
const faultBudget = 600

// TestEveryFault breaks requests of each table in every way. With -soak, it breaks each request of all scans, in a small
// organization. Otherwise it breaks the first request of each kind, which is an endpoint and a position in a list, and some of
// the others. It makes as many of these scans as the budget allows, the same in each run.
func TestEveryFault(t *testing.T) {
	if testing.Short() {
		t.Skip("takes long")
	}
	size := small
	if *soak {
		size = fakebitbucket.Options{Seed: 4, Repositories: 3, Projects: 2, Users: 4, Groups: 2, PageLen: 2}
	}
	fake := fakebitbucket.New(size)
	s := simulateToken(t, fake)
	leavesNothing(t)
	var trials []trial
	kinds := map[string]bool{}
	for _, tab := range tables {
		for _, b := range s.baselines(t, tab) {
			trials = append(trials, b.trials(kinds)...)
		}
	}
	possible := len(trials)
	if !*soak {
		slices.SortFunc(trials, func(a, b trial) int { return cmp.Compare(a.draw(), b.draw()) })
		trials = trials[:min(faultBudget, len(trials))]
		slices.SortStableFunc(trials, func(a, b trial) int { return cmp.Compare(a.baseline.String(), b.baseline.String()) })
	}
	begin := time.Now()
	for i, tr := range trials {
		s.tryOne(t, tr)
		if (i+1)%10000 == 0 {
			t.Logf("%d of %d scans in %s", i+1, len(trials), time.Since(begin).Round(time.Second))
		}
	}
	t.Logf("%d scans of %d possible, each with one of %d faults at one of %d kinds of requests, in %s",
		len(trials), possible, len(breaches), len(kinds), time.Since(begin).Round(time.Second))
}

func (b *baseline) String() string {
	name := b.table
	for _, q := range b.where {
		name += " of one " + q.FieldName
	}
	return name
}

// A trial is a scan in which one request has a fault, once or always.
type trial struct {
	*baseline
	scanRequest
	fault  string
	always bool
}

func (t trial) String() string {
	return fmt.Sprintf("%s: %s, %s, at %s (%s)", t.baseline, t.fault, map[bool]string{false: "once", true: "always"}[t.always], t.uri, t.position)
}

// draw returns a number for a random order that is the same in each run. It does not use the address, which changes with the
// columns of the table.
func (t trial) draw() uint64 {
	h := fnv.New64a()
	fmt.Fprint(h, t.baseline, t.kind(), t.fault, t.always)
	return h.Sum64()
}

// trials returns the trials that are worth the time. Without -soak, it returns only a few for the kinds of requests that were
// seen.
func (b *baseline) trials(seen map[string]bool) []trial {
	var all []trial
	byKind := map[string][]scanRequest{}
	for _, r := range b.requests {
		byKind[r.kind()] = append(byKind[r.kind()], r)
	}
	for _, kind := range slices.Sorted(maps.Keys(byKind)) {
		for _, fault := range slices.Sorted(maps.Keys(breaches)) {
			if b.table == "bitbucket_repository_access" && kind == "/1.0/groups/{workspace} object" && fault == "410" {
				continue // its rows show what it can't explain, which has a test of its own
			}
			var of []trial
			for _, r := range byKind[kind] {
				if does := breaches[fault]; r.has(does) {
					of = append(of, trial{b, r, fault, false})
					if does.heals { // a fault that another attempt does not heal is the same if it happens always
						of = append(of, trial{b, r, fault, true})
					}
				}
			}
			if !*soak && len(of) > 0 {
				n := int(of[0].draw() % uint64(30*len(of)))
				if seen[kind] && n >= len(of) || breaches[fault].dear && n != 0 {
					continue
				}
				n %= len(of)
				of = of[n : n+1]
			}
			all = append(all, of...)
		}
		seen[kind] = true
	}
	return all
}

// tryOne runs a trial.
func (s *simulation) tryOne(t *testing.T, tr trial) {
	t.Helper()
	does := breaches[tr.fault]
	var injected, otherwise atomic.Int64 // requests with the fault, and for the same with fewer parameters
	plain := withoutParameters(tr.uri)
	matches := func(r *http.Request) bool {
		uri := r.URL.RequestURI()
		if uri != tr.uri && withoutParameters(uri) == plain {
			otherwise.Add(1)
		}
		return uri == tr.uri && injected.Add(1) > 0
	}
	s.fake.ClearFaults()
	s.fake.ResetJournal()
	if does.broken == nil {
		fault := does.fault
		fault.Match = matches
		if tr.always {
			fault.Count = -1
		}
		s.fake.Inject(fault)
	}
	done := s.scan(t, tr.tableQuery, func(n *network) {
		if does.broken == nil {
			return
		}
		n.broken = does.broken(n)
		n.breaks = func(r *http.Request) bool { return matches(r) && (tr.always || injected.Load() == 1) }
	})
	s.fake.ClearFaults()
	if injected.Load() == 0 {
		t.Errorf("%s: no request for it", tr)
	}
	problem := tr.judge(done, does.heals && !tr.always)
	if problem == silent && does.doubtful && injected.Load()+otherwise.Load() > 1 {
		problem = "" // it tried again
	}
	if problem == silent && tr.isCount() {
		problem = ""
	}
	if problem != "" {
		t.Errorf("%s: %s", tr, problem)
	}
}

// withoutParameters returns an address without the parameters that a service may not support.
func withoutParameters(uri string) string {
	u, err := url.Parse(uri)
	if err != nil {
		panic(err) // the request needs it
	}
	params := u.Query()
	params.Del("fields")
	params.Del("pagelen")
	u.RawQuery = params.Encode()
	return u.RequestURI()
}

// judge returns what is wrong with a scan in which there was a fault, or "".
func (b *baseline) judge(done scanning, healed bool) string {
	rows := tally(b.table, done.rows)
	for line, n := range rows {
		if n > b.rows[line] {
			return fmt.Sprintf("a row came %d times, want %d: %.300s; error %v", n, b.rows[line], line, done.err)
		}
	}
	switch {
	case done.inUse > 0:
		return fmt.Sprintf("%d connections are left in use", done.inUse)
	case len(done.other) > 0:
		return fmt.Sprintf("it connected to %v", done.other)
	case done.took > longest:
		return fmt.Sprintf("it took %s", done.took)
	case done.err == nil && !maps.Equal(rows, b.rows):
		return fmt.Sprintf("%d rows instead of %d, and no error", len(done.rows), sum(b.rows))
	case healed && done.err != nil:
		return fmt.Sprintf("error %v, although the fault happened only once", done.err)
	case !healed && done.err == nil && b.table != "bitbucket_rate_limit": // which also shows the headers of refusals
		return silent
	}
	return ""
}

// silent is the problem of a scan that has exact rows although there was a fault.
const silent = "no error"

func sum(counts map[string]int) (n int) {
	for _, count := range counts {
		n += count
	}
	return n
}
