package fakebitbucket

import (
	"fmt"
	"hash/fnv"
	"net/http"
	"net/url"
	"path"
	"slices"
	"strings"

	"github.com/kindor/steampipe-plugin-bitbucket/internal/fakebitbucket/organization"
)

// sourceRevision returns the commit of HEAD, a branch, a tag or a hash. It returns nil if the commit does not exist,
// or if the name has a slash.
func sourceRevision(o *organization.Organization, r *organization.Repository, name string) *organization.Commit {
	switch {
	case name == "HEAD":
		return o.Head(r)
	case strings.Contains(name, "/"):
		return nil
	}
	return o.Revision(r, name)
}

// A sourceEntry is a file or folder in a listing.
type sourceEntry struct {
	path  string
	depth int
	file  *organization.SourceFile // nil for a folder
}

// sourceEntries lists a folder and this many levels of folders in it. The folder "" is the root. Higher levels come
// first, and in each level folders come first.
func sourceEntries(files []*organization.SourceFile, folder string, levels int) []sourceEntry {
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

// sourceObject renders the metadata of an entry.
func sourceObject(r *organization.Repository, hash string, e sourceEntry) object {
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
			{name: "links", value: linksOf("self", api+"/commit/"+hash, "html", linkSite+"/"+r.FullName()+"/commits/"+hash)},
		}},
		{name: "links", value: linksOf("self", self, "meta", self+"?format=meta")},
	}
	if e.file == nil {
		return o
	}
	var mimeType any
	if detected := e.file.MimeType(); detected != "" {
		mimeType = detected
	}
	return append(o,
		jsonMember{name: "attributes", value: append([]string{}, e.file.Attributes...)},
		jsonMember{name: "escaped_path", value: e.path},
		jsonMember{name: "size", value: len(e.file.Content)},
		jsonMember{name: "mimetype", value: mimeType})
}

// rawSource returns the content of a file, or a redirect to it.
func rawSource(f *organization.SourceFile) *response {
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
	_, _ = h.Write([]byte(strings.Join(f.Attributes, ",") + "\n" + f.Content)) // a hash never returns an error
	res.header.Set("ETag", fmt.Sprintf("%q", fmt.Sprintf("%x", h.Sum(nil))))
	res.header.Set("Content-Disposition", fmt.Sprintf("attachment; filename=%q", path.Base(f.Path)))
	return res
}
