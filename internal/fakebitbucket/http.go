package fakebitbucket

import (
	"bytes"
	"compress/gzip"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// ServeHTTP answers a request and records it.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	e := s.journal.begin(r, s.now())
	counted := &counter{ResponseWriter: w}
	defer func() { e.end(counted.status, counted.bytes) }()
	work := func(r *http.Request) *response { return s.dispatch(r, e) }
	var res *response
	if f := s.fault(r); f != nil {
		res = f.spoil(counted, r, work)
	} else {
		res = work(r)
	}
	if res != nil {
		res.send(counted, r)
	}
	if r.Context().Err() != nil {
		panic(http.ErrAbortHandler) // else net/http answers 200 to a caller that has stopped sending, and may still read
	}
}

// dispatch returns the answer, or nil if the caller is gone.
func (s *Server) dispatch(r *http.Request, e *journalEntry) *response {
	s.lookOver(r)
	switch p := r.URL.Path; {
	case p == oauthPath+"/access_token":
		return s.tokenEndpoint(r, e)
	case p == oauthPath+"/authorize":
		return s.authorizeEndpoint(r)
	case strings.HasPrefix(p, "/2.0/"), strings.HasPrefix(p, "/1.0/"):
		return s.answer(r, e)
	}
	s.violate("%s %s: the address is unknown", r.Method, r.URL.EscapedPath())
	return textResponse(http.StatusNotFound, "text/html; charset=utf-8", htmlPage)
}

// send writes the answer. It is compressed if the caller accepts that, and cut if a fault requires it.
func (res *response) send(w http.ResponseWriter, r *http.Request) {
	if len(res.body) == 0 { // for example, a redirect, which has no middle to cut
		switch res.cut {
		case FaultReset, FaultShort:
			res.cut = FaultLost
		case FaultStall:
			<-r.Context().Done()
			return
		}
	}
	if res.cut == FaultLost {
		panic(http.ErrAbortHandler) // net/http closes the connection
	}
	h := w.Header()
	for name, values := range res.header {
		h[name] = values
	}
	body := res.body
	if strings.Contains(r.Header.Get("Accept-Encoding"), "gzip") && len(body) > 256 {
		body = compress(body)
		h.Set("Content-Encoding", "gzip")
	}
	if res.cut != FaultDrip {
		h.Set("Content-Length", strconv.Itoa(len(body)))
	}
	w.WriteHeader(res.status)
	if r.Method == http.MethodHead {
		return
	}
	if res.cut == FaultReset || res.cut == FaultShort || res.cut == FaultStall {
		body = body[:len(body)/2]
	}
	_, _ = w.Write(body) // it does not matter if the caller is gone
	switch res.cut {
	case FaultReset:
		resetConnection(w)
	case FaultShort:
		_ = http.NewResponseController(w).Flush() // only the end of the connection matters
		panic(http.ErrAbortHandler)
	case FaultStall:
		_ = http.NewResponseController(w).Flush()
		<-r.Context().Done()
	case FaultDrip:
		drip(w, r)
		panic(http.ErrAbortHandler)
	}
}

// drip writes a space each second until the caller is gone.
func drip(w http.ResponseWriter, r *http.Request) {
	each := time.NewTicker(time.Second)
	defer each.Stop()
	for {
		_ = http.NewResponseController(w).Flush()
		select {
		case <-each.C:
			if _, err := w.Write([]byte(" ")); err != nil {
				return
			}
		case <-r.Context().Done():
			return
		}
	}
}

// compressors keeps gzip writers for the next answers, because they have a large state. A sync.Pool would drop them at each
// collection of garbage, and at random while races are looked for.
var compressors = make(chan *gzip.Writer, 4)

func compress(body []byte) []byte {
	var b bytes.Buffer
	z := compressor()
	z.Reset(&b)
	_, _ = z.Write(body) // writing to memory does not fail
	_ = z.Close()
	select {
	case compressors <- z:
	default:
	}
	return b.Bytes()
}

func compressor() *gzip.Writer {
	select {
	case z := <-compressors:
		return z
	default:
	}
	z, err := gzip.NewWriterLevel(nil, gzip.BestSpeed)
	if err != nil {
		panic(err) // cannot happen: the level is valid
	}
	return z
}

// A counter counts the bytes that are sent.
type counter struct {
	http.ResponseWriter
	status int
	bytes  int64
}

func (c *counter) WriteHeader(status int) {
	c.status = status
	c.ResponseWriter.WriteHeader(status)
}

func (c *counter) Write(b []byte) (int, error) {
	if c.status == 0 {
		c.status = http.StatusOK
	}
	n, err := c.ResponseWriter.Write(b)
	c.bytes += int64(n)
	return n, err
}

// Unwrap lets http.ResponseController reach the connection.
func (c *counter) Unwrap() http.ResponseWriter { return c.ResponseWriter }

// resetConnection breaks the connection after sending the bytes written so far.
func resetConnection(w http.ResponseWriter) {
	c := http.NewResponseController(w)
	_ = c.Flush() // only the broken connection matters
	conn, _, err := c.Hijack()
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	if l, ok := conn.(interface{ SetLinger(int) error }); ok {
		_ = l.SetLinger(0) // close with a reset instead of an end of file
	}
	_ = conn.Close()
}
