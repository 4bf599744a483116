package bitbucket

import (
	"context"
	"net/http"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"github.com/turbot/steampipe-plugin-sdk/v5/grpc/proto"

	"github.com/kindor/steampipe-plugin-bitbucket/internal/fakebitbucket"
	"github.com/kindor/steampipe-plugin-bitbucket/internal/fakebitbucket/organization"
)

// sourceOf returns the files of a repository at a commit, and its folders, which have a nil file.
func sourceOf(o *organization.Organization, r *organization.Repository, c *organization.Commit) map[string]*organization.SourceFile {
	all := map[string]*organization.SourceFile{}
	for _, f := range o.SourceFiles(r, c) {
		all[f.Path] = f
		for folder := f.Path; strings.Contains(folder, "/"); {
			folder = folder[:strings.LastIndex(folder, "/")]
			all[folder] = nil
		}
	}
	return all
}

// sourceLine returns the expected columns of a file or folder, in the order of sourceColumns.
func sourceLine(r *organization.Repository, hash, path string, f *organization.SourceFile) string {
	if f == nil {
		return joinFields(r.FullName(), r.UUID, r.Workspace.Slug, hash, path, path, "commit_directory", nil, nil, nil)
	}
	return joinFields(r.FullName(), r.UUID, r.Workspace.Slug, hash, path, path, "commit_file", len(f.Content), orNil(f.MimeType()), jsonArray(f.Attributes))
}

var sourceColumns = []string{"repository_full_name", "repository_uuid", "workspace_slug", "commit_hash", "path", "title", "type", "size", "mimetype", "attributes"}

func depthOf(path string) int { return strings.Count(path, "/") + 1 }

// wantSource returns the expected rows of all repositories at a revision, or at the head of the main branch if it is empty, for
// the files that satisfy a condition.
func wantSource(o *organization.Organization, revision string, matches func(path string, f *organization.SourceFile) bool) []string {
	var all []string
	for _, r := range withSource(o) {
		c := o.Head(r)
		if revision != "" {
			c = o.Revision(r, revision)
		}
		if c == nil {
			continue
		}
		for path, f := range sourceOf(o, r, c) {
			if matches(path, f) {
				all = append(all, sourceLine(r, c.Hash, path, f))
			}
		}
	}
	return all
}

