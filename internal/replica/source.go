package replica

import (
	"context"
	"iter"
	"time"

	"github.com/kindor/steampipe-plugin-bitbucket/bitbucket"
	"github.com/kindor/steampipe-plugin-bitbucket/internal/sqlhost"
)

// A Scan reads rows of a table. Its connection is that of the source.
type Scan = sqlhost.Scan

// A Condition limits the rows of a scan.
type Condition = sqlhost.Condition

// A Source is the tables of one connection.
type Source interface {
	// Scan yields the rows of a scan, as [sqlhost.Host.Scan] does.
	Scan(ctx context.Context, s Scan) iter.Seq2[[]any, error]
	// Estimate returns how many requests scans will make, or somewhat fewer: what they find on the way may cost more.
	Estimate(ctx context.Context, scans []Scan) (int64, error)
	// Requests returns how many requests were sent so far.
	Requests() int64
	// Quota returns what is left of the current hour's quota. It makes no request.
	Quota(ctx context.Context) (Quota, error)
	// Omissions returns what scans have left out since a time.
	Omissions(since time.Time) []bitbucket.Omission
}

// A Quota is what Bitbucket allows.
type Quota struct {
	Limit     int64 // requests an hour; 0 if Bitbucket has not said it yet
	Remaining int64
	ResetAt   time.Time // zero if unknown
}
