package bitbucket

import (
	"fmt"
	"iter"

	"github.com/kindor/steampipe-plugin-bitbucket/internal/api"
)

// An OmissionError reports that a query names something that its table does not cover, on a connection whose on_refusal
// is "strict".
type OmissionError struct{ Omission Omission }

// Error returns what is left out, and where to look.
func (e *OmissionError) Error() string {
	return e.Omission.Message + " It is an error because on_refusal is \"strict\". bitbucket_my_workspace and bitbucket_my_repository show what the user administers"
}

// isRefused reports whether Bitbucket refused because of the user's role, and not for a missing scope of the token.
func isRefused(err error) bool {
	_, scopes := api.MissingScope(err)
	return api.IsForbidden(err) && !scopes
}

// passedOver returns the reason to leave out a part of a table instead of failing the query, if the error is such a
// reason: Bitbucket refuses the part, or fails to answer for it. An error that concerns the whole connection never is.
func (o *omitter) passedOver(err error) (reason string, ok bool) {
	if o.onRefusal != SkipOnRefusal || err == nil {
		return "", false
	}
	switch {
	case api.IsRefused(err):
		return ReasonRefused, true
	case api.IsUnanswered(err):
		return ReasonFailed, true
	}
	return "", false
}

// omitFailed records that a part of a table is left out because of an error. The message so far only names the part.
func (o *omitter) omitFailed(one Omission, reason string, err error) {
	one.Reason = reason
	one.Message = fmt.Sprintf("%s leaves out %s: %s.", o.queriedTable, one.Message, err)
	o.omit(one)
}

// wholeOrNone yields what belongs to a part of a table. If the connection leaves out what is refused, it holds the rows
// back until all are read: so the part is left out as a whole, never with some of its rows.
func wholeOrNone[T any](o *omitter, of Omission, items iter.Seq2[T, error]) iter.Seq2[T, error] {
	if o.onRefusal != SkipOnRefusal {
		return items
	}
	return func(yield func(T, error) bool) {
		var held []T
		for item, err := range items {
			if reason, ok := o.passedOver(err); ok {
				o.omitFailed(of, reason, err)
				return
			}
			if err != nil {
				yield(item, err)
				return
			}
			held = append(held, item)
		}
		for _, item := range held {
			if !yield(item, nil) {
				return
			}
		}
	}
}
