package bitbucket

import (
	"context"
	"errors"
	"math"
	"net/http"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/turbot/steampipe-plugin-sdk/v5/grpc/proto"

	"github.com/kindor/steampipe-plugin-bitbucket/internal/fakebitbucket"
	"github.com/kindor/steampipe-plugin-bitbucket/internal/fakebitbucket/organization"
	"github.com/kindor/steampipe-plugin-bitbucket/internal/jsontree"
	"github.com/kindor/steampipe-plugin-bitbucket/internal/streams"
)

// TestFailedScanNeverLooksComplete runs failing scans many times, under load. The SDK can lose the error of a scan that fails
// after some pages, and then end as if there were no more rows.
func TestFailedScanNeverLooksComplete(t *testing.T) {
	if testing.Short() {
		t.Skip("takes long")
	}
	fake := fakebitbucket.Start(t, fakebitbucket.Options{Repositories: 350, OneWorkspace: true})
	h := connected(t, fake)
	fake.Inject(failing("3"))
	var failed atomic.Int64
	inParallel(8, 200, func(int) {
		rows, err := h.try(context.Background(), tableQuery{table: "bitbucket_repository", columns: "full_name"})
		if err == nil {
			t.Errorf("a failed scan has %d rows and no error", len(rows))
			return
		}
		if !strings.Contains(err.Error(), "made to fail") {
			t.Errorf("error = %v, want Bitbucket's", err)
		}
		failed.Add(1)
	})
	if failed.Load() != 200 {
		t.Errorf("%d of 200 scans failed", failed.Load())
	}
}

// failing returns a fault that refuses one page of the repositories, always.
func failing(page string) fakebitbucket.Fault {
	return fakebitbucket.Fault{
		Path: "/2.0/repositories/{workspace}", Match: func(r *http.Request) bool { return r.URL.Query().Get("page") == page }, Count: -1,
		Kind: fakebitbucket.FaultStatus, Status: http.StatusBadRequest, Body: `{"type":"error","error":{"message":"made to fail"}}`,
	}
}

// inParallel calls do n times, width at a time.
func inParallel(width, n int, do func(i int)) {
	next := atomic.Int64{}
	var workers sync.WaitGroup
	for range width {
		workers.Go(func() {
			for i := next.Add(1); i <= int64(n); i = next.Add(1) {
				do(int(i))
			}
		})
	}
	workers.Wait()
}

func TestCancelledScanStopsAndLeavesNothing(t *testing.T) {
	fake := fakebitbucket.Start(t, fakebitbucket.Options{Repositories: 3000, OneWorkspace: true})
	h := connected(t, fake)
	fake.ResetJournal()
	ctx, cancel := context.WithCancel(context.Background())
	stream := &rowStream{ctx: ctx, seen: func(n int) {
		if n == 150 {
			cancel()
		}
	}}
	err := h.Execute(h.request([]string{"bitbucket"}, tableQuery{table: "bitbucket_repository", columns: "full_name"}), stream)
	if !errors.Is(err, context.Canceled) && !strings.Contains(err.Error(), "cancel") {
		t.Errorf("error = %v, want one that says that it was cancelled", err)
	}
	if n := len(fake.Journal()); n > 25 {
		t.Errorf("%d requests, of 30 for all rows, although the query was cancelled on its second page", n)
	}
	settle(t)
}

// settle waits until no goroutine of the plugin, its client or the SDK's engine is left.
func settle(t *testing.T) {
	t.Helper()
	var left []string
	for deadline := time.Now().Add(10 * time.Second); time.Now().Before(deadline); runtime.Gosched() {
		if left = working(); left == nil {
			return
		}
	}
	t.Errorf("%d goroutines are left:\n%s", len(left), strings.Join(left, "\n\n"))
}

// abandoned are the first lines of the goroutines that the SDK never ends: those with rows of a local stream whose reader has
// cancelled the query.
var abandoned = map[string]bool{}

