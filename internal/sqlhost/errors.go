package sqlhost

import (
	"errors"
	"fmt"
	"strings"

	"modernc.org/sqlite"
)

// cleaned is an error with a text for people, and the error itself for errors.As.
type cleaned struct {
	text string
	err  error
}

func (e *cleaned) Error() string { return e.text }
func (e *cleaned) Unwrap() error { return e.err }

// cleanError takes from an error's text what gRPC and SQLite have put around it.
func cleanError(err error) error {
	if err == nil {
		return nil
	}
	text := cleanText(err.Error())
	var e *sqlite.Error
	if errors.As(err, &e) {
		text = strings.TrimPrefix(text, "SQL logic error: ")
		text = strings.TrimSuffix(text, fmt.Sprintf(" (%d)", e.Code()))
	}
	if text == err.Error() {
		return err
	}
	return &cleaned{text, err}
}

// cleanText removes "rpc error: code = Internal desc = ", wherever it is.
func cleanText(text string) string {
	const begin, end = "rpc error: code = ", " desc = "
	for {
		before, rest, found := strings.Cut(text, begin)
		if !found {
			return strings.TrimSpace(text)
		}
		_, after, found := strings.Cut(rest, end)
		if !found {
			return strings.TrimSpace(text)
		}
		text = before + after
	}
}

// scanError is the error of a scan without the connection's name, which the SDK puts before it, where
// there is only one connection.
func (t *table) scanError(err error) error {
	err = cleanError(err)
	if text, found := strings.CutPrefix(err.Error(), t.Connection+": "); found && len(t.host.schemas) == 1 {
		return &cleaned{text, err}
	}
	return err
}
