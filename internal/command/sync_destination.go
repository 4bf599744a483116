package command

import (
	"context"
	"slices"
	"strings"
	"sync"

	"github.com/kindor/steampipe-plugin-bitbucket/internal/replica"
	"github.com/kindor/steampipe-plugin-bitbucket/internal/replica/parquetfiles"
	"github.com/kindor/steampipe-plugin-bitbucket/internal/replica/postgres"
	"github.com/kindor/steampipe-plugin-bitbucket/internal/sqlhost"
)

// openReplica returns the destination at a location.
func openReplica(ctx context.Context, location string) (replica.Destination, error) {
	if strings.HasPrefix(location, "postgres://") || strings.HasPrefix(location, "postgresql://") {
		return postgres.New(location)
	}
	return parquetfiles.Open(ctx, location)
}

// tablesOf returns the tables of a connection.
func tablesOf(db *database, connection string) []sqlhost.Table {
	return slices.DeleteFunc(db.Tables(), func(t sqlhost.Table) bool { return t.Connection != connection })
}

// A latest is the latest of some values.
type latest[T any] struct {
	mu    sync.Mutex
	value T
}

func newLatest[T any](value T) *latest[T] { return &latest[T]{value: value} }

func (l *latest[T]) set(value T) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.value = value
}

func (l *latest[T]) get() T {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.value
}
