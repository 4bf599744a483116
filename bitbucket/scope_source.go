package bitbucket

import (
	"context"
	"fmt"
	"iter"
	"net/url"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/kindor/steampipe-plugin-bitbucket/internal/api"
	"github.com/kindor/steampipe-plugin-bitbucket/internal/jsontree"
)

// A treeScope is the source of a repository at a revision, or a part of it.
type treeScope struct {
	repositoryScope
	ref   string      // of the revision, in the form that the API accepts
	asked sourceQuery // values of the query's conditions
}

// A sourceQuery has the values of the query's conditions, which its rows repeat.
type sourceQuery struct {
	Revision string `json:"revision,omitempty"`
	Folder   string `json:"folder,omitempty"`
	MaxDepth int64  `json:"max_depth,omitempty"`
}

// at returns the part of the tree that the query asks for by these values.
func (t treeScope) at(asked sourceQuery) treeScope {
	t.asked, t.query = asked, jsontree.Of(asked)
	return t
}

// src returns the path of a file or folder in the API.
func (t treeScope) src(path string) string { return t.path("/src/{commit}/{path...}", t.ref, path) }

// trees returns the tree of a repository at each revision that the query names in a column, or else at the head of the
// main branch. An empty repository has none.
func (r repositoryScope) trees(ctx context.Context, s *scan, columnName string) iter.Seq2[treeScope, error] {
	names, ok := s.conditions.texts(columnName)
	if !ok {
		names = []string{""}
	}
	return func(yield func(treeScope, error) bool) {
		if r.mainBranch() == "" {
			if err := s.omitRepository(r, ReasonEmpty, "which is empty"); err != nil {
				yield(treeScope{}, err)
			}
			return
		}
		for _, name := range names {
			ref, err := r.resolveRevision(ctx, s.connection, name)
			if err == nil && ref == "" {
				continue
			}
			if t := (treeScope{repositoryScope: r, ref: ref}).at(sourceQuery{Revision: name}); !yield(t, err) || err != nil {
				return
			}
		}
	}
}

// resolveRevision returns the form of a revision that the API accepts. A name with a slash is not accepted, but its
// commit is; the result is "" if it does not exist. Without a revision it is the head of the main branch.
// https://developer.atlassian.com/cloud/bitbucket/rest/api-group-refs/#api-repositories-workspace-repo-slug-refs-branches-name-get
// https://developer.atlassian.com/cloud/bitbucket/rest/api-group-refs/#api-repositories-workspace-repo-slug-refs-tags-name-get
func (r repositoryScope) resolveRevision(ctx context.Context, c *connection, revision string) (string, error) {
	switch {
	case revision == "":
		return "HEAD", nil
	case !strings.Contains(revision, "/"):
		if !isSlug(revision) {
			return "", nil
		}
		return revision, nil
	}
	for _, path := range []string{"/refs/branches/{name}", "/refs/tags/{name}"} {
		found, err := c.Get(ctx, r.path(path, revision), nil, "target.hash")
		if err == nil {
			return found.Get("target.hash").String(), nil
		}
		if !isUnknown(err) {
			return "", err
		}
	}
	return "", nil
}

// A fileReader makes rows of a file.
type fileReader func(context.Context, *scan, treeScope, textFile) ([]*row, error)

// rowsOfFile makes rows of a file, if the tree has it.
func (t treeScope) rowsOfFile(ctx context.Context, s *scan, path string, read fileReader) ([]*row, error) {
	if !isPath(path) {
		return nil, nil
	}
	f, err := t.file(ctx, s.connection, path)
	if err != nil || !f.file.Exists() {
		return nil, err
	}
	return read(ctx, s, t, f)
}

// fileFields are the fields of a file that reading its text takes.
var fileFields = []string{"path", "type", "attributes", "size", "commit.hash"}

// A textFile is a file of a tree with its text.
type textFile struct {
	file   jsontree.Value // empty if the tree has no such file
	text   string
	isText bool // false for a folder, and for a file that is too large or not in UTF-8
}

// file returns a file of a tree and its text, with one request each.
func (t treeScope) file(ctx context.Context, c *connection, path string) (textFile, error) {
	file, err := c.Get(ctx, t.src(path), url.Values{"format": {"meta"}}, fileFields...)
	switch {
	case isUnknown(err):
		return textFile{}, nil
	case err != nil:
		return textFile{}, err
	case file.Get("type").String() == "commit_file" && file.Get("size").Int() == 0:
		return textFile{file: file, isText: true}, nil
	}
	content, ok, err := t.textOf(ctx, c, file)
	return textFile{file, content, ok}, err
}

// maxContent is the maximum size of a file whose text is fetched, in bytes.
const maxContent = 1 << 20

// textOf requests the text of a file in UTF-8, of which the fields in fileFields are known. ok is false if it has none.
func (r repositoryScope) textOf(ctx context.Context, c *connection, file jsontree.Value) (content string, ok bool, err error) {
	if !mayBeText(file) {
		return "", false, nil
	}
	path := r.path("/src/{commit}/{path...}", file.Get("commit.hash").String(), file.Get("path").String())
	read, err := c.Bytes(ctx, path, nil, maxContent)
	if err != nil {
		return "", false, err
	}
	if size := file.Get("size").Int(); int64(len(read)) != size { // a file can contain anything, even a proxy's error page
		return "", false, &api.ProtocolError{Path: path, Reason: fmt.Sprintf("answered with %d bytes for a file that has %d", len(read), size)}
	}
	return string(read), utf8.Valid(read) && !slices.Contains(read, 0), nil
}

// mayBeText reports whether an entry may be a text, so that a request for it is worthwhile.
func mayBeText(found jsontree.Value) bool {
	size := found.Get("size")
	for attribute := range found.Field("attributes").Values() {
		if slices.Contains([]string{"binary", "lfs"}, attribute.Result().String()) {
			return false
		}
	}
	return found.Get("type").String() == "commit_file" && size.Int() > 0 && size.Int() <= maxContent
}
