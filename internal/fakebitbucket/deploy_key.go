package fakebitbucket

import (
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"strconv"
	"time"
)

// A DeployKey is an SSH key that may read a repository, or all repositories of a project, without being anybody's.
type DeployKey struct {
	ID                  int
	Key, Label, Comment string
	CreatedOn           time.Time
	LastUsed            *time.Time // nil: never
	Owner               *User      // who added it; nil: the service doesn't tell
}

// DeployKeys are the deploy keys of a repository.
func (o *Organization) DeployKeys(r *Repository) []*DeployKey {
	return once(o, "deploy keys", r.UUID, func(g *generator) []*DeployKey {
		return g.deployKeys(r.Workspace, r.CreatedOn)
	})
}

// ProjectDeployKeys are the deploy keys of a project.
func (o *Organization) ProjectDeployKeys(p *Project) []*DeployKey {
	return once(o, "project deploy keys", p.UUID, func(g *generator) []*DeployKey {
		return g.deployKeys(p.Workspace, p.CreatedOn)
	})
}

// deployKeyLabels are what people call the keys of their machines.
var deployKeyLabels = []string{
	"ci", "Jenkins", "production", "staging", "backup", "release robot", "old laptop", "test environment", "mirror", "",
}

// deployKeys are none for every other owner, some for most of the rest, and now and then more than a page.
func (g *generator) deployKeys(w *Workspace, since time.Time) []*DeployKey {
	n := max(0, g.IntN(6)-2)
	if g.IntN(25) == 0 {
		n = 12
	}
	var keys []*DeployKey
	users := g.usersOf(w)
	for range n {
		label := pick(g, deployKeyLabels)
		k := &DeployKey{ID: 1_000_000 + g.IntN(90_000_000), Label: label, CreatedOn: g.after(since)}
		if g.IntN(3) > 0 {
			k.Comment = fmt.Sprintf("deploy@build-%d", 1+g.IntN(40))
		}
		k.Key = g.publicKey()
		switch g.IntN(4) {
		case 0: // never used
		case 1: // not any more
			used := k.CreatedOn.Add(g.now.Sub(k.CreatedOn) / 3).Truncate(time.Microsecond)
			k.LastUsed = &used
		default: // lately
			used := g.after(later(k.CreatedOn, g.now.AddDate(0, 0, -20)))
			k.LastUsed = &used
		}
		if g.IntN(2) == 0 {
			k.Owner = pick(g, users)
		}
		keys = append(keys, k)
	}
	return keys
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// publicKey is an SSH public key as it stands in a file, without its comment: good ones, and short ones from long ago.
func (g *generator) publicKey() string {
	exponent := []byte{1, 0, 1}
	kind, parts := "ssh-rsa", [][]byte{exponent, g.modulus(256)}
	switch g.IntN(5) {
	case 0:
		parts[1] = g.modulus(128)
	case 1, 2:
		kind, parts = "ssh-ed25519", [][]byte{g.bytes(32)}
	}
	var wire []byte // https://datatracker.ietf.org/doc/html/rfc4253#section-6.6
	for _, part := range append([][]byte{[]byte(kind)}, parts...) {
		wire = binary.BigEndian.AppendUint32(wire, uint32(len(part)))
		wire = append(wire, part...)
	}
	return kind + " " + base64.StdEncoding.EncodeToString(wire)
}

// modulus is a positive number of so many bytes.
func (g *generator) modulus(bytes int) []byte {
	n := g.bytes(bytes)
	n[0] |= 0x80
	n[bytes-1] |= 1
	return append([]byte{0}, n...)
}

func (g *generator) bytes(n int) []byte {
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(g.Uint32())
	}
	return b
}

func (k *DeployKey) id() string { return strconv.Itoa(k.ID) }

// repositoryDeployKey renders the deploy keys of a repository.
func repositoryDeployKey(r *Repository) func(*DeployKey) object {
	return func(k *DeployKey) object {
		o := append(keyObject("deploy_key", linkAPI+"/repositories/"+r.FullName(), k),
			member{name: "repository", value: lazy(func() any { return embeddedRepository(r) })})
		if k.Owner != nil {
			o = append(o, member{name: "owner", value: lazy(func() any { return embeddedUser(k.Owner) })})
		}
		return o
	}
}

// projectDeployKey renders the deploy keys of a project, which have another name for their owner.
func projectDeployKey(p *Project) func(*DeployKey) object {
	return func(k *DeployKey) object {
		o := append(keyObject("project_deploy_key", linkAPI+"/workspaces/"+p.Workspace.Slug+"/projects/"+p.Key, k),
			member{name: "project", value: lazy(func() any { return embeddedProject(p) })})
		if k.Owner != nil {
			o = append(o, member{name: "created_by", value: lazy(func() any { return embeddedUser(k.Owner) })})
		}
		return o
	}
}

func keyObject(kind, of string, k *DeployKey) object {
	return object{
		{name: "type", value: kind},
		{name: "id", value: k.ID},
		{name: "key", value: k.Key},
		{name: "label", value: k.Label},
		{name: "comment", value: k.Comment},
		{name: "created_on", value: stamp(k.CreatedOn)},
		{name: "last_used", value: orNull(k.LastUsed, layoutMicro)},
		{name: "links", value: links("self", fmt.Sprintf("%s/deploy-keys/%d", of, k.ID))},
	}
}