func TestSourceFile(t *testing.T) {
	fake := fakebitbucket.Start(t, fakebitbucket.Options{})
	h := connected(t, fake)
	o := fake.Organization()
	type file = organization.SourceFile
	const places = "/repositories/{workspace}/{repo_slug}/src/{commit}/{path...}"
	for name, test := range map[string]struct {
		where     []*proto.Qual
		revision  string
		holds     func(path string, f *file) bool
		wantQuery string // part of the path or query of each request
	}{
		"the root":        {nil, "", func(path string, _ *file) bool { return depthOf(path) == 1 }, "/src/HEAD/"},
		"a folder":        {[]*proto.Qual{where("folder", "=", "docs")}, "", func(path string, _ *file) bool { return depthOf(path) == 2 && strings.HasPrefix(path, "docs/") }, "/src/HEAD/docs"},
		"a folder, slash": {[]*proto.Qual{where("folder", "=", "docs/")}, "", func(path string, _ *file) bool { return depthOf(path) == 2 && strings.HasPrefix(path, "docs/") }, "/src/HEAD/docs/"},
		"two levels":      {[]*proto.Qual{where("max_depth", "=", 2)}, "", func(path string, _ *file) bool { return depthOf(path) <= 2 }, "max_depth=2"},
		"all":             {[]*proto.Qual{where("max_depth", "=", 20)}, "", func(string, *file) bool { return true }, "max_depth=20"},
		"below a folder":  {[]*proto.Qual{where("folder", "=", "src"), where("max_depth", "=", 20)}, "", func(path string, _ *file) bool { return strings.HasPrefix(path, "src/") }, "/src/HEAD/src?"},
		"a branch":        {[]*proto.Qual{where("revision", "=", "develop")}, "develop", func(path string, _ *file) bool { return depthOf(path) == 1 }, "/src/develop/"},
		"a file":          {[]*proto.Qual{where("path", "=", "docs/logo.png")}, "", func(path string, _ *file) bool { return path == "docs/logo.png" }, "/src/HEAD/docs/logo.png?"},
		"awkward files": {[]*proto.Qual{where("path", "=", []string{"docs/read me & more.md", "docs/größer als 1%.md", "README.md"})}, "", func(path string, _ *file) bool {
			return path == "docs/read me & more.md" || path == "docs/größer als 1%.md" || path == "README.md"
		}, "format=meta"},
		"a folder itself": {[]*proto.Qual{where("path", "=", "scripts")}, "", func(path string, _ *file) bool { return path == "scripts" }, "format=meta"},
		"a file of one":   {[]*proto.Qual{where("path", "=", "Dockerfile"), where("revision", "=", "develop")}, "develop", func(path string, _ *file) bool { return path == "Dockerfile" }, "/src/develop/Dockerfile?"},
		"in a folder":     {[]*proto.Qual{where("path", "=", "docs/old.txt"), where("folder", "=", "docs")}, "", func(path string, _ *file) bool { return path == "docs/old.txt" }, "q="},
		"by extension":    {[]*proto.Qual{where("path", "~~", "%.go"), where("max_depth", "=", 20)}, "", func(path string, _ *file) bool { return strings.HasSuffix(path, ".go") }, "q=path ~ \".go\""},
		"any case":        {[]*proto.Qual{where("path", "~~*", "readme.%")}, "", func(path string, _ *file) bool { return path == "README.md" }, "q=path ~ \"readme.\""},
		"another file":    {[]*proto.Qual{where("path", "<>", "README.md")}, "", func(path string, _ *file) bool { return depthOf(path) == 1 && path != "README.md" }, "/src/HEAD/"},
		"large":           {[]*proto.Qual{where("size", ">", 1<<20), where("max_depth", "=", 20)}, "", func(_ string, f *file) bool { return f != nil && len(f.Content) > 1<<20 }, "q=size > 1048576"},
		"small":           {[]*proto.Qual{where("size", "<", 50), where("max_depth", "=", 20)}, "", func(_ string, f *file) bool { return f != nil && len(f.Content) < 50 }, "q=size < 50"},
	} {
		t.Run(name, func(t *testing.T) {
			fake.ResetJournal()
			rows := h.rows(tableQuery{table: "bitbucket_source_file", columns: strings.Join(sourceColumns, " "), where: test.where})
			checkLines(t, name, wantSource(o, test.revision, test.holds), lines(rows, sourceColumns...))
			requests := 0
			for _, e := range fake.Journal() {
				if strings.TrimPrefix(e.Endpoint, "/2.0") != places || e.Query.Get("page") != "" {
					continue
				}
				requests++
				params := []string{e.Path + "?"}
				for name, values := range e.Query {
					params = append(params, name+"="+values[0])
				}
				if !strings.Contains(strings.Join(params, " "), test.wantQuery) {
					t.Errorf("a request for %q, without %q", params, test.wantQuery)
				}
			}
			files := 1
			if name == "awkward files" {
				files = 3
			}
			if want := files * len(withSource(o)); requests != want {
				t.Errorf("%d requests, want %d for %d repositories that are not empty", requests, want, len(withSource(o)))
			}
		})
	}
}

// withSource returns the repositories that the connected user sees and that are not empty.
func withSource(o *organization.Organization) []*organization.Repository {
	return slices.DeleteFunc(covered(o, o.Connected), func(r *organization.Repository) bool { return r.MainBranch == "" })
}

// repositoryWithFile returns a repository with a file at this path, and the file.
func repositoryWithFile(t *testing.T, o *organization.Organization, path string) (*organization.Repository, *organization.SourceFile) {
	t.Helper()
	for _, r := range withSource(o) {
		if f := sourceOf(o, r, o.Head(r))[path]; f != nil {
			return r, f
		}
	}
	t.Fatalf("no repository has %s", path)
	return nil, nil
}

