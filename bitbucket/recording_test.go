package bitbucket

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/kindor/steampipe-plugin-bitbucket/internal/fakebitbucket"
)

// A recording answers again what a fake has answered once, so that what is measured is the plugin and not the fake, which
// works out who may see what for each page anew.
type recording struct {
	fake    *fakebitbucket.Server
	latency time.Duration // before each answer

	requests, bytes atomic.Int64
	answers         sync.Map // *httptest.ResponseRecorder by address
}

func (r *recording) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	r.requests.Add(1)
	address := req.URL.RequestURI()
	kept, ok := r.answers.Load(address)
	if !ok {
		answer := httptest.NewRecorder()
		r.fake.ServeHTTP(answer, req)
		kept, _ = r.answers.LoadOrStore(address, answer)
	}
	answer := kept.(*httptest.ResponseRecorder)
	time.Sleep(r.latency)
	for name, values := range answer.Header() {
		w.Header()[name] = values
	}
	w.WriteHeader(answer.Code)
	n, _ := w.Write(answer.Body.Bytes()) // to one that has gone, it is none
	r.bytes.Add(int64(n))
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
