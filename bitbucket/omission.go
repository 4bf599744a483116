package bitbucket

import (
	"cmp"
	"context"
	"slices"
	"sync"
	"time"
)

// An Omission is something that a table could not cover, although a query asked for it or for all that there is.
type Omission struct {
	Connection string // name of the connection
	Table      string // name of the table
	Workspace  string // slug; empty where the omission is about none
	Project    string // key; empty where the omission is about none
	Repository string // full name; empty where the omission is about none
	Reason     string // a short word, one of the reasons below
	Message    string // a sentence that says what was left out
	Advice     string // what to do about it; empty if nothing
	Covered    int    // repositories of the workspace that the table covers, where Total is known
	Total      int    // repositories of the workspace; 0 where that is not known, or the omission is about something else
	At         time.Time
}

// The reasons for an omission.
const (
	ReasonNotAdministered = "not_administered" // only administrators may read it, and the connected user is none there
	ReasonFeatureOff      = "feature_off"      // the feature was never turned on, or is turned off
	ReasonEmpty           = "empty"            // nothing was pushed to the repository
	ReasonUnknownRevision = "unknown_revision" // the repository has no such commit, branch, tag or path
	ReasonHiddenGroups    = "hidden_groups"    // the workspace shows its groups to nobody, or not to the connected user
	ReasonNotCovered      = "not_covered"      // outside the workspaces that the connection names
	ReasonNothingVisible  = "nothing_visible"  // the connected user sees no workspace, or no repository
	ReasonRefused         = "refused"          // Bitbucket refused, and on_refusal is "skip"
	ReasonFailed          = "failed"           // Bitbucket did not answer, and on_refusal is "skip"
)

// advices say what to do about each reason.
var advices = map[string]string{
	ReasonNotAdministered: "Make the connected user an administrator there, or leave it to a connection of somebody who is.",
	ReasonFeatureOff:      "Nothing, if the feature is meant to be off.",
	ReasonEmpty:           "Nothing: there is something to show after the first push.",
	ReasonUnknownRevision: "Nothing, if the repository is not meant to have it.",
	ReasonHiddenGroups:    "Look the groups up in admin.atlassian.com, or connect as an administrator of the workspace.",
	ReasonNotCovered:      "Add the workspace to the argument workspaces of the connection.",
	ReasonNothingVisible:  "Give the connected user access to a repository; bitbucket_connection shows who that is.",
	ReasonRefused:         "See why in the message, and ask again when that is mended.",
	ReasonFailed:          "Ask again later.",
}

const (
	omissionLife  = time.Hour
	mostOmissions = 1000 // of a connection; beyond that the oldest go
)

// omissions remembers for an hour what queries left out: each thing once, as of the last time.
type omissions struct {
	mu  sync.Mutex
	all []Omission // the oldest first
}

// add notes an omission. The same one, noted before, is replaced.
func (o *omissions) add(one Omission) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.all = slices.DeleteFunc(o.all, func(other Omission) bool {
		return other.isOf(one) || one.At.Sub(other.At) > omissionLife
	})
	o.all = append(o.all, one)
	isOfConnection := func(other Omission) bool { return other.Connection == one.Connection }
	of := 0
	for _, other := range o.all {
		if isOfConnection(other) {
			of++
		}
	}
	if of > mostOmissions {
		oldest := slices.IndexFunc(o.all, isOfConnection)
		o.all = slices.Delete(o.all, oldest, oldest+1)
	}
}

// isOf reports whether both say the same of the same thing.
func (o Omission) isOf(other Omission) bool {
	o.At, o.Message, o.Advice, o.Covered, o.Total = other.At, other.Message, other.Advice, other.Covered, other.Total
	return o == other
}

// since returns what was noted from a time on, the oldest first.
func (o *omissions) since(from time.Time) []Omission {
	o.mu.Lock()
	defer o.mu.Unlock()
	var found []Omission
	for _, one := range o.all {
		if !one.At.Before(from) && time.Since(one.At) <= omissionLife {
			found = append(found, one)
		}
	}
	return found
}

// omit notes that the scan leaves something out.
func (s *scan) omit(one Omission) {
	s.hasOmissions.Store(true)
	if s.silent {
		return
	}
	one.Connection, one.Table = s.name, s.queriedTable
	one.Advice = cmp.Or(one.Advice, advices[one.Reason])
	one.At = time.Now()
	s.instance.omitted.add(one)
}

// deferred has what a scan does when all its rows are sent: it must not keep them waiting.
type deferred struct {
	mu  sync.Mutex
	all []func(context.Context)
}

func (l *deferred) add(do func(context.Context)) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.all = append(l.all, do)
}

// do does it all, within a few seconds: what is omitted is worth telling, and not worth waiting for the quota.
func (l *deferred) do(ctx context.Context) {
	const patience = 5 * time.Second
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, do := range l.all {
		do(ctx)
	}
}
