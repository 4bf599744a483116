package bitbucket

import (
	"context"
	"iter"

	"github.com/kindor/steampipe-plugin-bitbucket/internal/api"
	"github.com/kindor/steampipe-plugin-bitbucket/internal/jsontree"
	"github.com/kindor/steampipe-plugin-bitbucket/internal/streams"
)

// tableWebhookEvent returns the table bitbucket_webhook_event. A row is a kind of event that webhooks can get.
// https://developer.atlassian.com/cloud/bitbucket/rest/api-group-webhooks/#api-hook-events-subject-type-get
func tableWebhookEvent() *table {
	return &table{
		name:        "bitbucket_webhook_event",
		description: "A kind of event that a webhook of a repository or a workspace can get.",
		columns: []column{
			text("subject_type", "Owner of the webhook: repository or workspace.").in(queryPart, "subject_type"),
			text("event", "Name of the event, as in repo:push."),
			text("category", "Group of events that this one belongs to, as in Pull Request."),
			text("description", "When the event happens."),
			text("label", "Short name of the event for people."),
			text("title", "Title of the event: its label.").at("label"),
		},
		keyColumns: []keyColumn{named("subject_type")},
		copying:    whole("subject_type", "event"),
		rows: func(ctx context.Context, s *scan) rowSeq {
			return combine(ctx, s, hookSubjects(ctx, s), func(ctx context.Context, subject string) rowSeq {
				p := workspaceScope{query: jsontree.Of(map[string]string{"subject_type": subject})}
				return s.listIn(ctx, p, s.collection(api.Path("/2.0/hook_events/{subject_type}", subject), 100))
			})
		},
	}
}

// hookSubjects returns the types of owners of webhooks: the ones that the query names, or all that Bitbucket has.
// https://developer.atlassian.com/cloud/bitbucket/rest/api-group-webhooks/#api-hook-events-get
func hookSubjects(ctx context.Context, s *scan) iter.Seq2[string, error] {
	if subjects, ok := s.conditions.texts("subject_type"); ok {
		return streams.Each(subjects...)
	}
	subjects, err := s.Get(ctx, api.Path("/2.0/hook_events"), nil)
	if err != nil {
		return streams.Fail[string](err)
	}
	var names []string
	for subject := range subjects.Values() {
		names = append(names, subject.Name())
	}
	return streams.Each(names...)
}
