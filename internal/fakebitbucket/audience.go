package fakebitbucket

import (
	"fmt"
	"net/url"
	"slices"
	"time"
)

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
	return once(o, "watchers", r.UUID, func(g *generator) []*User {
		members := slices.Clone(o.MembersOf(r.Workspace))
		g.Shuffle(len(members), func(i, j int) { members[i], members[j] = members[j], members[i] })
		n := g.IntN(4)
		if g.IntN(12) == 0 {
			n = len(members) * 3 / 4
		}
		var watchers []*User
		for _, m := range members[:min(n, len(members))] {
			watchers = append(watchers, m.User)
		}
		return watchers
	})
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
	files = once(o, "downloads", r.UUID, func(g *generator) []*Download {
		if g.IntN(8) == 0 {
			return nil
		}
		made := []*Download{}
		n := max(0, g.IntN(6)-3)
		if g.IntN(20) == 0 {
			n = 14 // more than a page
		}
		for i := range n {
			d := &Download{
				Name: fmt.Sprintf("%s-1.%d.0.zip", r.Slug, i), Size: 1000 + g.Int64N(4<<30), Downloads: g.IntN(300),
				CreatedOn: g.after(r.CreatedOn),
			}
			if i%5 == 1 {
				d.Name, d.Downloads = fmt.Sprintf("read me (%d) & 100%%.txt", i), 0
			}
			if i%5 != 2 {
				d.User = pick(g, o.MembersOf(r.Workspace)).User
			}
			made = append(made, d)
		}
		return made
	})
	return files, files != nil
}

func downloadObject(r *Repository, d *Download) object {
	return object{
		{name: "type", value: "download"},
		{name: "name", value: d.Name},
		{name: "size", value: d.Size},
		{name: "downloads", value: d.Downloads},
		{name: "created_on", value: stamp(d.CreatedOn)},
		{name: "user", value: lazy(func() any { return embeddedUser(d.User) })},
		{name: "links", value: lazy(func() any {
			return links("self", linkAPI+"/repositories/"+r.FullName()+"/downloads/"+url.PathEscape(d.Name))
		})},
	}
}
