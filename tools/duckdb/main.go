// Command duckdb runs a statement of SQL in DuckDB, and writes the rows as JSON: an array of objects.
package main

import (
	"database/sql"
	"fmt"
	"os"

	_ "github.com/duckdb/duckdb-go/v2"
)

func main() {
	if len(os.Args) < 2 {
		fmt.Fprintln(os.Stderr, "usage: duckdb STATEMENT...")
		os.Exit(2)
	}
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// run runs statements, and writes the rows of the last one.
func run(statements []string) error {
	db, err := sql.Open("duckdb", "")
	if err != nil {
		return err
	}
	defer db.Close()
	// Variables belong to a connection.
	db.SetMaxOpenConns(1)
	last := len(statements) - 1
	for _, statement := range statements[:last] {
		if _, err := db.Exec(statement); err != nil {
			return err
		}
	}
	var text string
	// DuckDB makes the JSON, so that what it prints is its own word for each value.
	if err := db.QueryRow("select coalesce(to_json(list(q))::varchar, '[]') from (" + statements[last] + ") q").Scan(&text); err != nil {
		return err
	}
	fmt.Println(text)
	return nil
}
