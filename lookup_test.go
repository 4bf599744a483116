package main

import (
	"flag"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/turbot/steampipe-plugin-sdk/v5/grpc/proto"

	"github.com/kindor/steampipe-plugin-bitbucket/internal/fakebitbucket"
)

// measured makes the tests measure at length and print the results for docs/performance.md.
var measured = flag.Bool("measure", false, "measure lookups and memory as docs/performance.md has them, which takes minutes of a quiet machine")

// Whatever the plan of a join, ten thousand scans for one name each cost one reading of the list with the names. The scans go to
// the process that Steampipe starts, as its wrapper sends them: one after the other, and eight at a time.
func TestPluginProcessAnswersLookups(t *testing.T) {
	if testing.Short() {
		t.Skip("takes long")
	}
	repositories, scans := 300, 300
	if *measured {
		repositories, scans = 5000, 10_000
	}
	fake := fakebitbucket.Start(t, fakebitbucket.Options{Repositories: repositories, OneWorkspace: true})
	o := fake.Organization()
	workspace := o.Repositories[0].Workspace
	var names, some []string
	for _, r := range o.RepositoriesOf(workspace) {
		names = append(names, r.FullName())
	}
	some = names[:20]
	var users []string
	for _, m := range o.MembersOf(workspace) {
		if m.User.Type == "user" {
			users = append(users, m.User.UUID)
		}
	}
	pages := (len(names) + 99) / 100
	for _, test := range []struct {
		table, columns, key string
		names               []string
		most                int // requests
	}{
		{"bitbucket_repository", "full_name size", "full_name", names, pages + 10},
		{"bitbucket_repository", "full_name", "full_name", names, pages + 10},
		{"bitbucket_user", "uuid display_name", "uuid", users, 1 + 2 + 10},
		{"bitbucket_branch", "repository_full_name name", "repository_full_name", some, pages + 10 + 2*len(some)}, // some have more than a hundred
		{"bitbucket_repository_permission", "repository_full_name user_uuid permission", "repository_full_name", some, 2*len(some) + 2},
		{"bitbucket_deploy_key", "repository_full_name label", "repository_full_name", some, pages + 10 + len(some) + 1},
	} {
		for _, width := range []int{1, 8} {
			s := start(t, strings.Replace(connection(t, fake), `max_age = "0s"`, `max_age = "1m"`, 1))
			fake.ResetJournal()
			begin, next := time.Now(), atomic.Int64{}
			var workers sync.WaitGroup
			for range width {
				workers.Go(func() {
					for i := int(next.Add(1)); i <= scans; i = int(next.Add(1)) {
						if _, err := s.lookUp(fmt.Sprintf("lookup-%d", i), test.table, test.columns, test.key, test.names[i%len(test.names)]); err != nil {
							t.Errorf("%s: %v", test.table, err)
							return
						}
					}
				})
			}
			workers.Wait()
			elapsed := time.Since(begin)
			took, halfMinutes := elapsed/time.Duration(scans), 1+int(elapsed/(30*time.Second)) // the life of the cache
			requested := len(slices.DeleteFunc(fake.Journal(), func(e fakebitbucket.Entry) bool { return !strings.HasPrefix(e.Path, "/2.0/") }))
			if most := halfMinutes * (test.most + 3*(width-1)); requested > most {
				t.Errorf("%s: %d scans took %d requests, want %d at most", test.table, scans, requested, most)
			}
			if *measured {
				s.kill()
				process := (s.cmd.ProcessState.UserTime() + s.cmd.ProcessState.SystemTime()) / time.Duration(scans)
				fmt.Printf("| `%s`: %d of `%s`, columns `%s` | %d | %d | %d | %d |\n",
					test.table, len(test.names), test.key, test.columns, width, requested, took.Microseconds(), process.Microseconds())
			}
		}
	}
}

// lookUp scans a table for one value of a column, as a nested loop of PostgreSQL does.
func (s *steampipe) lookUp(call, table, columns, key, name string) (rows int, err error) {
	return s.scan(&proto.ExecuteRequest{
		Table: table, Connection: "bitbucket", CallId: call,
		QueryContext: &proto.QueryContext{Columns: strings.Fields(columns), Quals: map[string]*proto.Quals{key: {Quals: []*proto.Qual{{
			FieldName: key, Operator: &proto.Qual_StringValue{StringValue: "="},
			Value: &proto.QualValue{Value: &proto.QualValue_StringValue{StringValue: name}},
		}}}}},
	})
}
