package programtest

import (
	"regexp"
	"strings"
	"sync"
)

// A Transcript is the output of a program so far. Many goroutines may use it.
type Transcript struct {
	mu    sync.Mutex // guards the other fields
	more  *sync.Cond
	text  strings.Builder
	ended bool
}

// NewTranscript returns an empty transcript.
func NewTranscript() *Transcript {
	h := &Transcript{}
	h.more = sync.NewCond(&h.mu)
	return h
}

// Write appends output.
func (h *Transcript) Write(p []byte) (int, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	defer h.more.Broadcast()
	return h.text.Write(p)
}

// End says that the program has ended, so that nobody waits any longer.
func (h *Transcript) End() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.ended = true
	h.more.Broadcast()
}

// String returns the output so far.
func (h *Transcript) String() string {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.text.String()
}

// Wait waits until the expression matches, and returns the match. It returns nil if the program ended without one.
func (h *Transcript) Wait(expression *regexp.Regexp) []string {
	h.mu.Lock()
	defer h.mu.Unlock()
	for {
		if found := expression.FindStringSubmatch(h.text.String()); found != nil || h.ended {
			return found
		}
		h.more.Wait()
	}
}
