package bitbucket

import (
	"context"
	"errors"
	"net/http"
	"os"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/turbot/steampipe-plugin-sdk/v5/anywhere"
	sdkgrpc "github.com/turbot/steampipe-plugin-sdk/v5/grpc"
	"github.com/turbot/steampipe-plugin-sdk/v5/grpc/proto"
	"github.com/turbot/steampipe-plugin-sdk/v5/plugin"

	"github.com/kindor/steampipe-plugin-bitbucket/internal/fakebitbucket"
)

// A linkingHost runs the plugin as hosts do that link it: with the SDK's own server, through its local stream.
type linkingHost struct {
	*sdkgrpc.PluginServer
	host // makes the requests
}

// newLinkingHost starts the plugin with connections: the HCL of their bodies, by name.
func newLinkingHost(t *testing.T, bodies map[string]string) *linkingHost {
	t.Helper()
	return linkInstance(t, newInstance(), bodies)
}

func linkInstance(t *testing.T, i *instance, bodies map[string]string) *linkingHost {
	t.Helper()
	l := &linkingHost{PluginServer: plugin.Server(&plugin.ServeOpts{PluginFunc: i.plugin})}
	var all []*proto.ConnectionConfig
	for name, body := range bodies {
		all = append(all, &proto.ConnectionConfig{Connection: name, Plugin: "bitbucket", PluginShortName: "bitbucket", PluginInstance: "bitbucket", Config: body})
	}
	if _, err := l.PluginServer.SetAllConnectionConfigs(&proto.SetAllConnectionConfigsRequest{Configs: all, MaxCacheSizeMb: 1}); err != nil {
		t.Fatal(err)
	}
	return l
}

// read returns the number of rows before the end, or before the error. It calls seen after each row if it is not nil.
func (l *linkingHost) read(ctx context.Context, connectionName string, q tableQuery, seen func(n int)) (rows int, err error) {
	stream := anywhere.NewLocalPluginStream(ctx)
	l.CallExecuteAsync(l.request([]string{connectionName}, q), stream)
	for {
		response, err := stream.Recv()
		if response == nil || err != nil {
			return rows, err
		}
		rows++
		if seen != nil {
			seen(rows)
		}
	}
}

// TestLinkedPluginNeverCutsAFailedScanShort runs failing scans many times. For the reader of the SDK's local stream, an error
// after a row can look like the end of the rows, but not in every run.
func TestLinkedPluginNeverCutsAFailedScanShort(t *testing.T) {
	if testing.Short() {
		t.Skip("takes long")
	}
	const scans, width, all = 1000, 8, 30
	organization := fakebitbucket.Options{Repositories: all, PageLen: 10, OneWorkspace: true}
	fake, good := fakebitbucket.Start(t, organization), fakebitbucket.Start(t, organization)
	fake.Inject(failing("3"))
	refused := fake.Organization().Repositories[20]
	fake.Inject(fakebitbucket.Fault{
		Path: "/2.0/repositories/{workspace}/" + refused.Slug + "/deploy-keys", Count: -1,
		Kind: fakebitbucket.FaultStatus, Status: http.StatusBadRequest, Body: `{"type":"error","error":{"message":"made to fail"}}`,
	})
	fake.Inject(fakebitbucket.Fault{
		Path: "/2.0/snippets/{workspace}", Count: -1,
		Kind: fakebitbucket.FaultStatus, Status: http.StatusBadRequest, Body: `{"type":"error","error":{"message":"made to fail"}}`,
	})
	l := newLinkingHost(t, map[string]string{
		"failing": connectionTo(fake, fake.Organization().Connected.UUID),
		"good":    connectionTo(good, good.Organization().Connected.UUID),
		"wrong":   `base_url = "https://bitbucket.example"`,
	})
	faults := []struct {
		connection string
		tableQuery
		want string
	}{
		{"failing", tableQuery{table: "bitbucket_repository", columns: "full_name"}, "made to fail"}, // after the rows of two pages
		{"failing", tableQuery{table: "bitbucket_deploy_key", columns: "id label"}, "made to fail"},  // after the rows of some repositories
		{"failing", tableQuery{table: "bitbucket_snippet", columns: "id title"}, "made to fail"},     // before the first row
		{"wrong", tableQuery{table: "bitbucket_repository", columns: "full_name"}, "no credentials"}, // before the first request
	}
	var workers sync.WaitGroup
	for worker := range width {
		workers.Go(func() {
			for run := range scans / width {
				fault := faults[(worker+run)%len(faults)]
				rows, err := l.read(t.Context(), fault.connection, fault.tableQuery, nil)
				if err == nil || rows > 0 || !strings.Contains(err.Error(), fault.want) {
					t.Errorf("%s: %d rows, and error %v, want one of %q", fault.table, rows, err, fault.want)
				}
				if run%10 > 0 {
					continue
				}
				if rows, err := l.read(t.Context(), "good", tableQuery{table: "bitbucket_repository", columns: "full_name"}, nil); err != nil || rows != all {
					t.Errorf("a whole scan had %d rows of %d, error %v", rows, all, err)
				}
			}
		})
	}
	workers.Wait()
}

