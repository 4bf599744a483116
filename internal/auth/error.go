package auth

import (
	"context"
	"errors"
	"fmt"
	"strings"
)

// A Kind is the kind of an [Error]. It says what has to be fixed.
type Kind int

const (
	// KindAuthorization means that the credential is dead or was refused. Somebody has to authorize again or create a new one.
	KindAuthorization Kind = iota + 1
	// KindConfiguration means that a setting is missing or wrong.
	KindConfiguration
	// KindStorage means that the token file or its folder can't be read or written.
	KindStorage
	// KindTemporary means that the service can't be reached or has a problem. The same request may work later.
	KindTemporary
)

// String returns the kind's name.
func (k Kind) String() string {
	switch k {
	case KindAuthorization:
		return "authorization"
	case KindConfiguration:
		return "configuration"
	case KindStorage:
		return "storage"
	case KindTemporary:
		return "temporary"
	}
	return fmt.Sprintf("Kind(%d)", int(k))
}

// An Error says what was tried, what went wrong and what to do now. It contains no secret.
type Error struct {
	Kind Kind
	// Message is the whole text, for people.
	Message string
	// Status is the HTTP status of the authorization server's answer, or 0 if there was none.
	Status int
	// Err is the cause. It is nil if the message says everything.
	Err error
}

// Error returns the message.
func (e *Error) Error() string { return e.Message }

// Unwrap returns the cause, but not a context.DeadlineExceeded. Such a cause comes from one of our own timeouts. The SDK would
// take it for the end of the query and not show the message.
func (e *Error) Unwrap() error {
	if errors.Is(e.Err, context.DeadlineExceeded) {
		return nil
	}
	return e.Err
}

func errorf(kind Kind, cause error, format string, args ...any) *Error {
	return &Error{Kind: kind, Message: fmt.Sprintf(format, args...), Err: cause}
}

// refusedError is the authorization server's refusal of a grant, as defined in RFC 6749, section 5.2.
// The caller, which knows what was refused, turns it into an [Error].
type refusedError struct {
	status            int
	code, description string
}

func (e *refusedError) Error() string {
	answer := e.code
	if e.status != 0 { // a redirect has none
		answer = strings.TrimPrefix(fmt.Sprintf("%s, HTTP %d", e.code, e.status), ", ")
	}
	if e.description != "" {
		answer = fmt.Sprintf("%s: %q", answer, e.description)
	}
	return answer
}
