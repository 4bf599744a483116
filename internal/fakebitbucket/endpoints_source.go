package fakebitbucket

import (
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/kindor/steampipe-plugin-bitbucket/internal/fakebitbucket/organization"
)

// sourceEndpoints return the files of repositories.
// https://developer.atlassian.com/cloud/bitbucket/rest/api-group-source/
var sourceEndpoints = []endpoint{
	{
		path: "/2.0/repositories/{workspace}/{repo_slug}/src", scopes: "repository",
		tokenScopes: "read:repository:bitbucket", public: true, needs: aRepository, params: "format", get: redirectToRoot,
	},
	{
		path: "/2.0/repositories/{workspace}/{repo_slug}/src/{commit}/{path...}", scopes: "repository",
		tokenScopes: "read:repository:bitbucket", public: true, needs: aSourcePath, params: "format max_depth",
		get: sourceEndpoint,
		list: &listing{
			of: sourceListing, nextForm: NextToken,
			filter: fieldsOf(map[fieldKind]string{textKind: "path attributes", numberKind: "size"}),
			sort:   fieldsOf(map[fieldKind]string{textKind: "path", numberKind: "size"}),
		},
	},
}

// aSourcePath finds a file or folder of a repository at a revision. The service treats an escaped slash as a plain
// one. So it does not find a branch with a slash in its name: the part after the slash becomes part of the path.
func aSourcePath(c *call) error {
	if err := aRepository(c); err != nil {
		return err
	}
	name, rest, _ := strings.Cut(c.path["commit"], "/")
	where := strings.Trim(rest+"/"+c.path["path"], "/")
	if c.commit = sourceRevision(c.org, c.repository, name); c.commit == nil {
		return errNoCommit(name)
	}
	files := c.org.SourceFiles(c.repository, c.commit)
	isThere := func(f *organization.SourceFile) bool {
		return f.Path == where || where == "" || strings.HasPrefix(f.Path, where+"/")
	}
	if !slices.ContainsFunc(files, isThere) {
		return notFound("No such file or directory: %s", where)
	}
	c.path["path"] = where
	return nil
}

// sourceEntry returns the file or folder in the call's path.
func (c *call) sourceEntry() sourceEntry {
	e := sourceEntry{path: c.path["path"]}
	for _, f := range c.org.SourceFiles(c.repository, c.commit) {
		if f.Path == e.path {
			e.file = f
		}
	}
	return e
}

// sourceEndpoint returns a file, the metadata of a file or folder, or a page of a folder.
func sourceEndpoint(c *call) (any, error) {
	e := c.sourceEntry()
	switch format := c.query.Get("format"); {
	case format == "meta":
		return sourceObject(c.repository, c.commit.Hash, e), nil
	case format != "":
		return nil, badRequest("Invalid format: %s", format)
	case e.file != nil:
		return rawSource(e.file), nil
	}
	if err := checkDepth(c); err != nil {
		return nil, err
	}
	return c.page()
}

func checkDepth(c *call) error {
	if !c.query.Has("max_depth") {
		return nil
	}
	if n, err := strconv.Atoi(c.query.Get("max_depth")); err != nil || n < 1 {
		return badRequest("Invalid max_depth")
	}
	return nil
}

func sourceListing(c *call) collection {
	levels, err := strconv.Atoi(c.query.Get("max_depth"))
	if err != nil { // not set
		levels = 1
	}
	files := c.org.SourceFiles(c.repository, c.commit)
	return collect(sourceEntries(files, c.path["path"], levels), func(e sourceEntry) object {
		return sourceObject(c.repository, c.commit.Hash, e)
	})
}

// redirectToRoot redirects the client to the root of the main branch.
func redirectToRoot(c *call) (any, error) {
	head := c.org.Head(c.repository)
	if head == nil {
		return nil, errNoCommit("HEAD")
	}
	target := url.URL{Path: strings.TrimSuffix(c.request.URL.Path, "/") + "/" + head.Hash + "/", RawQuery: c.request.URL.RawQuery}
	res := textResponse(http.StatusFound, "text/plain", "")
	res.header.Set("Location", target.String())
	return res, nil
}