// TestLinkedPluginStopsWithTheQuery checks that a limit, or the end of the query, stops the scan, although its rows are kept.
func TestLinkedPluginStopsWithTheQuery(t *testing.T) {
	fake := fakebitbucket.Start(t, fakebitbucket.Options{Repositories: 3000, OneWorkspace: true})
	l := newLinkingHost(t, map[string]string{"bitbucket": connectionTo(fake, fake.Organization().Connected.UUID)})
	repositories := tableQuery{table: "bitbucket_repository", columns: "full_name", limit: 7}
	fake.ResetJournal()
	if rows, err := l.read(t.Context(), "bitbucket", repositories, nil); rows != 7 || err != nil {
		t.Errorf("%d rows for LIMIT 7, error %v", rows, err)
	}
	if diff := cmp.Diff(map[string]int{"/user/workspaces": 1, "/repositories/{workspace}": 1}, requested(fake)); diff != "" {
		t.Errorf("requests of LIMIT 7 mismatch (-want +got):\n%s", diff)
	}

	ctx, cancel := context.WithCancel(t.Context())
	fake.Inject(fakebitbucket.Fault{Kind: fakebitbucket.FaultHandler, Match: func(r *http.Request) bool { return r.URL.Query().Get("page") == "5" }, Handler: func(w http.ResponseWriter, r *http.Request) {
		cancel()
		fake.Answer(w, r)
	}})
	repositories.limit = 0
	fake.ResetJournal()
	if rows, err := l.read(ctx, "bitbucket", repositories, nil); rows != 0 || !errors.Is(err, context.Canceled) {
		t.Errorf("%d rows of a cancelled scan, error %v", rows, err)
	}
	settle(t)
	if n := len(fake.Journal()); n > 25 {
		t.Errorf("%d requests, of 30 for all rows, although the query was cancelled on its fifth page", n)
	}
}

// TestLinkedPluginKeepsALargeScanInAFile checks that rows that don't fit into memory wait in a file. The file is removed
// afterwards, whether the rows were read or not.
func TestLinkedPluginKeepsALargeScanInAFile(t *testing.T) {
	dir := t.TempDir()
	t.Setenv("TMPDIR", dir)
	const all = 1000
	fake := fakebitbucket.Start(t, fakebitbucket.Options{Repositories: all, OneWorkspace: true})
	i := newInstance()
	i.lists.KeptBytes = 10 << 10
	l := linkInstance(t, i, map[string]string{"bitbucket": connectionTo(fake, fake.Organization().Connected.UUID)})
	repositories := tableQuery{table: "bitbucket_repository", columns: "full_name is_private size updated_on project_key links"}
	for run := range 3 {
		ctx, cancel := context.WithCancel(t.Context())
		rows, err := l.read(ctx, "bitbucket", repositories, func(n int) {
			if openFiles := deleted(t, dir); n == 1 && openFiles != 1 {
				t.Errorf("%d files without a name at the first row, want 1", openFiles)
			}
			if run > 0 && n == 10*run {
				cancel()
			}
		})
		if (err != nil) != (run > 0) || err == nil && rows != all {
			t.Errorf("%d rows, error %v", rows, err)
		}
		cancel()
		for deadline := time.Now().Add(time.Minute); deleted(t, dir) > 0 && time.Now().Before(deadline); {
			runtime.Gosched()
		}
		if openFiles := deleted(t, dir); openFiles > 0 {
			t.Errorf("%d files are left open", openFiles)
		}
	}
	if left, err := os.ReadDir(dir); len(left) > 0 || err != nil {
		t.Errorf("files with a name: %v, error %v", left, err)
	}

	t.Setenv("TMPDIR", dir+"/nowhere")
	fake.ResetJournal()
	if rows, err := l.read(t.Context(), "bitbucket", repositories, nil); rows > 0 || err == nil || !strings.Contains(err.Error(), "TMPDIR") {
		t.Errorf("%d rows without a folder for them, error %v", rows, err)
	}
	if n := len(fake.Journal()); n > 10 {
		t.Errorf("%d requests although the rows can't be kept", n)
	}
	abandon()
}

// deleted returns the number of open files of a directory that have no name any more.
func deleted(t *testing.T, dir string) (n int) {
	t.Helper()
	files, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Skip(err)
	}
	for _, file := range files {
		if to, err := os.Readlink("/proc/self/fd/" + file.Name()); err == nil && strings.HasPrefix(to, dir) && strings.HasSuffix(to, " (deleted)") {
			n++
		}
	}
	return n
}
