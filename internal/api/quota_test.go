package api

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

// A limiter answers 429 with its headers until a time, and counts.
type limiter struct {
	until   time.Time
	header  map[string]string
	refused atomic.Int32
	served  atomic.Int32
}

func (l *limiter) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	if !time.Now().Before(l.until) {
		l.served.Add(1)
		answer(http.StatusOK, `{"a": 1}`)(w, req)
		return
	}
	l.refused.Add(1)
	for name, value := range l.header {
		w.Header().Set(name, value)
	}
	w.Header().Set("Content-Type", "text/plain")
	w.WriteHeader(http.StatusTooManyRequests)
	w.Write([]byte("Rate limit for this resource has been exceeded"))
}

func TestQuotaWait(t *testing.T) {
	t.Parallel()
	// Simulated time begins at midnight UTC 2000-01-01.
	start := time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC)
	tests := map[string]struct {
		header   map[string]string
		refusing time.Duration // how long the service refuses
		least    time.Duration
		most     time.Duration
	}{
		"seconds":            {map[string]string{"Retry-After": "30"}, 30 * time.Second, 30 * time.Second, 30 * time.Second},
		"date":               {map[string]string{"Retry-After": start.Add(20 * time.Second).Format(http.TimeFormat)}, 20 * time.Second, 20 * time.Second, 20 * time.Second},
		"date, wrong clock":  {map[string]string{"Retry-After": "Fri, 31 Dec 2027 23:59:59 GMT", "Date": "Fri, 31 Dec 2027 23:59:39 GMT"}, 20 * time.Second, 20 * time.Second, 20 * time.Second},
		"reset in seconds":   {map[string]string{"X-RateLimit-Reset": "40"}, 40 * time.Second, 40 * time.Second, 40 * time.Second},
		"reset at":           {map[string]string{"X-RateLimit-Reset": "1830297600", "Date": "Sat, 01 Jan 2028 00:00:00 GMT"}, time.Second, time.Second, 2 * time.Second},
		"retry-after first":  {map[string]string{"Retry-After": "5", "X-RateLimit-Reset": "40"}, 5 * time.Second, 5 * time.Second, 5 * time.Second},
		"zero":               {map[string]string{"Retry-After": "0"}, time.Second, time.Second, time.Second},
		"too short a word":   {map[string]string{"Retry-After": "1"}, 10 * time.Second, 10 * time.Second, 25 * time.Second},
		"date in the past":   {map[string]string{"Retry-After": "Fri, 31 Dec 1999 23:59:59 GMT"}, time.Second, time.Second, time.Second},
		"nothing said":       {nil, 10 * time.Second, 10 * time.Second, 25 * time.Second},
		"nonsense":           {map[string]string{"Retry-After": "soon", "X-RateLimit-Reset": "-"}, time.Second, time.Second, 2 * time.Second},
		"negative":           {map[string]string{"Retry-After": "-5"}, time.Second, time.Second, time.Second},
		"service under load": {map[string]string{"Retry-After": "3"}, 9 * time.Second, 9 * time.Second, 20 * time.Second},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				began := time.Now()
				service := &limiter{until: began.Add(tt.refusing), header: tt.header}
				client := newMemoryClient(t, service.ServeHTTP)
				if _, err := client.Get(t.Context(), "/2.0/user", nil); err != nil {
					t.Fatal(err)
				}
				if took := time.Since(began); took < tt.least || took > tt.most {
					t.Errorf("waited %s, want %s to %s", took, tt.least, tt.most)
				}
				if got, want := client.Stats().Retries, int64(service.refused.Load()); got != want {
					t.Errorf("%d retries, want %d", got, want)
				}
			})
		})
	}
}

