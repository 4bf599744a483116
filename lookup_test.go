package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/turbot/steampipe-plugin-sdk/v5/grpc/proto"

	"github.com/kindor/steampipe-plugin-bitbucket/internal/fakebitbucket"
)

var measured = flag.Bool("measure", false, "print what lookups cost through the built plugin, for docs/performance.md")

// lookUp scans a table for one value of each of some columns, as a nested loop of PostgreSQL does.
func (s *steampipe) lookUp(call, table, columns string, keys map[string]string) (rows int, err error) {
	quals := map[string]*proto.Quals{}
	for column, value := range keys {
		quals[column] = &proto.Quals{Quals: []*proto.Qual{{
			FieldName: column, Operator: &proto.Qual_StringValue{StringValue: "="},
			Value: &proto.QualValue{Value: &proto.QualValue_StringValue{StringValue: value}},
		}}}
	}
	stream, _, cancel, err := s.Execute(&proto.ExecuteRequest{
		Table: table, Connection: "bitbucket", CallId: call,
		QueryContext:          &proto.QueryContext{Columns: strings.Fields(columns), Quals: quals},
		ExecuteConnectionData: map[string]*proto.ExecuteConnectionData{"bitbucket": {CacheEnabled: true, CacheTtl: 300}},
	})
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

func TestBaseline(t *testing.T) {
	fake := fakebitbucket.Start(t, fakebitbucket.Options{Repositories: 5000, OneWorkspace: true})
	s := start(t, strings.Replace(connection(t, fake), `max_age = "0s"`, `max_age = "30s"`, 1))
	repos := fake.Organization().Repositories
	for _, width := range []int{1, 8} {
		for _, test := range []struct{ table, columns, key string; n int }{
			{"bitbucket_repository", "full_name size", "full_name", 1},
			{"bitbucket_repository", "full_name size", "full_name", 5000},
			{"bitbucket_branch", "repository_full_name name", "repository_full_name", 10},
		} {
			fake.ResetJournal()
			begin := time.Now()
			var next atomic.Int64
			var workers sync.WaitGroup
			const n = 3000
			for w := range width {
				workers.Go(func() {
					for i := next.Add(1); i <= n; i = next.Add(1) {
						if _, err := s.lookUp(fmt.Sprint("l", width, test.table, test.n, "-", w, i), test.table, test.columns, map[string]string{test.key: repos[int(i)%test.n].FullName()}); err != nil {
							t.Error(err)
							return
						}
					}
				})
			}
			workers.Wait()
			t.Logf("%s %d names, width %d: %d requests, %s per scan", test.table, test.n, width, len(fake.Journal()), time.Since(begin)/n)
		}
	}
}
