package bitbucket

import (
	"fmt"

	"github.com/kindor/steampipe-plugin-bitbucket/internal/api"
)

// isUnknown reports whether Bitbucket itself answered that something does not exist.
func isUnknown(err error) bool { return api.IsNotFound(err) && api.IsExplained(err) }

// unlessUnknown yields the rows, and ends without an error if Bitbucket answers that something does not exist: it never
// did, or it was deleted since its parent was listed.
func unlessUnknown(rows rowSeq) rowSeq {
	return func(yield func(*row, error) bool) {
		for r, err := range rows {
			if isUnknown(err) || !yield(r, err) || err != nil {
				return
			}
		}
	}
}

// unlessOff yields the rows like unlessUnknown, for a feature that may be switched off, such as pipelines: Bitbucket
// then answers "not found". This is recorded as an omission.
func (o *omitter) unlessOff(r repositoryScope, rows rowSeq) rowSeq {
	return o.unlessMissing(r, ReasonFeatureOff, "where the feature is off", rows)
}

// unlessMissing yields the rows like unlessUnknown, for something that a repository lacks. This is recorded as an
// omission, with a reason.
func (o *omitter) unlessMissing(r repositoryScope, reason, because string, rows rowSeq) rowSeq {
	return func(yield func(*row, error) bool) {
		for child, err := range rows {
			if isUnknown(err) {
				if err = o.omitRepository(r, reason, because); err == nil {
					return
				}
			}
			if !yield(child, err) || err != nil {
				return
			}
		}
	}
}

// omitRepository records that a repository has nothing to show, for a reason, or because it is empty. It returns an
// error if on_refusal is "strict" and the query names the repository.
func (o *omitter) omitRepository(r repositoryScope, reason, because string) error {
	if r.mainBranch() == "" && reason != ReasonFeatureOff {
		reason, because = ReasonEmpty, "which is empty"
	}
	one := r.omission()
	one.Reason, one.Message = reason, fmt.Sprintf("%s has no rows for the repository %s, %s.", o.queriedTable, r.fullName(), because)
	return o.omitUnlessStrict(one, r.from == nil)
}
