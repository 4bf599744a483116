package postgrestest

import (
	"context"
	"errors"
	"fmt"
	"net"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgproto3"

	"github.com/kindor/steampipe-plugin-bitbucket/internal/sqlhost"
)

// Link creates foreign tables for the tables of a host, like Steampipe's: they contain no rows, and the plugin is
// called whenever a query scans one. PostgreSQL plans with the costs that Steampipe reports, so it joins in the same
// way, by nested loops in which the plugin gets the value of each outer row like a constant.
//
// PostgreSQL calls through its own postgres_fdw; the test plays the other server. Conditions are only pushed down on
// key columns. Not covered are: how Steampipe's own wrapper writes conditions for the plugin, that it streams rows and
// ends a scan at a LIMIT, and its limits on scans.
//
// The function that it returns puts another host in place of the first, with the same tables.
func Link(t testing.TB, conn *pgx.Conn, host *sqlhost.Host) (use func(*sqlhost.Host)) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	f := &foreign{ctx: ctx}
	f.host.Store(host)
	f.running.Go(func() { f.serve(listener) })
	t.Cleanup(func() {
		cancel()
		_ = listener.Close()
		f.running.Wait()
	})
	statements := []string{"create extension postgres_fdw"}
	for _, domain := range types {
		statements = append(statements, "create domain "+domainOf(domain)+" as "+domain)
	}
	for _, table := range host.Tables() {
		statements = append(statements, f.declare(table, listener.Addr().(*net.TCPAddr).Port)...)
	}
	for _, statement := range statements {
		if _, err := conn.Exec(ctx, statement); err != nil {
			t.Fatalf("%s: %v", statement, err)
		}
	}
	return f.host.Store
}

// domainOf returns the name of the domain of a type. postgres_fdw does not push down conditions on domains.
func domainOf(postgres string) string { return "unasked_" + strings.ReplaceAll(postgres, " ", "_") }

// declare returns the statements that create a foreign table. Each table has its own server, so that PostgreSQL does
// not push down a whole join.
func (f *foreign) declare(table sqlhost.Table, port int) []string {
	var columns []string
	for _, c := range table.Columns {
		if c.Hidden {
			continue
		}
		kind := types[c.Type]
		if !slices.ContainsFunc(table.KeyColumns, func(k sqlhost.KeyColumn) bool { return k.Name == c.Name }) {
			kind = domainOf(kind)
		}
		columns = append(columns, sqlhost.Quote(c.Name)+" "+kind)
	}
	return []string{
		fmt.Sprintf(`create server %s foreign data wrapper postgres_fdw options (host '127.0.0.1', port '%d', sslmode 'disable', gssencmode 'disable',
			use_remote_estimate 'true', fdw_startup_cost '0', fdw_tuple_cost '0', fetch_size '%d')`, table.Name, port, fetched),
		fmt.Sprintf("create user mapping for public server %s options (user 'plugin')", table.Name),
		fmt.Sprintf("create foreign table %s (%s) server %[1]s options (schema_name 'main')", table.Name, strings.Join(columns, ", ")),
	}
}

// fetched is the number of rows that PostgreSQL fetches at once: more than any table has.
const fetched = 10_000_000

// A foreign answers PostgreSQL's postgres_fdw from the tables of a host.
type foreign struct {
	ctx     context.Context
	host    atomic.Pointer[sqlhost.Host]
	running sync.WaitGroup
}

func (f *foreign) serve(listener net.Listener) {
	for {
		conn, err := listener.Accept()
		if err != nil {
			return
		}
		f.running.Go(func() {
			defer conn.Close()
			defer context.AfterFunc(f.ctx, func() { _ = conn.Close() })()
			s := &session{foreign: f, backend: pgproto3.NewBackend(conn, conn), status: 'I', cursors: map[string]answer{}}
			_ = s.converse() // ends when PostgreSQL ends
		})
	}
}

// A session is one connection of postgres_fdw.
type session struct {
	*foreign
	backend *pgproto3.Backend
	status  byte // status of the transaction
	cursors map[string]answer
	failed  bool // messages are skipped until PostgreSQL's Sync
	parsed  string
	bound   string
}

// An answer contains the rows of a statement, as texts. nil is null.
type answer struct {
	columns []string
	rows    [][][]byte
}

func (s *session) converse() error {
	if _, err := s.backend.ReceiveStartupMessage(); err != nil {
		return err
	}
	s.backend.Send(&pgproto3.AuthenticationOk{})
	for name, value := range map[string]string{"server_version": "15.0", "client_encoding": "UTF8", "standard_conforming_strings": "on"} {
		s.backend.Send(&pgproto3.ParameterStatus{Name: name, Value: value})
	}
	for ready := true; ; {
		if ready {
			s.backend.Send(&pgproto3.ReadyForQuery{TxStatus: s.status})
			if err := s.backend.Flush(); err != nil {
				return err
			}
			s.failed = false
		}
		message, err := s.backend.Receive()
		if _, ends := message.(*pgproto3.Terminate); ends || err != nil {
			return err
		}
		if ready, err = s.take(message); err != nil {
			s.backend.Send(&pgproto3.ErrorResponse{Severity: "ERROR", Code: "HV000", Message: err.Error()})
			s.failed = true
			if s.status == 'T' {
				s.status = 'E'
			}
		}
	}
}

