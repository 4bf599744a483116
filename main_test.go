package main

import (
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/hashicorp/go-hclog"
	goplugin "github.com/hashicorp/go-plugin"
	sdkgrpc "github.com/turbot/steampipe-plugin-sdk/v5/grpc"
	"github.com/turbot/steampipe-plugin-sdk/v5/grpc/proto"
	"github.com/turbot/steampipe-plugin-sdk/v5/grpc/shared"

	"github.com/kindor/steampipe-plugin-bitbucket/internal/fakebitbucket"
	"github.com/kindor/steampipe-plugin-bitbucket/internal/programtest"
)

const pluginName = "steampipe-plugin-bitbucket"

// A steampipe is a host that starts the plugin as a process, and calls it over gRPC.
type steampipe struct {
	*sdkgrpc.PluginClient
	t    *testing.T
	cmd  *exec.Cmd
	kill func()
}

// start starts the plugin with one connection, "bitbucket".
func start(t *testing.T, config string) *steampipe {
	t.Helper()
	return startLogging(t, config, io.Discard, "STEAMPIPE_LOG_LEVEL=OFF")
}

// startLogging is start with environment variables and a writer for the log.
func startLogging(t *testing.T, config string, log io.Writer, variables ...string) *steampipe {
	t.Helper()
	cmd := exec.Command(programtest.Path(t))
	cmd.Env = append(append(os.Environ(), "HOME="+t.TempDir()), variables...)
	client := goplugin.NewClient(&goplugin.ClientConfig{
		HandshakeConfig:  shared.Handshake,
		Plugins:          map[string]goplugin.Plugin{pluginName: &shared.WrapperPlugin{}},
		Cmd:              cmd,
		AllowedProtocols: []goplugin.Protocol{goplugin.ProtocolGRPC},
		Logger:           hclog.NewNullLogger(),
		Stderr:           log,
		SyncStderr:       log,
	})
	t.Cleanup(client.Kill)
	served, err := sdkgrpc.NewPluginClient(client, pluginName)
	if err != nil {
		t.Fatal(err)
	}
	s := &steampipe{served, t, cmd, client.Kill}
	// The calls that Steampipe makes before the first query, in order.
	connections := &proto.SetAllConnectionConfigsRequest{MaxCacheSizeMb: -1, Configs: []*proto.ConnectionConfig{
		{Connection: "bitbucket", Plugin: "local/bitbucket", PluginShortName: "bitbucket", PluginInstance: "bitbucket", Config: config},
	}}
	for _, send := range []func() error{
		func() error { _, err := s.GetSupportedOperations(); return err },
		func() error { _, err := s.SetAllConnectionConfigs(connections); return err },
		func() error {
			_, err := s.SetCacheOptions(&proto.SetCacheOptionsRequest{Enabled: true, Ttl: 300, MaxSizeMb: 0})
			return err
		},
		func() error { _, err := s.SetRateLimiters(&proto.SetRateLimitersRequest{}); return err },
		func() error { _, err := s.GetSchema("bitbucket"); return err },
	} {
		if err := send(); err != nil {
			t.Fatal(err)
		}
	}
	return s
}

// count scans a table and returns the number of rows, or the error.
func (s *steampipe) count(call, table string, columns ...string) (rows int, err error) {
	return s.scan(&proto.ExecuteRequest{Table: table, Connection: "bitbucket", CallId: call, QueryContext: &proto.QueryContext{Columns: columns}})
}

// scan counts the rows of any request.
func (s *steampipe) scan(req *proto.ExecuteRequest) (rows int, err error) {
	req.ExecuteConnectionData = map[string]*proto.ExecuteConnectionData{"bitbucket": {CacheEnabled: true, CacheTtl: 300}}
	stream, _, cancel, err := s.Execute(req)
	if err != nil {
		return 0, err
	}
	defer cancel()
	for {
		if _, err := stream.Recv(); errors.Is(err, io.EOF) {
			return rows, nil
		} else if err != nil {
			return rows, err
		}
		rows++
	}
}

// connection is the HCL of a connection to the fake through an OAuth consumer with a first refresh token.
func connection(t *testing.T, fake *fakebitbucket.Server) string {
	o := fake.Organization()
	consumer := fake.Consumer(o.Workspaces[0].Slug, fakebitbucket.AllScopes()...)
	return fmt.Sprintf("consumer_key = %q\nconsumer_secret = %q\nrefresh_token = %q\nbase_url = %q\noauth_url = %q\ntoken_dir = %q\nmax_age = \"0s\"\n",
		consumer.Key, consumer.Secret, fake.Grant(consumer, o.Connected.UUID), fake.URL(), fake.OAuthURL(), t.TempDir())
}

func TestPluginProcessServesEveryTable(t *testing.T) {
	if testing.Short() {
		t.Skip("takes long")
	}
	fake := fakebitbucket.Start(t, fakebitbucket.Options{Repositories: 40, Projects: 12, Users: 20, RefreshGrace: -1})
	s := start(t, connection(t, fake))
	schema, err := s.GetSchema("bitbucket")
	if err != nil {
		t.Fatal(err)
	}
	if len(schema.Schema) < 8 {
		t.Errorf("%d tables, want 8 at least", len(schema.Schema))
	}
	// The rows of bitbucket_omission are the omissions of the other scans, so it comes last.
	const last = "bitbucket_omission"
	tables := slices.DeleteFunc(slices.Sorted(maps.Keys(schema.Schema)), func(table string) bool { return table == last })
	for _, table := range append(tables, last) {
		var columns []string
		for _, c := range schema.Schema[table].Columns {
			columns = append(columns, c.Name)
		}
		if rows, err := s.count("every-"+table, table, columns...); err != nil || rows == 0 {
			t.Errorf("%s: %d rows, error %v", table, rows, err)
		}
	}
}

