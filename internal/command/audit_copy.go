package command

import (
	"context"
	"errors"
	"regexp"

	"github.com/kindor/steampipe-plugin-bitbucket/internal/replica"
)

// A copiedRun is the last run of a sync, which the audit compares with. Its destination is taken while the audit reads it, so that
// no other run changes it meanwhile.
type copiedRun struct {
	from   replica.Destination
	record replica.Record
}

// scheme is the beginning of a destination. A single letter is a drive of Windows.
var scheme = regexp.MustCompile(`^[a-z][a-z0-9]+:`)

// isDestination reports whether a text is the destination of a sync, and not the name of a file.
func isDestination(text string) bool { return scheme.MatchString(text) }

// openCopied takes a destination that a sync has copied something to.
func openCopied(ctx context.Context, location string) (*copiedRun, error) {
	from, err := openReplica(ctx, location)
	if err != nil {
		return nil, err
	}
	c := &copiedRun{from: from}
	if c.record, err = from.Open(ctx); err == nil && c.record.Last == nil {
		err = errors.New("the destination of --since is empty, because nothing was copied yet: run sync first, or correct the name")
	}
	if err != nil {
		c.close()
		return nil, err
	}
	return c, nil
}

// close gives the destination back. There may be none.
func (c *copiedRun) close() {
	if c != nil {
		_ = c.from.Close() // nothing was written
	}
}
