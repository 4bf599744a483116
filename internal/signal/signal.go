// Package signal wakes goroutines that wait for a change.
package signal

// A Signal can be announced many times. The zero Signal is ready to use. Its methods need the mutex that guards the
// change.
type Signal struct{ announced chan struct{} }

// Next returns a channel that is closed at the next announcement.
func (s *Signal) Next() <-chan struct{} {
	if s.announced == nil {
		s.announced = make(chan struct{})
	}
	return s.announced
}

// Announce wakes all waiting goroutines.
func (s *Signal) Announce() {
	if s.announced != nil {
		close(s.announced)
		s.announced = nil
	}
}
