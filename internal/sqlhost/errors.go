package sqlhost

import (
	"errors"
	"fmt"
	"strings"

	"modernc.org/sqlite"
)

// A cleaned is an error with a text for people, which wraps the original error.
type cleaned struct {
	text string
	err  error
}

func (e *cleaned) Error() string { return e.text }
func (e *cleaned) Unwrap() error { return e.err }

// cleanError removes the additions of gRPC and SQLite from an error's text.
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

// cleanText removes "rpc error: code = Internal desc = " everywhere in a text.
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

// scanError returns the error of a scan. If there is only one connection, it removes its name, which the SDK adds.
func (t *hostTable) scanError(err error) error {
	err = cleanError(err)
	if text, found := strings.CutPrefix(err.Error(), t.Connection+": "); found && len(t.host.schemas) == 1 {
		return &cleaned{text, err}
	}
	return err
}
