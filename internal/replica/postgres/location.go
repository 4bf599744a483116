package postgres

import (
	"errors"
	"fmt"
	"net/url"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
)

// longestName is how many bytes PostgreSQL keeps of a name.
const longestName = 63

// connectTimeout is for locations that have no connect_timeout: without one, a dead host takes minutes.
const connectTimeout = 30 * time.Second

// parse takes the schema out of a location and returns what pgx connects to. Nothing in its errors is from the location,
// which may have a password anywhere if it is written wrongly.
func parse(location string) (config *pgx.ConnConfig, schema string, err error) {
	if !strings.HasPrefix(location, "postgres://") && !strings.HasPrefix(location, "postgresql://") {
		return nil, "", errors.New("the location of a PostgreSQL begins with postgres://")
	}
	base, query, _ := strings.Cut(location, "?")
	schema = "bitbucket"
	var others []string
	for parameter := range strings.SplitSeq(query, "&") {
		name, value, _ := strings.Cut(parameter, "=")
		if name != "schema" {
			others = append(others, parameter)
		} else if schema, err = url.QueryUnescape(value); err != nil {
			return nil, "", errors.New("the schema in the location of the PostgreSQL is not encoded as in a URL")
		}
	}
	if err := checkSchema(schema); err != nil {
		return nil, "", err
	}
	config, err = pgx.ParseConfig(base + "?" + strings.Join(others, "&"))
	if err != nil {
		return nil, "", errors.New("the location of the PostgreSQL is not one that libpq takes, like " +
			"postgres://user@host:5432/database?sslmode=require&schema=bitbucket; " +
			"special characters in a user or password must be encoded as in a URL, and files that it names must be there")
	}
	if config.ConnectTimeout == 0 {
		config.ConnectTimeout = connectTimeout
	}
	return config, schema, nil
}

func checkSchema(name string) error {
	switch {
	case name == "" || len(name) > longestName || strings.ContainsRune(name, 0):
		return fmt.Errorf("a schema of PostgreSQL has a name of 1 to %d bytes", longestName)
	case strings.HasPrefix(name, "pg_") || name == "information_schema":
		return fmt.Errorf("the schema %s is PostgreSQL's own; choose another one", name)
	}
	return nil
}

// place says where the destination is, without the password.
func place(config *pgx.ConnConfig, schema string) string {
	return fmt.Sprintf("PostgreSQL at %s, database %s, schema %s", config.Host, config.Database, schema)
}
