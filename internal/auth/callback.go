package auth

import (
	"context"
	"errors"
	"net"
	"net/http"
	"net/url"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/kindor/steampipe-plugin-bitbucket/internal/loopback"
)

// A Callback listens on this machine for the redirect that ends an authorization. The browser waits for its page until
// [Callback.Close] says how the login ended.
type Callback struct {
	state     string
	path      string
	listeners []net.Listener
	server    *http.Server
	answered  atomic.Bool // a redirect of this login has arrived
	answers   chan Answer
	ended     chan struct{} // closed once last is set
	last      Page
}

// An Answer is the content of a redirect.
type Answer struct {
	Code string
	Err  error // for example, the user denied access
}

// ErrNotLocal is the cause of Listen's error for a callback URL on another machine. The user can still paste the address.
var ErrNotLocal = errors.New("not an address of this machine")

// Listen listens at the consumer's callback URL, for example http://localhost:8976/callback, and answers requests. For
// "localhost" it listens on IPv4 and IPv6, because a browser may use either.
func Listen(callback, state string) (*Callback, error) {
	u, err := parseCallback(callback)
	if err != nil {
		return nil, err
	}
	c := &Callback{state: state, path: u.EscapedPath(), answers: make(chan Answer, 1), ended: make(chan struct{})}
	if c.path == "" {
		c.path = "/"
	}
	if c.listeners, err = listen(u); err != nil {
		return nil, errorf(KindConfiguration, err, "can't listen at %s (%v). End the program that uses the port, or log in with --no-browser", callback, err)
	}
	c.server = &http.Server{Handler: http.HandlerFunc(c.serve), ReadHeaderTimeout: 10 * time.Second}
	for _, listener := range c.listeners {
		go c.server.Serve(listener)
	}
	return c, nil
}

// parseCallback returns the callback URL, or an error if it is malformed or points to another machine.
func parseCallback(callback string) (*url.URL, error) {
	u, err := url.Parse(callback)
	switch {
	case err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https":
		return nil, errorf(KindConfiguration, nil, "the callback URL %q is not a web address: give it as it is in the consumer, "+
			"with http:// in front, for example http://localhost:8976/callback", callback)
	case u.Scheme != "http" || !loopback.Is(u.Hostname()):
		return nil, errorf(KindConfiguration, ErrNotLocal, "the callback URL %s is not an address of this machine, such as http://localhost:8976/callback", callback)
	}
	return u, nil
}

func listen(u *url.URL) (listeners []net.Listener, err error) {
	port := u.Port()
	if port == "" {
		port = "80"
	}
	hosts := []string{"127.0.0.1", "::1"}
	if net.ParseIP(u.Hostname()) != nil {
		hosts = []string{u.Hostname()}
	}
	var listener net.Listener
	for _, host := range hosts {
		listener, err = net.Listen("tcp", net.JoinHostPort(host, port))
		if err == nil {
			listeners = append(listeners, listener)
			continue
		}
		// IPv4 or IPv6 alone is enough. But a port in use is an error: the program that uses it could get the redirect with
		// the code.
		if errors.Is(err, syscall.EADDRINUSE) || errors.Is(err, syscall.EACCES) {
			break
		}
		if len(listeners) > 0 {
			err = nil
		}
	}
	if err != nil {
		for _, listener := range listeners {
			listener.Close()
		}
		return nil, err
	}
	return listeners, nil
}

// Answers returns a channel that receives the first redirect that belongs to this login. A request with another state gets a
// page that says so. It doesn't count as an answer, because anybody can send one.
func (c *Callback) Answers() <-chan Answer { return c.answers }

// Close shows the page in the waiting browser and stops listening. Only the first call has an effect.
func (c *Callback) Close(page Page) {
	select {
	case <-c.ended:
		return
	default:
	}
	c.last = page
	close(c.ended)
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Second) // time for the page to reach the browser
	defer cancel()
	if c.server.Shutdown(ctx) != nil {
		c.server.Close()
	}
}

// serve answers the browser.
func (c *Callback) serve(w http.ResponseWriter, r *http.Request) {
	switch {
	case r.URL.EscapedPath() != c.path:
		Page{http.StatusNotFound, "Not found", "This address only takes Bitbucket's answer to a login."}.show(w)
		return
	case r.Method != http.MethodGet:
		w.Header().Set("Allow", http.MethodGet)
		Page{http.StatusMethodNotAllowed, "Not allowed", "This address only takes Bitbucket's answer to a login."}.show(w)
		return
	}
	code, err := codeFrom(r.URL.Query(), c.state)
	switch {
	case IsNotThisLogin(err):
		Page{http.StatusBadRequest, "This page belongs to an older login", "Go back to the terminal, and open the address that it shows."}.show(w)
		return
	case !c.answered.CompareAndSwap(false, true):
		Page{http.StatusConflict, "Already answered", "This login already has its answer. You can close this page."}.show(w)
		return
	}
	c.answers <- Answer{code, err}
	select {
	case <-c.ended:
		c.last.show(w)
	case <-r.Context().Done(): // the browser has gone
	}
}