// One run proves nothing: the SDK only loses errors under load, and not every time.
func TestPluginProcessNeverCutsAFailedScanShort(t *testing.T) {
	if testing.Short() {
		t.Skip("takes long")
	}
	fake := fakebitbucket.Start(t, fakebitbucket.Options{Repositories: 350, OneWorkspace: true})
	fake.Inject(fakebitbucket.Fault{
		Path: "/2.0/repositories/{workspace}", Match: func(r *http.Request) bool { return r.URL.Query().Get("page") == "3" }, Count: -1,
		Kind: fakebitbucket.FaultStatus, Status: http.StatusBadRequest, Body: `{"type":"error","error":{"message":"made to fail"}}`,
	})
	s := start(t, connection(t, fake))
	const runs, width = 200, 8
	var workers sync.WaitGroup
	for worker := range width {
		workers.Go(func() {
			for run := range runs / width {
				rows, err := s.count(fmt.Sprintf("fail-%d-%d", worker, run), "bitbucket_repository", "full_name")
				if err == nil {
					t.Errorf("a scan that failed came back with %d rows and no error", rows)
				} else if !strings.Contains(err.Error(), "made to fail") {
					t.Errorf("error = %v, want the one that Bitbucket answered", err)
				}
			}
		})
	}
	workers.Wait()
}

// asker writes a config folder with one connection, and returns a function that runs a query in its own process.
func asker(t *testing.T, fake *fakebitbucket.Server) func(sql string) (csv string, err error) {
	t.Helper()
	program, folder := programtest.Path(t), t.TempDir()
	config := fmt.Sprintf("connection \"bitbucket\" {\n  plugin = \"local/bitbucket\"\n%s}\n", connection(t, fake))
	if err := os.WriteFile(filepath.Join(folder, "bitbucket.spc"), []byte(config), 0o600); err != nil {
		t.Fatal(err)
	}
	return func(sql string) (string, error) {
		cmd := exec.Command(program, "query", "--config", folder, "--output", "csv", sql)
		cmd.Env = append(os.Environ(), "HOME="+folder)
		out, err := cmd.CombinedOutput()
		return string(out), err
	}
}

// The conditions, columns, order and limit of a query reach Bitbucket.
func TestQueryReachesBitbucket(t *testing.T) {
	if testing.Short() {
		t.Skip("takes long")
	}
	fake := fakebitbucket.Start(t, fakebitbucket.Options{Repositories: 400, OneWorkspace: true})
	query := asker(t, fake)
	slug := fake.Organization().Workspaces[0].Slug
	for name, test := range map[string]struct {
		sql  string
		want []url.Values // of the requests for repositories
	}{
		"conditions": {
			"select name from bitbucket.bitbucket_repository where is_private = true and created_on > '2020-01-01' and workspace_slug = '" + slug + "' limit 7",
			[]url.Values{{"q": {"is_private = true AND created_on > 2020-01-01T00:00:00+00:00"}, "pagelen": {"10"}, "fields": {"next,page,pagelen,size,values.created_on,values.hash,values.id,values.is_private,values.name,values.type,values.uuid,values.workspace.slug"}}},
		},
		"order": {
			"select full_name from bitbucket_repository where workspace_slug = '" + slug + "' order by updated_on desc limit 3",
			[]url.Values{{"sort": {"-updated_on"}, "pagelen": {"10"}, "fields": {"next,page,pagelen,size,values.full_name,values.type,values.updated_on,values.workspace.slug"}}},
		},
	} {
		t.Run(name, func(t *testing.T) {
			fake.ResetJournal()
			if out, err := query(test.sql); err != nil {
				t.Fatalf("%v\n%s", err, out)
			}
			var got []url.Values
			for _, e := range fake.Journal() {
				if e.Endpoint == "/2.0/repositories/{workspace}" {
					got = append(got, e.Query)
				}
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("requests mismatch (-want +got):\n%s", diff)
			}
		})
	}
}

// Eight processes share a consumer, its first refresh token and the token file. An access token is valid for 300 requests,
// so they refresh all the time. The service accepts each refresh token once.
func TestProcessesShareOneChain(t *testing.T) {
	if testing.Short() {
		t.Skip("takes long")
	}
	fake := fakebitbucket.Start(t, fakebitbucket.Options{Repositories: 10, Users: 10, RefreshGrace: -1, AccessTokenUses: 300})
	ask := asker(t, fake)
	query := func() (string, error) {
		return ask(strings.Repeat("select count(*) from bitbucket_repository; select count(*) from bitbucket_workspace_member; ", 130))
	}
	want, err := query()
	if err != nil {
		t.Fatalf("one process alone: %v\n%s", err, want)
	}
	var processes sync.WaitGroup
	for range 8 {
		processes.Go(func() {
			if got, err := query(); err != nil || got != want {
				t.Errorf("error %v, output (-want +got):\n%s", err, cmp.Diff(want, got))
			}
		})
	}
	processes.Wait()
	if got, err := query(); err != nil || got != want {
		t.Errorf("afterwards: error %v, output (-want +got):\n%s", err, cmp.Diff(want, got))
	}
	refreshes := 0
	for _, uses := range fake.RefreshUses() {
		refreshes += uses
		if uses > 1 {
			t.Errorf("a refresh token was used %d times", uses)
		}
	}
	if requested := len(fake.Journal()); refreshes < 15 {
		t.Errorf("%d refreshes for %d requests, want many", refreshes, requested)
	}
}
