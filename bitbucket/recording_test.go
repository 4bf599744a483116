package bitbucket

import (
	"bytes"
	"compress/gzip"
	"crypto/tls"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/kindor/steampipe-plugin-bitbucket/internal/fakebitbucket"
)

// A recording repeats the answers of a fake, so that a measurement is of the plugin only. The fake checks permissions again for
// every page.
type recording struct {
	fake    *fakebitbucket.Server
	latency time.Duration // before each answer

	requests, bytes, plain atomic.Int64 // bytes as sent, and uncompressed
	answers                sync.Map     // *answer by encoding and address
}

// A recordedAnswer is a recorded answer.
type recordedAnswer struct {
	*httptest.ResponseRecorder
	plain int64 // number of uncompressed bytes
}

func (r *recording) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	r.requests.Add(1)
	a := r.answer(req)
	time.Sleep(r.latency)
	for name, values := range a.Header() {
		w.Header()[name] = values
	}
	w.WriteHeader(a.Code)
	n, _ := w.Write(a.Body.Bytes()) // 0 if the client is gone
	r.bytes.Add(int64(n))
	r.plain.Add(a.plain)
}

// RoundTrip answers from memory, without a network, and uncompressed. Only the plugin's own work is left.
func (r *recording) RoundTrip(req *http.Request) (*http.Response, error) {
	arrived := req.Clone(req.Context())
	arrived.TLS = &tls.ConnectionState{}
	a := r.answer(arrived)
	body := bytes.NewReader(a.Body.Bytes())
	return &http.Response{StatusCode: a.Code, Header: a.Header(), Body: io.NopCloser(body), ContentLength: body.Size(), Request: req}, nil
}

func (r *recording) answer(req *http.Request) *recordedAnswer {
	key := req.Header.Get("Accept-Encoding") + " " + req.URL.RequestURI()
	kept, ok := r.answers.Load(key)
	if !ok {
		kept, _ = r.answers.LoadOrStore(key, r.record(req))
	}
	return kept.(*recordedAnswer)
}

func (r *recording) record(req *http.Request) *recordedAnswer {
	a := &recordedAnswer{ResponseRecorder: httptest.NewRecorder()}
	r.fake.ServeHTTP(a, req)
	a.plain = int64(a.Body.Len())
	if zipped, err := gzip.NewReader(bytes.NewReader(a.Body.Bytes())); err == nil {
		a.plain, _ = io.Copy(io.Discard, zipped) // the fake's own answer has no errors
	}
	return a
}

// forget sets the counters to zero.
func (r *recording) forget() {
	r.requests.Store(0)
	r.bytes.Store(0)
	r.plain.Store(0)
}

// recorded starts the plugin with a connection, "bitbucket", to a recording of the fake.
func recorded(t testing.TB, options fakebitbucket.Options) (*host, *recording) {
	t.Helper()
	fake := fakebitbucket.New(options)
	r := &recording{fake: fake}
	server := httptest.NewServer(r)
	t.Cleanup(server.Close)
	token := fake.AccessToken(fake.Organization().Connected.UUID, fakebitbucket.AllScopes()...)
	h := newHost(t, map[string]string{"bitbucket": fmt.Sprintf("base_url = %q\naccess_token = %q\nmax_age = \"0s\"", server.URL, token)})
	return h, r
}