func TestQuotaEverybodyWaitsTogether(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		service := &limiter{until: began.Add(30 * time.Second), header: map[string]string{"Retry-After": "30"}}
		client := newMemoryClient(t, func(w http.ResponseWriter, req *http.Request) {
			time.Sleep(time.Second) // simulated
			service.ServeHTTP(w, req)
		})
		var all sync.WaitGroup
		for i := range 100 {
			all.Go(func() {
				if _, err := client.Get(t.Context(), Path("/2.0/users/{id}", strconv.Itoa(i)), nil); err != nil {
					t.Error(err)
				}
			})
		}
		all.Wait()
		// The service only refuses the first request and those that were in flight with it.
		if refused, served := service.refused.Load(), service.served.Load(); refused != 8 || served != 100 {
			t.Errorf("%d refused, %d served, want 8 and 100", refused, served)
		}
		// One second until the refusal, 30 waiting once, and 100 requests 8 at a time.
		if took, want := time.Since(began), (1+30+13)*time.Second; took != want {
			t.Errorf("took %s, want %s", took, want)
		}
	})
}

func TestQuotaTooFarAway(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		header   map[string]string
		maxWait  time.Duration
		wantIn   time.Duration
		wantText string
	}{
		"an hour":      {map[string]string{"Retry-After": "3600", "X-RateLimit-Limit": "1000, 1000;w=3600"}, 0, time.Hour, "quota of 1000 requests an hour is used up; it returns in 1h0m0s, at "},
		"never wait":   {map[string]string{"Retry-After": "1"}, -1, time.Second, "it returns in 1s"},
		"overflow":     {map[string]string{"Retry-After": "9223372036854775807"}, 0, 24 * time.Hour, "it returns in 24h0m0s"},
		"nothing said": {nil, 0, 0, "does not say when it returns"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				service := &limiter{until: time.Now().Add(24 * time.Hour), header: tt.header}
				client := newMemoryClient(t, service.ServeHTTP, func(c *Config) { c.MaxWait = tt.maxWait })
				_, err := client.Get(t.Context(), "/2.0/user", nil)
				quota, ok := errors.AsType[*QuotaError](err)
				if !ok {
					t.Fatalf("got error %v, want a *QuotaError", err)
				}
				if quota.ResetIn != tt.wantIn {
					t.Errorf("returns in %s, want %s", quota.ResetIn, tt.wantIn)
				}
				if !strings.Contains(err.Error(), tt.wantText) {
					t.Errorf("got error %q, want it to say %q", err, tt.wantText)
				}
				if quota.Waited > time.Minute {
					t.Errorf("waited %s, longer than allowed", quota.Waited)
				}
				// The next request fails at once, without being sent.
				refused, began := service.refused.Load(), time.Now()
				if _, err := client.Get(t.Context(), "/2.0/user", nil); tt.header != nil {
					if _, ok := errors.AsType[*QuotaError](err); !ok || service.refused.Load() != refused || time.Since(began) > 0 {
						t.Errorf("got error %v after %s and %d requests, want a *QuotaError at once", err, time.Since(began), service.refused.Load()-refused)
					}
				}
			})
		})
	}
}

// Waits grow only as long as no request succeeds.
func TestQuotaWaitBeginsAnew(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		n := 0
		client := newMemoryClient(t, func(w http.ResponseWriter, req *http.Request) {
			if n++; n%2 == 1 {
				w.WriteHeader(http.StatusTooManyRequests)
				return
			}
			answer(http.StatusOK, `{"a": 1}`)(w, req)
		})
		for range 5 {
			began := time.Now()
			if _, err := client.Get(t.Context(), "/2.0/user", nil); err != nil {
				t.Fatal(err)
			}
			if took := time.Since(began); took > quotaWaitMin*5/4+time.Millisecond {
				t.Errorf("waited %s, want the shortest wait", took)
			}
		}
	})
}

func TestQuotaWaitIsCancelled(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		service := &limiter{until: time.Now().Add(time.Hour), header: map[string]string{"Retry-After": "50"}}
		client := newMemoryClient(t, service.ServeHTTP)
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		defer cancel()
		began := time.Now()
		_, err := client.Get(ctx, "/2.0/user", nil)
		if took := time.Since(began); err != context.DeadlineExceeded || took != 10*time.Second {
			t.Errorf("got error %v after %s, want the deadline after 10s", err, took)
		}
	})
}

