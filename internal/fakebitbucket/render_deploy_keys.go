package fakebitbucket

import (
	"fmt"

	"github.com/kindor/steampipe-plugin-bitbucket/internal/fakebitbucket/organization"
)

// repositoryDeployKey renders the deploy keys of a repository.
func repositoryDeployKey(r *organization.Repository) func(*organization.DeployKey) object {
	return func(k *organization.DeployKey) object {
		o := append(keyObject("deploy_key", linkAPI+"/repositories/"+r.FullName(), k),
			jsonMember{name: "repository", value: lazy(func() any { return embeddedRepository(r) })})
		if k.Owner != nil {
			o = append(o, jsonMember{name: "owner", value: lazy(func() any { return embeddedUser(k.Owner) })})
		}
		return o
	}
}

// projectDeployKey renders the deploy keys of a project, in which the owner has a different name.
func projectDeployKey(p *organization.Project) func(*organization.DeployKey) object {
	return func(k *organization.DeployKey) object {
		o := append(keyObject("project_deploy_key", linkAPI+"/workspaces/"+p.Workspace.Slug+"/projects/"+p.Key, k),
			jsonMember{name: "project", value: lazy(func() any { return embeddedProject(p) })})
		if k.Owner != nil {
			o = append(o, jsonMember{name: "created_by", value: lazy(func() any { return embeddedUser(k.Owner) })})
		}
		return o
	}
}

func keyObject(kind, of string, k *organization.DeployKey) object {
	return object{
		{name: "type", value: kind},
		{name: "id", value: k.ID},
		{name: "key", value: k.Key},
		{name: "label", value: k.Label},
		{name: "comment", value: k.Comment},
		{name: "created_on", value: timestampOf(k.CreatedOn)},
		{name: "last_used", value: orNull(k.LastUsed, layoutMicro)},
		{name: "links", value: linksOf("self", fmt.Sprintf("%s/deploy-keys/%d", of, k.ID))},
	}
}
