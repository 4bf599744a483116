package docs

import (
	"encoding/json"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/kindor/steampipe-plugin-bitbucket/internal/fakebitbucket"
	"github.com/kindor/steampipe-plugin-bitbucket/internal/programtest"
	"github.com/kindor/steampipe-plugin-bitbucket/internal/replica/parquetfiles"
	"github.com/kindor/steampipe-plugin-bitbucket/internal/replica/replicatest"
)

// The view on the page about the history has current and former rows, from Parquet files that real runs of a sync wrote.
func TestHistoryInDuckDB(t *testing.T) {
	program := programtest.Tool(t, "../tools/duckdb", "duckdb")
	fake := fakebitbucket.Start(t, fakebitbucket.Options{Repositories: 8, Projects: 2, Users: 40, Groups: 2, OneWorkspace: true})
	c := newChronicle(t, fake)
	dir := t.TempDir()
	sync := func() {
		to, err := parquetfiles.Open(t.Context(), "parquet:"+dir)
		if err != nil {
			t.Fatal(err)
		}
		replicatest.Sync(t, fake, to, "bitbucket_repository_permission")
	}
	sync()
	for _, step := range c.steps() {
		step()
		sync()
	}
	view := regexp.MustCompile("(?s)```\n(create view .*?);\n```").FindStringSubmatch(read(t, "history.md"))
	if view == nil {
		t.Fatal("the page has no view for DuckDB")
	}
	question := "select user_display_name as name, permission, valid_to is not null as ended from bitbucket_repository_permission_history where user_uuid in ('" +
		strings.Join([]string{c.worker.UUID, c.guest.UUID, c.admin.UUID}, "', '") + "') and repository_uuid = '" + c.website.UUID + "' order by valid_from, name"
	out, err := exec.CommandContext(t.Context(), program, strings.ReplaceAll(view[1], "/data/bitbucket", filepath.ToSlash(dir)), question).CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	var got []map[string]any
	if err := json.Unmarshal(out, &got); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	row := func(name, permission string, ended bool) map[string]any {
		return map[string]any{"name": name, "permission": permission, "ended": ended}
	}
	first := []map[string]any{row(c.worker.DisplayName, "read", true), row(c.admin.DisplayName, "admin", true)}
	if c.admin.DisplayName < c.worker.DisplayName {
		first[0], first[1] = first[1], first[0]
	}
	want := append(first, row(c.guest.DisplayName, "write", true), row(c.worker.DisplayName, "write", false))
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-happened +found):\n%s", diff)
	}
}
