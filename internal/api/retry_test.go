package api

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

func TestRetriedStatuses(t *testing.T) {
	t.Parallel()
	tests := map[int]int64{ // expected requests
		400: 1, 401: 1, 403: 1, 404: 1, 409: 1, 410: 1, 501: 1, 555: 1, 304: 1,
		500: 5, 502: 5, 503: 5, 504: 5,
	}
	for status, want := range tests {
		t.Run(fmt.Sprint(status), func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				began := time.Now()
				client := newMemoryClient(t, answer(status, `<html>trouble</html>`))
				_, err := client.Get(t.Context(), "/2.0/user", nil)
				if statusOf(err) != status {
					t.Errorf("got error %v", err)
				}
				if got := client.Stats(); got.Requests != want || got.Retries != want-1 {
					t.Errorf("got %+v, want %d requests", got, want)
				}
				if took := time.Since(began); took > 30*time.Second {
					t.Errorf("took %s", took)
				}
			})
		})
	}
}

func TestRetryHonoursRetryAfter(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		retryAfter string
		want       time.Duration
	}{
		"within reason": {"20", 20 * time.Second},
		"too long":      {"86400", time.Minute},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				began := time.Now()
				client := newMemoryClient(t, func(w http.ResponseWriter, req *http.Request) {
					if time.Since(began) == 0 {
						w.Header().Set("Retry-After", tt.retryAfter)
						w.WriteHeader(http.StatusServiceUnavailable)
						return
					}
					answer(http.StatusOK, `{"a": 1}`)(w, req)
				})
				if _, err := client.Get(t.Context(), "/2.0/user", nil); err != nil {
					t.Fatal(err)
				}
				if took := time.Since(began); took < tt.want || took > tt.want*5/4+time.Millisecond {
					t.Errorf("took %s, want %s and a little", took, tt.want)
				}
			})
		})
	}
}

func TestRetryWaitIsCancelled(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		client := newMemoryClient(t, answer(http.StatusBadGateway, ``))
		ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
		defer cancel()
		began := time.Now()
		_, err := client.Get(ctx, "/2.0/user", nil)
		if took := time.Since(began); err != context.DeadlineExceeded || took != 100*time.Millisecond {
			t.Errorf("got error %v after %s", err, took)
		}
	})
}

// hijack takes over the connection of a request.
func hijack(t testing.TB, w http.ResponseWriter) net.Conn {
	t.Helper()
	conn, _, err := w.(http.Hijacker).Hijack()
	if err != nil {
		t.Fatal(err)
	}
	return conn
}

