package bitbucket

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"log"
	"math/big"
	"net"
	"net/http"
	"os"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/hashicorp/go-hclog"
	"github.com/hashicorp/hcl/v2/hclsimple"

	"github.com/kindor/steampipe-plugin-bitbucket/internal/api"
	"github.com/kindor/steampipe-plugin-bitbucket/internal/fakebitbucket"
)

// fakeHost is the name of the fake's host in a network.
const fakeHost = "api.bitbucket.test"

// A network connects to a fake over pipes instead of sockets: whole HTTP, over TLS. In a bubble of synctest, all waiting is
// simulated, so the tests use the limits of production.
type network struct {
	*http.Transport                   // the transport that works
	broken          http.RoundTripper // the transport of the requests for which breaks is true
	breaks          func(*http.Request) bool
	server          *http.Server
	conns           chan net.Conn // on their way to the server
	inUse           atomic.Int64  // connections that the client has not closed
	strangers       sync.Map      // hosts other than the fake's that were dialed
}

// certificate returns the certificate of the fake's host.
var certificate = sync.OnceValue(func() tls.Certificate {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		panic(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), DNSNames: []string{fakeHost}, IsCA: true, BasicConstraintsValid: true,
		NotBefore: time.Unix(0, 0), NotAfter: time.Date(2100, 1, 1, 0, 0, 0, 0, time.UTC),
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		panic(err)
	}
	leaf, err := x509.ParseCertificate(der)
	if err != nil {
		panic(err)
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key, Leaf: leaf}
})

// newNetwork starts to serve a handler.
func newNetwork(handler http.Handler) *network {
	n := &network{conns: make(chan net.Conn)}
	n.Transport = n.transport(func(config *tls.Config) { config.RootCAs.AddCert(certificate().Leaf) })
	n.server = &http.Server{Handler: handler, ErrorLog: log.New(io.Discard, "", 0)}
	go n.server.Serve(tls.NewListener(n, &tls.Config{Certificates: []tls.Certificate{certificate()}}))
	return n
}

// transport returns the client's own transport, with pipes, and with the TLS that configure sets.
func (n *network) transport(configure func(*tls.Config)) *http.Transport {
	t := api.NewTransport(api.DefaultMaxConcurrency)
	t.Proxy = nil
	t.DialContext = n.dial
	t.TLSClientConfig = &tls.Config{RootCAs: x509.NewCertPool()}
	configure(t.TLSClientConfig)
	return t
}

