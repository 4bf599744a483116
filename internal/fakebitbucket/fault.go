package fakebitbucket

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"
	"strings"
	"time"
)

// A FaultKind is a kind of wrong answer.
type FaultKind int

// The kinds of faults. Reset, Short, Lost, Stall, Drip, Edit and Drop let the server do its work first, so a refresh
// token in the request is used up. If the answer has no body, Reset, Short and Stall apply before its first byte.
const (
	FaultStatus  FaultKind = iota // answers with Status, Header and Body
	FaultHTML                     // answers with an HTML page and Status (default 502)
	FaultInvalid                  // answers 200 and half a JSON document
	FaultReset                    // breaks the connection in the middle of the body
	FaultShort                    // ends the body before its Content-Length
	FaultLost                     // breaks the connection before the first byte of the answer
	FaultHang                     // never answers
	FaultDelay                    // answers after Delay
	FaultHandler                  // lets Handler answer
	FaultStall                    // stops in the middle of the body, without ending it
	FaultDrip                     // adds a byte each second after the body, without end
	FaultHuge                     // answers with an endless page, as fast as the client reads
	FaultBomb                     // the same, but small and compressed
	FaultEdit                     // lets Edit change the body
	FaultDrop                     // leaves out the first Drop objects of a list
	FaultOrder                    // returns a page of the list in another order: the last object is first
	FaultRemoved                  // answers that the address has no API, as for a removed endpoint
)

// A Fault makes answers go wrong. It applies to Count requests that match all its conditions, after the first Skip of
// them.
type Fault struct {
	Kind   FaultKind
	Method string // "" matches any
	// Path is a pattern of the escaped path, such as /2.0/repositories/{workspace} or /2.0/{rest...}. {name} matches
	// one segment, and {name...} at the end matches the rest. "" matches any path.
	Path  string
	Match func(*http.Request) bool // nil matches any
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

// An armedFault is a fault and the number of requests that it has matched.
type armedFault struct {
	Fault
	path pathPattern
	seen int
}

// Inject adds a fault. If several faults match a request, the first one applies.
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

// fault returns the fault that applies to a request, or nil.
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

// spoil applies a fault to the answer that work makes. It returns nil if there is nothing more to send.
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

// An alteration is a change that a fault makes to a list.
type alteration struct {
	drop   int  // number of objects to leave out at the beginning
	rotate bool // the last object comes first
}

type alterationKey struct{}

func withAlteration(r *http.Request, a alteration) *http.Request {
	return r.WithContext(context.WithValue(r.Context(), alterationKey{}, a))
}

func alterationOf(r *http.Request) (a alteration, ok bool) {
	a, ok = r.Context().Value(alterationKey{}).(alteration)
	return a, ok
}

// flood writes the beginning of a page, and then the same bytes until the caller hangs up.
func flood(w http.ResponseWriter, encoding string, again []byte) {
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	begin := []byte(`{"values": [`)
	if encoding != "" {
		w.Header().Set("Content-Encoding", encoding)
		begin = compress(begin) // parts of gzip can be joined
	}
	w.WriteHeader(http.StatusOK)
	_, err := w.Write(begin)
	for err == nil {
		_, err = w.Write(again)
	}
}

// Set returns an Edit that changes a member of a JSON object. It removes the member if value returns nil.
func Set(name string, value func(*http.Request) any) func(*http.Request, []byte) []byte {
	return func(r *http.Request, body []byte) []byte {
		members := map[string]any{}
		d := json.NewDecoder(bytes.NewReader(body))
		d.UseNumber()
		if d.Decode(&members) != nil {
			return body // not an object; for example, a list of the 1.0 API
		}
		delete(members, name)
		if v := value(r); v != nil {
			members[name] = v
		}
		edited, err := json.Marshal(members)
		if err != nil {
			panic(err) // cannot happen: it was JSON before
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

// Answer answers a request as if there were no fault. The Handler of a fault uses it to let some requests pass,
// perhaps changed. The journal already contains the request.
func (s *Server) Answer(w http.ResponseWriter, r *http.Request) {
	if res := s.dispatch(r, new(journal).begin(r, s.now())); res != nil {
		res.send(w, r)
	}
}
