package organization

import "path"

// A SourceFile is a file of a repository at a commit. Folders exist only as parts of paths.
type SourceFile struct {
	Path       string
	Content    string
	Attributes []string // link, executable, subrepository, binary or lfs
}

// MimeType returns the type that the service derives from the name, or "" if it does not know one.
func (f *SourceFile) MimeType() string { return mimeTypes[path.Ext(f.Path)] }

var mimeTypes = map[string]string{
	".go": "text/x-go", ".json": "application/json", ".md": "text/x-web-markdown", ".png": "image/png",
	".py": "text/x-python", ".sh": "application/x-sh", ".sql": "text/x-sql", ".ts": "text/typescript",
	".txt": "text/plain", ".yml": "text/x-yaml", ".zip": "application/zip",
}

// SourceFiles returns all files of a repository at a commit, sorted by path.
func (o *Organization) SourceFiles(r *Repository, c *Commit) []*SourceFile {
	return once(o, "source", r.UUID+c.Hash, func(g Generator) []*SourceFile { return g.SourceFiles(r, c) })
}
