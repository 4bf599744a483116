// Package postgrestest runs SQL in a PostgreSQL, as Steampipe's users do. A test gets its own server, in a temporary
// folder and on a socket there, with tables whose columns have the types that Steampipe gives them.
package postgrestest

import (
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/kindor/steampipe-plugin-bitbucket/internal/sqlhost"
)

// Start starts a server for the test and connects to it. It skips the test in short runs, and if PostgreSQL is not installed; in
// CI, which installs it, it fails the test.
func Start(t testing.TB) *pgx.Conn {
	t.Helper()
	return StartServer(t).Connect(t)
}

// A Server is a PostgreSQL server in a folder.
type Server struct {
	t   testing.TB
	bin string               // folder of its programs
	dir string               // its data and its socket are here
	as  *syscall.SysProcAttr // user that runs it; nil for the user of the test
}

// StartServer starts a server for the test, or skips it as Start does, and in short runs.
func StartServer(t testing.TB) *Server {
	t.Helper()
	if testing.Short() {
		t.Skip("takes long")
	}
	bin, err := programs()
	if err != nil {
		if os.Getenv("CI") != "" {
			t.Fatal(err)
		}
		t.Skipf("skipped: %v", err)
	}
	dir, err := os.MkdirTemp("", "pg") // short, because the name of a socket must be short
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	s := &Server{t: t, bin: bin, dir: dir}
	if s.as, err = unprivileged(dir); err != nil {
		t.Fatal(err)
	}
	s.fill()
	s.start()
	t.Cleanup(s.stop)
	return s
}

// template is an archive of a new server's data, because initdb takes long. It has no name, and so is gone with the process.
var template struct {
	sync.Mutex
	archive *os.File
}

// fill fills the folder of the data, for the first server with initdb, and for the others with a copy.
func (s *Server) fill() {
	s.t.Helper()
	template.Lock()
	defer template.Unlock()
	if template.archive != nil {
		s.command(io.NewSectionReader(template.archive, 0, math.MaxInt64), "tar", "--extract", "--file=-", "--directory="+s.dir)
		return
	}
	s.run("initdb", "--pgdata", s.data(), "--username", "steampipe", "--auth", "trust", "--no-sync", "--encoding", "UTF8", "--locale", "C.UTF-8")
	archived := filepath.Join(s.dir, "template.tar")
	s.command(nil, "tar", "--create", "--file="+archived, "--directory="+s.dir, filepath.Base(s.data()))
	file, err := os.Open(archived)
	if err != nil {
		s.t.Fatal(err)
	}
	if err := os.Remove(archived); err != nil {
		s.t.Fatal(err)
	}
	template.archive = file
}

// Connect connects to the server, until the test ends.
func (s *Server) Connect(t testing.TB) *pgx.Conn {
	t.Helper()
	conn, err := pgx.Connect(context.Background(), "host="+s.dir+" user=steampipe dbname=postgres timezone=UTC")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close(context.Background()) })
	return conn
}

// Socket returns the path of the server's socket.
func (s *Server) Socket() string { return filepath.Join(s.dir, ".s.PGSQL.5432") }

// Location returns a URL of the server.
func (s *Server) Location() string { return "postgres://steampipe@/postgres?host=" + s.dir }

// Crash kills the server in the middle of what it does, and starts it again.
func (s *Server) Crash() {
	s.t.Helper()
	s.stop()
	s.start()
}

func (s *Server) data() string { return filepath.Join(s.dir, "data") }

func (s *Server) start() {
	s.t.Helper()
	s.run("pg_ctl", "start", "--wait", "--silent", "--pgdata", s.data(), "--log", filepath.Join(s.dir, "log"),
		"--options", "-p 5432 -c listen_addresses='' -c unix_socket_directories='"+s.dir+"' -c fsync=off -c jit=off")
}

func (s *Server) stop() {
	s.t.Helper()
	s.run("pg_ctl", "stop", "--mode", "immediate", "--silent", "--pgdata", s.data())
}

