// Package docs embeds the documentation, so that the command line can show it: what a table needs, covers and costs,
// and examples.
package docs

import (
	"embed"
	"fmt"
	"io/fs"
	"regexp"
	"strings"
	"sync"
)

// Pages has the pages in Markdown: "index.md", and "tables/bitbucket_branch.md" for a table.
//
//go:embed *.md tables/*.md
var Pages embed.FS

// A Table is the page of a table. Its texts are Markdown on one line each.
type Table struct {
	Name        string
	Folder      string // the group of tables that it belongs to, such as "Access"
	Description string // one sentence on what its rows show
	About       string // what a row is
	Usage       string // what people use it for

	Scopes     string // the OAuth scopes that it needs
	Role       string // the role that the connected user needs
	Coverage   string // the rows that it has
	Cost       string // the requests that it makes
	Conditions string // the conditions that save requests; "" if there are none
	Remarks    []string

	Examples []Example
}

// An Example is a documented query. The tests run all of them.
type Example struct {
	Title    string
	About    string // what it shows
	Postgres string // in PostgreSQL's dialect, which Steampipe takes
	SQLite   string // in SQLite's dialect, which the command line takes
}

// Tables returns the pages of all tables in the order of their names.
var Tables = sync.OnceValue(func() []Table {
	files, err := fs.Glob(Pages, "tables/*.md")
	if err != nil {
		panic(err) // the pattern is wrong
	}
	var all []Table
	for _, file := range files {
		text, err := Pages.ReadFile(file)
		if err != nil {
			panic(err) // it is embedded
		}
		table, err := parse(strings.TrimSuffix(strings.TrimPrefix(file, "tables/"), ".md"), string(text))
		if err != nil {
			panic(err) // TestPages reads the same pages
		}
		all = append(all, table)
	}
	return all
})

// Lookup returns the page of a table, and false if there is none.
func Lookup(table string) (Table, bool) {
	for _, t := range Tables() {
		if t.Name == table {
			return t, true
		}
	}
	return Table{}, false
}

var (
	heading     = regexp.MustCompile(`(?m)^#+ (.*)$`)
	fence       = regexp.MustCompile("(?s)```(sql[a-z+]*)\n(.*?)```")
	comment     = regexp.MustCompile(`(?s)<!--.*?-->`)
	folder      = regexp.MustCompile(`(?m)^folder: "(.*)"$`)
	description = regexp.MustCompile(`(?m)^description: "Allows users to query (.*)"$`)
	note        = regexp.MustCompile(`(?m)^\| (\w+) \| (.*) \|$`)
)

func parse(name, text string) (Table, error) {
	examples, err := parseExamples(text)
	if err != nil {
		return Table{}, fmt.Errorf("the page of %s: %w", name, err)
	}
	t := Table{Name: name, Examples: examples}
	t.Folder = firstGroup(folder, text)
	t.Description = capitalized(strings.Replace(firstGroup(description, text), " in Bitbucket Cloud", "", 1))
	t.About = oneLine(between(text, " using SQL\n", "\n## Table Usage Guide\n"))
	usage := between(text, "\n## Table Usage Guide\n", "\n## Examples\n")
	t.Usage = oneLine(between(usage, "", "\n**Important Notes**\n"))
	notes := between(usage, "\n**Important Notes**\n", "")
	for _, n := range note.FindAllStringSubmatch(notes, -1) {
		if field := t.note(n[1]); field != nil {
			*field = n[2]
		}
	}
	for _, item := range strings.Split("\n"+between(notes, "", "\nSee ["), "\n- ")[1:] {
		t.Remarks = append(t.Remarks, oneLine(item))
	}
	return t, nil
}

// note returns the field of a line of the important notes, and nil if there is none.
func (t *Table) note(name string) *string {
	return map[string]*string{
		"Scopes": &t.Scopes, "Role": &t.Role, "Coverage": &t.Coverage, "Cost": &t.Cost, "Conditions": &t.Conditions,
	}[name]
}

// parseExamples returns the examples of a page: under a heading, a query in both dialects, or some that suit both.
func parseExamples(text string) ([]Example, error) {
	var all []Example
	starts := heading.FindAllStringSubmatchIndex(text, -1)
	for i, start := range starts {
		end := len(text)
		if i+1 < len(starts) {
			end = starts[i+1][0]
		}
		e := Example{Title: text[start[2]:start[3]], About: oneLine(between(text[start[1]:end], "", "```"))}
		found, err := e.queries(text[start[1]:end])
		if err != nil {
			return nil, fmt.Errorf("%s: %w", e.Title, err)
		}
		all = append(all, found...)
	}
	return all, nil
}

// queries returns the example once for each query that a section has.
func (e Example) queries(section string) ([]Example, error) {
	var all []Example
	both := e
	for _, f := range fence.FindAllStringSubmatch(section, -1) {
		switch dialect, sql := f[1], f[2]; {
		case dialect == "sql":
			e.Postgres, e.SQLite = sql, sql
			all = append(all, e)
		case dialect == "sql+postgres" && both.Postgres == "":
			both.Postgres = sql
		case dialect == "sql+sqlite" && both.SQLite == "":
			both.SQLite = sql
		default:
			return nil, fmt.Errorf("more than one query in %s", dialect)
		}
	}
	switch {
	case both.Postgres != "" && both.SQLite != "":
		all = append(all, both)
	case both.Postgres != "" || both.SQLite != "":
		return nil, fmt.Errorf("a query in one dialect only")
	}
	return all, nil
}

// between returns what is between the first of two strings and the next of the other. An empty one, or one that isn't
// there, is the beginning or the end.
func between(text, from, to string) string {
	if _, after, ok := strings.Cut(text, from); ok {
		text = after
	}
	if to != "" {
		text, _, _ = strings.Cut(text, to)
	}
	return text
}

func firstGroup(pattern *regexp.Regexp, text string) string {
	if found := pattern.FindStringSubmatch(text); found != nil {
		return found[1]
	}
	return ""
}

func capitalized(s string) string {
	if s == "" {
		return ""
	}
	return strings.ToUpper(s[:1]) + s[1:]
}

func oneLine(s string) string {
	return strings.Join(strings.Fields(comment.ReplaceAllString(s, "")), " ")
}
