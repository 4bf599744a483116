package api

import (
	"net/http"
	"testing"
	"time"

	"github.com/kindor/steampipe-plugin-bitbucket/internal/cache"
)

// A rehearsal sends nothing, and counts the requests that its client would send. Answers in the client's cache are not counted,
// and invented answers don't reach the client.
func TestRehearsal(t *testing.T) {
	t.Parallel()
	sent := 0
	client := newMemoryClient(t, func(w http.ResponseWriter, req *http.Request) {
		sent++
		answer(http.StatusOK, `{"name": "Acme", "values": [{"name": "one"}]}`)(w, req)
	}, func(c *Config) { c.MaxAge = time.Hour })
	cached := List{Path: "/2.0/known"}
	if _, err := collect(t.Context(), client, cached); err != nil {
		t.Fatal(err)
	}
	requested := 0
	rehearsal := client.Rehearsal(cache.New(time.Hour, 1<<20), func() { requested++ })
	for range 2 {
		if items, err := collect(t.Context(), rehearsal, cached); len(items) != 1 || err != nil {
			t.Errorf("items %v, error %v, want the items in the client's cache", items, err)
		}
		if items, err := collect(t.Context(), rehearsal, List{Path: "/2.0/other"}); len(items) != 0 || err != nil {
			t.Errorf("items %v, error %v, want none", items, err)
		}
		if items, err := collect(t.Context(), rehearsal, List{Path: "/1.0/bare", Bare: true}); len(items) != 0 || err != nil {
			t.Errorf("items %v, error %v, want none", items, err)
		}
		if _, err := rehearsal.Get(t.Context(), "/2.0/object", nil); err != nil {
			t.Error(err)
		}
	}
	if requested != 3 || sent != 1 {
		t.Errorf("%d requests rehearsed and %d sent, want 3 and 1", requested, sent)
	}
	if items, err := collect(t.Context(), client, List{Path: "/2.0/other"}); len(items) != 1 || err != nil {
		t.Errorf("afterwards: items %v, error %v, want the real one", items, err)
	}
}
