package docs

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/turbot/steampipe-plugin-sdk/v5/grpc/proto"
	"google.golang.org/grpc"
	protobuf "google.golang.org/protobuf/proto"

	"github.com/kindor/steampipe-plugin-bitbucket/bitbucket"
	"github.com/kindor/steampipe-plugin-bitbucket/internal/fakebitbucket"
)

// A listener records the requests to the plugin.
type listener struct {
	*bitbucket.Server
	requested map[string]*proto.ExecuteRequest // one request of each shape
}

func (l *listener) Execute(req *proto.ExecuteRequest, stream proto.WrapperPlugin_ExecuteServer) error {
	shape := shapeOf(req)
	if l.requested[shape] == nil {
		l.requested[shape] = protobuf.Clone(req).(*proto.ExecuteRequest)
	}
	return l.Server.Execute(req, stream)
}

// shapeOf returns a request without the values of its conditions, because a join repeats it for each row of another table.
func shapeOf(req *proto.ExecuteRequest) string {
	var conditions []string
	for column, quals := range req.QueryContext.Quals {
		for _, q := range quals.Quals {
			conditions = append(conditions, fmt.Sprint(column, q.GetStringValue(), len(q.Value.GetListValue().GetValues())))
		}
	}
	slices.Sort(conditions)
	columns := slices.Sorted(slices.Values(req.QueryContext.Columns))
	limit := req.ExecuteConnectionData["bitbucket"].GetLimit().GetValue()
	return fmt.Sprint(req.Table, columns, conditions, req.QueryContext.SortOrder, limit)
}

// A tap is a fake that records its answers.
type tap struct {
	*fakebitbucket.Server
	mu     sync.Mutex
	bodies map[string][]byte // guarded by mu; by address

	other   *fakebitbucket.Server // the same organization, for requests that a client must not make
	token   string                // for that
	lengths map[string]int        // the longest pages, by endpoint
}

func (tp *tap) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	r.Header.Del("Accept-Encoding")
	kept := httptest.NewRecorder()
	tp.Server.ServeHTTP(kept, r)
	tp.mu.Lock()
	tp.bodies[address(r.URL.EscapedPath(), r.URL.Query())] = kept.Body.Bytes()
	tp.mu.Unlock()
	maps.Copy(w.Header(), kept.Header())
	w.WriteHeader(kept.Code)
	_, _ = w.Write(kept.Body.Bytes()) // fails if the client has gone
}

func address(path string, query url.Values) string { return path + "?" + query.Encode() }

// A sink drops rows.
type sink struct {
	grpc.ServerStream
	ctx context.Context
}

func (s *sink) Context() context.Context          { return s.ctx }
func (s *sink) Send(*proto.ExecuteResponse) error { return nil }

// askAgain repeats each request on a new connection, and compares the number of requests to Bitbucket with the least possible
// one.
func (l *listener) askAgain(t *testing.T, fake *fakebitbucket.Server) {
	other := fakebitbucket.New(fakebitbucket.Options{})
	user := fake.Organization().Connected.UUID
	tp := &tap{Server: fake, other: other, token: other.AccessToken(user), lengths: map[string]int{}}
	server := httptest.NewServer(tp)
	defer server.Close()
	for _, shape := range slices.Sorted(maps.Keys(l.requested)) {
		tp.bodies = map[string][]byte{}
		req := protobuf.Clone(l.requested[shape]).(*proto.ExecuteRequest)
		const name = "fresh"
		connection := []*proto.ConnectionConfig{{
			Connection: name, Plugin: "local/bitbucket", PluginShortName: "bitbucket", PluginInstance: "bitbucket",
			Config: fmt.Sprintf("base_url = %q\naccess_token = %q\nmax_age = \"0s\"", server.URL, fake.AccessToken(user, fakebitbucket.AllScopes()...)),
		}}
		if _, err := l.UpdateConnectionConfigs(&proto.UpdateConnectionConfigsRequest{Added: connection}); err != nil {
			t.Fatal(err)
		}
		req.ExecuteConnectionData = map[string]*proto.ExecuteConnectionData{name: req.ExecuteConnectionData[req.Connection]}
		req.Connection = name
		fake.ResetJournal()
		if err := l.Server.Execute(req, &sink{ctx: t.Context()}); err != nil {
			t.Errorf("%s: %v", shape, err)
		}
		tp.check(t, req, shape, fake.Journal())
		if _, err := l.UpdateConnectionConfigs(&proto.UpdateConnectionConfigsRequest{Deleted: connection}); err != nil {
			t.Fatal(err)
		}
	}
}

