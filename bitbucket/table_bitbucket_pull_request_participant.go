package bitbucket

import (
	"context"
	"slices"
)

// tablePullRequestParticipant returns the table bitbucket_pull_request_participant. A row is a participant of a pull
// request: a reviewer, or somebody who commented on it or approved it.
// https://developer.atlassian.com/cloud/bitbucket/rest/api-group-pullrequests/#api-repositories-workspace-repo-slug-pullrequests-get
func tablePullRequestParticipant() *table {
	return &table{
		name:        "bitbucket_pull_request_participant",
		description: "A reviewer of a pull request, or somebody who commented on it or approved it, with the verdict. They are read with the pull requests, fifty pull requests per request.",
		scopes:      []string{"account", "repository", "pullrequest"},
		columns: slices.Concat(userColumns(), []column{
			boolean("approved", "True if the participant has approved."),
			timestamp("participated_on", "When the participant approved, or else last commented. Null for a reviewer who did neither."),
			text("role", "Role: REVIEWER for a user who was asked to review, or else PARTICIPANT."),
			text("state", "Verdict: approved or changes_requested. Null if there is none."),
			text("title", "Title of the participant: the name of the user.").at("user.display_name"),
			text("type", "Type of the object: participant."),
		}, inPullRequestColumns()),
		keyColumns: inPullRequestKeyColumns(),
		copying:    ofPullRequest("user_uuid"),
		rows: func(ctx context.Context, s *scan) rowSeq {
			fields := []string{"participants.user.uuid"}
			for _, field := range s.fields(objectPart) {
				fields = append(fields, "participants."+field)
			}
			on := s.narrowedTo(objectPart)
			return s.perRepository(ctx, func(ctx context.Context, r repositoryScope) rowSeq {
				return on.accepted(func(yield func(*row, error) bool) {
					for p, err := range r.pullRequests(ctx, s, fields...) {
						if err != nil {
							yield(nil, err)
							return
						}
						for participant := range p.request.Field("participants").Values() {
							if !yield(p.row(participant), nil) {
								return
							}
						}
					}
				})
			})
		},
	}
}
