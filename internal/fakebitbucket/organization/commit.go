package organization

import (
	"strings"
	"time"
)

// A Commit is a commit as Git has it. A fork shares the commits that it began with.
type Commit struct {
	Hash              string    // 40 hexadecimal digits
	Parents           []*Commit // none of the first, two of a merge
	Author, Committer Signature
	Date              time.Time // not always later than the parents': who rebases keeps the date
	Message           string
	Files             map[string]*File // all files, by path
}

// A Signature is who made a commit or a tag, as Git has it, with the account that the e-mail address belongs to.
type Signature struct {
	Raw  string // "name <e-mail>", or a name alone
	User *User  // nil if the address is nobody's
}

// Name is the name in a signature, without the address.
func (s Signature) Name() string {
	name, _, _ := strings.Cut(s.Raw, " <")
	return name
}

// Parent is the first parent, or nil.
func (c *Commit) Parent() *Commit {
	if len(c.Parents) == 0 {
		return nil
	}
	return c.Parents[0]
}

// Touches tells whether a commit changed a file, or one below a directory. A merge did if it differs from all its parents.
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