func (s *Server) run(program string, arguments ...string) {
	s.t.Helper()
	s.command(nil, filepath.Join(s.bin, program), arguments...)
}

// command runs a program as the user of the server.
func (s *Server) command(input io.Reader, program string, arguments ...string) {
	s.t.Helper()
	cmd := exec.Command(program, arguments...)
	cmd.Stdin = input
	cmd.Dir = "/"
	cmd.SysProcAttr = s.as
	// The server keeps inherited files open, so its output goes to a file and not to a pipe.
	said, err := os.CreateTemp("", filepath.Base(program))
	if err != nil {
		s.t.Fatal(err)
	}
	defer os.Remove(said.Name())
	defer said.Close()
	cmd.Stdout, cmd.Stderr = said, said
	if err := cmd.Run(); err != nil {
		text, _ := os.ReadFile(said.Name())
		s.t.Fatalf("%s: %v\n%s", program, err, text)
	}
}

// programs returns the folder of PostgreSQL's programs: that of the PATH, or the newest that Debian has installed.
func programs() (string, error) {
	if path, err := exec.LookPath("initdb"); err == nil {
		return filepath.Dir(path), nil
	}
	found, _ := filepath.Glob("/usr/lib/postgresql/*/bin/initdb") // the pattern is valid
	if len(found) == 0 {
		return "", errors.New("PostgreSQL is not installed; on Debian: apt-get install postgresql")
	}
	version := func(path string) int {
		n, _ := strconv.Atoi(strings.Split(path, "/")[4])
		return n
	}
	return filepath.Dir(slices.MaxFunc(found, func(a, b string) int { return version(a) - version(b) })), nil
}

// types are the PostgreSQL types that Steampipe's foreign tables have for a plugin's columns.
var types = map[sqlhost.Type]string{
	sqlhost.Boolean:   "boolean",
	sqlhost.Integer:   "bigint",
	sqlhost.Real:      "double precision",
	sqlhost.Text:      "text",
	sqlhost.Timestamp: "timestamp with time zone",
	sqlhost.JSON:      "jsonb",
}

// Load copies tables from a host into the database, with all rows.
func Load(t testing.TB, conn *pgx.Conn, host *sqlhost.Host, tables []sqlhost.Table) {
	t.Helper()
	for _, table := range tables {
		if err := load(t.Context(), conn, host, table); err != nil {
			t.Fatalf("%s: %v", table.Name, err)
		}
	}
}

func load(ctx context.Context, conn *pgx.Conn, host *sqlhost.Host, table sqlhost.Table) error {
	var names, declared []string
	for _, c := range table.Columns {
		if c.Hidden {
			continue
		}
		if types[c.Type] == "" {
			return fmt.Errorf("column %s: unknown type %s", c.Name, c.Type)
		}
		names = append(names, sqlhost.Quote(c.Name))
		declared = append(declared, sqlhost.Quote(c.Name)+" "+types[c.Type])
	}
	if _, err := conn.Exec(ctx, "create table "+table.Name+" ("+strings.Join(declared, ", ")+")"); err != nil {
		return err
	}
	rows, err := host.Query(ctx, "select "+strings.Join(names, ", ")+" from "+table.Name)
	if err != nil {
		return err
	}
	defer rows.Close()
	reader, writer := io.Pipe()
	go func() { writer.CloseWithError(write(writer, rows)) }()
	_, err = conn.PgConn().CopyFrom(ctx, reader, "copy "+table.Name+" from stdin (format csv)")
	return errors.Join(err, reader.Close())
}

// write writes rows as CSV, with an empty field for null.
func write(to io.Writer, rows *sqlhost.Rows) error {
	w := csv.NewWriter(to)
	for rows.Next() {
		var fields []string
		for _, v := range rows.Values() {
			if v == nil {
				fields = append(fields, "")
			} else {
				fields = append(fields, fmt.Sprint(v))
			}
		}
		if err := w.Write(fields); err != nil {
			return err
		}
	}
	w.Flush()
	return errors.Join(rows.Err(), w.Error())
}
