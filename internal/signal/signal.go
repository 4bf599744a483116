// Package signal wakes those who wait for a change.
package signal

// A Signal is announced again and again. The zero Signal is ready to use. Its methods need the mutex that guards what
// changes.
type Signal struct{ announced chan struct{} }

// Next returns a channel that is closed when the signal is announced the next time.
func (s *Signal) Next() <-chan struct{} {
	if s.announced == nil {
		s.announced = make(chan struct{})
	}
	return s.announced
}

// Announce wakes all who wait.
func (s *Signal) Announce() {
	if s.announced != nil {
		close(s.announced)
		s.announced = nil
	}
}
