package auth

import (
	"context"
	"errors"
	"fmt"
	"strings"
)

// A Kind says who can do something about an [Error].
type Kind int

const (
	// KindAuthorization means that the credential is dead or was refused; somebody has to authorize again or create a new one.
	KindAuthorization Kind = iota + 1
	// KindConfiguration means that a setting is missing or wrong.
	KindConfiguration
	// KindStorage means that the token file or its folder can't be read or written.
	KindStorage
	// KindTemporary means that the service couldn't be reached or is in trouble; the same may work later.
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

// An Error says what was tried, what came of it and what to do now. It holds no secret.
type Error struct {
	Kind Kind
	// Message is the whole text, for a person.
	Message string
	// Status is the HTTP status that the authorization server answered with, 0 if it didn't answer.
	Status int
	// Err is the cause, nil if there is none beyond the message.
	Err error
}

// Error returns the message.
func (e *Error) Error() string { return e.Message }

// Unwrap returns the cause. A time of ours that ran out is none: the SDK takes all that is a context.DeadlineExceeded
// underneath for the end of the query, and says no more than that.
func (e *Error) Unwrap() error {
	if errors.Is(e.Err, context.DeadlineExceeded) {
		return nil
	}
	return e.Err
}

func errorf(kind Kind, cause error, format string, args ...any) *Error {
	return &Error{Kind: kind, Message: fmt.Sprintf(format, args...), Err: cause}
}

// refusedError is the authorization server's refusal of a grant, as RFC 6749 section 5.2 has it.
// It becomes an [Error] where it is known what was refused.
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