func TestFaultsOnTheWay(t *testing.T) {
	t.Parallel()
	faults := map[string]func(t testing.TB, w http.ResponseWriter){
		"connection closed": func(t testing.TB, w http.ResponseWriter) { hijack(t, w).Close() },
		"reset in the body": func(t testing.TB, w http.ResponseWriter) {
			conn := hijack(t, w)
			fmt.Fprint(conn, "HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n{\"values\": [")
			conn.(*net.TCPConn).SetLinger(0)
			conn.Close()
		},
		"short body": func(t testing.TB, w http.ResponseWriter) {
			conn := hijack(t, w)
			fmt.Fprint(conn, "HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n{}")
			conn.Close()
		},
		"short chunks": func(t testing.TB, w http.ResponseWriter) {
			conn := hijack(t, w)
			fmt.Fprint(conn, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n")
			conn.Close()
		},
		"short gzip": func(t testing.TB, w http.ResponseWriter) {
			var packed bytes.Buffer
			z := gzip.NewWriter(&packed)
			fmt.Fprint(z, `{"name": "half"}`)
			z.Close()
			w.Header().Set("Content-Encoding", "gzip")
			w.Write(packed.Bytes()[:packed.Len()-9])
		},
		"no HTTP": func(t testing.TB, w http.ResponseWriter) {
			conn := hijack(t, w)
			fmt.Fprint(conn, "SSH-2.0\r\n")
			conn.Close()
		},
	}
	for name, fault := range faults {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var n atomic.Int32
			client := newServerClient(t, func(w http.ResponseWriter, req *http.Request) {
				if n.Add(1) <= 2 {
					fault(t, w)
					return
				}
				answer(http.StatusOK, `{"name": "whole"}`)(w, req)
			})
			object, err := client.Get(t.Context(), "/2.0/user", nil)
			if err != nil {
				t.Fatal(err)
			}
			if got := object.Get("name").String(); got != "whole" {
				t.Errorf("got %q", got)
			}
		})
		t.Run(name+" for ever", func(t *testing.T) {
			t.Parallel()
			client := newServerClient(t, func(w http.ResponseWriter, _ *http.Request) { fault(t, w) })
			_, err := client.Get(t.Context(), "/2.0/user", nil)
			lost, ok := errors.AsType[*ConnectionError](err)
			if !ok {
				t.Fatalf("got error %v, want a *ConnectionError", err)
			}
			// Go's transport itself repeats a request if a reused connection was closed.
			if lost.Attempts != 5 || lost.Path != "/2.0/user" || !strings.Contains(err.Error(), "tried 5 times") || strings.Contains(err.Error(), "http://") {
				t.Errorf("got %d attempts and error %q", lost.Attempts, err)
			}
		})
	}
}

func TestHangingServerIsCancelled(t *testing.T) {
	t.Parallel()
	hangs := map[string]func(w http.ResponseWriter){
		"before the answer": func(http.ResponseWriter) {},
		"in the body": func(w http.ResponseWriter) {
			fmt.Fprint(w, `{"values": [`)
			w.(http.Flusher).Flush()
		},
	}
	for name, begin := range hangs {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			ctx, cancel := context.WithCancel(t.Context())
			client := newServerClient(t, func(w http.ResponseWriter, req *http.Request) {
				begin(w)
				cancel()
				<-req.Context().Done()
			})
			if _, err := client.Get(ctx, "/2.0/user", nil); err != context.Canceled {
				t.Errorf("got error %v, want context.Canceled", err)
			}
		})
	}
}

// If the service never answers, the error names it and the request. The error does not look like the end of the query, for which
// Steampipe shows no message.
func TestSilence(t *testing.T) {
	t.Parallel()
	silences := map[string]struct {
		transport    http.RoundTripper
		want         string
		isUnanswered bool
	}{
		"no answer": {inMemory{http.HandlerFunc(func(_ http.ResponseWriter, req *http.Request) { <-req.Context().Done() })},
			"tried 2 times: the answer took too long (more than 1m0s)", true},
		"no connection": {unreachable{&net.OpError{Op: "dial", Net: "tcp", Err: context.DeadlineExceeded}},
			"tried 5 times: dial tcp: it took too long. ", false},
		"given up elsewhere": {unreachable{&url.Error{Op: "Get", URL: "https://api.bitbucket.org/2.0/user?token=secret", Err: context.Canceled}},
			"tried 5 times: the request was aborted. ", false},
	}
	for name, tt := range silences {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				client, err := New(Config{Transport: tt.transport, BaseURL: "https://gateway.acme.test:8443"})
				if err != nil {
					t.Fatal(err)
				}
				_, err = client.Get(t.Context(), "/2.0/user", url.Values{"q": {"secret"}})
				if errors.Is(err, context.DeadlineExceeded) || errors.Is(err, context.Canceled) || IsUnanswered(err) != tt.isUnanswered {
					t.Errorf("got error %#v", err)
				}
				text := err.Error()
				if want := "GET /2.0/user: no answer from Bitbucket at gateway.acme.test:8443, " + tt.want; !strings.HasPrefix(text, want) || strings.Contains(text, "secret") {
					t.Errorf("got  %s\nwant %s", text, want)
				}
			})
		})
	}
	t.Run("on a connection", func(t *testing.T) {
		t.Parallel()
		client := newServerClient(t, func(_ http.ResponseWriter, req *http.Request) { <-req.Context().Done() })
		client.exchange.next.(*http.Transport).ResponseHeaderTimeout = time.Millisecond
		_, err := client.Get(t.Context(), "/2.0/user", nil)
		if errors.Is(err, context.DeadlineExceeded) || !IsUnanswered(err) || !strings.Contains(err.Error(), "tried 5 times: the answer took too long (net/http: timeout awaiting response headers)") {
			t.Errorf("got error %v", err)
		}
	})
	t.Run("the query's own end", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
			defer cancel()
			client := newMemoryClient(t, func(_ http.ResponseWriter, req *http.Request) { <-req.Context().Done() })
			if _, err := client.Get(ctx, "/2.0/user", nil); err != context.DeadlineExceeded || IsUnanswered(err) {
				t.Errorf("got error %v", err)
			}
		})
	})
}

