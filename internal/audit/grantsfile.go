package audit

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"time"

	_ "modernc.org/sqlite" // registers the driver sqlite

	"github.com/kindor/steampipe-plugin-bitbucket/internal/sqlhost"
)

// A file of grants is a SQLite database. These numbers in its header identify it.
const (
	applicationID = 0x42426772
	fileVersion   = 1
)

const fileSchema = `
create table run (saved_at text not null, connection text not null, account_uuid text not null, account_name text not null);
create table place (kind text not null, uuid text not null, name text not null, created_on text not null);
create table permission (kind text not null, place text not null, place_name text not null, holder text not null, holder_name text not null, permission text not null);`

// Save writes the grants to a file. It replaces the whole file or leaves it unchanged.
func (g *Grants) Save(ctx context.Context, path string) error {
	if err := g.save(ctx, path); err != nil {
		return fmt.Errorf("can't save the grants: %w", err)
	}
	return nil
}

func (g *Grants) save(ctx context.Context, path string) error {
	f, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+".*") // only the owner can read it
	if err != nil {
		return err
	}
	temporary := f.Name()
	defer os.Remove(temporary) // fails if the file was renamed
	if err := f.Close(); err != nil {
		return err
	}
	if err := g.write(ctx, temporary); err != nil {
		return err
	}
	return os.Rename(temporary, path)
}

// write writes the grants into an empty file.
func (g *Grants) write(ctx context.Context, path string) (err error) {
	db, err := open(path, "rw")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	for _, pragma := range []string{"journal_mode = memory", fmt.Sprintf("application_id = %d", applicationID), fmt.Sprintf("user_version = %d", fileVersion)} {
		if _, err := db.ExecContext(ctx, "pragma "+pragma); err != nil {
			return err
		}
	}
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer func() { _ = tx.Rollback() }() // does nothing after the commit
	if _, err := tx.ExecContext(ctx, fileSchema); err != nil {
		return err
	}
	if _, err := tx.ExecContext(ctx, "insert into run values (?, ?, ?, ?)", g.SavedAt.Format(sqlhost.TimestampForm), g.Connection, g.Account.UUID, g.Account.Name); err != nil {
		return err
	}
	for _, p := range g.Places {
		if _, err := tx.ExecContext(ctx, "insert into place values (?, ?, ?, ?)", p.Kind, p.UUID, p.Name, p.CreatedOn); err != nil {
			return err
		}
	}
	insert, err := tx.PrepareContext(ctx, "insert into permission values (?, ?, ?, ?, ?, ?)")
	if err != nil {
		return err
	}
	defer insert.Close()
	for _, x := range g.Grants {
		if _, err := insert.ExecContext(ctx, x.Kind, x.Place, x.PlaceName, x.Holder, x.HolderName, x.Permission); err != nil {
			return err
		}
	}
	return tx.Commit()
}

func open(path, mode string) (*sql.DB, error) {
	absolute, err := filepath.Abs(path)
	if err != nil {
		return nil, err
	}
	db, err := sql.Open("sqlite", (&url.URL{Scheme: "file", Path: filepath.ToSlash(absolute), RawQuery: "mode=" + mode}).String())
	if err == nil {
		db.SetMaxOpenConns(1)
	}
	return db, err
}

// ReadGrants reads the grants in a file.
func ReadGrants(ctx context.Context, path string) (*Grants, error) {
	if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("the file %s does not exist: run the audit with --save first", path)
	}
	db, err := open(path, "ro")
	if err != nil {
		return nil, err
	}
	defer db.Close()
	var id, version int
	if err := db.QueryRowContext(ctx, "select (select application_id from pragma_application_id), (select user_version from pragma_user_version)").Scan(&id, &version); err != nil || id != applicationID {
		return nil, fmt.Errorf("%s was not written by audit --save", path)
	}
	if version != fileVersion {
		return nil, fmt.Errorf("%s was written by another version of this program (its format is %d; this version reads %d)", path, version, fileVersion)
	}
	g, err := readGrants(ctx, db)
	if err != nil {
		return nil, fmt.Errorf("can't read %s: %w", path, err)
	}
	return g, nil
}

func readGrants(ctx context.Context, db *sql.DB) (*Grants, error) {
	g := &Grants{}
	var savedAt string
	err := db.QueryRowContext(ctx, "select saved_at, connection, account_uuid, account_name from run").Scan(&savedAt, &g.Connection, &g.Account.UUID, &g.Account.Name)
	if err != nil {
		return nil, err
	}
	if g.SavedAt, err = time.Parse(time.RFC3339, savedAt); err != nil {
		return nil, err
	}
	err = scan(ctx, db, "select kind, uuid, name, created_on from place order by rowid", func(rows *sql.Rows) error {
		var p Place
		err := rows.Scan(&p.Kind, &p.UUID, &p.Name, &p.CreatedOn)
		g.Places = append(g.Places, p)
		return err
	})
	if err != nil {
		return nil, err
	}
	return g, scan(ctx, db, "select kind, place, place_name, holder, holder_name, permission from permission order by rowid", func(rows *sql.Rows) error {
		var x Grant
		err := rows.Scan(&x.Kind, &x.Place, &x.PlaceName, &x.Holder, &x.HolderName, &x.Permission)
		g.Grants = append(g.Grants, x)
		return err
	})
}

func scan(ctx context.Context, db *sql.DB, query string, one func(*sql.Rows) error) error {
	rows, err := db.QueryContext(ctx, query)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		if err := one(rows); err != nil {
			return err
		}
	}
	return rows.Err()
}
