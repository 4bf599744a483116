package main

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"regexp"
	"strings"
	"testing"

	"github.com/turbot/steampipe-plugin-sdk/v5/grpc/proto"

	"github.com/kindor/steampipe-plugin-bitbucket/internal/fakebitbucket"
	"github.com/kindor/steampipe-plugin-bitbucket/internal/programtest"
)

// Under Steampipe, no row with all diagnostics in its sp_ctx, no error and no verbose log has a secret.
func TestPluginProcessKeepsSecrets(t *testing.T) {
	if testing.Short() {
		t.Skip("takes long")
	}
	fake := fakebitbucket.Start(t, fakebitbucket.Options{Repositories: 6, Projects: 3, Users: 6, Groups: 3, AccessTokenUses: 50})
	log := programtest.NewTranscript()
	s := startLogging(t, connection(t, fake), log, "STEAMPIPE_LOG_LEVEL=TRACE", "STEAMPIPE_DIAGNOSTIC_LEVEL=all")
	schema, err := s.GetSchema("bitbucket")
	if err != nil {
		t.Fatal(err)
	}
	var said strings.Builder
	scan := func(call string, table string) error {
		var columns []string
		for _, c := range schema.Schema[table].Columns {
			columns = append(columns, c.Name)
		}
		stream, _, cancel, err := s.Execute(&proto.ExecuteRequest{
			Table: table, Connection: "bitbucket", CallId: call,
			QueryContext:          &proto.QueryContext{Columns: columns},
			ExecuteConnectionData: map[string]*proto.ExecuteConnectionData{"bitbucket": {CacheEnabled: true, CacheTtl: 300}},
		})
		if err != nil {
			return err
		}
		defer cancel()
		for {
			r, err := stream.Recv()
			if errors.Is(err, io.EOF) {
				return nil
			}
			if err != nil {
				fmt.Fprintln(&said, err)
				return err
			}
			row, err := json.Marshal(r.Row)
			if err != nil {
				t.Fatal(err)
			}
			said.Write(row)
			for _, c := range r.Row.Columns {
				said.Write(c.GetJsonValue())
			}
		}
	}
	for table := range schema.Schema {
		if err := scan("all of "+table, table); err != nil {
			t.Errorf("%s: %v", table, err)
		}
	}
	fake.Inject(fakebitbucket.Fault{Path: "/2.0/{rest...}", Count: -1, Kind: fakebitbucket.FaultHandler, Handler: func(w http.ResponseWriter, r *http.Request) {
		w.WriteHeader(http.StatusBadRequest)
		fmt.Fprintf(w, `{"type":"error","error":{"message":%q}}`, r.Header.Get("Authorization"))
	}})
	for _, table := range []string{"bitbucket_user", "bitbucket_workspace_member"} {
		if err := scan("failing "+table, table); err == nil {
			t.Errorf("%s: no error", table)
		}
	}
	fake.RevokeAccessTokens()
	fake.RevokeGrants()
	fake.ClearFaults()
	if err := scan("dead", "bitbucket_user"); err == nil {
		t.Error("no error of a dead grant")
	}
	logged := log.String()
	for _, want := range []struct{ what, text, in string }{{"diagnostics in the rows", `"calls"`, said.String()}, {"logs", "[TRACE]", logged}} {
		if !strings.Contains(want.in, want.text) {
			t.Errorf("the output has no %s", want.what)
		}
	}
	long := regexp.MustCompile(`[A-Za-z0-9]{12,}`)
	for _, secret := range fake.Issued() {
		marks := append(long.FindAllString(secret, 3), secret)
		marks = append(marks, base64.StdEncoding.EncodeToString([]byte(secret))[:40])
		for _, mark := range marks {
			for where, text := range map[string]string{"the log": logged, "a row or an error": said.String()} {
				if i := strings.Index(text, mark); i >= 0 {
					t.Fatalf("%s has a secret: %s…", where, text[max(0, i-300):i])
				}
			}
		}
	}
}