// abandon adds all running goroutines to the abandoned ones.
func abandon() {
	for _, stack := range working() {
		abandoned[goroutineID(stack)] = true
	}
}

// goroutineID returns the number of a goroutine.
func goroutineID(stack string) string {
	name, _, _ := strings.Cut(stack, " [")
	return name
}

func working() []string {
	all := make([]byte, 4<<20)
	var ours []string
	for _, stack := range strings.Split(string(all[:runtime.Stack(all, true)]), "\n\n")[1:] {
		for _, place := range []string{"steampipe-plugin-bitbucket/bitbucket.(", "steampipe-plugin-bitbucket/internal/api.", "steampipe-plugin-sdk/v5/plugin."} {
			if strings.Contains(stack, place) && !abandoned[goroutineID(stack)] {
				ours = append(ours, stack)
				break
			}
		}
	}
	return ours
}

// TestCancelledScansInOrderLeaveNothing cancels scans with an order, in which the SDK makes each row wait for the row before.
func TestCancelledScansInOrderLeaveNothing(t *testing.T) {
	fake := fakebitbucket.Start(t, fakebitbucket.Options{Repositories: 400, OneWorkspace: true})
	h := connected(t, fake)
	for range 20 {
		ctx, cancel := context.WithCancel(context.Background())
		stream := &rowStream{ctx: ctx, seen: func(n int) {
			if n == 20 {
				cancel()
			}
		}}
		ordered := tableQuery{table: "bitbucket_repository", columns: "full_name", order: &proto.SortColumn{Column: "size", Order: proto.SortOrder_Asc}}
		if err := h.Execute(h.request([]string{"bitbucket"}, ordered), stream); err == nil {
			t.Error("no error of a cancelled scan")
		}
		cancel()
	}
	settle(t)
}

func TestFailedScansLeaveNoGoroutine(t *testing.T) {
	fake := fakebitbucket.Start(t, fakebitbucket.Options{Repositories: 900, OneWorkspace: true})
	h := connected(t, fake)
	fake.Inject(failing("5"))
	for range 20 {
		if _, err := h.try(context.Background(), tableQuery{table: "bitbucket_repository", columns: "full_name"}); err == nil {
			t.Fatal("no error")
		}
	}
	settle(t)
}

func TestPanicIsAnError(t *testing.T) {
	broken := &table{
		name: "bitbucket_broken", description: "Breaks.", columns: []column{text("title", "Nothing.")},
		rows: func(ctx context.Context, s *scan) rowSeq {
			return combine(ctx, s, streams.Each(1, 2), func(context.Context, int) rowSeq { panic("oops") })
		},
	}
	original := tables
	tables = append(tables[:len(tables):len(tables)], broken)
	defer func() { tables = original }()
	fake := fakebitbucket.Start(t, fakebitbucket.Options{})
	h := serve(t, NewServer(), map[string]string{"bitbucket": connectionTo(fake, fake.Organization().Connected.UUID)})
	_, err := h.try(context.Background(), tableQuery{table: "bitbucket_broken"})
	if err == nil || !strings.Contains(err.Error(), "oops") || strings.Contains(err.Error(), "goroutine") {
		t.Errorf("error = %v, want one sentence about oops", err)
	}
}

