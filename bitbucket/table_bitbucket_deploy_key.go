package bitbucket

import (
	"context"
	"slices"
)

// tableDeployKey returns the table bitbucket_deploy_key. A row is an SSH key that opens one repository.
// https://developer.atlassian.com/cloud/bitbucket/rest/api-group-deployments/#api-repositories-workspace-repo-slug-deploy-keys-get
func tableDeployKey() *table {
	return &table{
		name:        "bitbucket_deploy_key",
		description: "An SSH key that gives read access to one repository. It covers the repositories that the connected user administers.",
		scopes:      []string{"account", "repository", "repository:admin"},
		columns: slices.Concat([]column{
			integer("id", "Number of the key."),
			text("label", "Name of the key."),
		}, deployKeyColumns("owner"), inRepositoryColumns()),
		keyColumns: inRepositoryKeyColumns(),
		copying:    touched("id").withHistory("last_used"),
		rows: func(ctx context.Context, s *scan) rowSeq {
			return s.perAdministeredRepository(ctx, func(ctx context.Context, r repositoryScope) rowSeq {
				return s.listIn(ctx, r, s.collection(r.path("/deploy-keys"), 100))
			})
		},
	}
}

// deployKeyColumns returns the columns of the keys of repositories and of projects, which call the key's owner by
// different names.
func deployKeyColumns(ownerField string) []column {
	return []column{
		timestamp("added_on", "When the key was added.").at("added_on").at("created_on"),
		text("comment", "Comment at the end of the key. It often names the owner."),
		text("key", "Public key, as in a key file."),
		timestamp("last_used", "When the key was last used. Null if it never was."),
		text("owner_display_name", "Name of the user who added the key. Null if Bitbucket does not report it.").at(ownerField + ".display_name"),
		text("owner_uuid", "Immutable id of the user who added the key, in braces. Null if Bitbucket does not report it.").at(ownerField + ".uuid"),
		text("self_link", "Address of the key in the API.").at("links.self.href"),
		text("title", "Title of the key: its label, or else its comment.").at("label").at("comment"),
		text("type", "Type of the object: deploy_key or project_deploy_key."),
	}
}