// A listReading records the reading of a list.
type listReading struct{ pages, items, longest int }

// check compares the requests with the fewest possible: as many for a list as its longest pages need, every other request once,
// and none that the conditions exclude. It allows five percent more.
func (tp *tap) check(t *testing.T, req *proto.ExecuteRequest, shape string, journal []fakebitbucket.Entry) {
	lists, singles := map[string]*listReading{}, map[string]int{}
	for _, e := range journal {
		query := maps.Clone(e.Query)
		for _, of := range []string{"page", "pagelen", "ctx", "after", "fields"} {
			query.Del(of)
		}
		what := address(e.EscapedPath, query)
		var page struct{ Values []json.RawMessage }
		body := tp.bodies[address(e.EscapedPath, e.Query)]
		if json.Unmarshal(body, &page) != nil || page.Values == nil {
			singles[what]++
			continue
		}
		if lists[what] == nil {
			lists[what] = &listReading{longest: tp.longest(e)}
		}
		lists[what].pages++
		lists[what].items += len(page.Values)
	}
	fewest := len(singles)
	var wasted []string
	for what, l := range lists {
		n := max(1, (l.items+l.longest-1)/l.longest)
		fewest += n
		if l.pages > n {
			wasted = append(wasted, fmt.Sprintf("%s: %d pages of %d items, which %d of %d are enough for", what, l.pages, l.items, n, l.longest))
		}
	}
	for what, n := range singles {
		if n > 1 {
			wasted = append(wasted, fmt.Sprintf("%s: %d times", what, n))
		}
	}
	if 100*len(journal) > 105*fewest {
		t.Errorf("%s: %d requests, want %d:\n%s", shape, len(journal), fewest, strings.Join(wasted, "\n"))
	}
	workspaces, repositories := namesOf(req, "workspace_slug"), namesOf(req, "repository_full_name")
	for _, e := range journal {
		workspace, repository := segment(e, "{workspace}"), segment(e, "{repo_slug}")
		isElsewhere := repository != "" && !slices.Contains(repositories, workspace+"/"+repository)
		if len(repositories) > 0 && (isElsewhere || e.Endpoint == "/2.0/repositories/{workspace}") {
			t.Errorf("%s: requested %s, which the condition on repositories excludes: %s", shape, e.Path, repositories)
		}
		isElsewhere = workspace != "" && !slices.Contains(workspaces, workspace) // the address of this list has no workspace
		if len(workspaces) > 0 && isElsewhere {
			t.Errorf("%s: requested %s, which the condition on workspaces excludes: %s", shape, e.Path, workspaces)
		}
	}
}

// namesOf returns the values that the conditions allow for a column, or nil for any.
func namesOf(req *proto.ExecuteRequest, column string) (names []string) {
	for _, q := range req.QueryContext.Quals[column].GetQuals() {
		if q.GetStringValue() != "=" {
			continue
		}
		for _, v := range append(q.Value.GetListValue().GetValues(), q.Value) {
			if name := v.GetStringValue(); name != "" {
				names = append(names, name)
			}
		}
	}
	return names
}

// segment returns the part of a path with a name in its endpoint's pattern, or "".
func segment(e fakebitbucket.Entry, name string) string {
	i := slices.Index(strings.Split(e.Endpoint, "/"), name)
	if i < 0 {
		return ""
	}
	return strings.Split(e.Path, "/")[i]
}

// longest returns the length of the longest page of an endpoint, by requests: the endpoint refuses longer ones.
func (tp *tap) longest(e fakebitbucket.Entry) int {
	if tp.lengths[e.Endpoint] == 0 {
		tp.lengths[e.Endpoint] = 1
		for _, length := range []int{5000, 1000, 500, 250, 100, 50, 30, 20, 10} {
			query := maps.Clone(e.Query)
			query.Set("pagelen", fmt.Sprint(length))
			req := httptest.NewRequest(http.MethodGet, address(e.EscapedPath, query), nil)
			req.Header.Set("Authorization", "Bearer "+tp.token)
			answer := httptest.NewRecorder()
			tp.other.ServeHTTP(answer, req)
			if answer.Code == http.StatusOK {
				tp.lengths[e.Endpoint] = length
				break
			}
		}
	}
	return tp.lengths[e.Endpoint]
}
