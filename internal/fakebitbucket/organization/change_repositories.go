package organization

import "slices"

// ChangeBranchingModel changes the model of a repository, which has its own from now on.
func (c *Current) ChangeBranchingModel(fullName string, change func(*BranchingModel)) {
	c.ChangeRepository(fullName, func(r *Repository) { r.OverridesBranchingModel = true })
	o := c.Organization()
	r := o.Repository(fullName)
	changed := *o.RepositoryBranchingModel(r)
	changed.Types = slices.Clone(changed.Types)
	change(&changed)
	replace(o, "branching model", r.UUID, &changed)
}

// AddRepository adds a repository. Its workspace must be set. Other empty fields get simple values.
func (c *Current) AddRepository(r Repository) *Repository {
	c.Update(func(o *Organization) {
		if r.Project == nil {
			r.Project = o.ProjectsOf(r.Workspace)[0]
		}
		if r.UUID == "" {
			r.UUID = o.generator(o, uint64(len(o.Repositories)), r.Slug).UUID()
		}
		if r.Owner == nil {
			r.Owner = r.Workspace.Account
		}
		if r.Name == "" {
			r.Name = r.Slug
		}
		if r.ForkPolicy == "" {
			r.ForkPolicy = "allow_forks"
		}
		if r.CreatedOn.IsZero() {
			r.CreatedOn = c.now()
			r.UpdatedOn = r.CreatedOn
		}
		o.Repositories = append(o.Repositories, &r)
	})
	return &r
}

// ChangeRepository replaces a repository with a changed copy: another name, owner or visibility.
func (c *Current) ChangeRepository(fullName string, change func(*Repository)) {
	c.Update(func(o *Organization) {
		old := Must(o.Repository(fullName), "repository", fullName)
		changed := *old
		change(&changed)
		o.Repositories[slices.Index(o.Repositories, old)] = &changed
		o.changeRepositoryGrants(func(grants []*RepositoryGrant) []*RepositoryGrant {
			for i, g := range grants {
				if g.Repository == old {
					grants[i] = &RepositoryGrant{&changed, g.User, g.Group, g.Permission}
				}
			}
			return grants
		})
	})
}

// RemoveRepository deletes a repository and the grants on it.
func (c *Current) RemoveRepository(fullName string) {
	c.Update(func(o *Organization) {
		r := Must(o.Repository(fullName), "repository", fullName)
		o.Repositories = slices.DeleteFunc(o.Repositories, func(x *Repository) bool { return x == r })
		o.changeRepositoryGrants(func(grants []*RepositoryGrant) []*RepositoryGrant {
			return slices.DeleteFunc(grants, func(g *RepositoryGrant) bool { return g.Repository == r })
		})
	})
}

// AddWebhook adds a webhook to a repository, as the newest one.
func (c *Current) AddWebhook(fullName string, h Webhook) {
	c.Update(func(o *Organization) {
		r := Must(o.Repository(fullName), "repository", fullName)
		replace(o, "webhooks", r.UUID, append([]*Webhook{&h}, o.Webhooks(r)...))
	})
}

// RemoveWebhook removes a webhook from a repository.
func (c *Current) RemoveWebhook(fullName, uuid string) {
	c.Update(func(o *Organization) {
		r := Must(o.Repository(fullName), "repository", fullName)
		replace(o, "webhooks", r.UUID, slices.DeleteFunc(slices.Clone(o.Webhooks(r)), func(h *Webhook) bool { return h.UUID == uuid }))
	})
}

// AddDeployKey adds a deploy key to a repository.
func (c *Current) AddDeployKey(fullName string, k DeployKey) {
	c.Update(func(o *Organization) {
		r := Must(o.Repository(fullName), "repository", fullName)
		replace(o, "deploy keys", r.UUID, append(slices.Clone(o.DeployKeys(r)), &k))
	})
}