func TestSilentServerIsAskedAgain(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var n atomic.Int32
		client := newMemoryClient(t, func(w http.ResponseWriter, req *http.Request) {
			if n.Add(1) == 1 {
				<-req.Context().Done()
				return
			}
			answer(http.StatusOK, `{"a": 1}`)(w, req)
		})
		if _, err := client.Get(t.Context(), "/2.0/user", nil); err != nil {
			t.Error(err)
		}
	})
}

func TestUntrustedCertificateIsNotRetried(t *testing.T) {
	t.Parallel()
	server := httptest.NewUnstartedServer(answer(http.StatusOK, `{"a": 1}`))
	server.Config.ErrorLog = log.New(io.Discard, "", 0)
	server.StartTLS()
	t.Cleanup(server.Close)
	client, err := New(Config{BaseURL: server.URL})
	if err != nil {
		t.Fatal(err)
	}
	_, err = client.Get(t.Context(), "/2.0/user", nil)
	if lost, ok := errors.AsType[*ConnectionError](err); !ok || lost.Attempts != 1 || !strings.Contains(err.Error(), "certificate") {
		t.Errorf("got error %v, want one attempt", err)
	}
}

func TestBodyLimit(t *testing.T) {
	t.Parallel()
	// A few KB that decompress to much more.
	var packed bytes.Buffer
	z := gzip.NewWriter(&packed)
	if _, err := io.CopyN(z, spaces{}, 2<<20); err != nil {
		t.Fatal(err)
	}
	z.Close()
	client := newServerClient(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Encoding", "gzip")
		w.Write(packed.Bytes())
	})
	client.exchange.limit = 1 << 20
	_, err := client.Get(t.Context(), "/2.0/user", nil)
	wantProtocolError(t, err, "more than 1 MiB")
	if got := client.Stats(); got.Requests != 1 || got.Bytes != 1<<20+1 {
		t.Errorf("got %+v, want one request, and no more read than shows that it is too much", got)
	}
}

type spaces struct{}

func (spaces) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = ' '
	}
	return len(p), nil
}

func TestConnectionsAreReused(t *testing.T) {
	t.Parallel()
	var opened atomic.Int32
	service := newCollection(2000)
	var n atomic.Int32
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		if n.Add(1)%20 == 0 {
			answer(http.StatusInternalServerError, strings.Repeat("x", 100_000))(w, req)
			return
		}
		service.ServeHTTP(w, req)
	}))
	server.Config.ConnState = func(_ net.Conn, state http.ConnState) {
		if state == http.StateNew {
			opened.Add(1)
		}
	}
	server.Start()
	t.Cleanup(server.Close)
	client, err := New(Config{BaseURL: server.URL, MaxConcurrency: 3})
	if err != nil {
		t.Fatal(err)
	}
	client.retry.Client.RetryWaitMin = time.Microsecond
	client.retry.Client.RetryWaitMax = time.Microsecond
	for range 5 {
		got, err := collect(t.Context(), client, List{Path: "/2.0/repositories/acme", PageLen: 100})
		if err != nil || len(got) != 2000 {
			t.Fatalf("got %d items, error %v", len(got), err)
		}
	}
	if got := opened.Load(); got > 3 {
		t.Errorf("%d connections for 100 requests, want at most 3", got)
	}
}

