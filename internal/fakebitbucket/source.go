package fakebitbucket

import (
	"fmt"
	"hash/fnv"
	"maps"
	"net/http"
	"net/url"
	"path"
	"slices"
	"strings"
)

// A SourceFile is a file of a repository at some commit, as it can be read. Folders are only parts of paths.
type SourceFile struct {
	Path       string
	Content    string
	Attributes []string // link, executable, subrepository, binary or lfs
}

// MimeType is the type that the service derives from the name, or "" where it knows none.
func (f *SourceFile) MimeType() string { return mimeTypes[path.Ext(f.Path)] }

var mimeTypes = map[string]string{
	".go": "text/x-go", ".json": "application/json", ".md": "text/x-web-markdown", ".png": "image/png",
	".py": "text/x-python", ".sh": "application/x-sh", ".sql": "text/x-sql", ".ts": "text/typescript",
	".txt": "text/plain", ".yml": "text/x-yaml", ".zip": "application/zip",
}

// SourceFiles are all files of a repository at a commit, sorted by path.
func (o *Organization) SourceFiles(r *Repository, c *Commit) []*SourceFile {
	return once(o, "source", r.UUID+c.Hash, func(*generator) []*SourceFile {
		var files []*SourceFile
		for _, path := range slices.Sorted(maps.Keys(c.Files)) {
			files = append(files, sourceFile(r, path, c.Files[path]))
		}
		return files
	})
}

// sourceRevision finds the commit that the source can be asked for under a name: HEAD, that of a branch or a tag, or a
// hash. It is nil if there is none. Names with a slash can't be asked for.
func (o *Organization) sourceRevision(r *Repository, name string) *Commit {
	switch {
	case name == "HEAD":
		return o.Head(r)
	case strings.Contains(name, "/"):
		return nil
	}
	return o.Revision(r, name)
}

