package generate

import (
	"cmp"
	"time"
)

// Options describe the organization to generate.
type Options struct {
	// Seed and the sizes below decide the organization. Default 1.
	Seed int64
	// Repositories, Projects, Users and Groups are the sizes of the organization. The defaults are 120, 8, 40 and 8,
	// over two workspaces. A third workspace, which is public and has a few repositories, is added.
	Repositories, Projects, Users, Groups int
	// OneWorkspace puts all repositories into the workspace that the connected user administers.
	OneWorkspace bool
	// PlainMember makes the connected user a plain member of the first workspace, too. The user has a permission of
	// each level on repositories of both workspaces, and administers one project.
	PlainMember bool
	// EveryoneReads adds a group of all members to both workspaces. The group may read every repository, which gives
	// many effective permissions.
	EveryoneReads bool
	// GroupsClosed makes all workspaces refuse the 1.0 API of groups, even to owners.
	GroupsClosed bool
	// Now is the time from which all times count back. Default time.Now.
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
