package bitbucket

import (
	"context"
	"errors"

	"github.com/kindor/steampipe-plugin-bitbucket/internal/api"
	"github.com/kindor/steampipe-plugin-bitbucket/internal/jsontree"
	"github.com/kindor/steampipe-plugin-bitbucket/internal/streams"
)

// tableRateLimit returns the table bitbucket_rate_limit. A row is the quota of the connection, as in the last
// responses.
// https://support.atlassian.com/bitbucket-cloud/docs/api-request-limits/
func tableRateLimit() *table {
	return &table{
		name:        "bitbucket_rate_limit",
		description: "The quota of requests, from Bitbucket's last response to the connection.",
		scopes:      []string{"account"},
		columns: []column{
			integer("request_limit", "Requests allowed in an hour. Null if Bitbucket does not report it."),
			integer("remaining", "Requests left until the quota is reset. Null if Bitbucket does not report it."),
			timestamp("reset_at", "When the quota is reset. Null if Bitbucket does not report it."),
			boolean("is_near_limit", "True if less than a fifth of the quota is left, according to Bitbucket."),
			timestamp("observed_at", "When the response with these values arrived. Null if there was none."),
			text("resource", "What the quota is for. Null if Bitbucket does not report it."),
			integer("requests", "Requests that this process made for the connection, including retries."),
			integer("retries", "Requests that this process had to retry."),
			integer("received_bytes", "Bytes that this process received for the connection."),
			text("title", "Title of the quota: the name of the connection.").at("connection"),
		},
		rows: rateLimitRows,
	}
}

func rateLimitRows(ctx context.Context, s *scan) rowSeq {
	return single(ctx, s, streams.Each("quota"), func(ctx context.Context, s *scan, _ string) (*row, error) {
		if s.Stats().Requests == 0 { // no request was made yet
			_, err := s.userWorkspaces(ctx)
			if refused := new(api.Error); err != nil && !errors.As(err, &refused) { // a refusal has the quota, too
				return nil, err
			}
		}
		quota, stats := s.Quota(), s.Stats()
		said := map[string]any{
			"connection": s.name, "requests": stats.Requests, "retries": stats.Retries, "received_bytes": stats.Bytes,
		}
		if quota.Known {
			said["request_limit"], said["remaining"] = quota.Limit, quota.Remaining
			said["is_near_limit"], said["resource"] = quota.NearLimit, quota.Resource
			said["observed_at"] = quota.ObservedAt
			if !quota.ResetAt.IsZero() {
				said["reset_at"] = quota.ResetAt
			}
		}
		r := &row{}
		r.set(objectPart, jsontree.Of(said))
		return r, nil
	})
}