func (n *network) dial(ctx context.Context, _, address string) (net.Conn, error) {
	if hostName, _, _ := net.SplitHostPort(address); hostName != fakeHost {
		n.strangers.Store(hostName, true)
		return nil, fmt.Errorf("%s is not the fake's host", hostName)
	}
	ours, theirs := net.Pipe()
	select {
	case n.conns <- theirs:
		n.inUse.Add(1)
		return &countedConn{Conn: ours, open: &n.inUse}, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

func (n *network) RoundTrip(r *http.Request) (*http.Response, error) {
	if n.broken != nil && n.breaks(r) {
		return n.broken.RoundTrip(r)
	}
	return n.Transport.RoundTrip(r)
}

// A countedConn decrements a counter when it is closed.
type countedConn struct {
	net.Conn
	once sync.Once
	open *atomic.Int64
}

func (c *countedConn) Close() error {
	c.once.Do(func() { c.open.Add(-1) })
	return c.Conn.Close()
}

// Accept, Close and Addr make the network the listener of its server.
func (n *network) Accept() (net.Conn, error) {
	if c, ok := <-n.conns; ok {
		return c, nil
	}
	return nil, net.ErrClosed
}

func (n *network) Close() error   { close(n.conns); return nil }
func (n *network) Addr() net.Addr { return &net.UnixAddr{Name: "pipe"} }

// end closes the idle connections of the client, and returns the number of those in use.
func (n *network) end() int64 {
	for _, transport := range []http.RoundTripper{n.Transport, n.broken} {
		if idle, ok := transport.(interface{ CloseIdleConnections() }); ok {
			idle.CloseIdleConnections()
		}
	}
	left := n.inUse.Load()
	n.server.Close()
	return left
}

// A route is the transport of a connection. It can be set after the connection is made.
type route struct{ http.RoundTripper }

// A simulation is the plugin with one connection, "bitbucket", to a fake in a network.
type simulation struct {
	*host
	fake     *fakebitbucket.Server
	settings Settings
}

// simulate starts the plugin with a connection that has these arguments, and the addresses of the fake.
func simulate(t testing.TB, fake *fakebitbucket.Server, arguments string) *simulation {
	t.Helper()
	arguments += fmt.Sprintf("\nbase_url = %q\noauth_url = %q\n", "https://"+fakeHost, "https://"+fakeHost+"/site/oauth2")
	var config Config
	if err := hclsimple.Decode("bitbucket.hcl", []byte(arguments), nil, &config); err != nil {
		t.Fatal(err)
	}
	settings, err := config.Settings()
	if err != nil {
		t.Fatal(err)
	}
	s := &simulation{host: newHost(t, map[string]string{"bitbucket": arguments}), fake: fake, settings: settings}
	// The SDK's first query starts goroutines that never end. They must not be in a bubble.
	s.connect(&route{http.NewFileTransport(http.Dir(t.TempDir()))})
	if _, err := s.try(context.Background(), tableQuery{table: "bitbucket_my_workspace"}); err == nil {
		t.Fatal("no error without a network")
	}
	return s
}

// simulateToken is simulate with an access token of the connected user.
func simulateToken(t testing.TB, fake *fakebitbucket.Server, more ...string) *simulation {
	t.Helper()
	token := fmt.Sprintf("access_token = %q", fake.AccessToken(fake.Organization().Connected.UUID))
	return simulate(t, fake, strings.Join(append(more, token), "\n"))
}

// simulateConsumer is simulate with an OAuth consumer and a refresh token of the connected user.
func simulateConsumer(t testing.TB, fake *fakebitbucket.Server) *simulation {
	t.Helper()
	o := fake.Organization()
	consumer := fake.Consumer(o.Workspaces[0].Slug)
	return simulate(t, fake, fmt.Sprintf("consumer_key = %q\nconsumer_secret = %q\nrefresh_token = %q\ntoken_dir = %q",
		consumer.Key, consumer.Secret, fake.Grant(consumer, o.Connected.UUID), t.TempDir()))
}

// connect makes a new connection with an empty cache. Its requests use the route.
func (s *simulation) connect(r *route) {
	s.t.Helper()
	method, err := s.settings.authMethod()
	if err != nil {
		s.t.Fatal(err)
	}
	made, err := open(s.settings, method, nil, r, hclog.NewNullLogger())
	if err != nil {
		s.t.Fatal(err)
	}
	key, err := s.settings.key(method)
	if err != nil {
		s.t.Fatal(err)
	}
	s.instance.mu.Lock()
	defer s.instance.mu.Unlock()
	s.instance.connections[key] = made
}

// A scanning is the result of a scan in a bubble.
type scanning struct {
	rows  []map[string]any
	err   error
	took  time.Duration // simulated
	inUse int64         // connections that are not closed
	other []string      // hosts other than the fake's that were dialed
}

// leavesNothing fails a test that leaks goroutines or open files. It checks those outside bubbles: a bubble panics if its
// goroutines don't end.
func leavesNothing(t *testing.T) {
	t.Helper()
	count := func() [2]int {
		files, err := os.ReadDir("/dev/fd")
		if err != nil {
			t.Skip(err)
		}
		return [2]int{runtime.NumGoroutine(), len(files)}
	}
	before := count()
	t.Cleanup(func() {
		var after [2]int
		for range 100 { // goroutines of a connection end when it is collected
			runtime.GC()
			if after = count(); after[0] <= before[0] && after[1] <= before[1] {
				return
			}
		}
		t.Errorf("%d goroutines and %d open files, and there were %d and %d", after[0], after[1], before[0], before[1])
	})
}

// online calls do in a bubble with a network of its own, and returns the number of connections that it leaves in use.
func (s *simulation) online(t *testing.T, do func(*testing.T, *network)) (memory int64) {
	t.Helper()
	r := &route{}
	s.connect(r)
	synctest.Test(t, func(t *testing.T) {
		n := newNetwork(s.fake)
		r.RoundTripper = n
		do(t, n)
		synctest.Wait()
		memory = n.end()
	})
	return memory
}

// scan runs a query over a network of its own, which prepare may break first.
func (s *simulation) scan(t *testing.T, q tableQuery, prepare func(*network)) (done scanning) {
	t.Helper()
	done.inUse = s.online(t, func(t *testing.T, n *network) {
		prepare(n)
		begin := time.Now()
		done.rows, done.err = s.try(t.Context(), q)
		done.took = time.Since(begin)
		n.strangers.Range(func(hostName, _ any) bool {
			done.other = append(done.other, hostName.(string))
			return true
		})
	})
	return done
}