func TestSourceFileRepeatsTheQuery(t *testing.T) {
	fake := fakebitbucket.Start(t, fakebitbucket.Options{})
	h := connected(t, fake)
	o := fake.Organization()
	r, _ := repositoryWithFile(t, o, "docs/old.txt")
	fake.Push(r.FullName(), "other", organization.Commit{})
	inRepository := where("repository_full_name", "=", r.FullName())
	columns := "path revision folder max_depth"
	for name, test := range map[string]struct {
		where []*proto.Qual
		want  []string // one of the rows
	}{
		"nothing":  {nil, []string{joinFields("README.md", nil, nil, nil)}},
		"folder":   {[]*proto.Qual{where("folder", "=", "docs")}, []string{joinFields("docs/old.txt", nil, "docs", nil)}},
		"a few":    {[]*proto.Qual{where("folder", "=", []string{"docs", "assets", "docs/"})}, []string{joinFields("docs/old.txt", nil, "docs", nil), joinFields("docs/old.txt", nil, "docs/", nil), joinFields("assets/training.zip", nil, "assets", nil)}},
		"depth":    {[]*proto.Qual{where("max_depth", "=", 2)}, []string{joinFields("README.md", nil, nil, 2), joinFields("docs/old.txt", nil, nil, 2)}},
		"revision": {[]*proto.Qual{where("revision", "=", []string{"other", r.MainBranch})}, []string{joinFields("README.md", "other", nil, nil), joinFields("README.md", r.MainBranch, nil, nil)}},
		"file":     {[]*proto.Qual{where("path", "=", "README.md"), where("revision", "=", "other")}, []string{joinFields("README.md", "other", nil, nil)}},
		"all": {[]*proto.Qual{where("path", "=", "docs/old.txt"), where("folder", "=", "docs"), where("max_depth", "=", 3), where("revision", "=", r.MainBranch)},
			[]string{joinFields("docs/old.txt", r.MainBranch, "docs", 3)}},
		"depth, file": {[]*proto.Qual{where("path", "=", []string{"docs/old.txt", "README.md"}), where("max_depth", "=", 1)}, []string{joinFields("README.md", nil, nil, 1)}},
	} {
		t.Run(name, func(t *testing.T) {
			got := lines(h.rows(tableQuery{table: "bitbucket_source_file", columns: columns, where: append(test.where, inRepository)}), strings.Fields(columns)...)
			for _, want := range test.want {
				if !slices.Contains(got, want) {
					t.Errorf("no row %s among\n%s", want, strings.Join(got, "\n"))
				}
			}
			if name == "depth, file" && len(got) != 1 {
				t.Errorf("rows %q, and one is too deep", got)
			}
		})
	}
	upper := where("folder", "=", "DOCS")
	if rows := h.rows(tableQuery{table: "bitbucket_source_file", columns: columns, where: []*proto.Qual{inRepository, upper}}); len(rows) > 0 {
		t.Errorf("the folder DOCS has %v", rows)
	}
}

// TestSourceFileByNamesThatAreNone queries names that no file, folder or revision can have. The requests must not be for other
// paths.
func TestSourceFileByNamesThatAreNone(t *testing.T) {
	fake := fakebitbucket.Start(t, fakebitbucket.Options{})
	h := connected(t, fake)
	o := fake.Organization()
	r, _ := repositoryWithFile(t, o, "docs/old.txt")
	for col, values := range map[string][]string{
		"path":     {"", "/", ".", "..", "../README.md", "docs/", "/docs", "docs//old.txt", "docs/../README.md", "README.MD", "nothing"},
		"folder":   {"/", "..", "docs/../docs", "docs//", "/docs", "README.md/x", "nothing"},
		"revision": {"", ".", "..", "nothing", "0000000000000000000000000000000000000000"},
	} {
		for _, value := range values {
			for _, repository := range []*proto.Qual{where("repository_full_name", "=", r.FullName()), where("workspace_slug", "=", r.Workspace.Slug)} {
				rows, err := h.try(context.Background(), tableQuery{table: "bitbucket_source_file", columns: "path", where: []*proto.Qual{repository, where(col, "=", value)}})
				if err != nil || len(rows) > 0 {
					t.Errorf("%s = %q, %s: %d rows, error %v", col, value, repository.FieldName, len(rows), err)
				}
			}
		}
	}
	_, err := h.try(context.Background(), tableQuery{table: "bitbucket_source_file", where: []*proto.Qual{where("max_depth", "=", 0)}})
	if err == nil || !strings.Contains(err.Error(), "at least 1") {
		t.Errorf("error %v, want one about the depth", err)
	}
}

