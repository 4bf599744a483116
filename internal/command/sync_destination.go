package command

import (
	"context"
	"slices"
	"strings"

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
