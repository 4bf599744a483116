package fakebitbucket

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/kindor/steampipe-plugin-bitbucket/internal/fakebitbucket/organization"
)

func TestFaults(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		fault      Fault
		wantStatus int // 0: the answer cannot be read
		wantBody   string
	}{
		"none":    {Fault{Path: "/2.0/elsewhere"}, 200, `"values"`},
		"status":  {Fault{Status: 429, Header: http.Header{"Retry-After": {"7"}}, Body: "slow down"}, 429, "slow down"},
		"500":     {Fault{}, 500, ""},
		"html":    {Fault{Kind: FaultHTML}, 502, "<!DOCTYPE html>"},
		"html404": {Fault{Kind: FaultHTML, Status: 404}, 404, "<!DOCTYPE html>"},
		"invalid": {Fault{Kind: FaultInvalid}, 200, `{"values": [{"uuid": "{`},
		"reset":   {Fault{Kind: FaultReset}, 0, ""},
		"short":   {Fault{Kind: FaultShort}, 0, ""},
		"lost":    {Fault{Kind: FaultLost}, 0, ""},
		"delay":   {Fault{Kind: FaultDelay, Delay: time.Millisecond}, 200, `"values"`},
		"handler": {Fault{Kind: FaultHandler, Handler: func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(418) }}, 418, ""},
		"edit":    {Fault{Kind: FaultEdit, Edit: Set("next", func(*http.Request) any { return "elsewhere" })}, 200, `"next":"elsewhere"`},
		"absent":  {Fault{Kind: FaultEdit, Edit: Set("values", func(*http.Request) any { return nil })}, 200, `{"page":1,"pagelen":100`},
		"path":    {Fault{Path: "/2.0/repositories/{workspace}"}, 500, ""},
		"prefix":  {Fault{Path: "/2.0/{rest...}"}, 500, ""},
		"method":  {Fault{Method: "POST"}, 200, `"values"`},
		"match":   {Fault{Match: func(r *http.Request) bool { return r.URL.Query().Get("pagelen") == "100" }}, 500, ""},
		"later":   {Fault{Skip: 1}, 200, `"values"`},
		"removed": {Fault{Kind: FaultRemoved}, 404, "There is no API hosted at this URL."},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := startUnchanged(t, Options{})
			c := connected(t, s)
			s.Inject(test.fault)
			r, err := http.NewRequest(http.MethodGet, s.URL()+"/2.0/repositories/harbor-labs?pagelen=100", nil)
			if err != nil {
				t.Fatal(err)
			}
			a, err := c.try(r)
			if test.wantStatus == 0 {
				if err == nil {
					t.Fatalf("the answer can be read: %d", a.status)
				}
				if got := s.Journal()[0].Endpoint; got == "" {
					t.Error("the server didn't do its work first")
				}
				return
			}
			if err != nil || a.status != test.wantStatus || !strings.Contains(a.body, test.wantBody) {
				t.Errorf("%v %d %.100s, want %d %s", err, a.status, a.body, test.wantStatus, test.wantBody)
			}
			if got := a.header.Get("Retry-After"); got != strings.Join(test.fault.Header["Retry-After"], "") {
				t.Errorf("Retry-After %q", got)
			}
		})
	}
}

func TestFaultCounts(t *testing.T) {
	t.Parallel()
	s := startUnchanged(t, Options{})
	c := connected(t, s)
	s.Inject(Fault{Skip: 1, Count: 2, Status: 503})
	for i, want := range []int{200, 503, 503, 200, 200} {
		if a := c.get("/2.0/user"); a.status != want {
			t.Errorf("request %d: %d, want %d", i, a.status, want)
		}
	}
	s.Inject(Fault{Count: -1, Status: 503})
	for range 3 {
		if a := c.get("/2.0/user"); a.status != 503 {
			t.Errorf("%d, want 503 always", a.status)
		}
	}
	s.ClearFaults()
	if a := c.get("/2.0/user"); a.status != 200 {
		t.Errorf("%d after all faults were cleared", a.status)
	}
}

func TestHang(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		options Options
		fault   Fault
	}{
		"fault":   {Options{}, Fault{Kind: FaultHang, Count: -1}},
		"delay":   {Options{}, Fault{Kind: FaultDelay, Delay: time.Hour, Count: -1}},
		"latency": {Options{Latency: time.Hour}, Fault{Method: http.MethodPost}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := Start(t, test.options)
			received := make(chan struct{})
			s.Inject(Fault{Match: func(*http.Request) bool { close(received); return false }})
			s.Inject(test.fault)
			ctx, cancel := context.WithCancel(t.Context())
			r, err := http.NewRequestWithContext(ctx, http.MethodGet, s.URL()+"/2.0/user", nil)
			if err != nil {
				t.Fatal(err)
			}
			c := connected(t, s)
			done := make(chan error)
			go func() {
				_, err := c.try(r)
				done <- err
			}()
			<-received
			cancel()
			if err := <-done; !errors.Is(err, context.Canceled) {
				t.Errorf("%v, want canceled", err)
			}
		})
	}
}