func TestConcurrencyIsBounded(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var inFlight, most atomic.Int32
		client := newMemoryClient(t, func(w http.ResponseWriter, req *http.Request) {
			if n := inFlight.Add(1); n > most.Load() {
				most.Store(n)
			}
			time.Sleep(time.Second) // simulated
			inFlight.Add(-1)
			answer(http.StatusOK, `{"a": 1}`)(w, req)
		}, func(c *Config) { c.MaxConcurrency = 3 })
		began := time.Now()
		var all sync.WaitGroup
		for i := range 30 {
			all.Go(func() {
				if _, err := client.Get(t.Context(), Path("/2.0/users/{id}", strconv.Itoa(i)), nil); err != nil {
					t.Error(err)
				}
			})
		}
		all.Wait()
		if took := time.Since(began); most.Load() != 3 || took != 10*time.Second {
			t.Errorf("at most %d in flight, took %s, want 3 and 10s", most.Load(), took)
		}
	})
}

// A long list does not delay a short one that starts later.
func TestSlotsAreFair(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		long := newCollection(5000)
		client := newMemoryClient(t, func(w http.ResponseWriter, req *http.Request) {
			time.Sleep(time.Second) // simulated
			if req.URL.Path == "/2.0/user" {
				answer(http.StatusOK, `{"a": 1}`)(w, req)
				return
			}
			long.ServeHTTP(w, req)
		}, func(c *Config) { c.MaxConcurrency = 2 })
		var all sync.WaitGroup
		all.Go(func() {
			if _, err := collect(t.Context(), client, List{Path: "/2.0/repositories/acme", PageLen: 100}); err != nil {
				t.Error(err)
			}
		})
		time.Sleep(5 * time.Second)
		began := time.Now()
		if _, err := client.Get(t.Context(), "/2.0/user", nil); err != nil {
			t.Fatal(err)
		}
		if took := time.Since(began); took > 3*time.Second {
			t.Errorf("waited %s behind a long list", took)
		}
		all.Wait()
	})
}

// A bodyCounter counts the bodies that were not closed.
type bodyCounter struct {
	http.RoundTripper
	open *atomic.Int32
}

func (b bodyCounter) RoundTrip(req *http.Request) (*http.Response, error) {
	resp, err := b.RoundTripper.RoundTrip(req)
	if err == nil {
		b.open.Add(1)
		resp.Body = &countedBody{ReadCloser: resp.Body, open: b.open}
	}
	return resp, err
}

type countedBody struct {
	io.ReadCloser
	once sync.Once
	open *atomic.Int32
}

func (b *countedBody) Close() error {
	b.once.Do(func() { b.open.Add(-1) })
	return b.ReadCloser.Close()
}

func TestBodiesAreClosed(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var open atomic.Int32
		var status int
		transport := bodyCounter{inMemory{http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
			if status == http.StatusFound {
				w.Header().Set("Location", "https://evil.example/")
			}
			answer(status, `{"name": "x"}`)(w, req)
		})}, &open}
		client, err := New(Config{Transport: transport, Authorizer: &credentialSource{current: "Bearer old"}})
		if err != nil {
			t.Fatal(err)
		}
		for _, limit := range []int64{maxBody, 3} {
			client.exchange.limit = limit
			for _, status = range []int{200, 302, 401, 404, 429, 500} {
				client.Get(t.Context(), "/2.0/user", nil)
				if n := open.Load(); n != 0 {
					t.Errorf("status %d: %d bodies are open", status, n)
				}
			}
		}
	})
}
