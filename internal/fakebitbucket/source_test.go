package fakebitbucket

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/kindor/steampipe-plugin-bitbucket/internal/fakebitbucket/organization"
)

// aSourceWith returns a repository that the connected user administers, with a matching file at its head. It also
// returns the hash of the head, and the file.
func aSourceWith(t *testing.T, o *organization.Organization, holds func(*organization.SourceFile) bool) (*organization.Repository, string, *organization.SourceFile) {
	t.Helper()
	for _, r := range o.RepositoriesOf(o.Workspaces[0]) {
		head := o.Head(r)
		if head == nil {
			continue
		}
		files := o.SourceFiles(r, head)
		if i := slices.IndexFunc(files, holds); i >= 0 {
			return r, head.Hash, files[i]
		}
	}
	t.Fatal("no file has this property")
	return nil, "", nil
}

func attributeIs(attribute string) func(*organization.SourceFile) bool {
	return func(f *organization.SourceFile) bool { return slices.Contains(f.Attributes, attribute) }
}

func sourcePath(r *organization.Repository, revision, path string) string {
	return "/2.0/repositories/" + r.FullName() + "/src/" + url.PathEscape(revision) + "/" + (&url.URL{Path: path}).EscapedPath()
}

// TestSource reads each folder and file of a repository and compares them with the organization.
func TestSource(t *testing.T) {
	t.Parallel()
	s := startUnchanged(t, Options{})
	c := connected(t, s)
	o := s.Organization()
	r, hash, _ := aSourceWith(t, o, func(f *organization.SourceFile) bool { return f.Path == "migrations/0130.sql" })
	want, got := map[string]string{}, map[string]string{}
	for _, f := range o.SourceFiles(r, o.Commit(r, hash)) {
		want[f.Path] = fmt.Sprint(f.Content, f.Attributes, len(f.Content))
	}
	var walk func(folder string)
	walk = func(folder string) {
		values, _ := c.all(sourcePath(r, hash, folder))
		for _, v := range values {
			path := v["path"].(string)
			if v["type"] == "commit_directory" {
				walk(path + "/")
				continue
			}
			if v["type"] != "commit_file" {
				t.Errorf("%s is a %v", path, v["type"])
			}
			a := c.get(sourcePath(r, hash, path))
			if a.status == http.StatusMovedPermanently {
				a.body = want[path][:strings.Index(want[path], "[lfs]")]
			} else if a.header.Get("ETag") == "" || a.header.Get("Content-Type") == "" {
				t.Errorf("%s: %v", path, a.header)
			}
			got[path] = fmt.Sprint(a.body, v["attributes"], int(v["size"].(float64)))
		}
	}
	walk("")
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	everything, pages := c.all(sourcePath(r, hash, "") + "?max_depth=20&pagelen=100")
	deep := slices.DeleteFunc(everything, func(v map[string]any) bool { return v["type"] != "commit_file" })
	if len(deep) != len(want) || len(pages) < 2 || pages[0].Size != nil || strings.Contains(pages[0].Next, "page=2&") {
		t.Errorf("%d of %d files at any depth, in %d pages, the next %s", len(deep), len(want), len(pages), pages[0].Next)
	}
}