// TestSourceFileOfARevisionWithASlash queries a revision with a slash in its name. The request contains its commit instead.
func TestSourceFileOfARevisionWithASlash(t *testing.T) {
	fake := fakebitbucket.Start(t, fakebitbucket.Options{})
	o := fake.Organization()
	r, _ := repositoryWithFile(t, o, "docs/old.txt")
	fake.Push(r.FullName(), "feature/only here & 100%", organization.Commit{})
	type namedFile struct {
		repository *organization.Repository
		name       string
		requests   int
	}
	names := []namedFile{{r, "feature/only here & 100%", 3}}
	for _, r := range withSource(o) {
		for _, tag := range o.Tags(r) {
			if strings.Contains(tag.Name, "/") && o.Branch(r, tag.Name) == nil && len(names) < 3 {
				names = append(names, namedFile{r, tag.Name, 4})
			}
		}
	}
	if len(names) < 2 {
		t.Fatal("no tag has a slash in its name")
	}
	of := func(n namedFile) []string {
		h := connected(t, fake, "# "+n.name) // with an empty cache
		fake.ResetJournal()
		return lines(h.rows(tableQuery{table: "bitbucket_source_file", columns: "path revision commit_hash", where: []*proto.Qual{
			where("repository_full_name", "=", n.repository.FullName()), where("revision", "=", n.name), where("max_depth", "=", 9)}}), "path", "revision", "commit_hash")
	}
	for _, n := range names {
		c := o.Revision(n.repository, n.name)
		var want []string
		for path := range sourceOf(o, n.repository, c) {
			want = append(want, joinFields(path, n.name, c.Hash))
		}
		checkLines(t, n.name, want, of(n))
		pages := (len(want) + 99) / 100
		if got := len(fake.Journal()); got != n.requests-1+pages {
			t.Errorf("%s: %d requests, want one for the repository, those for its name and %d for the files", n.name, got, pages)
		}
	}
	if got := of(namedFile{r, "feature/of-nobody", 0}); len(got) > 0 {
		t.Errorf("a branch that does not exist has %q", got)
	}
	fake.Inject(fakebitbucket.Fault{Kind: fakebitbucket.FaultHTML, Path: "/2.0/repositories/{workspace}/{repo_slug}/refs/branches/{name}", Status: http.StatusNotFound, Count: -1})
	_, err := connected(t, fake).try(context.Background(), tableQuery{table: "bitbucket_source_file", columns: "path", where: []*proto.Qual{where("repository_full_name", "=", r.FullName()), where("revision", "=", "feature/x")}})
	if err == nil {
		t.Error("no error for a web page that is not Bitbucket's answer")
	}
}

func TestSourceFileContent(t *testing.T) {
	fake := fakebitbucket.Start(t, fakebitbucket.Options{})
	h := connected(t, fake)
	o := fake.Organization()
	contents := func(r *organization.Repository, quals ...*proto.Qual) map[string]any {
		fake.ResetJournal()
		got := map[string]any{}
		for _, one := range h.rows(tableQuery{table: "bitbucket_source_file", columns: "path content", where: append(quals, where("repository_full_name", "=", r.FullName()))}) {
			got[one["path"].(string)] = one["content"]
		}
		return got
	}
	deep := where("max_depth", "=", 20)
	for _, path := range []string{"docs/old.txt", "assets/training.zip", "data/export.json"} {
		r, _ := repositoryWithFile(t, o, path)
		want, fetched := map[string]any{}, 0
		for path, f := range sourceOf(o, r, o.Head(r)) {
			want[path] = nil
			if f == nil || f.Content == "" || len(f.Content) > 1<<20 || slices.ContainsFunc(f.Attributes, func(a string) bool { return a == "binary" || a == "lfs" }) {
				continue
			}
			fetched++
			if utf8.ValidString(f.Content) && !strings.Contains(f.Content, "\x00") {
				want[path] = f.Content
			}
		}
		if diff := cmp.Diff(want, contents(r, deep, where("path", "~~", "%"))); diff != "" {
			t.Errorf("contents of %s mismatch (-want +got):\n%s", r.FullName(), diff)
		}
		pages := (len(want) + 99) / 100
		if got := requested(fake)["/repositories/{workspace}/{repo_slug}/src/{commit}/{path...}"]; got != fetched+pages {
			t.Errorf("%d requests, want %d pages and %d files", got, pages, fetched)
		}
		for path, content := range contents(r, deep) {
			if content != nil {
				t.Errorf("the text of %s was fetched although the query names no path", path)
			}
		}
	}
	r, f := repositoryWithFile(t, o, "docs/read me & more.md")
	if diff := cmp.Diff(map[string]any{f.Path: f.Content}, contents(r, where("path", "=", f.Path))); diff != "" {
		t.Errorf("by name mismatch (-want +got):\n%s", diff)
	}
	if n := requested(fake)["/repositories/{workspace}/{repo_slug}/src/{commit}/{path...}"]; n != 2 {
		t.Errorf("%d requests for one file, want 2", n)
	}
	h.rows(tableQuery{table: "bitbucket_source_file", columns: "path", where: []*proto.Qual{where("repository_full_name", "=", r.FullName()), where("path", "=", f.Path)}})
	fake.Inject(fakebitbucket.Fault{Kind: fakebitbucket.FaultHTML, Status: 200, Match: func(req *http.Request) bool { return strings.HasSuffix(req.URL.Path, f.Path) && req.URL.RawQuery == "" }})
	if _, err := h.try(t.Context(), tableQuery{table: "bitbucket_source_file", columns: "content", where: []*proto.Qual{where("repository_full_name", "=", r.FullName()), where("path", "=", f.Path)}}); err == nil || !strings.Contains(err.Error(), "bytes for a file that has") {
		t.Errorf("error %v, want one that says that a page is not the file", err)
	}
	fake.ClearFaults()
	if got := len(h.rows(tableQuery{table: "bitbucket_source_file", columns: "content", where: []*proto.Qual{where("path", "~~", "%.md")}, limit: 3})); got != 3 {
		t.Errorf("LIMIT 3 gave %d rows", got)
	}
}