// take answers a message, and reports whether the next statement may follow.
func (s *session) take(message pgproto3.FrontendMessage) (bool, error) {
	switch m := message.(type) {
	case *pgproto3.Query:
		a, err := s.ask(m.String)
		if err == nil {
			s.send(a, true)
		}
		return true, err
	case *pgproto3.Sync:
		return true, nil
	}
	if s.failed {
		return false, nil
	}
	switch m := message.(type) {
	case *pgproto3.Parse:
		s.parsed = m.Query
		s.backend.Send(&pgproto3.ParseComplete{})
	case *pgproto3.Bind:
		s.bound = bind(s.parsed, m.Parameters)
		s.backend.Send(&pgproto3.BindComplete{})
	case *pgproto3.Describe:
		s.backend.Send(&pgproto3.NoData{})
	case *pgproto3.Execute:
		a, err := s.ask(s.bound)
		if err != nil {
			return false, err
		}
		s.send(a, false)
	}
	return false, nil
}

func (s *session) send(a answer, described bool) {
	if described && a.columns != nil {
		var fields []pgproto3.FieldDescription
		for _, name := range a.columns {
			fields = append(fields, pgproto3.FieldDescription{Name: []byte(name), DataTypeOID: 25, DataTypeSize: -1, TypeModifier: -1})
		}
		s.backend.Send(&pgproto3.RowDescription{Fields: fields})
	}
	for _, row := range a.rows {
		s.backend.Send(&pgproto3.DataRow{Values: row})
	}
	s.backend.Send(&pgproto3.CommandComplete{CommandTag: []byte("SELECT " + strconv.Itoa(len(a.rows)))})
}

// ask answers a statement of postgres_fdw.
func (s *session) ask(statement string) (answer, error) {
	words := strings.Fields(statement)
	switch words[0] {
	case "START":
		s.status = 'T'
	case "COMMIT", "ABORT":
		s.status = 'I'
		clear(s.cursors)
	case "EXPLAIN":
		return answer{[]string{"QUERY PLAN"}, [][][]byte{{[]byte("Foreign Scan  " + estimate(statement))}}}, nil
	case "DECLARE": // name CURSOR FOR …
		_, query, _ := strings.Cut(statement, "CURSOR FOR")
		a, err := s.scan(query)
		s.cursors[words[1]] = a
		return answer{}, err
	case "FETCH", "CLOSE": // 10 FROM name, and name
		name := words[len(words)-1]
		a := s.cursors[name]
		delete(s.cursors, name)
		if words[0] == "FETCH" {
			return a, nil
		}
	case "SET":
	default:
		return answer{}, fmt.Errorf("unknown statement: %s", statement)
	}
	return answer{}, nil
}

// scan runs a query on the host, and so on the plugin.
func (s *session) scan(query string) (answer, error) {
	a := answer{columns: []string{}}
	rows, err := s.host.Load().Query(s.ctx, inSQLite(query))
	if err != nil {
		return a, err
	}
	defer rows.Close()
	for _, c := range rows.Columns() {
		a.columns = append(a.columns, c.Name)
	}
	for rows.Next() {
		var row [][]byte
		for _, v := range rows.Values() {
			if v == nil {
				row = append(row, nil)
			} else {
				row = append(row, fmt.Append(nil, v))
			}
		}
		a.rows = append(a.rows, row)
	}
	return a, errors.Join(rows.Err(), s.ctx.Err())
}

var (
	// unknown marks a value that each row of another table supplies, when PostgreSQL asks for the cost.
	unknown = "(SELECT null::"
	// whole matches statements that leave more work to the other server than Steampipe can do.
	whole     = regexp.MustCompile(`\b(GROUP BY|ORDER BY|LIMIT|HAVING|DISTINCT)\b|\(\*\)|^EXPLAIN SELECT [a-z_]+\(`)
	selected  = regexp.MustCompile(`^EXPLAIN SELECT (.*?) FROM `)
	place     = regexp.MustCompile(`\$(\d+)\b`)
	moment    = regexp.MustCompile(`'([^']*)\+00'::timestamp with time zone`)
	among     = regexp.MustCompile(`(= ANY|<> ALL) \('\{([^']*)\}'::text\[\]\)`)
	castAs    = regexp.MustCompile(`::(text|bigint|integer|boolean|double precision|timestamp with time zone|jsonb)\b`)
	refusable = 1e30 // cost of statements that PostgreSQL should run itself
)

// estimate returns the cost of a statement, by the rules of Steampipe's wrapper: the largest for a scan of the whole
// table, and a small one for a scan with values of key columns.
func estimate(statement string) string {
	width := 100.0 * float64(1+strings.Count(selected.FindString(statement), ","))
	rows := 1_000_000.0
	cost := rows * width * 100_000
	switch n := strings.Count(statement, unknown); {
	case whole.MatchString(statement):
		cost = refusable
	case n == 1:
		rows = 200
		cost = rows * width
	case n > 1:
		rows = 100
		cost = rows * width
	}
	return fmt.Sprintf("(cost=0.00..%.2f rows=%.0f width=%.0f)", cost, rows, width)
}

// bind replaces the parameters of a statement by values.
func bind(statement string, values [][]byte) string {
	return place.ReplaceAllStringFunc(statement, func(of string) string {
		i, _ := strconv.Atoi(of[1:]) // the pattern only matches digits
		if values[i-1] == nil {
			return "null"
		}
		return "'" + strings.ReplaceAll(string(values[i-1]), "'", "''") + "'"
	})
}

// inSQLite returns a statement of postgres_fdw in the host's dialect. The host rejects statements that it can't
// translate.
func inSQLite(statement string) string {
	statement = moment.ReplaceAllString(statement, "'$1'")
	statement = among.ReplaceAllStringFunc(statement, func(list string) string {
		m := among.FindStringSubmatch(list)
		return map[string]string{"= ANY": "in", "<> ALL": "not in"}[m[1]] + " ('" + strings.ReplaceAll(m[2], ",", "', '") + "')"
	})
	return castAs.ReplaceAllString(statement, "")
}
