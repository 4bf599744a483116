package bitbucket

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/kindor/steampipe-plugin-bitbucket/internal/api"
	"github.com/kindor/steampipe-plugin-bitbucket/internal/sdkserver"
)

// A table is declared as data: its columns, the conditions that Bitbucket supports, and how its rows are read.
type table struct {
	name        string
	description string
	scopes      []string // OAuth scopes that it needs; columns may need more
	columns     []column
	keyColumns  []keyColumn
	// ids are the columns that identify a row among those with the same value in another column, for example among
	// those of the same repository; among all rows if the other column is "".
	ids        map[string]string
	copying    Copying                            // the zero value if copies leave out the table
	alone      []string                           // columns that only an object that was requested by itself is certain to have
	substitute func(*scan) (substituteList, bool) // another list that may have rows of the table; nil if there is none
	rows       func(context.Context, *scan) rowSeq
}

func (t *table) column(name string) column {
	for _, c := range t.columns {
		if c.name == name {
			return c
		}
	}
	panic(fmt.Sprintf("table %s has no column %s", t.name, name)) // a mistake in a declaration, which the tests find
}

func (t *table) hasColumn(name string) bool {
	return slices.ContainsFunc(t.columns, func(c column) bool { return c.name == name })
}

// stream sends the rows of a scan that the query may want.
func (s *scan) stream(ctx context.Context, send func(sdkserver.Row)) error {
	ctx = api.WithCaller(ctx, s)
	if s.limit == 0 || s.conditions.isNever() {
		return nil
	}
	values, left := newDecoder(s.table, s.wanted), s.limit
	for r, err := range s.ties(s.rows(ctx)) {
		if err != nil && s.isMadeUp() && ctx.Err() == nil {
			return nil // the answer that a rehearsal made up may not suffice
		}
		if err != nil {
			return err
		}
		if err := ctx.Err(); err != nil {
			return err
		}
		switch s.verdict(r) {
		case fails:
			continue
		case holds:
			left--
		case mayHold:
			if s.isCut {
				return errLimit
			}
		}
		send(values.decode(r))
		if left == 0 {
			return nil
		}
	}
	s.deferred.do(ctx)
	return ctx.Err()
}

// errLimit is for hosts that run the plugin without Server: there the SDK ends the scan after as many rows as LIMIT
// says.
var errLimit = errors.New("this host can't combine LIMIT with this condition, because only the host can check it: leave out LIMIT")
