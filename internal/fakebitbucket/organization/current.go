package organization

import (
	"maps"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// A Current is the current state of an organization, which changes replace with a new one. A change panics if
// something that it names does not exist, because that is a mistake of the caller.
type Current struct {
	org    atomic.Pointer[Organization]
	change sync.Mutex // held while a new organization is made from the current one
	now    func() time.Time
}

// NewCurrent returns an organization that can be changed. now returns the time of a change.
func NewCurrent(o *Organization, now func() time.Time) *Current {
	c := &Current{now: now}
	c.org.Store(o)
	return c
}

// Organization returns the current state.
func (c *Current) Organization() *Organization { return c.org.Load() }

// Update makes the next organization from a copy of the current one.
func (c *Current) Update(change func(*Organization)) {
	c.change.Lock()
	defer c.change.Unlock()
	o := *c.Organization()
	o.Repositories = slices.Clone(o.Repositories)
	o.Groups = slices.Clone(o.Groups)
	o.Memberships = slices.Clone(o.Memberships)
	o.RepositoryGrants = slices.Clone(o.RepositoryGrants)
	o.ProjectGrants = slices.Clone(o.ProjectGrants)
	o.HiddenGrants = slices.Clone(o.HiddenGrants)
	o.ClosedGroups = maps.Clone(o.ClosedGroups)
	change(&o)
	c.org.Store(o.Ready())
}

// Restore sets the organization back to an earlier state, for a test that goes on with it.
func (c *Current) Restore(o *Organization) {
	c.change.Lock()
	defer c.change.Unlock()
	c.org.Store(o)
}

// Must returns v, which was looked up by an ID. It panics if v is nil.
func Must[T any](v *T, what, id string) *T {
	if v == nil {
		panic("fakebitbucket: no " + what + " " + id)
	}
	return v
}