func TestQuotaObserved(t *testing.T) {
	t.Parallel()
	number := func(n int64) *int64 { return &n }
	yes := true
	tests := map[string]struct {
		header map[string]string
		want   Quota // ResetAt and ObservedAt are compared apart
		reset  time.Duration
	}{
		"nothing": {want: Quota{}},
		"all": {
			header: map[string]string{"X-RateLimit-Limit": "1000", "X-RateLimit-Remaining": "17", "X-RateLimit-Reset": "1800", "X-RateLimit-NearLimit": "true", "X-RateLimit-Resource": "api-repositories"},
			want:   Quota{Known: true, Limit: number(1000), Remaining: number(17), NearLimit: &yes, Resource: "api-repositories"},
			reset:  30 * time.Minute,
		},
		"a list":     {header: map[string]string{"X-RateLimit-Limit": "60, 60;w=3600", "X-RateLimit-Remaining": "0"}, want: Quota{Known: true, Limit: number(60), Remaining: number(0)}},
		"near limit": {header: map[string]string{"X-RateLimit-NearLimit": "true"}, want: Quota{Known: true, NearLimit: &yes}},
		"nonsense":   {header: map[string]string{"X-RateLimit-Limit": "many", "X-RateLimit-Remaining": "-1", "X-RateLimit-Reset": ""}, want: Quota{}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				client := newMemoryClient(t, func(w http.ResponseWriter, req *http.Request) {
					for name, value := range tt.header {
						w.Header().Set(name, value)
					}
					answer(http.StatusOK, `{"a": 1}`)(w, req)
				})
				if _, err := client.Get(t.Context(), "/2.0/user", nil); err != nil {
					t.Fatal(err)
				}
				got := client.Quota()
				if diff := cmp.Diff(tt.want, got, cmpopts.IgnoreFields(Quota{}, "ResetAt", "ObservedAt")); diff != "" {
					t.Errorf("quota (-want +got):\n%s", diff)
				}
				if tt.reset > 0 && !got.ResetAt.Equal(time.Now().Add(tt.reset)) {
					t.Errorf("resets at %s, want in %s", got.ResetAt, tt.reset)
				}
				if got.Known && !got.ObservedAt.Equal(time.Now()) {
					t.Errorf("observed at %s", got.ObservedAt)
				}
			})
		})
	}
}

// A quota that runs out in the middle of a list only delays it.
func TestQuotaDuringList(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		service := newCollection(3000)
		var n atomic.Int32
		client := newMemoryClient(t, func(w http.ResponseWriter, req *http.Request) {
			if i := n.Add(1); i%7 == 0 {
				w.Header().Set("Retry-After", strconv.Itoa(int(i%3)))
				w.WriteHeader(http.StatusTooManyRequests)
				return
			}
			service.ServeHTTP(w, req)
		})
		got, err := collect(t.Context(), client, List{Path: "/2.0/repositories/acme", PageLen: 100})
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(service.names, got); diff != "" {
			t.Errorf("items (-want +got):\n%s", diff)
		}
	})
}

// allowance is a service that reports its remaining requests. The whole quota returns at a full hour.
type allowance struct {
	mu       sync.Mutex
	left     int64
	returns  time.Time
	received []time.Time
	refused  int
}

func (a *allowance) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	a.mu.Lock()
	defer a.mu.Unlock()
	now := time.Now()
	a.received = append(a.received, now)
	if !now.Before(a.returns) {
		a.left, a.returns = 1000, now.Add(time.Hour)
	}
	status := http.StatusOK
	if a.left--; a.left < 0 {
		a.left, status = 0, http.StatusTooManyRequests
		a.refused++
	}
	w.Header().Set("X-Ratelimit-Limit", "1000, 1000;w=3600")
	w.Header().Set("X-Ratelimit-Remaining", strconv.FormatInt(a.left, 10))
	w.Header().Set("X-Ratelimit-Reset", strconv.Itoa(int(a.returns.Sub(now).Seconds()+0.999)))
	answer(status, `{"uuid": "{1}"}`)(w, req)
}

