package organization

import (
	"strings"
	"time"
)

// A Commit is a commit as Git stores it. A fork shares its first commits with its parent.
type Commit struct {
	Hash              string    // 40 hexadecimal digits
	Parents           []*Commit // empty for the first, two for a merge
	Author, Committer Signature
	Date              time.Time // not always later than the parents': a rebase keeps the date
	Message           string
	Files             map[string]*File // all files, by path
}

// A Signature is the author of a commit or a tag as Git stores it, with the account of the email address.
type Signature struct {
	Raw  string // "name <email>", or only a name
	User *User  // nil if no account has the address
}

// Name returns the name in a signature, without the address.
func (s Signature) Name() string {
	name, _, _ := strings.Cut(s.Raw, " <")
	return name
}

// Parent returns the first parent, or nil.
func (c *Commit) Parent() *Commit {
	if len(c.Parents) == 0 {
		return nil
	}
	return c.Parents[0]
}

// Touches reports whether a commit changed a file, or a file below a directory. A merge did if it differs from all
// its parents.
func (c *Commit) Touches(path string) bool {
	if len(c.Parents) == 0 {
		return differs(nil, c.Files, path)
	}
	for _, p := range c.Parents {
		if !differs(p.Files, c.Files, path) {
			return false
		}
	}
	return true
}

func differs(a, b map[string]*File, path string) bool {
	below := strings.TrimSuffix(path, "/") + "/"
	for _, pair := range [][2]map[string]*File{{a, b}, {b, a}} {
		for name, f := range pair[0] {
			if (name == path || strings.HasPrefix(name, below)) && pair[1][name] != f {
				return true
			}
		}
	}
	return false
}
