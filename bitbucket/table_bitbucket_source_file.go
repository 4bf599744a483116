package bitbucket

import (
	"context"
	"fmt"
	"iter"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/kindor/steampipe-plugin-bitbucket/internal/jsontree"
	"github.com/kindor/steampipe-plugin-bitbucket/internal/streams"
)

// tableSourceFile returns the table bitbucket_source_file. A row is a file or folder of a repository, at the head of
// the main branch or at the revision that the query names. These are the ones that the query names by path, or those in
// a folder and as many levels down as it asks for.
// https://developer.atlassian.com/cloud/bitbucket/rest/api-group-source/#api-repositories-workspace-repo-slug-src-commit-path-get
func tableSourceFile() *table {
	return &table{
		name:        "bitbucket_source_file",
		description: "A file or folder of a repository: one that the query names by path, or else all in the root folder, or in the folder and as many levels down as the query asks for. Costs one request per repository and hundred files.",
		scopes:      []string{"account", "repository"},
		columns: slices.Concat([]column{
			text("path", "Path of the file or folder from the root of the repository, without a slash at either end."),
			text("type", "Type of the entry: commit_file or commit_directory."),
			document("attributes", "Attributes of the file: link, executable, subrepository, binary, lfs."),
			text("commit_hash", "Hash of the commit at which the repository was read; it may not have changed the file.").at("commit.hash"),
			text("content", "Text of the file, with one more request for each; fetched only if the query has a condition on path. Null for folders, empty files, binary files, files in LFS, files that are not UTF-8, and files over 1 MiB.").in(contentPart, "@this").notCopied(),
			text("escaped_path", "Path as in a diff, which escapes some characters."),
			text("folder", "Folder that was listed, from the query's condition. Null without a condition, which means the root.").in(queryPart, "folder"),
			integer("max_depth", "Number of levels of folders that were listed, from the query's condition. Null without a condition, which means one; Bitbucket fails if the listing takes too long.").in(queryPart, "max_depth"),
			text("mimetype", "MIME type of the file by its name, such as text/x-python. Null if Bitbucket does not know it."),
			text("revision", "Branch, tag or commit that was read, from the query's condition. Null without a condition, which means the head of the main branch.").in(queryPart, "revision"),
			text("self_link", "Address of the file, or of the list of the folder, in the API.").at("links.self.href"),
			integer("size", "Size of the file in bytes. Null for a folder."),
			text("title", "Title of the file: its path.").at("path"),
		}, inRepositoryColumns()),
		keyColumns: append(inRepositoryKeyColumns(),
			named("revision"),
			named("folder"),
			keyColumn{column: "max_depth", operators: nameOperators},
			filtered("path", "path", textOperators).wider(),
			filtered("size", "size", orderOperators),
		),
		copying: touched("path"),
		rows:    sourceRows,
	}
}

func sourceRows(ctx context.Context, s *scan) rowSeq {
	if s.needsPart(contentPart) {
		for _, known := range []string{"path", "type", "attributes", "commit_hash", "size"} {
			s.wanted[known] = true
		}
	}
	depths, _ := s.conditions.integers("max_depth")
	if i := slices.IndexFunc(depths, func(depth int64) bool { return depth < 1 }); i >= 0 {
		return streams.Fail[*row](fmt.Errorf("max_depth is %d: give a number of levels, at least 1", depths[i]))
	}
	return s.perRepository(ctx, func(ctx context.Context, r repositoryScope) rowSeq {
		return withContent(ctx, s, r, func(yield func(*row, error) bool) {
			for t, err := range treesIn(ctx, s, r) {
				if err != nil {
					yield(nil, err)
					return
				}
				// The repository exists, but the revision or the folder may be missing.
				for file, err := range s.unlessMissing(r, ReasonUnknownRevision, "which has no such revision or folder", sourceRowsIn(ctx, s, t)) {
					if !yield(file, err) || err != nil {
						return
					}
				}
			}
		})
	})
}

// treesIn returns the trees of a repository that the query asks for: each revision, each folder in it, each depth.
func treesIn(ctx context.Context, s *scan, r repositoryScope) iter.Seq2[treeScope, error] {
	folders, ok := s.conditions.texts("folder")
	if !ok {
		folders = []string{""}
	}
	depths, ok := s.conditions.integers("max_depth")
	if !ok {
		depths = []int64{0}
	}
	return func(yield func(treeScope, error) bool) {
		for t, err := range r.trees(ctx, s, "revision") {
			if err != nil {
				yield(t, err)
				return
			}
			for _, folder := range folders {
				for _, depth := range depths {
					if !yield(t.at(sourceQuery{t.asked.Revision, folder, depth}), nil) {
						return
					}
				}
			}
		}
	}
}

// sourceRowsIn lists a part of a tree, or requests the files that the query names.
func sourceRowsIn(ctx context.Context, s *scan, t treeScope) rowSeq {
	paths, ok := s.conditions.texts("path")
	if ok && t.asked.Folder == "" && t.asked.MaxDepth == 0 {
		return single(ctx, s, streams.Each(paths...), func(ctx context.Context, s *scan, path string) (*row, error) {
			return sourceAt(ctx, s, t, path)
		})
	}
	if !isPath(strings.TrimSuffix(t.asked.Folder, "/")) && t.asked.Folder != "" {
		return streams.Each[*row]()
	}
	l := s.collection(t.src(t.asked.Folder), 100)
	if t.asked.MaxDepth != 0 {
		l.Query.Set("max_depth", strconv.FormatInt(t.asked.MaxDepth, 10))
	}
	return s.listIn(ctx, t, l)
}

// sourceAt requests one file or folder. There is no row if it does not exist.
func sourceAt(ctx context.Context, s *scan, t treeScope, path string) (*row, error) {
	if !isPath(path) {
		return nil, nil
	}
	item, err := s.Get(ctx, t.src(path), url.Values{"format": {"meta"}}, append(s.fields(objectPart), "type")...)
	if isUnknown(err) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return t.row(item), nil
}

// isPath reports whether a text can be a path below the root.
func isPath(path string) bool {
	return !slices.ContainsFunc(strings.Split(path, "/"), func(name string) bool { return !isSlug(name) })
}

// withContent adds their text to the files of a repository, if the query reads it and selects the files by path: a
// query for all columns of all files must not fetch a whole tree.
func withContent(ctx context.Context, s *scan, r repositoryScope, files rowSeq) rowSeq {
	byPath := len(s.conditions.on("path")) > 0
	if !s.needsPart(contentPart) || !byPath {
		return files
	}
	return s.completed(ctx, files, func(ctx context.Context, file *row) error {
		content, ok, err := r.textOf(ctx, s.connection, file.part(objectPart))
		if ok {
			file.set(contentPart, jsontree.Of(content))
		}
		return err
	})
}