// Near the quota, requests slow down. The client sends no request above the reported quota.
func TestQuotaIsNotRunInto(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		service := &allowance{left: 60, returns: time.Now().Add(50 * time.Second)}
		client := newMemoryClient(t, service.ServeHTTP)
		began := time.Now()
		for i := range 70 {
			if _, err := client.Get(t.Context(), Path("/2.0/users/{id}", strconv.Itoa(i)), nil); err != nil {
				t.Fatal(err)
			}
		}
		if service.refused != 0 || len(service.received) != 70 {
			t.Errorf("%d of %d requests were refused", service.refused, len(service.received))
		}
		if tenth := service.received[9].Sub(began); tenth > 0 {
			t.Errorf("the first requests took %s although much was left", tenth)
		}
		if fiftieth := service.received[49].Sub(began); fiftieth < 10*time.Second {
			t.Errorf("the 50th of 60 came after %s, want that it was slowed down", fiftieth)
		}
		if took := service.received[60].Sub(began); took < 50*time.Second {
			t.Errorf("the 61st came after %s, before the quota returned", took)
		}
	})
}

func TestQuotaThatIsSpentIsAnErrorBeforeARequest(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		service := &allowance{left: 1, returns: time.Now().Add(30 * time.Minute)}
		client := newMemoryClient(t, service.ServeHTTP)
		if _, err := client.Get(t.Context(), "/2.0/user", nil); err != nil {
			t.Fatal(err)
		}
		_, err := client.Get(t.Context(), "/2.0/workspaces/acme", nil)
		spent := new(QuotaError)
		if !errors.As(err, &spent) || spent.ResetIn != 30*time.Minute || len(service.received) != 1 {
			t.Errorf("error = %v after %d requests, want that the quota returns in 30m, after one", err, len(service.received))
		}
	})
}

func TestQuotaErrorSaysHowMuchAListNeeds(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		service := &allowance{left: 3, returns: time.Now().Add(30 * time.Minute)}
		long := newCollection(1000)
		client := newMemoryClient(t, func(w http.ResponseWriter, req *http.Request) {
			recorded := httptest.NewRecorder()
			if service.ServeHTTP(recorded, req); recorded.Code != http.StatusOK {
				answer(recorded.Code, `{}`)(w, req)
				return
			}
			for name, values := range recorded.Header() {
				if strings.HasPrefix(name, "X-Ratelimit") {
					w.Header()[name] = values
				}
			}
			long.ServeHTTP(w, req)
		}, func(c *Config) { c.MaxConcurrency = 1 })
		var failed error
		n := 0
		for _, err := range client.List(t.Context(), List{Path: "/2.0/repositories/acme", PageLen: 100}) {
			if failed = err; err == nil {
				n++
			}
		}
		spent := new(QuotaError)
		if !errors.As(failed, &spent) || spent.Needed != 7 || n != 300 || !strings.Contains(failed.Error(), "7 more requests") {
			t.Errorf("%d items and error %v, want 300, and that 7 more requests are needed", n, failed)
		}
	})
}

// A quota returns as old requests leave its window of an hour: mostly one by one. So at first only one request is sent, not all
// that wait.
func TestQuotaThatReturnsOneByOne(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var mu sync.Mutex
		began, refused := time.Now(), 0
		var received int
		client := newMemoryClient(t, func(w http.ResponseWriter, req *http.Request) {
			time.Sleep(50 * time.Millisecond) // simulated
			mu.Lock()
			defer mu.Unlock()
			// The service accepts one request every ten seconds.
			allowed := 1 + int(time.Since(began)/(10*time.Second))
			status := http.StatusOK
			if received < allowed {
				received++
			} else {
				status = http.StatusTooManyRequests
				refused++
			}
			w.Header().Set("X-Ratelimit-Limit", "1000")
			w.Header().Set("X-Ratelimit-Remaining", strconv.Itoa(allowed-received))
			w.Header().Set("X-Ratelimit-Reset", strconv.Itoa(10-int(time.Since(began)/time.Second)%10))
			answer(status, `{"a": 1}`)(w, req)
		})
		if _, err := client.Get(t.Context(), "/2.0/user", nil); err != nil {
			t.Fatal(err)
		}
		var all sync.WaitGroup
		for i := range 6 {
			all.Go(func() {
				if _, err := client.Get(t.Context(), Path("/2.0/users/{id}", strconv.Itoa(i)), nil); err != nil {
					t.Error(err)
				}
			})
		}
		all.Wait()
		if refused > 0 {
			t.Errorf("%d requests were refused", refused)
		}
	})
}
