package bitbucket

import (
	"context"
)

// userColumns returns the columns that show the user of an object.
func userColumns() []column {
	return []column{
		text("user_uuid", "Immutable id of the user, in braces.").at("user.uuid"),
		text("user_account_id", "Atlassian account id of the user. Null for a user that is not a person.").at("user.account_id"),
		text("user_display_name", "Name of the user.").at("user.display_name"),
		text("user_nickname", "Name that the user chose; not unique.").at("user.nickname"),
		text("user_type", "Type of the user: user, app_user or team.").at("user.type"),
	}
}

// groupColumns returns the columns that show the group of a grant.
func groupColumns() []column {
	return []column{
		text("group_slug", "Short name of the group, unique in the workspace.").at("group.slug"),
		text("group_full_slug", "Slugs of the workspace and of the group, as in \"acme:developers\".").at("group.full_slug"),
		text("group_name", "Name of the group.").at("group.name"),
	}
}

// userGrants lists the explicit grants to users on a repository or a project. Bitbucket can't filter them, but the
// grant to one user has its own address, by either id.
func userGrants(ctx context.Context, s *scan, on container) rowSeq {
	for _, columnName := range []string{"user_uuid", "user_account_id"} {
		if ids, ok := s.conditions.texts(columnName); ok && len(ids) == 1 {
			return s.getByID(ctx, on, "/permissions-config/users/{selected_user_id}", ids[0])
		}
	}
	return s.listIn(ctx, on, s.collection(on.path("/permissions-config/users"), 100))
}

// groupGrants lists the explicit grants to groups, like userGrants.
func groupGrants(ctx context.Context, s *scan, on container) rowSeq {
	if slugs, ok := s.conditions.texts("group_slug"); ok && len(slugs) == 1 {
		return s.getByID(ctx, on, "/permissions-config/groups/{group_slug}", slugs[0])
	}
	return s.listIn(ctx, on, s.collection(on.path("/permissions-config/groups"), 100))
}
