package command

import (
	"regexp"
	"slices"
	"strings"
	"unicode"

	"github.com/reeflective/readline"

	"github.com/kindor/steampipe-plugin-bitbucket/internal/sqlhost"
)

// keywords are the words of SQL that the shell completes.
var keywords = strings.Fields(`
all and as asc avg between by case cast coalesce collate count create cross date datetime desc distinct else end escape except
exists explain false filter first from full glob group having ilike in inner intersect is join json_each julianday last left like
limit lower materialized max min not now null nulls offset on or order outer over partition recursive replace right round select
strftime substr sum table temp then true union upper using values view when where window with`)

// A completer completes names in the shell.
type completer struct {
	tables      []sqlhost.Table
	connections []string
}

func newCompleter(tables []sqlhost.Table) *completer {
	c := &completer{tables: uniqueTables(tables)}
	for _, t := range tables {
		if !slices.Contains(c.connections, t.Connection) {
			c.connections = append(c.connections, t.Connection)
		}
	}
	return c
}

// complete returns the candidates for the word before the cursor, for the editor.
func (c *completer) complete(line []rune, cursor int) readline.Completions {
	groups, word := c.candidates(string(line), string(line[:cursor]))
	var all readline.Completions
	for _, g := range groups {
		if len(g.names) > 0 {
			all = all.Merge(readline.CompleteValues(g.names...).Tag(g.title))
		}
	}
	all.PREFIX = word
	return all
}

// A group is candidates of one kind.
type group struct {
	title string
	names []string
}

// candidates returns the candidates that begin with the last word before the cursor, and this word.
func (c *completer) candidates(text, before string) (groups []group, word string) {
	if strings.HasPrefix(before, ".") {
		word = before[strings.LastIndexFunc(before, unicode.IsSpace)+1:]
		return matching(word, c.arguments(before)...), word
	}
	word = before[1+strings.LastIndexFunc(before, func(r rune) bool { return !unicode.In(r, unicode.Letter, unicode.Digit) && r != '_' && r != '.' }):]
	if dot := strings.LastIndex(word, "."); dot >= 0 {
		return matching(word, c.qualified(text, word[:dot])...), word
	}
	tables, columns := group{"tables", c.names()}, group{"columns", c.columns(text)}
	if afterTableWord.MatchString(strings.ToLower(strings.TrimSuffix(before, word))) {
		return matching(word, tables, group{"connections", c.connections}), word
	}
	return matching(word, columns, tables, group{"keywords", keywords}), word
}

// afterTableWord matches a text after which a table is expected.
var afterTableWord = regexp.MustCompile(`\b(from|join)\s+(\S+\s*,\s*)*$`)

// matching returns the candidates that begin with a word, in upper case if the word is.
func matching(word string, groups ...group) []group {
	upper := word != "" && word == strings.ToUpper(word) && word != strings.ToLower(word)
	var found []group
	for _, g := range groups {
		var names []string
		for _, name := range g.names {
			if upper && g.title == "keywords" {
				name = strings.ToUpper(name)
			}
			if strings.HasPrefix(name, word) {
				names = append(names, name)
			}
		}
		if len(names) > 0 {
			found = append(found, group{g.title, names})
		}
	}
	return found
}

// arguments returns the candidates in a command of the shell.
func (c *completer) arguments(before string) []group {
	name, _, hasArgument := strings.Cut(before, " ")
	switch {
	case !hasArgument:
		var names []string
		for _, command := range dotCommands() {
			names = append(names, command.name)
		}
		return []group{{"commands", names}}
	case name == ".inspect" || name == ".tables":
		return []group{{"tables", c.names()}}
	case name == ".output":
		return []group{{"formats", formatList()}}
	case name == ".timing":
		return []group{{"", []string{"off", "on"}}}
	}
	return nil
}

func (c *completer) names() []string {
	var names []string
	for _, t := range c.tables {
		names = append(names, t.Name)
	}
	return names
}

// tableReference matches a table with the name that the statement gives it.
var tableReference = regexp.MustCompile(`(?i)\b(bitbucket_\w+)(?:\s+(?:as\s+)?([a-z_]\w*))?`)

// columns returns the columns of the tables that a statement names, or of all tables if it names none.
func (c *completer) columns(text string) []string {
	var tables []string
	for _, match := range tableReference.FindAllStringSubmatch(text, -1) {
		tables = append(tables, strings.ToLower(match[1]))
	}
	return c.columnsOf("", tables...)
}

// columnsOf returns the columns of some tables, after a prefix.
func (c *completer) columnsOf(prefix string, tables ...string) []string {
	var columns []string
	for _, t := range c.tables {
		if tables == nil || slices.Contains(tables, t.Name) {
			for _, column := range t.Columns {
				if !column.Hidden {
					columns = append(columns, prefix+column.Name)
				}
			}
		}
	}
	slices.Sort(columns)
	return slices.Compact(columns)
}

// qualified returns the tables of a connection, or the columns of a table.
func (c *completer) qualified(text, qualifier string) []group {
	if slices.ContainsFunc(c.connections, func(name string) bool { return strings.EqualFold(name, qualifier) }) {
		var names []string
		for _, name := range c.names() {
			names = append(names, qualifier+"."+name)
		}
		return []group{{"tables", names}}
	}
	bare := strings.ToLower(qualifier[strings.LastIndex(qualifier, ".")+1:])
	table := bare
	for _, match := range tableReference.FindAllStringSubmatch(text, -1) {
		if strings.ToLower(match[2]) == bare {
			table = strings.ToLower(match[1])
		}
	}
	return []group{{"columns", c.columnsOf(qualifier+".", table)}}
}
