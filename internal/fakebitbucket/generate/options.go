package generate

import (
	"cmp"
	"time"
)

// Options say what organization is made.
type Options struct {
	// Seed decides the organization, with the sizes below. Default 1.
	Seed int64
	// Repositories, Projects, Users and Groups are the size of the organization. Defaults 120, 8, 40 and 8, over two
	// workspaces. A third, public one with a handful of repositories comes on top.
	Repositories, Projects, Users, Groups int
	// OneWorkspace puts all repositories into the workspace that the connected user administers.
	OneWorkspace bool
	// PlainMember makes the connected user a plain member of the first workspace too, with a permission of each level on
	// repositories of both and the administration of one project.
	PlainMember bool
	// EveryoneReads makes a group of all members in both workspaces, which may read every repository: many effective
	// permissions.
	EveryoneReads bool
	// GroupsClosed has all workspaces refuse the 1.0 API of groups, even to owners.
	GroupsClosed bool
	// Now is the time from which ages are counted back. Default time.Now.
	Now time.Time
}

func (o Options) withDefaults() Options {
	o.Seed = cmp.Or(o.Seed, 1)
	o.Repositories, o.Projects = cmp.Or(o.Repositories, 120), cmp.Or(o.Projects, 8)
	o.Users, o.Groups = cmp.Or(o.Users, 40), cmp.Or(o.Groups, 8)
	if o.Now.IsZero() {
		o.Now = time.Now()
	}
	return o
}
