package command

import (
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/kindor/steampipe-plugin-bitbucket/internal/replica"
	"github.com/kindor/steampipe-plugin-bitbucket/internal/replica/postgres"
	"github.com/kindor/steampipe-plugin-bitbucket/internal/sqlhost"
)

// replicas are the kinds of destinations, by the beginning of their locations.
var replicas = map[string]func(location string) (replica.Destination, error){
	"postgres": openPostgres, "postgresql": openPostgres,
}

func openPostgres(location string) (replica.Destination, error) { return postgres.New(location) }

// openReplica returns the destination at a location.
func openReplica(location string) (replica.Destination, error) {
	scheme, _, _ := strings.Cut(location, ":")
	if open := replicas[scheme]; open != nil {
		return open(location)
	}
	return nil, fmt.Errorf("the destination is %q, but should begin with parquet:, s3://, gs://, azblob:// or postgres://", location)
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
