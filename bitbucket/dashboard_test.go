package bitbucket

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/turbot/steampipe-plugin-sdk/v5/grpc/proto"

	"github.com/kindor/steampipe-plugin-bitbucket/internal/fakebitbucket"
)

// TestPanelsShareWhatTheyRead runs the twenty panels of a dashboard, five of them different. They cost as much as these five.
func TestPanelsShareWhatTheyRead(t *testing.T) {
	fake := fakebitbucket.Start(t, fakebitbucket.Options{})
	kinds := []tableQuery{
		{table: "bitbucket_repository", columns: "full_name size updated_on"},
		{table: "bitbucket_deploy_key", columns: "repository_full_name label last_used"},
		{table: "bitbucket_repository_access", columns: "repository_full_name user_uuid permission is_explained"},
		{table: "bitbucket_workspace_member", columns: "user_uuid permission"},
		{table: "bitbucket_repository", columns: "full_name", where: []*proto.Qual{where("is_private", "=", false)}},
	}
	h := connected(t, fake, `max_age = "30s"`)
	for _, kind := range kinds {
		h.rows(kind)
	}
	alone := requested(fake)

	fake.ResetJournal()
	h = connected(t, fake, `max_age = "31s"`) // a connection with nothing in its cache
	inParallel(20, 20, func(i int) {
		if _, err := h.try(context.Background(), kinds[i%len(kinds)]); err != nil {
			t.Error(err)
		}
	})
	for endpoint, n := range requested(fake) { // fewer if the panel that reads most is the first
		if n > alone[endpoint] {
			t.Errorf("%d requests of twenty panels for %s, and %d of five", n, endpoint, alone[endpoint])
		}
	}
	fake.ResetJournal()
	for _, kind := range kinds {
		h.rows(kind)
	}
	if n := len(fake.Journal()); n != 0 {
		t.Errorf("%d requests for cached rows", n)
	}
}

// TestLargeScanLeavesRoomForASmallOne starts a small scan during a large one. It only waits for requests in flight.
func TestLargeScanLeavesRoomForASmallOne(t *testing.T) {
	fake := fakebitbucket.New(fakebitbucket.Options{Repositories: 100, OneWorkspace: true, Latency: 100 * time.Millisecond})
	s := simulateToken(t, fake, "max_concurrency = 2")
	s.online(t, func(t *testing.T, _ *network) {
		large := tableQuery{table: "bitbucket_repository_override", columns: "repository_full_name override_settings"}
		begun, done := make(chan struct{}), make(chan error)
		stream := &rowStream{ctx: t.Context(), seen: func(n int) {
			if n == 20 {
				close(begun)
			}
		}}
		go func() { done <- s.Execute(s.request([]string{"bitbucket"}, large), stream) }()
		<-begun
		before := len(fake.Journal())
		s.rows(tableQuery{table: "bitbucket_user", columns: "uuid"})
		if n := len(fake.Journal()) - before; n > 5 { // two in flight, its own, and the next two
			t.Errorf("%d requests were made until the small scan had its answer", n)
		}
		if err := <-done; err != nil || len(stream.rows) < 100 {
			t.Errorf("%d rows of the large scan, and error %v", len(stream.rows), err)
		}
	})
}

// TestQuotaErrorSaysHowMuchTheRepositoriesNeed runs a query for which the quota doesn't suffice. The error says how many
// requests it needs.
func TestQuotaErrorSaysHowMuchTheRepositoriesNeed(t *testing.T) {
	fake := fakebitbucket.Start(t, fakebitbucket.Options{Repositories: 100, OneWorkspace: true, Quota: 40})
	_, err := connected(t, fake, `max_wait = "0s"`).try(context.Background(), tableQuery{table: "bitbucket_deploy_key"})
	if err == nil || !strings.Contains(err.Error(), "quota of 40 requests") || !strings.Contains(err.Error(), "it returns in") || !strings.Contains(err.Error(), "more requests are needed") {
		t.Errorf("error = %v, want one that says how many requests are needed, and when", err)
	}
	if fake.Journal()[len(fake.Journal())-1].Status == 429 {
		t.Error("requests were sent beyond the quota, although each response says how much of it is left")
	}
}
