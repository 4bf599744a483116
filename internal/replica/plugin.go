package replica

import (
	"context"
	"iter"
	"time"

	"github.com/kindor/steampipe-plugin-bitbucket/bitbucket"
	"github.com/kindor/steampipe-plugin-bitbucket/internal/sqlhost"
)

// A Plugin is the tables of one connection of the plugin.
type Plugin struct {
	Connection string
	Server     *bitbucket.Server
	Host       *sqlhost.Host // the server's tables
	Rehearsal  *bitbucket.Server
	Rehearsed  *sqlhost.Host // the rehearsal's tables
}

// Scan implements [Source].
func (p *Plugin) Scan(ctx context.Context, s Scan) iter.Seq2[[]any, error] {
	s.Connection = p.Connection
	return p.Host.Scan(ctx, s)
}

// Estimate implements [Source]. It rehearses the scans.
func (p *Plugin) Estimate(ctx context.Context, scans []Scan) (requests int64, err error) {
	p.Rehearsal.Rehearsed()
	for _, s := range scans {
		s.Connection = p.Connection
		for _, err := range p.Rehearsed.Scan(ctx, s) {
			if err != nil {
				return 0, err
			}
		}
	}
	for _, n := range p.Rehearsal.Rehearsed() {
		requests += n
	}
	return requests, nil
}

// Requests implements [Source].
func (p *Plugin) Requests() int64 { return p.Server.Requests() }

// Omissions implements [Source].
func (p *Plugin) Omissions(since time.Time) []bitbucket.Omission { return p.Server.Omissions(since) }

// Quota implements [Source].
func (p *Plugin) Quota(ctx context.Context) (q Quota, err error) {
	for row, err := range p.Scan(ctx, Scan{Table: "bitbucket_rate_limit", Columns: []string{"request_limit", "remaining", "reset_at"}}) {
		if err != nil {
			return q, err
		}
		q.Limit, _ = row[0].(int64)
		q.Remaining, _ = row[1].(int64)
		q.ResetAt, _ = row[2].(time.Time)
	}
	return q, nil
}
