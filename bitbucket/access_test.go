package bitbucket

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/turbot/steampipe-plugin-sdk/v5/grpc/proto"

	"github.com/kindor/steampipe-plugin-bitbucket/internal/fakebitbucket"
)

// lines are rows as texts, sorted: the named columns with spaces between.
func lines(rows []map[string]any, columns ...string) []string {
	var all []string
	for _, row := range rows {
		var fields []string
		for _, c := range columns {
			fields = append(fields, fmt.Sprint(row[c]))
		}
		all = append(all, strings.Join(fields, " "))
	}
	slices.Sort(all)
	return all
}

// sameLines fails the test unless both have the same lines.
func sameLines(t *testing.T, what string, want, got []string) {
	t.Helper()
	if diff := cmp.Diff(sorted(want), sorted(got)); diff != "" {
		t.Errorf("%s mismatch (-want +got):\n%s", what, diff)
	}
}

// administered are the repositories that a user administers, in the workspaces that the user belongs to.
func administeredBy(o *fakebitbucket.Organization, u *fakebitbucket.User) []*fakebitbucket.Repository {
	var all []*fakebitbucket.Repository
	for _, r := range o.Repositories {
		if o.Membership(r.Workspace, u) != nil && o.EffectivePermission(r, u) == "admin" {
			all = append(all, r)
		}
	}
	return all
}

var organizations = map[string]fakebitbucket.Options{
	"an administrator":               {Repositories: 300, Users: 80, Groups: 15},
	"an administrator, another seed": {Repositories: 310, Users: 85, Groups: 16, Seed: 7},
	"of one workspace, and no other": {Repositories: 300, Users: 80, Groups: 15, Seed: 3, OneWorkspace: true},
}

func TestExplicitGrants(t *testing.T) {
	for name, options := range organizations {
		t.Run(name, func(t *testing.T) {
			fake := fakebitbucket.Start(t, options)
			h := connected(t, fake)
			o := fake.Organization()
			var users, groups []string
			for _, r := range administeredBy(o, o.Connected) {
				for _, g := range o.RepositoryGrants {
					switch {
					case g.Repository != r:
					case g.User != nil:
						users = append(users, fmt.Sprint(r.FullName(), " ", r.UUID, " ", g.User.UUID, " ", g.Permission, " ", r.Workspace.Slug))
					default:
						groups = append(groups, fmt.Sprint(r.FullName(), " ", r.UUID, " ", g.Group.Slug, " ", g.Group.Name, " ", g.Permission))
					}
				}
			}
			sameLines(t, "grants to users", users, lines(h.rows(ask{table: "bitbucket_repository_user_permission"}), "repository_full_name", "repository_uuid", "user_uuid", "permission", "workspace_slug"))
			sameLines(t, "grants to groups", groups, lines(h.rows(ask{table: "bitbucket_repository_group_permission"}), "repository_full_name", "repository_uuid", "group_slug", "group_name", "permission"))
		})
	}
}

var _ = context.Background
var _ = http.StatusOK
var _ *proto.Qual