// TestSourceFileFails deletes a repository before its files are read. The scan continues without it, and fails for everything
// else.
func TestSourceFileFails(t *testing.T) {
	fake := fakebitbucket.Start(t, fakebitbucket.Options{})
	h := connected(t, fake)
	o := fake.Organization()
	r, _ := repositoryWithFile(t, o, "docs/old.txt")
	file := func(req *http.Request) bool {
		return strings.Contains(req.URL.Path, "/"+r.Slug+"/src/") && strings.HasSuffix(req.URL.Path, "/docs/read me & more.md") && !req.URL.Query().Has("format")
	}
	files := tableQuery{table: "bitbucket_source_file", columns: "repository_full_name path content", where: []*proto.Qual{where("path", "=", []string{"README.md", "docs/read me & more.md"})}}
	fake.Inject(fakebitbucket.Fault{Kind: fakebitbucket.FaultHandler, Match: file, Handler: func(w http.ResponseWriter, req *http.Request) {
		fake.RemoveRepository(r.FullName())
		fake.Answer(w, req)
	}})
	rows := h.rows(files)
	others := 0
	for _, got := range rows {
		if got["repository_full_name"] != r.FullName() {
			others++
		}
	}
	if want := len(withSource(o)) - 1; others < want {
		t.Errorf("%d rows of other repositories, want %d and more", others, want)
	}
	other, _ := repositoryWithFile(t, fake.Organization(), "docs/old.txt")
	for name, fault := range map[string]fakebitbucket.Fault{
		"too deep":  {Kind: fakebitbucket.FaultStatus, Status: 555, Body: `{"type":"error","error":{"message":"Timeout"}}`},
		"in flames": {Kind: fakebitbucket.FaultStatus, Status: 400, Body: `{"type":"error","error":{"message":"No"}}`},
		"web page":  {Kind: fakebitbucket.FaultHTML, Status: 404},
	} {
		t.Run(name, func(t *testing.T) {
			fault.Path, fault.Count = "/2.0/repositories/{workspace}/{repo_slug}/src/{commit}/{path...}", -1
			fake.Inject(fault)
			defer fake.ClearFaults()
			inRepository := where("repository_full_name", "=", other.FullName())
			for _, q := range [][]*proto.Qual{{inRepository}, {inRepository, where("path", "=", "README.md")}, {where("path", "=", "README.md")}} {
				if _, err := h.try(context.Background(), tableQuery{table: "bitbucket_source_file", columns: "path", where: q}); err == nil {
					t.Errorf("no error with %d conditions", len(q))
				}
			}
		})
	}
	if _, err := h.try(context.Background(), tableQuery{table: "bitbucket_source_file", where: []*proto.Qual{where("repository_full_name", "=", r.Workspace.Slug+"/nothing")}}); err == nil {
		t.Error("no error for a repository that does not exist")
	}
}

func TestSourceFileLimit(t *testing.T) {
	fake := fakebitbucket.Start(t, fakebitbucket.Options{})
	h := connected(t, fake)
	fake.ResetJournal()
	if rows := h.rows(tableQuery{table: "bitbucket_source_file", columns: "path", limit: 3}); len(rows) != 3 {
		t.Errorf("LIMIT 3 gave %d rows", len(rows))
	}
	if diff := cmp.Diff(map[string]int{"/user/workspaces": 1, "/repositories/{workspace}": 1, "/repositories/{workspace}/{repo_slug}/src/{commit}/{path...}": 1}, requested(fake)); diff != "" {
		t.Errorf("requests mismatch (-want +got):\n%s", diff)
	}
	r, _ := repositoryWithFile(t, fake.Organization(), "data/export.json")
	fake.ResetJournal()
	if rows := h.rows(tableQuery{table: "bitbucket_source_file", columns: "path", limit: 120, where: []*proto.Qual{where("repository_full_name", "=", r.FullName()), where("folder", "=", "migrations")}}); len(rows) != 120 {
		t.Errorf("LIMIT 120 gave %d rows", len(rows))
	}
	if n := requested(fake)["/repositories/{workspace}/{repo_slug}/src/{commit}/{path...}"]; n != 2 {
		t.Errorf("%d pages for LIMIT 120", n)
	}
}
