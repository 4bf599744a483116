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
	"strings"
	"time"

	_ "modernc.org/sqlite" // registers the driver sqlite

	"github.com/kindor/steampipe-plugin-bitbucket/internal/sqlhost"
)

// A file of a state is a SQLite database. These numbers in its header identify it.
const (
	applicationID = 0x42426772
	fileVersion   = 2
)

const fileSchema = `
create table run (saved_at text not null, connection text not null, account_uuid text not null, account_name text not null, scope text not null);
create table covered_kind (kind text not null primary key, read_at text not null);
create table covered_place (kind text not null, uuid text not null, name text not null, created_on text not null);
create table item (kind text not null, place text not null, place_name text not null, id text not null, name text not null, value text not null);
create table judged (control text not null primary key);
create table finding (control text not null, resource text not null, reason text not null, place text not null, since text not null);`

// Save writes the state to a file. It replaces the whole file or leaves it unchanged.
func (s *State) Save(ctx context.Context, path string) error {
	if err := s.save(ctx, path); err != nil {
		return fmt.Errorf("can't save what was read: %w", err)
	}
	return nil
}

// CanSave returns an error if no file can be written at a path.
func CanSave(path string) error {
	temporary, err := createTemporary(path)
	if err != nil {
		return fmt.Errorf("can't save to %s: %w", path, err)
	}
	return os.Remove(temporary)
}

// createTemporary creates an empty file beside another one, which only the owner can read, and returns its path.
func createTemporary(path string) (string, error) {
	f, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+".*")
	if err != nil {
		return "", err
	}
	return f.Name(), f.Close()
}

func (s *State) save(ctx context.Context, path string) error {
	temporary, err := createTemporary(path)
	if err != nil {
		return err
	}
	defer os.Remove(temporary) // fails if the file was renamed
	if err := s.write(ctx, temporary); err != nil {
		return err
	}
	return os.Rename(temporary, path)
}

// write writes the state into an empty file.
func (s *State) write(ctx context.Context, path string) (err error) {
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
	if err := s.insert(ctx, tx); err != nil {
		return err
	}
	return tx.Commit()
}

// insert inserts the rows of all tables.
func (s *State) insert(ctx context.Context, tx *sql.Tx) error {
	rows := map[string][][]any{
		"run": {{timestamp(s.SavedAt), s.Connection, s.Account.UUID, s.Account.Name, s.Scope}},
	}
	for _, k := range kinds {
		covered, ok := s.Covered[k.name]
		if !ok {
			continue
		}
		rows["covered_kind"] = append(rows["covered_kind"], []any{k.name, timestamp(covered.ReadAt)})
		for _, p := range covered.Places {
			rows["covered_place"] = append(rows["covered_place"], []any{k.name, p.UUID, p.Name, p.CreatedOn})
		}
	}
	for _, i := range s.Items {
		rows["item"] = append(rows["item"], []any{i.Kind, i.Place, i.PlaceName, i.ID, i.Name, i.Value})
	}
	for _, control := range s.Judged {
		rows["judged"] = append(rows["judged"], []any{control})
	}
	for _, f := range s.Findings {
		rows["finding"] = append(rows["finding"], []any{f.Control, f.Resource, f.Reason, f.Place, timestamp(f.Since)})
	}
	for table, values := range rows {
		insert, err := tx.PrepareContext(ctx, "insert into "+table+" values (?"+strings.Repeat(", ?", len(values[0])-1)+")")
		if err != nil {
			return err
		}
		for _, v := range values {
			if _, err := insert.ExecContext(ctx, v...); err != nil {
				return errors.Join(err, insert.Close())
			}
		}
		if err := insert.Close(); err != nil {
			return err
		}
	}
	return nil
}

func timestamp(t time.Time) string { return t.UTC().Format(sqlhost.TimestampForm) }

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

// ReadState reads the state in a file. It returns nil if there is no file.
func ReadState(ctx context.Context, path string) (*State, error) {
	if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
		return nil, nil
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
		return nil, fmt.Errorf("%s was written by another version of this program (its format is %d; this version reads %d): move it away, and the next run is a first run", path, version, fileVersion)
	}
	s := &State{Covered: map[string]Coverage{}}
	if err := s.read(ctx, db); err != nil {
		return nil, fmt.Errorf("can't read %s: %w", path, err)
	}
	return s, nil
}

func (s *State) read(ctx context.Context, db *sql.DB) error {
	var savedAt, readAt, since, kind string
	var p Place
	var i Item
	var f Finding
	var control string
	for _, table := range []struct {
		sql  string
		to   []any
		each func() error
	}{
		{"select saved_at, connection, account_uuid, account_name, scope from run", []any{&savedAt, &s.Connection, &s.Account.UUID, &s.Account.Name, &s.Scope}, func() (err error) {
			s.SavedAt, err = time.Parse(time.RFC3339, savedAt)
			return err
		}},
		{"select kind, read_at from covered_kind", []any{&kind, &readAt}, func() error {
			at, err := time.Parse(time.RFC3339, readAt)
			s.Covered[kind] = Coverage{ReadAt: at}
			return err
		}},
		{"select kind, uuid, name, created_on from covered_place order by rowid", []any{&kind, &p.UUID, &p.Name, &p.CreatedOn}, func() error {
			covered := s.Covered[kind]
			covered.Places = append(covered.Places, p)
			s.Covered[kind] = covered
			return nil
		}},
		{"select kind, place, place_name, id, name, value from item order by rowid", []any{&i.Kind, &i.Place, &i.PlaceName, &i.ID, &i.Name, &i.Value}, func() error {
			s.Items = append(s.Items, i)
			return nil
		}},
		{"select control from judged order by rowid", []any{&control}, func() error {
			s.Judged = append(s.Judged, control)
			return nil
		}},
		{"select control, resource, reason, place, since from finding order by rowid", []any{&f.Control, &f.Resource, &f.Reason, &f.Place, &since}, func() (err error) {
			f.Since, err = time.Parse(time.RFC3339, since)
			s.Findings = append(s.Findings, f)
			return err
		}},
	} {
		if err := scan(ctx, db, table.sql, table.to, table.each); err != nil {
			return err
		}
	}
	return nil
}

// scan calls each for every row of a query, with the columns in to.
func scan(ctx context.Context, db *sql.DB, query string, to []any, each func() error) error {
	rows, err := db.QueryContext(ctx, query)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		if err := rows.Scan(to...); err != nil {
			return err
		}
		if err := each(); err != nil {
			return err
		}
	}
	return rows.Err()
}
