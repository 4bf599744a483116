package organization

import "time"

// Forks are the repositories that were forked from one, in all workspaces.
func (o *Organization) Forks(r *Repository) []*Repository {
	var forks []*Repository
	for _, f := range o.Repositories {
		if f.Parent != nil && f.Parent.UUID == r.UUID {
			forks = append(forks, f)
		}
	}
	return forks
}

// Watchers are the users who watch a repository: nobody, a few, or of some repositories most of the workspace.
func (o *Organization) Watchers(r *Repository) []*User {
	return once(o, "watchers", r.UUID, func(g Generator) []*User { return g.Watchers(r) })
}

// A Download is a file that somebody has put up for download beside the source.
type Download struct {
	Name      string
	Size      int64 // bytes
	Downloads int   // how often it was fetched
	User      *User // nil if the account is gone
	CreatedOn time.Time
}

// Downloads are the files that a repository offers for download. They may be switched off.
func (o *Organization) Downloads(r *Repository) (files []*Download, on bool) {
	files = once(o, "downloads", r.UUID, func(g Generator) []*Download { return g.Downloads(r) })
	return files, files != nil
}