func TestSourceListing(t *testing.T) {
	t.Parallel()
	s := startUnchanged(t, Options{})
	c := connected(t, s)
	o := s.Organization()
	r, hash, _ := aSourceWith(t, o, attributeIs("link"))
	files := o.SourceFiles(r, o.Commit(r, hash))
	paths := func(q string) []string {
		values, _ := c.all(sourcePath(r, hash, "") + q)
		return column(values, "path")
	}
	depth := func(p string) int { return strings.Count(p, "/") + 1 }
	two := paths("?max_depth=2&pagelen=100")
	if !slices.IsSortedFunc(two, func(a, b string) int { return depth(a) - depth(b) }) || depth(two[len(two)-1]) != 2 {
		t.Errorf("two levels: %q", two)
	}
	if one := paths("?pagelen=100"); !cmp.Equal(one, two[:len(one)]) || depth(one[len(one)-1]) != 1 {
		t.Errorf("one level: %q", one)
	}
	var large, executable []string
	for _, f := range files {
		if len(f.Content) > 40 {
			large = append(large, f.Path)
		}
		if attributeIs("executable")(f) {
			executable = append(executable, f.Path)
		}
	}
	got := paths(queryString("max_depth", "9", "pagelen", "100", "q", "size > 40", "sort", "path"))
	slices.SortFunc(large, func(a, b string) int { return compareValues(a, b) })
	if diff := cmp.Diff(large, got); diff != "" || len(large) == 0 {
		t.Errorf("large files (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(executable, paths(queryString("max_depth", "9", "q", `attributes = "executable"`))); diff != "" {
		t.Errorf("executable files (-want +got):\n%s", diff)
	}
	if got := paths(queryString("max_depth", "9", "q", `path ~ ".MD" AND size > 0`)); len(got) < 2 || !strings.HasSuffix(got[0], ".md") {
		t.Errorf("by path: %q", got)
	}
	if got := paths("?fields=next,values.path"); len(got) < 3 {
		t.Errorf("of the root %q", got)
	}
}

func TestSourceAnswers(t *testing.T) {
	t.Parallel()
	s := Start(t, Options{})
	c := connected(t, s)
	o := s.Organization()
	r, hash, _ := aSourceWith(t, o, attributeIs("link"))
	large, lfs, _ := aSourceWith(t, o, attributeIs("lfs"))
	var empty, public *organization.Repository
	for _, x := range o.RepositoriesOf(o.Workspaces[0]) {
		switch {
		case x.MainBranch == "":
			empty = x
		case !x.IsPrivate:
			public = x
		}
	}
	tagged := s.Push(r.FullName(), "plain-branch", organization.Commit{})[0]
	branched := s.Push(r.FullName(), "feature/with-a-slash", organization.Commit{Files: map[string]*organization.File{"only.md": {Lines: []int{1}}}})[0]
	of := func(revision, path string) string { return sourcePath(r, revision, path) }
	tests := map[string]struct {
		path       string
		wantStatus int
		want       string // part of the body, or the beginning of the Location
	}{
		"by hash":                   {of(hash, "README.md"), 200, "# " + r.Name},
		"by a short hash":           {of(hash[:12], "README.md"), 200, "# " + r.Name},
		"by HEAD":                   {of("HEAD", "README.md"), 200, "# " + r.Name},
		"by branch":                 {of("plain-branch", ""), 200, tagged.Hash},
		"by a branch's hash":        {of(branched.Hash, "only.md"), 200, "# "},
		"not at that commit":        {of(branched.Hash, "README.md"), 404, "No such file or directory: README.md"},
		"branch with a slash":       {of("feature/with-a-slash", "only.md"), 404, `{"shas":["feature"]}`},
		"no such revision":          {of("nothing", ""), 404, "Commit not found"},
		"no file has this property": {of("HEAD", "nothing.txt"), 404, "No such file or directory: nothing.txt"},
		"empty repository":          {sourcePath(empty, "HEAD", ""), 404, "Commit not found"},
		"no root":                   {"/2.0/repositories/" + empty.FullName() + "/src", 404, "Commit not found"},
		"root":                      {"/2.0/repositories/" + r.FullName() + "/src?format=meta", 302, "/2.0/repositories/" + r.FullName() + "/src/" + hash + "/?format=meta"},
		"file in a large store":     {sourcePath(large, lfs, "assets/training.zip"), 301, "https://media.example.com/"},
		"meta of a file":            {of(hash, "docs/latest.md") + "?format=meta", 200, `"attributes":["link"]`},
		"fields of meta":            {of(hash, "docs/latest.md") + "?format=meta&fields=size", 200, `{"size":12}`},
		"meta of a folder":          {of(hash, "docs") + "?format=meta", 200, `"type":"commit_directory"`},
		"folder without slash":      {of(hash, "docs"), 200, `"path":"docs/latest.md"`},
		"folder with slash":         {of(hash, "docs/"), 200, `"path":"docs/latest.md"`},
		"no depth":                  {of(hash, "") + "?max_depth=0", 400, "Invalid max_depth"},
		"another format":            {of(hash, "README.md") + "?format=zip", 400, "Invalid format"},
		"a filter unknown here":     {of(hash, "") + queryString("q", `mimetype = "x"`), 400, "does not support filtering"},
		"a numbered page":           {of(hash, "") + "?page=1", 200, `"path":"src"`},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a := c.get(test.path)
			if got := a.header.Get("Location") + a.body; a.status != test.wantStatus || !strings.Contains(got, test.want) {
				t.Errorf("GET %s: %d %s, want %d and %s", test.path, a.status, got, test.wantStatus, test.want)
			}
		})
	}
	anybody := caller{t, s, "", newClient(t)}
	if a := anybody.get(sourcePath(public, "HEAD", "")); a.status != 200 {
		t.Errorf("anybody gets %d for the source of a public repository", a.status)
	}
	if a := anybody.get(of("HEAD", "")); a.status != 404 {
		t.Errorf("anybody gets %d for the source of a private repository", a.status)
	}
	if a := connected(t, s, "account").get(of("HEAD", "")); a.status != 403 {
		t.Errorf("without the scope: %d", a.status)
	}
}

