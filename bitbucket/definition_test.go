package bitbucket

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/turbot/steampipe-plugin-sdk/v5/grpc/proto"

	"github.com/kindor/steampipe-plugin-bitbucket/internal/fakebitbucket"
	"github.com/kindor/steampipe-plugin-bitbucket/internal/fakebitbucket/organization"
	"github.com/kindor/steampipe-plugin-bitbucket/internal/pipelines"
)

// definitions returns the steps that the file of a repository at a commit defines, and the other files that it imports.
func definitions(t *testing.T, o *organization.Organization, r *organization.Repository, c *organization.Commit) (steps []pipelines.Step, imports []string) {
	t.Helper()
	f := sourceOf(o, r, c)[pipelines.Path]
	if f == nil {
		return nil, nil
	}
	steps, err := pipelines.Steps([]byte(f.Content), func(from pipelines.Source) ([]byte, bool, error) {
		imports = append(imports, r.Workspace.Slug+"/"+from.String())
		other := o.Repository(r.Workspace.Slug + "/" + from.Repository)
		if other == nil || !slices.Contains(covered(o, o.Connected), other) {
			return nil, false, nil
		}
		shared := sourceOf(o, other, o.Revision(other, from.Ref))[from.Path]
		if shared == nil {
			return nil, false, nil
		}
		return []byte(shared.Content), true, nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return steps, imports
}

var definitionColumns = strings.Fields("repository_full_name workspace_slug commit_hash trigger_type trigger_pattern trigger_events position name stage parallel child " +
	"image image_tag image_digest image_is_pinned services pipes script_length programs variables secrets caches artifacts runs_on condition deployment size max_time " +
	"oidc is_manual is_gated line imported_from error title")

// definitionLine returns the columns of a step, in the order of definitionColumns.
func definitionLine(t *testing.T, r *organization.Repository, c *organization.Commit, s pipelines.Step) string {
	t.Helper()
	encoded, err := json.Marshal(s)
	if err != nil {
		t.Fatal(err)
	}
	var shown map[string]any
	if err := json.Unmarshal(encoded, &shown); err != nil {
		t.Fatal(err)
	}
	shown["repository_full_name"], shown["workspace_slug"], shown["commit_hash"] = r.FullName(), r.Workspace.Slug, c.Hash
	if s.Image != nil {
		shown["image"], shown["image_tag"], shown["image_digest"], shown["image_is_pinned"] = s.Image.Name, orNil(s.Image.Tag), orNil(s.Image.Digest), s.Image.IsPinned
	}
	for _, title := range []string{pipelines.Path, s.Trigger, s.Pattern, s.Name} {
		if title != "" {
			shown["title"] = title
		}
	}
	var fields []any
	for _, col := range definitionColumns {
		fields = append(fields, shown[col])
	}
	return joinFields(fields...)
}

func TestPipelineDefinition(t *testing.T) {
	fake := fakebitbucket.Start(t, fakebitbucket.Options{})
	o := fake.Organization()
	for name, test := range map[string]struct {
		where []*proto.Qual
		of    func(*organization.Repository) bool
		ref   string
	}{
		"all":         {nil, func(*organization.Repository) bool { return true }, ""},
		"a workspace": {[]*proto.Qual{where("workspace_slug", "=", "QuarryTools")}, func(r *organization.Repository) bool { return r.Workspace.Slug == "QuarryTools" }, ""},
		"a branch":    {[]*proto.Qual{where("ref", "=", "develop")}, func(*organization.Repository) bool { return true }, "develop"},
	} {
		t.Run(name, func(t *testing.T) {
			h := connected(t, fake, "# "+name) // with an empty cache
			fake.ResetJournal()
			var want []string
			imports := map[string]bool{}
			repositories, files := 0, 0
			for _, r := range withSource(o) {
				if !test.of(r) {
					continue
				}
				repositories++
				c := o.Head(r)
				if test.ref != "" {
					c = o.Revision(r, test.ref)
				}
				if c == nil {
					continue
				}
				steps, imported := definitions(t, o, r, c)
				for _, s := range steps {
					want = append(want, definitionLine(t, r, c, s))
				}
				for _, of := range imported {
					imports[of] = true
				}
				files += min(1, len(steps))
			}
			rows := h.rows(tableQuery{table: "bitbucket_pipeline_definition", columns: strings.Join(definitionColumns, " "), where: test.where})
			checkLines(t, name, want, lines(rows, definitionColumns...))
			// Two for each repository with the file, one for each without it, and two for each imported file, or one if it does
			// not exist.
			most := repositories + files + 2*len(imports)
			got := requested(fake)["/repositories/{workspace}/{repo_slug}/src/{commit}/{path...}"]
			if got > most || got < repositories+files {
				t.Errorf("%d requests, want at least %d for %d repositories and %d files, and at most %d with those that they import", got, repositories+files, repositories, files, most)
			}
			for _, e := range fake.Journal() {
				if strings.Contains(e.Path, "/harbor-labs/") && name == "a workspace" {
					t.Errorf("a request for %s, in another workspace", e.Path)
				}
			}
		})
	}
}

// TestPipelineDefinitionSchedules checks the schedules of steps. They cost one more request for each repository with the file.
func TestPipelineDefinitionSchedules(t *testing.T) {
	fake := fakebitbucket.Start(t, fakebitbucket.Options{})
	o := fake.Organization()
	h := connected(t, fake)
	fake.ResetJournal()
	var want []string
	files, scheduled := 0, 0
	for _, r := range withSource(o) {
		steps, _ := definitions(t, o, r, o.Head(r))
		files += min(1, len(steps))
		for _, s := range steps {
			var shown any
			var all []any
			for _, x := range o.PipelinesOf(r).Schedules {
				if s.Trigger == "custom" && x.Target.SelectorType == "custom" && x.Target.SelectorPattern == s.Pattern {
					one := map[string]any{"cron_pattern": x.CronPattern, "enabled": x.Enabled}
					if x.Target.RefName != "" {
						one["ref_name"] = x.Target.RefName
					}
					all = append(all, one)
				}
			}
			if all != nil {
				scheduled++
				shown = all
			}
			want = append(want, joinFields(r.FullName(), orNil(s.Trigger), orNil(s.Pattern), orNilInt(s.Position), shown))
		}
	}
	columns := strings.Fields("repository_full_name trigger_type trigger_pattern position schedules")
	checkLines(t, "schedules", want, lines(h.rows(tableQuery{table: "bitbucket_pipeline_definition", columns: strings.Join(columns, " ")}), columns...))
	if got := requested(fake)["/repositories/{workspace}/{repo_slug}/pipelines_config/schedules"]; got != files {
		t.Errorf("%d requests for schedules, want one for each of %d files", got, files)
	}
	if scheduled == 0 {
		t.Error("no pipeline has a schedule")
	}
}

// TestPipelineDefinitionKeepsSecrets reads a file with a secret. The rows show its name but not its value.
func TestPipelineDefinitionKeepsSecrets(t *testing.T) {
	fake := fakebitbucket.Start(t, fakebitbucket.Options{})
	rows := connected(t, fake).rows(tableQuery{table: "bitbucket_pipeline_definition"})
	shown := fmt.Sprint(rows)
	files, err := filepath.Glob("../internal/fakebitbucket/generate/files/pipelines/*.yml")
	if err != nil {
		t.Fatal(err)
	}
	for _, value := range []string{"correct-horse-battery", "only-for-tests"} {
		found := slices.ContainsFunc(files, func(file string) bool {
			data, err := os.ReadFile(file)
			return err == nil && strings.Contains(string(data), value)
		})
		if !found {
			t.Errorf("no file has the value %s", value)
		}
		if strings.Contains(shown, value) {
			t.Errorf("the value %s is shown", value)
		}
	}
	for _, name := range []string{"NPM_TOKEN", "POSTGRES_PASSWORD"} {
		if !strings.Contains(shown, "name:"+name) {
			t.Errorf("the secret %s is not shown", name)
		}
	}
}

// TestPipelineDefinitionOfNoText reads a file that is not a text. It has one row, and is not fetched.
func TestPipelineDefinitionOfNoText(t *testing.T) {
	fake := fakebitbucket.Start(t, fakebitbucket.Options{})
	o := fake.Organization()
	r, f := repositoryWithFile(t, o, pipelines.Path)
	fake.Inject(fakebitbucket.Fault{Kind: fakebitbucket.FaultHandler, Path: "/2.0/repositories/{workspace}/{repo_slug}/src/{commit}/{path...}", Count: -1, Handler: func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Query().Get("format") != "meta" {
			t.Errorf("%s was fetched", r.URL)
		}
		w.Header().Set("Content-Type", "application/json")
		_, _ = fmt.Fprintf(w, `{"type": "commit_file", "path": %q, "attributes": ["lfs"], "size": %d, "commit": {"hash": "0f"}}`, f.Path, len(f.Content))
	}})
	for _, tableName := range []string{"bitbucket_pipeline_definition", "bitbucket_code_owner"} {
		rows := connected(t, fake).rows(tableQuery{table: tableName, columns: "error", where: []*proto.Qual{where("repository_full_name", "=", r.FullName())}})
		if len(rows) != 1 || rows[0]["error"] != "The file is no text, or too large to be read." {
			t.Errorf("%s: rows %v", tableName, rows)
		}
	}
}

// TestPipelineDefinitionImports imports a pipeline from a branch with a slash in its name, from a file of the same repository,
// and not from a repository that the connected user can't see.
func TestPipelineDefinitionImports(t *testing.T) {
	fake := fakebitbucket.Start(t, fakebitbucket.Options{})
	o := fake.Organization()
	shared := o.RepositoriesOf(o.Workspaces[0])[0]
	fake.Push(shared.FullName(), "ci/next", organization.Commit{})
	r := o.RepositoriesOf(o.Workspaces[0])[1]
	content := "definitions:\n  imports:\n    next: " + shared.Slug + ":ci/next\n    own: ci/own.yml\n    up: ../other.yml\npipelines:\n  custom:\n" +
		"    a:\n      import: next:build\n    b:\n      import: own:build\n    c:\n      import: up:build\n"
	own := "definitions:\n  pipelines:\n    build:\n      - step:\n          script: [make own]\n"
	files := map[string]string{pipelines.Path: content, "ci/own.yml": own}
	fake.Inject(fakebitbucket.Fault{Kind: fakebitbucket.FaultHandler, Path: "/2.0/repositories/" + r.FullName() + "/src/{commit}/{path...}", Count: -1, Handler: func(w http.ResponseWriter, req *http.Request) {
		_, rest, _ := strings.Cut(req.URL.Path, "/src/")
		_, path, _ := strings.Cut(rest, "/")
		file, ok := files[path]
		switch {
		case !ok:
			t.Errorf("a request for %s", req.URL)
		case req.URL.Query().Get("format") == "meta":
			w.Header().Set("Content-Type", "application/json")
			_, _ = fmt.Fprintf(w, `{"type": "commit_file", "path": %q, "attributes": [], "size": %d, "commit": {"hash": "0f"}}`, path, len(file))
		default:
			_, _ = fmt.Fprint(w, file)
		}
	}})
	rows := connected(t, fake).rows(tableQuery{table: "bitbucket_pipeline_definition", columns: "trigger_pattern imported_from programs error", where: []*proto.Qual{where("repository_full_name", "=", r.FullName())}})
	want := []string{
		joinFields("a", shared.Slug+":ci/next:"+pipelines.Path, []string{"make"}, nil),
		joinFields("b", "ci/own.yml", []string{"make"}, nil),
		joinFields("c", "../other.yml", nil, "The pipeline imports up:build, but there is no file ../other.yml that the connected user can see."),
	}
	checkLines(t, "imports", want, lines(rows, "trigger_pattern", "imported_from", "programs", "error"))
	if slices.ContainsFunc(fake.Journal(), func(e fakebitbucket.Entry) bool { return strings.Contains(e.EscapedPath, url.PathEscape("..")) }) {
		t.Error("a request for a path outside the repository")
	}
}
