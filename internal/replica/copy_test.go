package replica

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/kindor/steampipe-plugin-bitbucket/bitbucket"
	"github.com/kindor/steampipe-plugin-bitbucket/internal/fakebitbucket"
	"github.com/kindor/steampipe-plugin-bitbucket/internal/sqlhost"
)

// A copier copies the tables of a fake organization. Each run is that of a new process, which has nothing in its caches.
type copier struct {
	testing.TB
	fake     *fakebitbucket.Server
	patterns []string
	more     string // arguments of the connection
}

// weekly are the options of most runs.
var weekly = Options{Connection: "bitbucket", Version: "1.0.0", FullEvery: 7 * 24 * time.Hour, QuotaShare: 1}

// source connects to the fake as its connected user.
func (c *copier) source() (*Plugin, []*Spec) {
	c.Helper()
	config := fmt.Sprintf("access_token = %q\nbase_url = %q\nmax_age = \"0s\"\nmax_wait = \"1s\"\n", c.fake.AccessToken(c.fake.Organization().Connected.UUID), c.fake.URL()) + c.more
	connections := []sqlhost.Connection{{Name: "bitbucket", Plugin: "local/bitbucket", Config: config}}
	open := func(s *bitbucket.Server) *sqlhost.Host {
		host, err := sqlhost.Open(s, connections)
		if err != nil {
			c.Fatal(err)
		}
		c.Cleanup(func() { host.Close() })
		return host
	}
	server := bitbucket.NewServer()
	rehearsal := server.Rehearse()
	p := &Plugin{Connection: "bitbucket", Server: server, Host: open(server), Rehearsal: rehearsal, Rehearsed: open(rehearsal)}
	specs, err := Select(p.Host.Tables(), c.patterns, nil)
	if err != nil {
		c.Fatal(err)
	}
	return p, specs
}

// copy does a run.
func (c *copier) copy(to *memory, o Options) Summary {
	c.Helper()
	source, specs := c.source()
	summary, err := Copy(context.Background(), source, to, specs, o)
	if err != nil {
		c.Fatal(err)
	}
	return summary
}

// compare compares a copy with what the tables show now.
func (c *copier) compare(to *memory) {
	c.Helper()
	fresh := newMemory()
	full := weekly
	full.Full = true
	c.copy(fresh, full)
	_, specs := c.source()
	for _, s := range specs {
		if diff := cmp.Diff(fresh.rows(c, s), to.rows(c, s)); diff != "" {
			c.Errorf("%s: the copy differs from a fresh one (-fresh +copy):\n%.2000s", s.Name, diff)
		}
	}
}

// The first run copies all rows of all tables.
func TestCopyWhole(t *testing.T) {
	if testing.Short() {
		t.Skip("takes long")
	}
	fake := fakebitbucket.Start(t, fakebitbucket.Options{Repositories: 24, Projects: 4, Users: 12, Groups: 4})
	c := &copier{TB: t, fake: fake}
	to := newMemory()
	summary := c.copy(to, weekly)
	if !summary.Run.IsFull || summary.Run.Requests == 0 {
		t.Errorf("run %+v", summary.Run)
	}
	source, specs := c.source()
	for _, s := range specs {
		n := 0
		seen := map[string]bool{}
		for row, err := range source.Scan(context.Background(), s.scan()) {
			if err != nil {
				t.Fatal(err)
			}
			values := map[string]any{}
			for i, column := range s.Columns {
				values[column.Name] = row[i]
			}
			key := keyOf(s.Table, values)
			if seen[key] {
				t.Errorf("%s: two rows have the key %s", s.Name, key)
			}
			seen[key] = true
			if diff := cmp.Diff(values, to.tables[s.Name][key]); diff != "" {
				t.Errorf("%s %s (-table +copy):\n%s", s.Name, key, diff)
			}
			n++
		}
		if len(to.tables[s.Name]) != n {
			t.Errorf("%s: %d rows are copied, and the table has %d", s.Name, len(to.tables[s.Name]), n)
		}
	}
	t.Logf("%d requests, %d rows", summary.Run.Requests, summary.Rows)
}
