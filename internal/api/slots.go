package api

import (
	"net/http"

	"golang.org/x/sync/semaphore"
)

// slots bounds the requests in flight over the whole client. A request holds its slot until it is
// done with, also while it waits for the quota or for another attempt: the others could do nothing
// better meanwhile, and a service in trouble is asked less.
//
// The semaphore serves in the order of arrival. With readers that ask for a bounded number of
// pages ahead, no scan starves another; turns by caller would be taken here.
type slots struct {
	next http.RoundTripper
	free *semaphore.Weighted
}

func newSlots(next http.RoundTripper, n int) *slots {
	return &slots{next: next, free: semaphore.NewWeighted(int64(n))}
}

func (s *slots) RoundTrip(req *http.Request) (*http.Response, error) {
	if err := s.free.Acquire(req.Context(), 1); err != nil {
		return nil, err
	}
	defer s.free.Release(1)
	return s.next.RoundTrip(req)
}
