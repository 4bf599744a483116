package organization

import "slices"

// ChangePipelines changes a copy of a repository's pipelines and puts it in their place. The lists are copied, but
// not their elements. So the change must replace an element instead of writing to it.
func (c *Current) ChangePipelines(fullName string, change func(*Pipelines)) {
	c.change.Lock()
	defer c.change.Unlock()
	o := c.Organization()
	r := Must(o.Repository(fullName), "repository", fullName)
	p := *o.PipelinesOf(r)
	p.Runs, p.Schedules, p.Variables = slices.Clone(p.Runs), slices.Clone(p.Schedules), slices.Clone(p.Variables)
	p.Caches, p.KnownHosts, p.Runners = slices.Clone(p.Caches), slices.Clone(p.KnownHosts), slices.Clone(p.Runners)
	p.Environments, p.Deployments = slices.Clone(p.Environments), slices.Clone(p.Deployments)
	change(&p)
	replace(o, "pipelines", r.UUID, &p)
}