// TestFiltersThatAreIgnored checks that the rows are right if the server ignores filters.
func TestFiltersThatAreIgnored(t *testing.T) {
	fake := fakebitbucket.Start(t, fakebitbucket.Options{Repositories: 250})
	o := fake.Organization()
	h := connected(t, fake)
	fake.Inject(fakebitbucket.Fault{Kind: fakebitbucket.FaultHandler, Path: "/2.0/repositories/{workspace}", Count: -1, Handler: func(w http.ResponseWriter, r *http.Request) {
		params := r.URL.Query()
		params.Del("q")
		r.URL.RawQuery = params.Encode()
		fake.Answer(w, r)
	}})
	public := fullNames(covered(o, o.Connected), func(r *organization.Repository) bool { return !r.IsPrivate })
	for name, limit := range map[string]int64{"all": 0, "limited": 20, "limited to one": 1} {
		t.Run(name, func(t *testing.T) {
			rows := h.rows(tableQuery{table: "bitbucket_repository", columns: "full_name is_private", where: []*proto.Qual{where("is_private", "=", false)}, limit: limit})
			want := len(public)
			if limit > 0 {
				want = int(limit)
			}
			if len(rows) != want {
				t.Errorf("%d rows, want %d", len(rows), want)
			}
			for _, r := range rows {
				if r["is_private"] != false {
					t.Errorf("%s is private", r["full_name"])
				}
			}
		})
	}
}

func TestWorkspaceThatVanishesDuringTheScan(t *testing.T) {
	fake := fakebitbucket.Start(t, fakebitbucket.Options{})
	o := fake.Organization()
	h := connected(t, fake)
	var left string
	for _, w := range o.Workspaces {
		if o.Membership(w, o.Connected) != nil && !o.Administers(w, o.Connected) {
			left = w.Slug
		}
	}
	h.rows(tableQuery{table: "bitbucket_repository", columns: "full_name"}) // reads the inventory
	fake.Inject(fakebitbucket.Fault{
		Path: "/2.0/repositories/{workspace}", Match: func(r *http.Request) bool { return strings.HasSuffix(r.URL.Path, "/"+left) }, Count: -1,
		Kind: fakebitbucket.FaultStatus, Status: http.StatusNotFound, Body: `{"type":"error","error":{"message":"No workspace"}}`,
	})
	if _, err := h.try(context.Background(), tableQuery{table: "bitbucket_repository", columns: "full_name"}); err == nil {
		t.Error("no error although the user is still in the workspace")
	}
	fake.RemoveMember(left, o.Connected.UUID)
	for _, slug := range columnValues(h.rows(tableQuery{table: "bitbucket_repository", columns: "workspace_slug"}), "workspace_slug") {
		if slug == left {
			t.Errorf("rows of %s, which the user has left", left)
		}
	}
	if _, err := h.try(context.Background(), tableQuery{table: "bitbucket_repository", columns: "full_name", where: []*proto.Qual{where("workspace_slug", "=", left)}}); err == nil {
		t.Error("no error although the query names the workspace")
	}
}

func TestOrderThatBitbucketDoesNotKeep(t *testing.T) {
	by := order{column: integer("size", "")}
	rows := func(sizes ...string) rowSeq {
		return func(yield func(*row, error) bool) {
			for _, size := range sizes {
				r := &row{}
				r.set(objectPart, jsontree.MustParse(`{"size":`+size+`}`))
				if !yield(r, nil) {
					return
				}
			}
		}
	}
	for name, test := range map[string]struct {
		streams []rowSeq
		want    string
		wantErr bool
	}{
		"merged":         {[]rowSeq{rows("1", "4"), rows("2", "3"), rows()}, "1 2 3 4", false},
		"null is last":   {[]rowSeq{rows("1", "null"), rows("2")}, "1 2 null", false},
		"out of order":   {[]rowSeq{rows("2", "1")}, "2", true},
		"null in middle": {[]rowSeq{rows("null", "1")}, "null", true},
	} {
		t.Run(name, func(t *testing.T) {
			var got []string
			var failed error
			for r, err := range streams.Merge(context.Background(), streams.Each(test.streams...), func(_ context.Context, rows rowSeq) rowSeq { return rows }, by.compare) {
				if err != nil {
					failed = err
					break
				}
				got = append(got, r.part(objectPart).Get("size").Raw)
			}
			if strings.Join(got, " ") != test.want || (failed != nil) != test.wantErr {
				t.Errorf("rows %v, error %v, want %s, error %v", got, failed, test.want, test.wantErr)
			}
		})
	}
}

