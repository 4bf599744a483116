package auth

import (
	"context"
	"errors"
	"html/template"
	"net"
	"net/http"
	"net/url"
	"sync/atomic"
	"syscall"
	"time"
)

// A Callback listens on this machine for the redirect that ends an authorization.
type Callback struct {
	state     string
	path      string
	listeners []net.Listener
	answered  atomic.Bool  // there has been a redirect that belongs to this login
	outcome   chan outcome // holds it
}

type outcome struct {
	code string
	err  error
}

// Listen listens where callback says, the URL that the consumer was registered with, such as
// http://localhost:8976/callback. It takes only addresses of this machine; "localhost" is listened for on IPv4 and, where
// there is one, on IPv6, for a browser may take either.
func Listen(callback, state string) (*Callback, error) {
	u, err := url.Parse(callback)
	if err != nil || u.Scheme != "http" || !isLoopback(u.Hostname()) {
		return nil, errorf(KindConfiguration, nil, "the consumer's callback URL isn't an address of this machine such as http://localhost:8976/callback. "+
			"Log in with --no-browser and paste the address that the browser ends on, or change the callback URL")
	}
	c := &Callback{state: state, path: u.EscapedPath(), outcome: make(chan outcome, 1)}
	if c.path == "" {
		c.path = "/"
	}
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
			c.listeners = append(c.listeners, listener)
			continue
		}
		// Where one family isn't there the other serves. A port that is taken is another matter:
		// the redirect, and the code in it, could reach the program that has it.
		if len(hosts) == 1 || errors.Is(err, syscall.EADDRINUSE) || errors.Is(err, syscall.EACCES) {
			c.Close()
			return nil, cannotListen(callback, err)
		}
	}
	if len(c.listeners) == 0 {
		return nil, cannotListen(callback, err)
	}
	return c, nil
}

func cannotListen(callback string, cause error) *Error {
	return errorf(KindConfiguration, cause, "can't listen at %s (%v). End the program that uses the port, or log in with --no-browser", callback, cause)
}

// Close stops listening.
func (c *Callback) Close() {
	for _, listener := range c.listeners {
		listener.Close()
	}
}

// Wait returns the code of the first redirect that belongs to this login, or the error that it carries, and stops
// listening. A request with another state is answered with a page that says so, and waited past: anybody can send one.
// The time limit is ctx's.
func (c *Callback) Wait(ctx context.Context) (code string, err error) {
	server := &http.Server{Handler: http.HandlerFunc(c.serve), ReadHeaderTimeout: 10 * time.Second}
	for _, listener := range c.listeners {
		go server.Serve(listener)
	}
	defer c.Close()
	defer func() {
		// Lets the page reach the browser.
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 2*time.Second)
		defer cancel()
		if server.Shutdown(ctx) != nil {
			server.Close()
		}
	}()
	select {
	case result := <-c.outcome:
		return result.code, result.err
	case <-ctx.Done():
		if errors.Is(ctx.Err(), context.Canceled) {
			return "", ctx.Err()
		}
		return "", errorf(KindAuthorization, ctx.Err(), "nobody granted access in time. Log in again, or with --no-browser "+
			"if the browser is on another machine or the consumer's callback URL isn't the one that was waited at")
	}
}

// serve answers the browser.
func (c *Callback) serve(w http.ResponseWriter, r *http.Request) {
	header := w.Header()
	header.Set("Cache-Control", "no-store")
	header.Set("Referrer-Policy", "no-referrer")
	header.Set("X-Content-Type-Options", "nosniff")
	header.Set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'")
	header.Set("Content-Type", "text/html; charset=utf-8")
	switch {
	case r.URL.EscapedPath() != c.path:
		showPage(w, http.StatusNotFound, page{"Not found", "This program only waits for Bitbucket's answer."})
		return
	case r.Method != http.MethodGet:
		header.Set("Allow", http.MethodGet)
		showPage(w, http.StatusMethodNotAllowed, page{"Not allowed", "This program only waits for Bitbucket's answer."})
		return
	}
	switch code, err := codeFrom(r.URL.Query(), c.state); {
	case err == errNoCode || err == errWrongState:
		showPage(w, http.StatusBadRequest, page{"Not the answer that is waited for", "Go back to the terminal, and open the address that it shows. An older one doesn't do."})
	case !c.answered.CompareAndSwap(false, true):
		showPage(w, http.StatusConflict, page{"Already answered", "This login has had its answer. You can close this page."})
	case err != nil:
		c.outcome <- outcome{err: err}
		showPage(w, http.StatusForbidden, page{"Access was not granted", "You can close this page. The terminal says what to do."})
	default:
		c.outcome <- outcome{code: code}
		showPage(w, http.StatusOK, page{"Access granted", "You can close this page and go back to the terminal."})
	}
}

// A page is what the person sees in the browser.
type page struct{ Title, Text string }

func showPage(w http.ResponseWriter, status int, p page) {
	w.WriteHeader(status)
	pageTemplate.Execute(w, p)
}

var pageTemplate = template.Must(template.New("page").Parse(`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>{{.Title}}</title>
<style>body { font: 1.1rem/1.5 system-ui, sans-serif; max-width: 36rem; margin: 15vh auto; padding: 0 1rem }</style>
</head>
<body>
<h1>{{.Title}}</h1>
<p>{{.Text}}</p>
</body>
</html>
`))