func TestMadeUpPageOfSource(t *testing.T) {
	t.Parallel()
	s := serve(t, Options{})
	o := s.Organization()
	r, hash, _ := aSourceWith(t, o, attributeIs("link"))
	if a := connected(t, s).get(sourcePath(r, hash, "") + "?page=2"); a.status != 400 || a.message() != "Invalid page" || len(s.Violations()) != 1 {
		t.Errorf("%d %s, violations %q", a.status, a.body, s.Violations())
	}
}

// TestSourceKinds checks that every kind of file that matters to clients occurs in the default organization.
func TestSourceKinds(t *testing.T) {
	t.Parallel()
	o := unchanged()
	for name, holds := range map[string]func(*organization.SourceFile) bool{
		"executable": attributeIs("executable"), "binary": attributeIs("binary"), "link": attributeIs("link"), "lfs": attributeIs("lfs"), "subrepository": attributeIs("subrepository"),
		"empty":   func(f *organization.SourceFile) bool { return f.Content == "" },
		"Latin-1": func(f *organization.SourceFile) bool { return strings.Contains(f.Content, "\xe9") },
		"null character": func(f *organization.SourceFile) bool {
			return strings.Contains(f.Content, "\x00") && len(f.Attributes) == 0
		},
		"large":   func(f *organization.SourceFile) bool { return len(f.Content) > 1<<20 },
		"escaped": func(f *organization.SourceFile) bool { return strings.ContainsAny(f.Path, "&%") },
		"Unicode": func(f *organization.SourceFile) bool { return strings.Contains(f.Path, "ö") },
		"secret":  func(f *organization.SourceFile) bool { return f.Path == ".env" },
		"moving tag": func(f *organization.SourceFile) bool {
			return strings.Contains(f.Content, "image: atlassian/default-image:latest")
		},
		"pinned image":    func(f *organization.SourceFile) bool { return strings.Contains(f.Content, "@sha256:") },
		"unknown type":    func(f *organization.SourceFile) bool { return f.MimeType() == "" },
		"more than pages": func(f *organization.SourceFile) bool { return f.Path == "migrations/0101.sql" },
	} {
		t.Run(name, func(t *testing.T) { aSourceWith(t, o, holds) })
	}
}

// TestSourceIsThatOfTheHistory compares the files of the source with those of the history.
func TestSourceIsThatOfTheHistory(t *testing.T) {
	t.Parallel()
	takesLong(t)
	o := unchanged()
	versions := map[string]int{}
	for _, r := range o.RepositoriesOf(o.Workspaces[0]) {
		contents := map[string]bool{}
		for _, c := range o.Commits(r) {
			files := o.SourceFiles(r, c)
			if len(files) != len(c.Files) {
				t.Fatalf("%s has %d files at %s, want %d", r.FullName(), len(files), c.Hash, len(c.Files))
			}
			for _, f := range files {
				if strings.HasPrefix(f.Path, "src/") {
					contents[f.Path+f.Content] = true
				}
			}
		}
		versions[r.FullName()] = len(contents)
	}
	most := 0
	for _, n := range versions {
		most = max(most, n)
	}
	if most < 20 {
		t.Errorf("at most %d versions of files in a repository", most)
	}
}
