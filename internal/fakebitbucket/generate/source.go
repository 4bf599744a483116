package generate

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"

	"github.com/kindor/steampipe-plugin-bitbucket/internal/fakebitbucket/organization"
)

// SourceFiles returns the files of a repository at a commit, with their content.
func (g *generator) SourceFiles(r *organization.Repository, c *organization.Commit) []*organization.SourceFile {
	var files []*organization.SourceFile
	for _, path := range slices.Sorted(maps.Keys(c.Files)) {
		files = append(files, g.sourceFile(r, path, c.Files[path]))
	}
	return files
}

// strew adds unusual files and files that audits look for to the commits of a repository. They are in every commit
// and never change, so they do not affect the history.
func (g *generator) strew(r *organization.Repository, commits []*organization.Commit) {
	files := map[string]*organization.File{}
	add := func(paths ...string) {
		for _, path := range paths {
			files[path] = &organization.File{Origin: g.Int()}
		}
	}
	name := pick(g, domains)
	add("README.md", ".gitignore", "src/"+name+"/__init__.py", "src/"+name+"/internal/deep/deeper/"+name+".go")
	if g.IntN(3) == 0 {
		add("CODEOWNERS")
	}
	if g.IntN(6) == 0 {
		add(".env") // should not be in a repository
	}
	if g.IntN(4) == 0 {
		add(slices.Sorted(maps.Keys(oddities))...)
	}
	if g.IntN(12) == 0 {
		add(largeFile)
		for i := range 130 { // more than a page
			add(fmt.Sprintf("migrations/%04d.sql", i+1))
		}
	}
	add(g.ruleFiles(r)...)
	for _, c := range commits {
		for path, f := range files {
			if c.Files[path] == nil {
				c.Files[path] = f
			}
		}
	}
}

// oddities lists unusual files: links, binary files, and text with an odd encoding or name.
var oddities = map[string]organization.SourceFile{
	"assets/training.zip":    {Content: "version https://git-lfs.github.com/spec/v1\n", Attributes: []string{"lfs"}},
	"docs/latest.md":         {Content: "../README.md", Attributes: []string{"link"}},
	"docs/logo.png":          {Content: "\x89PNG\r\n\x1a\n\x00\x00", Attributes: []string{"binary"}},
	"docs/not-flagged.bin":   {Content: "no text\x00at all\n"},
	"docs/old.txt":           {Content: "na\xefve caf\xe9, in Latin-1\n"},
	"docs/read me & more.md": {Content: "Names may need escaping: 100%, #1, ?\n"},
	"docs/größer als 1%.md":  {Content: "Ünïcödé, and\ta tab.\n"},
	"vendor/tools":           {Content: "8f14e45fceea167a5a36dedd4bea2543c0ffee00", Attributes: []string{"subrepository"}},
}

const largeFile = "data/export.json"

// largeContent is more than a megabyte. All repositories share it.
var largeContent = sync.OnceValue(func() string { return "[" + strings.Repeat(`{"a": 1},`+"\n", 150_000) + "{}]\n" })

// sourceFile returns a version of a file with its content.
func (g *generator) sourceFile(r *organization.Repository, path string, f *organization.File) *organization.SourceFile {
	if odd, ok := oddities[path]; ok {
		odd.Path = path
		return &odd
	}
	file := &organization.SourceFile{Path: path}
	choose := func(among []string) string { return among[f.Origin%len(among)] }
	owners := g.ownerFile(r, path, f)
	switch {
	case path == largeFile:
		file.Content = largeContent()
	case path == "README.md":
		file.Content = "# " + r.Name + "\n\n" + r.Description + "\n"
	case path == pipelinesPath:
		file.Content = g.pipelineFile(r, f)
	case owners != "":
		file.Content = owners
	case path == "Dockerfile":
		file.Content = "FROM " + choose([]string{"alpine:latest", "alpine:3.20", "debian:bookworm-slim"}) + "\nUSER app\n"
	case path == "CODEOWNERS":
		file.Content = "* @" + choose(groupNames) + "\n"
	case path == ".env":
		file.Content = "ENVIRONMENT=production\nDATABASE_URL=postgres://app@db.example.com/app\n"
	case strings.HasSuffix(path, ".sh"):
		file.Content, file.Attributes = "#!/bin/sh\n", []string{"executable"}
	}
	if len(f.Lines) > 0 {
		content := []byte(file.Content)
		for _, line := range f.Lines {
			content = fmt.Appendf(content, "# %s %s\n", verbs[line%len(verbs)], domains[line%len(domains)])
		}
		file.Content = string(content)
	}
	return file
}