// strew puts files into the commits of a repository that are no ordinary ones, or that audits look for. They were there
// from the beginning and never change, so that nothing that happens in the history does.
func (h *history) strew(g *generator) {
	files := map[string]*File{}
	add := func(paths ...string) {
		for _, path := range paths {
			files[path] = &File{Origin: g.Int()}
		}
	}
	name := pick(g, domains)
	add("README.md", ".gitignore", "src/"+name+"/__init__.py", "src/"+name+"/internal/deep/deeper/"+name+".go")
	if g.IntN(3) == 0 {
		add("CODEOWNERS")
	}
	if g.IntN(6) == 0 {
		add(".env") // which should not be here
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
	for _, c := range h.known {
		for path, f := range files {
			if c.Files[path] == nil {
				c.Files[path] = f
			}
		}
	}
}

// oddities are files that are more, or less, than lines of text.
var oddities = map[string]SourceFile{
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

// sourceFile is a version of a file as it can be read.
func sourceFile(r *Repository, path string, f *File) *SourceFile {
	if odd, ok := oddities[path]; ok {
		odd.Path = path
		return &odd
	}
	file := &SourceFile{Path: path}
	choose := func(among []string) string { return among[f.Origin%len(among)] }
	switch {
	case path == largeFile: // more than a megabyte
		file.Content = "[" + strings.Repeat(`{"a": 1},`+"\n", 150_000) + "{}]\n"
	case path == "README.md":
		file.Content = "# " + r.Name + "\n\n" + r.Description + "\n"
	case path == "bitbucket-pipelines.yml":
		file.Content = choose(pipelineFiles)
	case path == "Dockerfile":
		file.Content = "FROM " + choose([]string{"alpine:latest", "alpine:3.20", "debian:bookworm-slim"}) + "\nUSER app\n"
	case path == "CODEOWNERS":
		file.Content = "* @" + choose(groupNames) + "\n"
	case path == ".env":
		file.Content = "ENVIRONMENT=production\nDATABASE_URL=postgres://app@db.example.com/app\n"
	case strings.HasSuffix(path, ".sh"):
		file.Content, file.Attributes = "#!/bin/sh\n", []string{"executable"}
	}
	for _, line := range f.Lines {
		file.Content += fmt.Sprintf("# %s %s\n", verbs[line%len(verbs)], domains[line%len(domains)])
	}
	return file
}

// pipelineFiles differ in how they name their image: by a moving tag, by a version, by a digest.
var pipelineFiles = []string{
	"image: atlassian/default-image:latest\npipelines:\n  default:\n    - step:\n        script: [make test]\n",
	"image: golang:1.26\npipelines:\n  default:\n    - step:\n        script: [make test]\n",
	"image: golang@sha256:" + strings.Repeat("0f", 32) + "\npipelines:\n  default:\n    - step:\n        oidc: true\n" +
		"        script: [make test]\n",
}

// A sourceEntry is a file or folder in a listing.
type sourceEntry struct {
	path  string
	depth int
	file  *SourceFile // nil for a folder
}

// sourceEntries lists a folder, "" for the root, and so many levels of folders below it: level by level, folders first.
func sourceEntries(files []*SourceFile, folder string, levels int) []sourceEntry {
	prefix := folder
	if prefix != "" {
		prefix += "/"
	}
	var entries []sourceEntry
	seen := map[string]bool{}
	for _, f := range files {
		below, ok := strings.CutPrefix(f.Path, prefix)
		if !ok {
			continue
		}
		parts := strings.Split(below, "/")
		for i := range min(levels, len(parts)) {
			e := sourceEntry{path: prefix + strings.Join(parts[:i+1], "/"), depth: i}
			if i == len(parts)-1 {
				e.file = f
			}
			if !seen[e.path] {
				seen[e.path] = true
				entries = append(entries, e)
			}
		}
	}
	slices.SortStableFunc(entries, func(a, b sourceEntry) int {
		if a.depth != b.depth {
			return a.depth - b.depth
		}
		return truth(a.file != nil) - truth(b.file != nil)
	})
	return entries
}

// sourceObject is an entry as the service describes it.
func sourceObject(r *Repository, hash string, e sourceEntry) object {
	api := linkAPI + "/repositories/" + r.FullName()
	self := api + "/src/" + hash + "/" + (&url.URL{Path: e.path}).EscapedPath()
	kind := "commit_file"
	if e.file == nil {
		self += "/"
		kind = "commit_directory"
	}
	o := object{
		{name: "path", value: e.path},
		{name: "type", value: kind},
		{name: "commit", value: object{
			{name: "type", value: "commit"},
			{name: "hash", value: hash},
			{name: "links", value: links("self", api+"/commit/"+hash, "html", linkSite+"/"+r.FullName()+"/commits/"+hash)},
		}},
		{name: "links", value: links("self", self, "meta", self+"?format=meta")},
	}
	if e.file == nil {
		return o
	}
	var mimeType any
	if known := e.file.MimeType(); known != "" {
		mimeType = known
	}
	return append(o,
		member{name: "attributes", value: append([]string{}, e.file.Attributes...)},
		member{name: "escaped_path", value: e.path},
		member{name: "size", value: len(e.file.Content)},
		member{name: "mimetype", value: mimeType})
}

// rawSource is the file itself, or where it is to be had.
func rawSource(f *SourceFile) *response {
	if slices.Contains(f.Attributes, "lfs") {
		res := textResponse(http.StatusMovedPermanently, "text/plain", "")
		res.header.Set("Location", "https://media.example.com/"+url.PathEscape(f.Path))
		return res
	}
	contentType := f.MimeType()
	if contentType == "" {
		contentType = "application/octet-stream"
	}
	res := textResponse(http.StatusOK, contentType, f.Content)
	h := fnv.New128a()
	_, _ = h.Write([]byte(strings.Join(f.Attributes, ",") + "\n" + f.Content)) // a hash takes everything
	res.header.Set("ETag", fmt.Sprintf("%q", fmt.Sprintf("%x", h.Sum(nil))))
	res.header.Set("Content-Disposition", fmt.Sprintf("attachment; filename=%q", path.Base(f.Path)))
	return res
}
