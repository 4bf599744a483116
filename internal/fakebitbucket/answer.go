package fakebitbucket

import "net/http"

// Answer answers a request as if no fault were injected: for the Handler of a fault that lets some requests
// pass, perhaps changed. The journal knows of the request already.
func (s *Server) Answer(w http.ResponseWriter, r *http.Request) {
	if res := s.dispatch(r, new(journal).begin(r, s.now())); res != nil {
		res.send(w, r)
	}
}