// TestHangNeverAnswers checks that even a caller who has stopped sending, and still reads, gets no answer.
func TestHangNeverAnswers(t *testing.T) {
	t.Parallel()
	s := startUnchanged(t, Options{})
	s.Inject(Fault{Kind: FaultHang})
	conn, err := net.Dial("tcp", strings.TrimPrefix(s.URL(), "http://"))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	fmt.Fprintf(conn, "GET /2.0/user HTTP/1.1\r\nHost: fake\r\nUser-Agent: test\r\nAuthorization: %s\r\n\r\n", connected(t, s).authorization)
	if err := conn.(*net.TCPConn).CloseWrite(); err != nil {
		t.Fatal(err)
	}
	if answer, err := io.ReadAll(conn); err != nil || len(answer) > 0 {
		t.Errorf("answer %q, error %v", answer, err)
	}
}

// TestEndlessBodies checks that endless bodies continue for as long as the caller reads.
func TestEndlessBodies(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		kind      FaultKind
		wantBytes int // read before the caller gives up
	}{
		"stall": {FaultStall, 0},
		"drip":  {FaultDrip, 100},
		"huge":  {FaultHuge, 10 << 20},
		"bomb":  {FaultBomb, 10 << 20},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := startUnchanged(t, Options{})
			s.Inject(Fault{Kind: test.kind})
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			r, err := http.NewRequestWithContext(ctx, http.MethodGet, s.URL()+"/2.0/repositories/harbor-labs?pagelen=100&fields=values.name", nil)
			if err != nil {
				t.Fatal(err)
			}
			r.Header.Set("Authorization", connected(t, s).authorization)
			resp, err := newClient(t).Do(r)
			if err != nil {
				t.Fatal(err)
			}
			defer resp.Body.Close()
			if _, err := io.CopyN(io.Discard, resp.Body, int64(test.wantBytes)); err != nil {
				t.Fatal(err)
			}
			cancel()
			if _, err := io.Copy(io.Discard, resp.Body); !errors.Is(err, context.Canceled) {
				t.Errorf("%v, want canceled", err)
			}
		})
	}
}

