package fakebitbucket

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"
	"strings"
	"time"
)

// A FaultKind is a way in which an answer goes wrong.
type FaultKind int

// The kinds of faults. Reset, Short, Lost, Stall, Drip, Edit and Drop let the server do its work first: a refresh
// token that was sent is spent. Where the answer has no body, Reset, Short and Stall come before its first byte.
const (
	FaultStatus  FaultKind = iota // answers Status, Header and Body
	FaultHTML                     // answers a page of HTML, with Status (default 502)
	FaultInvalid                  // answers 200 and half a JSON document
	FaultReset                    // breaks the connection in the middle of the body
	FaultShort                    // ends the body before its Content-Length
	FaultLost                     // breaks the connection before the first byte of the answer
	FaultHang                     // never answers
	FaultDelay                    // answers after Delay
	FaultHandler                  // lets Handler answer
	FaultStall                    // stops in the middle of the body, and does not end
	FaultDrip                     // goes on with a byte each second after the body, without end
	FaultHuge                     // answers a page that goes on as fast as it is read, without end
	FaultBomb                     // answers the same in little, compressed
	FaultEdit                     // lets Edit change the body
	FaultDrop                     // leaves Drop objects out, at the head of a list
	FaultOrder                    // answers a page of the list in another order: the last object is the first
	FaultRemoved                  // answers that there is no API at the address, as of an endpoint that was removed
)

// A Fault makes answers go wrong. It applies to requests that match in all respects, after Skip of them, and
// Count times.
type Fault struct {
	Kind   FaultKind
	Method string // "" is any
	// Path is a pattern of the escaped path: each {name} stands for one segment, and {name...} at the end for
	// all that follow, as in /2.0/repositories/{workspace} or /2.0/{rest...}; "" is any.
	Path  string
	Match func(*http.Request) bool // nil is any
	Skip  int
	Count int // default 1; negative: always

	Status  int
	Header  http.Header
	Body    string
	Delay   time.Duration
	Handler http.HandlerFunc
	Edit    func(r *http.Request, body []byte) []byte
	Drop    int
}

// An armedFault is a fault and how far it has got.
type armedFault struct {
	Fault
	path pattern
	seen int
}

// Inject adds a fault. Of several that match a request, the one injected first applies.
func (s *Server) Inject(f Fault) {
	if f.Count == 0 {
		f.Count = 1
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faults = append(s.faults, &armedFault{Fault: f, path: newPattern(f.Path)})
}

// ClearFaults removes all faults.
func (s *Server) ClearFaults() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faults = nil
}

// fault is what goes wrong with a request, if anything.
func (s *Server) fault(r *http.Request) *Fault {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, f := range s.faults {
		if !f.matches(r) {
			continue
		}
		f.seen++
		if n := f.seen - f.Skip; n > 0 && (f.Count < 0 || n <= f.Count) {
			return &f.Fault
		}
	}
	return nil
}

func (f *armedFault) matches(r *http.Request) bool {
	if f.Method != "" && f.Method != r.Method || f.Match != nil && !f.Match(r) {
		return false
	}
	if f.Path == "" {
		return true
	}
	_, ok := f.path.match(strings.Split(r.URL.EscapedPath(), "/"))
	return ok
}

const htmlPage = `<!DOCTYPE html>
<html><head><title>Bitbucket</title></head>
<body><h1>Something went wrong</h1><script>window.__token__ = "short-lived-web-token"</script></body></html>
`

// spoil applies a fault to the answer that work makes. It returns nil where nothing more is to be sent.
func (f *Fault) spoil(w http.ResponseWriter, r *http.Request, work func(*http.Request) *response) *response {
	switch f.Kind {
	case FaultStatus:
		return f.instead("application/json; charset=utf-8", f.Body, http.StatusInternalServerError)
	case FaultHTML:
		return f.instead("text/html; charset=utf-8", htmlPage, http.StatusBadGateway)
	case FaultInvalid:
		return f.instead("application/json; charset=utf-8", `{"values": [{"uuid": "{`, http.StatusOK)
	case FaultHang:
		<-r.Context().Done()
		return nil
	case FaultHandler:
		f.Handler(w, r)
		return nil
	case FaultDelay:
		select {
		case <-time.After(f.Delay):
		case <-r.Context().Done():
			return nil
		}
		return work(r)
	case FaultHuge:
		flood(w, "", []byte(strings.Repeat(" ", 1<<20)))
		return nil
	case FaultBomb:
		flood(w, "gzip", compress(make([]byte, 1<<20)))
		return nil
	case FaultDrop:
		return work(withAlteration(r, alteration{drop: f.Drop}))
	case FaultOrder:
		return work(withAlteration(r, alteration{rotate: true}))
	case FaultRemoved:
		return errNoAPI.response()
	}
	res := work(r)
	switch {
	case res == nil:
	case f.Kind == FaultEdit:
		res.body = f.Edit(r, res.body)
	default:
		res.cut = f.Kind
	}
	return res
}

// An alteration is what a fault makes of a list.
type alteration struct {
	drop   int  // objects at its head are left out
	rotate bool // its last object is the first
}

type alterationKey struct{}

func withAlteration(r *http.Request, a alteration) *http.Request {
	return r.WithContext(context.WithValue(r.Context(), alterationKey{}, a))
}

func alterationOf(r *http.Request) (a alteration, ok bool) {
	a, ok = r.Context().Value(alterationKey{}).(alteration)
	return a, ok
}

// flood writes the beginning of a page, and then the same again and again until the caller has had enough.
func flood(w http.ResponseWriter, encoding string, again []byte) {
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	begin := []byte(`{"values": [`)
	if encoding != "" {
		w.Header().Set("Content-Encoding", encoding)
		begin = compress(begin) // gzip's parts can be strung together
	}
	w.WriteHeader(http.StatusOK)
	_, err := w.Write(begin)
	for err == nil {
		_, err = w.Write(again)
	}
}

// Set returns an Edit that gives a member of a JSON object another value, or takes it away if that is nil.
func Set(name string, value func(*http.Request) any) func(*http.Request, []byte) []byte {
	return func(r *http.Request, body []byte) []byte {
		members := map[string]any{}
		d := json.NewDecoder(bytes.NewReader(body))
		d.UseNumber()
		if d.Decode(&members) != nil {
			return body // no object, such as a list of API 1.0
		}
		delete(members, name)
		if v := value(r); v != nil {
			members[name] = v
		}
		edited, err := json.Marshal(members)
		if err != nil {
			panic(err) // what was JSON still is
		}
		return edited
	}
}

func (f *Fault) instead(contentType, body string, status int) *response {
	if f.Status != 0 {
		status = f.Status
	}
	res := textResponse(status, contentType, body)
	for name, values := range f.Header {
		res.header[http.CanonicalHeaderKey(name)] = values
	}
	return res
}

// Answer answers a request as if no fault were injected: for the Handler of a fault that lets some requests
// pass, perhaps changed. The journal knows of the request already.
func (s *Server) Answer(w http.ResponseWriter, r *http.Request) {
	if res := s.dispatch(r, new(journal).begin(r, s.now())); res != nil {
		res.send(w, r)
	}
}
