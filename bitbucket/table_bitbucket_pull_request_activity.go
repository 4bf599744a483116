package bitbucket

import (
	"context"
	"slices"
	"time"

	"github.com/kindor/steampipe-plugin-bitbucket/internal/jsontree"
	"github.com/kindor/steampipe-plugin-bitbucket/internal/streams"
)

// tablePullRequestActivity returns the table bitbucket_pull_request_activity. A row is something that happened to a
// pull request.
// https://developer.atlassian.com/cloud/bitbucket/rest/api-group-pullrequests/#api-repositories-workspace-repo-slug-pullrequests-activity-get
// https://developer.atlassian.com/cloud/bitbucket/rest/api-group-pullrequests/#api-repositories-workspace-repo-slug-pullrequests-pull-request-id-activity-get
func tablePullRequestActivity() *table {
	return &table{
		name:        "bitbucket_pull_request_activity",
		description: "Something that happened to a pull request: it was created, changed or closed, commented on, approved, or changes were requested. One list per repository has everything, newest first. It is read only as far back as a condition on date needs.",
		scopes:      []string{"account", "repository", "pullrequest"},
		columns: slices.Concat([]column{
			integer("pull_request_id", "Number of the pull request, unique in the repository.").at("pull_request.id"),
			positionColumn("Position of the entry in the log of the pull request, from 1, newest first."),
			text("kind", "What happened: update, comment, approval or changes_requested. Null if Bitbucket does not report it."),
			happened(timestamp("date", "When it happened. Null if Bitbucket does not report it."), func(e activity) string { return e.date }),
			document("changes", "Changes of an update. Mostly empty, even if something changed: compare the columns of an update with those of the one before.").at("update.changes"),
			boolean("comment_deleted", "True if it is a comment that was deleted.").at("comment.deleted"),
			integer("comment_id", "Id of the comment.").at("comment.id"),
			integer("comment_inline_from", "Line before the change that the comment is on.").at("comment.inline.from"),
			text("comment_inline_path", "Path of the file that the comment is on. Null for a comment on the pull request as a whole.").at("comment.inline.path"),
			integer("comment_inline_to", "Line after the change that the comment is on.").at("comment.inline.to"),
			integer("comment_parent_id", "Id of the comment that the comment answers.").at("comment.parent.id"),
			timestamp("comment_updated_on", "When the comment was last changed.").at("comment.updated_on"),
			text("content", "Text of the comment.").at("comment.content.raw"),
			text("description", "Description of the pull request after an update.").at("update.description"),
			text("destination_branch_name", "Name of the destination branch after an update.").at("update.destination.branch.name"),
			text("destination_commit_hash", "First 12 digits of the hash of the destination's commit at an update. Null if the branch was deleted.").at("update.destination.commit.hash"),
			boolean("draft", "True if the pull request is a draft after an update. Null if Bitbucket does not report it.").at("update.draft"),
			text("pull_request_title", "Title of the pull request.").at("pull_request.title"),
			text("reason", "Reason why the pull request was declined, if one was given.").at("update.reason"),
			document("reviewers", "Users who are asked to review after an update. Null if Bitbucket does not report them.").at("update.reviewers"),
			text("source_commit_hash", "First 12 digits of the hash of the source's last commit at an update. If somebody has pushed, it differs from that of the update before. Null if the fork was deleted.").at("update.source.commit.hash"),
			text("state", "State of the pull request after an update: OPEN, MERGED, DECLINED or SUPERSEDED.").at("update.state"),
			text("title", "Title of the activity: the title of the pull request.").at("pull_request.title"),
			text("update_title", "Title of the pull request after an update.").at("update.title"),
			whoActed("user_account_id", "Atlassian account id of the user who did it.", "account_id"),
			whoActed("user_display_name", "Name of the user who did it.", "display_name"),
			whoActed("user_nickname", "Name that the user chose; not unique.", "nickname"),
			whoActed("user_uuid", "Immutable id of the user who did it, in braces.", "uuid"),
		}, inRepositoryColumns()),
		keyColumns: append(inRepositoryKeyColumns(), named("pull_request_id"), keyColumn{column: "date", operators: orderOperators}),
		copying:    ofPullRequest("number"),
		rows: func(ctx context.Context, s *scan) rowSeq {
			return s.perRepository(ctx, func(ctx context.Context, r repositoryScope) rowSeq {
				return activityIn(ctx, s, r)
			})
		},
	}
}

// An activity is a kind of entry in the log, with the paths of its time and its user.
type activity struct{ kind, date, user string }

var activities = []activity{
	{"update", "update.date", "update.author"},
	{"comment", "comment.created_on", "comment.user"},
	{"approval", "approval.date", "approval.user"},
	{"changes_requested", "changes_requested.date", "changes_requested.user"},
}

// happened returns the column with its place for each kind of activity.
func happened(c column, place func(activity) string) column {
	for _, e := range activities {
		c = c.at(place(e))
	}
	return c
}

func whoActed(name, description, field string) column {
	return happened(text(name, description), func(e activity) string { return e.user + "." + field })
}

// activityIn lists the activity of the pull requests of a repository, or of those that the query names.
func activityIn(ctx context.Context, s *scan, r repositoryScope) rowSeq {
	ids, ok := s.conditions.integers("pull_request_id")
	if !ok || len(ids) > fewNames {
		return activityAt(ctx, s, r, r.path("/pullrequests/activity"))
	}
	return s.accepted(combine(ctx, s, streams.Each(ids...), func(ctx context.Context, id int64) rowSeq {
		return s.unlessOff(r, activityAt(ctx, s, r, pullRequestNumbered(r, id).path("/activity")))
	}))
}

// activityAt reads a log, newest first, as far back as the query wants.
func activityAt(ctx context.Context, s *scan, r repositoryScope, path string) rowSeq {
	l := s.collection(path, 50)
	l.Fields = slices.DeleteFunc(l.Fields, func(field string) bool { return field == "kind" })
	for _, e := range activities {
		l.Fields = append(l.Fields, e.date)
	}
	l.Fields = append(l.Fields, "pull_request.id")
	date, since := s.table.column("date"), s.earliest("date")
	return s.accepted(func(yield func(*row, error) bool) {
		entries := map[string]int{} // of each pull request, so far
		for item, err := range s.List(ctx, l) {
			of := item.Get("pull_request.id").String()
			entries[of]++
			made := r.row(withKind(item)).numbered(entries[of])
			if at, ok := date.value(made).(time.Time); ok && at.Before(since) {
				return
			}
			if !yield(made, err) || err != nil {
				return
			}
		}
	})
}

// withKind adds the kind to an entry of the log.
func withKind(item jsontree.Value) jsontree.Value {
	for _, e := range activities {
		if item.Get(e.kind).Exists() {
			return jsontree.MustParse(`{"kind":"` + e.kind + `",` + item.Raw()[1:])
		}
	}
	return item
}
