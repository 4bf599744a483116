package bitbucket

import (
	"cmp"
	"context"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// An Omission is something that a table could not cover, although a query asked for it or for everything.
type Omission struct {
	Connection string // name of the connection
	Table      string // name of the table
	Workspace  string // slug; "" if the omission is not about one
	Project    string // key; "" if the omission is not about one
	Repository string // full name; "" if the omission is not about one
	Reason     string // a short word, one of the reasons below
	Message    string // a sentence that says what was left out
	Advice     string // what to do about it; "" if there is nothing to do
	Covered    int    // repositories of the workspace that the table covers, if Total is known
	Total      int    // repositories of the workspace; 0 if unknown, or if the omission is about something else
	At         time.Time
}

// The reasons for an omission.
const (
	ReasonNotAdministered = "not_administered" // only its administrators may read it, and the connected user is not one of them
	ReasonFeatureOff      = "feature_off"      // the feature was never turned on, or is turned off
	ReasonEmpty           = "empty"            // nothing was pushed to the repository
	ReasonUnknownRevision = "unknown_revision" // the repository has no such commit, branch, tag or path
	ReasonHiddenGroups    = "hidden_groups"    // the workspace shows its groups to nobody, or not to the connected user
	ReasonNotCovered      = "not_covered"      // outside the workspaces that the connection names
	ReasonNothingVisible  = "nothing_visible"  // the connected user sees no workspace, or no repository
	ReasonRefused         = "refused"          // Bitbucket refused, and on_refusal is "skip"
	ReasonFailed          = "failed"           // Bitbucket did not answer, and on_refusal is "skip"
)

// advices are the advice for each reason.
var advices = map[string]string{
	ReasonNotAdministered: "Make the connected user an administrator there, or use a connection of somebody who is.",
	ReasonFeatureOff:      "Nothing, if the feature is meant to be off.",
	ReasonEmpty:           "Nothing: there will be rows after the first push.",
	ReasonUnknownRevision: "Nothing, if the repository is not meant to have it.",
	ReasonHiddenGroups:    "Look up the groups in admin.atlassian.com, or connect as an administrator of the workspace.",
	ReasonNotCovered:      "Add the workspace to the connection's workspaces argument.",
	ReasonNothingVisible:  "Give the connected user access to a repository; bitbucket_connection shows who that is.",
	ReasonRefused:         "The message has the cause. Correct it, and query again.",
	ReasonFailed:          "Query again later.",
}

const (
	omissionLife  = time.Hour
	mostOmissions = 1000 // of a connection; beyond that the oldest are dropped
)

// omissions keeps for an hour what queries left out, each omission once.
type omissions struct {
	mu  sync.Mutex
	all []Omission // oldest first
}

// add records an omission. It replaces an earlier record of the same one.
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

// isOf reports whether both are about the same thing, for the same reason.
func (o Omission) isOf(other Omission) bool {
	o.At, o.Message, o.Advice, o.Covered, o.Total = other.At, other.Message, other.Advice, other.Covered, other.Total
	return o == other
}

// since returns the omissions recorded since a time, oldest first.
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

// An omitter records what one scan leaves out.
type omitter struct {
	omissions    *omissions // of all scans
	onRefusal    OnRefusal  // of the connection
	name         string     // of the connection
	queriedTable string     // table that the query reads; the scan may read the table of its parents
	deferred     *deferred
	silent       bool         // the scan reads more than the query asked for, so its omissions are not recorded
	hasOmissions *atomic.Bool // something was left out, whether it was recorded or not
}

// omit records that the scan leaves something out.
func (o *omitter) omit(one Omission) {
	o.hasOmissions.Store(true)
	if o.silent {
		return
	}
	one.Connection, one.Table = o.name, o.queriedTable
	one.Advice = cmp.Or(one.Advice, advices[one.Reason])
	one.At = time.Now()
	o.omissions.add(one)
}

// omitUnlessStrict records an omission. It returns an error instead if on_refusal is "strict" and the query names what is
// left out.
func (o *omitter) omitUnlessStrict(one Omission, isNamed bool) error {
	if isNamed && o.onRefusal == StrictOnRefusal {
		return &OmissionError{one}
	}
	o.omit(one)
	return nil
}

// deferred has functions to run after all rows of a scan are sent, so that the rows need not wait.
type deferred struct {
	mu  sync.Mutex
	all []func(context.Context)
}

func (l *deferred) add(do func(context.Context)) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.all = append(l.all, do)
}

// addAll adds those of a part of the scan.
func (l *deferred) addAll(of *deferred) {
	for _, do := range of.all {
		l.add(do)
	}
}

// do runs them, for a few seconds at most: an omission is worth recording, but not worth waiting for the quota.
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