func TestDrop(t *testing.T) {
	t.Parallel()
	s := startUnchanged(t, Options{PageLen: 3})
	c := connected(t, s)
	var names []string
	list := func() []string {
		names = nil
		for path := "/2.0/repositories/harbor-labs?pagelen=100"; path != ""; {
			page := c.get(path).object()
			for _, v := range page["values"].([]any) {
				names = append(names, v.(map[string]any)["name"].(string))
			}
			path, _ = page["next"].(string)
			if page["pagelen"] != 3.0 {
				t.Fatalf("pages of %v, want 3", page["pagelen"])
			}
		}
		return names
	}
	all := list()
	s.Inject(Fault{Kind: FaultDrop, Drop: 2, Count: -1})
	if diff := cmp.Diff(all[2:], list()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// TestOrder changes the order of the list before the second page. One object then comes twice and another is missing,
// but the size is the same.
func TestOrder(t *testing.T) {
	t.Parallel()
	s := startUnchanged(t, Options{PageLen: 2})
	c := connected(t, s)
	names := func(page int) (names []any, size any) {
		got := c.get(fmt.Sprintf("/2.0/repositories/harbor-labs?pagelen=100&page=%d", page)).object()
		for _, v := range got["values"].([]any) {
			names = append(names, v.(map[string]any)["name"])
		}
		return names, got["size"]
	}
	first, size := names(1)
	second, _ := names(2)
	s.Inject(Fault{Kind: FaultOrder, Count: -1})
	after, same := names(2)
	if diff := cmp.Diff([]any{first[1], second[0]}, after); diff != "" || size != same {
		t.Errorf("size %v, then %v; second page (-want +got):\n%s", size, same, diff)
	}
	last := int(size.(float64)+1) / 2
	s.ClearFaults()
	end, _ := names(last)
	s.Inject(Fault{Kind: FaultOrder, Count: -1})
	begin, _ := names(1)
	if diff := cmp.Diff([]any{end[len(end)-1], first[0]}, begin); diff != "" {
		t.Errorf("first page (-want +got):\n%s", diff)
	}
}

// TestFaultOfListsElsewhere checks that a fault of lists at an endpoint without a list is a violation.
func TestFaultOfListsElsewhere(t *testing.T) {
	t.Parallel()
	for _, kind := range []FaultKind{FaultDrop, FaultOrder} {
		s := New(Options{})
		s.Inject(Fault{Kind: kind})
		r := httptest.NewRequest(http.MethodGet, "/2.0/user", nil)
		r.Header.Set("Authorization", "Bearer "+s.AccessToken(s.Organization().Connected.UUID))
		r.Header.Set("User-Agent", "test")
		s.ServeHTTP(httptest.NewRecorder(), r)
		if v := s.Violations(); len(v) != 1 || !strings.Contains(v[0], "without a list") {
			t.Errorf("fault %d: violations %q", kind, v)
		}
	}
}

// TestLostRotation loses the answer to a refresh. The refresh token is used up all the same.
func TestLostRotation(t *testing.T) {
	t.Parallel()
	s := startUnchanged(t, Options{RefreshGrace: -1})
	consumer := s.Consumer("harbor-labs")
	token := s.Grant(consumer, s.Organization().Connected.UUID)
	c := caller{t, s, "", newClient(t)}
	s.Inject(Fault{Kind: FaultLost, Path: "/site/oauth2/access_token"})
	r, err := http.NewRequest(http.MethodPost, s.OAuthURL()+"/access_token", nil)
	if err != nil {
		t.Fatal(err)
	}
	withForm("grant_type=refresh_token&refresh_token=" + strings.NewReplacer("+", "%2B", "=", "%3D", "/", "%2F").Replace(token))(r)
	r.SetBasicAuth(consumer.Key, consumer.Secret)
	if _, err := c.try(r); !errors.Is(err, io.EOF) {
		t.Errorf("%v, want the end of the connection", err)
	}
	if s.Rotations() != 1 {
		t.Errorf("%d rotations, want 1", s.Rotations())
	}
	c.refresh(consumer, token).wantRefused("the spent token")
}

func TestQuota(t *testing.T) {
	t.Parallel()
	now := newClock()
	s := startUnchanged(t, Options{Quota: 3, Now: now.now})
	c := connected(t, s)
	steps := []struct {
		wait                  time.Duration
		wantStatus            int
		wantLeft, wantSeconds string
	}{
		{0, 200, "2", "3600"},
		{10 * time.Minute, 200, "1", "3000"},
		{10 * time.Minute, 200, "0", "2400"},
		{39*time.Minute + 59*time.Second, 429, "0", "1"},
		{time.Second, 200, "0", "600"}, // the first request is no longer in the window
		{time.Second, 429, "0", "599"},
	}
	for i, step := range steps {
		now.advance(step.wait)
		a := c.get("/2.0/user")
		got := []string{a.header.Get("X-RateLimit-Limit"), a.header.Get("X-RateLimit-Remaining"), a.header.Get("X-RateLimit-Reset")}
		if a.status != step.wantStatus || got[0] != "3, 3;w=3600" || got[1] != step.wantLeft || got[2] != step.wantSeconds {
			t.Errorf("step %d: %d %q, want %d, %s left, %s seconds", i, a.status, got, step.wantStatus, step.wantLeft, step.wantSeconds)
		}
		if a.status == 429 && (a.body != errQuota.message || a.header.Get("Content-Type") != "text/plain") {
			t.Errorf("step %d: %s %s", i, a.header.Get("Content-Type"), a.body)
		}
	}
	other := bearer(t, s, s.AccessToken(s.Organization().Users[1].UUID))
	if a := other.get("/2.0/user"); a.status != 200 || a.header.Get("X-RateLimit-Remaining") != "2" {
		t.Errorf("another user shares the budget: %d", a.status)
	}
	first, second := s.Consumer("harbor-labs"), s.Consumer("harbor-labs")
	use := func(c Consumer, u *organization.User) clientResponse {
		anybody := caller{t, s, "", newClient(t)}
		token := anybody.refresh(c, s.Grant(c, u.UUID)).object()["access_token"].(string)
		return bearer(t, s, token).get("/2.0/user")
	}
	use(first, s.Organization().Users[0])
	if left := use(first, s.Organization().Users[1]).header.Get("X-RateLimit-Remaining"); left != "1" {
		t.Errorf("%s left: users of one consumer don't share its budget", left)
	}
	if left := use(second, s.Organization().Users[0]).header.Get("X-RateLimit-Remaining"); left != "2" {
		t.Errorf("%s left: consumers share a budget", left)
	}
}

// TestAnswer checks that the handler of a fault can pass a request on to the server.
func TestAnswer(t *testing.T) {
	t.Parallel()
	s := startUnchanged(t, Options{})
	c := connected(t, s)
	s.Inject(Fault{Kind: FaultHandler, Count: -1, Handler: func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("X-Handled", "yes")
		s.Answer(w, r)
	}})
	a := c.get("/2.0/user")
	if a.status != http.StatusOK || a.object()["uuid"] != s.Organization().Connected.UUID || a.header.Get("X-Handled") != "yes" {
		t.Errorf("%d %v %s", a.status, a.header, a.body)
	}
	if j := s.Journal(); len(j) != 1 || j[0].Status != http.StatusOK {
		t.Errorf("the journal has %d entries: %+v", len(j), j)
	}
}
