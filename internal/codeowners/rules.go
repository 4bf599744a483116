// Package codeowners reads the file that says who owns which part of a repository, as Bitbucket Cloud understands it.
// https://support.atlassian.com/bitbucket-cloud/docs/set-up-and-use-code-owners/
package codeowners

import (
	"regexp"
	"strings"
)

// Path is where Bitbucket looks for the file, and TeamsPath for the teams that it may name.
const (
	Path      = ".bitbucket/CODEOWNERS"
	TeamsPath = ".bitbucket/teams.yaml"
)

// A Rule says who owns the files that match a pattern. Of several rules that match a file, the last one counts.
type Rule struct {
	Line    int     `json:"line"` // in the file, from 1
	Pattern string  `json:"pattern"`
	Owners  []Owner `json:"owners"`
	Error   string  `json:"error,omitempty"` // why Bitbucket does not understand the pattern
}

// The kinds of owners.
const (
	Email = "email"
	User  = "user"
	Group = "group"
	Team  = "team"
)

// An Owner is who owns something: a user, a group of a workspace, or a team that the repository itself defines.
type Owner struct {
	Name      string `json:"name"` // as the file has it
	Kind      string `json:"kind"`
	ID        string `json:"-"`                   // address, name of the user or team, or slug of the group
	Workspace string `json:"-"`                   // slug of the group's workspace
	Selection string `json:"selection,omitempty"` // which members review, as in random(2)
}

// Rules returns the rules of a file.
func Rules(text string) []Rule {
	var rules []Rule
	line := 0
	for part := range strings.Lines(text) {
		line++
		words := split(part)
		if len(words) == 0 {
			continue
		}
		r := Rule{Line: line, Pattern: words[0], Owners: []Owner{}, Error: misunderstood(words[0])}
		for _, word := range words[1:] {
			r.Owners = append(r.Owners, newOwner(word))
		}
		rules = append(rules, r)
	}
	return rules
}

// split returns the words of a line without its comment. A backslash before a space makes it part of the word.
func split(line string) []string {
	var words []string
	var word strings.Builder
	end := func() {
		if word.Len() > 0 {
			words = append(words, word.String())
			word.Reset()
		}
	}
	isEscaped := false
	for _, c := range line {
		switch {
		case isEscaped:
			word.WriteRune(c)
			isEscaped = false
			continue
		case c == '\\':
			isEscaped = true
			continue
		case c == '#' && word.Len() == 0:
			return words
		case c == ' ' || c == '\t' || c == '\r' || c == '\n':
			end()
		default:
			word.WriteRune(c)
		}
	}
	end()
	return words
}

// misunderstood returns why a pattern does not mean what it does in .gitignore, or "".
func misunderstood(pattern string) string {
	switch {
	case strings.HasPrefix(pattern, "!"):
		return "Bitbucket does not support patterns that begin with !."
	case strings.Contains(pattern, "["):
		return "Bitbucket does not support ranges of characters in patterns."
	}
	return ""
}

var selectionForm = regexp.MustCompile(`^(.+):((?:all|random|least_busy)(?:\(\d+\))?)$`)

// newOwner returns the owner that a word names.
func newOwner(word string) Owner {
	o := Owner{Name: word, Kind: Email, ID: word}
	id := word
	if selected := selectionForm.FindStringSubmatch(word); selected != nil {
		id, o.Selection = selected[1], selected[2]
	}
	id, isName := strings.CutPrefix(id, "@")
	if !isName {
		return o
	}
	o.Kind, o.ID = User, id
	if workspace, slug, ok := strings.Cut(id, "/"); ok {
		o.Kind, o.Workspace, o.ID = Group, workspace, slug
		if workspace == "teams" {
			o.Kind, o.Workspace = Team, ""
		}
	}
	return o
}
