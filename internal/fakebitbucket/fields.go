package fakebitbucket

import "strings"

// A selection is the part of a value that a fields parameter selects.
// https://developer.atlassian.com/cloud/bitbucket/rest/intro/#partial-response
type selection struct {
	all   bool // members are returned unless excluded; otherwise only those included
	nodes []*fieldNode
}

// A fieldNode is one name in the tree of paths of a fields parameter.
type fieldNode struct {
	children         map[string]*fieldNode
	include, exclude bool // a path ends here
	includesBelow    bool // a path that includes something continues below
}

var allFields = selection{all: true}

// parseFields parses a fields parameter, which is a list of paths separated by commas. -x removes x, and +x adds it.
// With a plain x, only the listed paths are returned. * means every member of a level, including those returned only
// on request.
func parseFields(s string) selection {
	root := &fieldNode{}
	whitelist := false
	for path := range strings.SplitSeq(s, ",") {
		name, excluded := strings.CutPrefix(path, "-")
		name, added := strings.CutPrefix(name, "+")
		if name == "" {
			continue
		}
		root.add(name, excluded)
		whitelist = whitelist || !excluded && !added
	}
	return selection{all: !whitelist, nodes: []*fieldNode{root}}
}

func (n *fieldNode) add(path string, exclude bool) {
	for name := range strings.SplitSeq(path, ".") {
		n.includesBelow = n.includesBelow || !exclude
		child := n.children[name]
		if child == nil {
			child = &fieldNode{}
			if n.children == nil {
				n.children = map[string]*fieldNode{}
			}
			n.children[name] = child
		}
		n = child
	}
	n.exclude = exclude
	n.include = !exclude
}

// member reports whether a member of an object is returned, and returns the selection of its value.
func (s selection) member(m jsonMember) (selection, bool) {
	inner := selection{all: s.all && !m.extra}
	var named, below bool
	for _, n := range s.nodes {
		star, exact := n.children["*"], n.children[m.name]
		for _, c := range []*fieldNode{star, exact} { // a name takes precedence over a wildcard
			if c == nil {
				continue
			}
			inner.nodes = append(inner.nodes, c)
			below = below || c.includesBelow
			if c.include || c.exclude {
				named, inner.all = c.include, c.include
			}
		}
	}
	return inner, inner.all || named || below
}
