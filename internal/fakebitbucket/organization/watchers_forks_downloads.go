package organization

import "time"

// Forks returns the forks of a repository, in all workspaces.
func (o *Organization) Forks(r *Repository) []*Repository {
	var forks []*Repository
	for _, f := range o.Repositories {
		if f.Parent != nil && f.Parent.UUID == r.UUID {
			forks = append(forks, f)
		}
	}
	return forks
}

// Watchers returns the users who watch a repository. It may have no watchers, a few, or most of the workspace.
func (o *Organization) Watchers(r *Repository) []*User {
	return once(o, "watchers", r.UUID, func(g Generator) []*User { return g.Watchers(r) })
}

// A Download is a file that a user has uploaded for download.
type Download struct {
	Name      string
	Size      int64 // bytes
	Downloads int   // how often it was downloaded
	User      *User // nil if the account is gone
	CreatedOn time.Time
}

// Downloads returns the files that a repository offers for download. on is false if downloads are switched off.
func (o *Organization) Downloads(r *Repository) (files []*Download, on bool) {
	files = once(o, "downloads", r.UUID, func(g Generator) []*Download { return g.Downloads(r) })
	return files, files != nil
}
