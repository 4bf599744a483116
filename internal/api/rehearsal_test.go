package api

import (
	"net/http"
	"testing"
	"time"

	"github.com/kindor/steampipe-plugin-bitbucket/internal/cache"
)

// A rehearsal sends nothing, and counts what its client would send: what that remembers is not asked again, and what the
// rehearsal made up stays in it.
func TestRehearsal(t *testing.T) {
	t.Parallel()
	sent := 0
	client := newMemoryClient(t, func(w http.ResponseWriter, req *http.Request) {
		sent++
		answer(http.StatusOK, `{"name": "Acme", "values": [{"name": "one"}]}`)(w, req)
	}, func(c *Config) { c.MaxAge = time.Hour })
	known := List{Path: "/2.0/known"}
	if _, err := collect(t.Context(), client, known); err != nil {
		t.Fatal(err)
	}
	asked := 0
	rehearsal := client.Rehearsal(cache.New(time.Hour, 1<<20), func() { asked++ })
	for range 2 {
		if items, err := collect(t.Context(), rehearsal, known); len(items) != 1 || err != nil {
			t.Errorf("items %v, error %v, want what the client remembers", items, err)
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
	if asked != 3 || sent != 1 {
		t.Errorf("%d requests rehearsed and %d sent, want 3 and 1", asked, sent)
	}
	if items, err := collect(t.Context(), client, List{Path: "/2.0/other"}); len(items) != 1 || err != nil {
		t.Errorf("afterwards: items %v, error %v, want the real one", items, err)
	}
}