func TestOrderByTwoColumns(t *testing.T) {
	s := &scan{query: query{order: []order{{column: integer("size", ""), descending: true}, {column: text("name", "")}}, limit: -1}}
	input := func(yield func(*row, error) bool) {
		for _, object := range []string{`{"size":3,"name":"c"}`, `{"size":3,"name":"a"}`, `{"size":2,"name":"z"}`, `{"size":1,"name":"y"}`, `{"size":1,"name":"x"}`} {
			r := &row{}
			r.set(0, jsontree.MustParse(object))
			if !yield(r, nil) {
				return
			}
		}
	}
	var got []string
	for r := range s.ties(input) {
		got = append(got, r.part(objectPart).Get("name").String())
	}
	if want := "a c z x y"; strings.Join(got, " ") != want {
		t.Errorf("order %v, want %s", got, want)
	}
	s.limit = 1
	for r := range s.ties(s.accepted(input)) {
		if first := r.part(objectPart).Get("name").String(); first != "a" {
			t.Errorf("the first of those that are equal is %s, want a", first)
		}
		break
	}
}

// TestLimitedScanBeginsSlowly checks that a scan with a limit reads a few parents ahead at first, and more if those do not
// suffice, but no more than it expects to need.
func TestLimitedScanBeginsSlowly(t *testing.T) {
	for _, test := range []struct {
		name  string
		limit int64
		rows  int // of each parent that has any
		every int // one parent in so many has rows
		want  int // number of parents begun
	}{
		{"one parent suffices", 5, 100, 1, 1},
		{"a row in each", 20, 1, 1, 20},
		{"a row in each fourth", 2, 1, 4, 14},
		{"none has enough", math.MaxInt64, 1, 2, 100},
	} {
		t.Run(test.name, func(t *testing.T) {
			begun := 0
			parents := func(yield func(int, error) bool) {
				for begun < 100 {
					begun++
					if !yield(begun, nil) {
						return
					}
				}
			}
			s := &scan{connection: &connection{settings: Settings{MaxConcurrency: 8}}, query: query{limit: test.limit}}
			taken := int64(0)
			for range combine(t.Context(), s, parents, func(_ context.Context, parent int) rowSeq {
				if parent%test.every > 0 {
					return streams.Each[*row]()
				}
				return streams.Each(make([]*row, test.rows)...)
			}) {
				if taken++; taken == test.limit {
					break
				}
			}
			if begun != test.want {
				t.Errorf("%d parents begun, want %d", begun, test.want)
			}
		})
	}
}

// TestInventoryOutlivesACancelledScan cancels the scan that has requested the workspaces. The other scans share the request,
// and still get the answer.
func TestInventoryOutlivesACancelledScan(t *testing.T) {
	fake := fakebitbucket.Start(t, fakebitbucket.Options{})
	h := connected(t, fake)
	arrived, answer := make(chan bool), make(chan bool)
	fake.Inject(fakebitbucket.Fault{Path: "/2.0/user/workspaces", Kind: fakebitbucket.FaultHandler, Handler: func(w http.ResponseWriter, r *http.Request) {
		close(arrived)
		<-answer
		fake.Answer(w, r)
	}})
	projects := tableQuery{table: "bitbucket_project", columns: "key"}
	first, cancel := context.WithCancel(context.Background())
	var scans sync.WaitGroup
	scans.Go(func() {
		if _, err := h.try(first, projects); err == nil {
			t.Error("the cancelled scan ended without an error")
		}
	})
	<-arrived
	waiting := make(chan bool)
	scans.Go(func() {
		close(waiting)
		if rows, err := h.try(context.Background(), projects); err != nil || len(rows) == 0 {
			t.Errorf("the other scan got %d rows and error %v", len(rows), err)
		}
	})
	<-waiting
	cancel()
	close(answer)
	scans.Wait()
}
