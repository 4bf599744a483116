package command

import (
	"context"
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/kindor/steampipe-plugin-bitbucket/internal/similar"
	"github.com/kindor/steampipe-plugin-bitbucket/internal/sqlhost"
)

// A dotCommand is a command of the shell.
type dotCommand struct {
	name, arguments, use string
	also                 []string // what other shells call it
	do                   func(*shell, context.Context, string) error
}

// dotCommands are the commands of the shell. Their function is nil for the one that ends it.
func dotCommands() []dotCommand {
	return []dotCommand{
		{".connections", "", "list the connections; each is a schema", []string{`\dn`}, (*shell).showConnections},
		{".help", "", "list the commands", []string{"help", `\?`}, (*shell).showHelp},
		{".inspect", "TABLE", "explain a table: columns, scopes, cost, an example", []string{`\d`}, (*shell).inspect},
		{".omissions", "", "list what the tables have left out, and why", nil, (*shell).showOmissions},
		{".output", "[FORMAT [FILE]]", "choose the format of results, and a file for them", []string{".mode"}, (*shell).setOutput},
		{".quit", "", "end the shell, like Ctrl-D", []string{".exit", "exit", "quit", `\q`}, nil},
		{".tables", "[PATTERN]", "list the tables, or those that match a pattern", []string{`\dt`}, (*shell).showTables},
		{".timing", "[on | off]", "print rows, requests and time of each statement", []string{`\timing`, ".timer"}, (*shell).setTiming},
	}
}

// shellCommand splits a command from its argument. ok is false for SQL.
func shellCommand(text string) (name, argument string, ok bool) {
	name, argument, _ = strings.Cut(strings.TrimSuffix(text, ";"), " ")
	name, argument = strings.ToLower(name), strings.TrimSpace(argument)
	if strings.HasPrefix(name, ".") || strings.HasPrefix(name, `\`) {
		return name, argument, true
	}
	_, ok = findDotCommand(name)
	return name, argument, ok && argument == ""
}

func findDotCommand(name string) (dotCommand, bool) {
	all := dotCommands()
	i := slices.IndexFunc(all, func(c dotCommand) bool { return c.name == name || slices.Contains(c.also, name) })
	if i < 0 {
		return dotCommand{}, false
	}
	return all[i], true
}

// command runs a command, and reports whether it ends the shell.
func (s *shell) command(ctx context.Context, name, argument string) (last bool, err error) {
	c, ok := findDotCommand(name)
	switch {
	case !ok:
		var known []string
		for _, c := range dotCommands() {
			known = append(known, c.name)
		}
		if meant := similar.To(name, known); meant != "" {
			return false, fmt.Errorf("unknown command %s: did you mean %s?", name, meant)
		}
		return false, fmt.Errorf("unknown command %s: .help lists the commands", name)
	case argument != "" && c.arguments == "":
		return false, fmt.Errorf("%s takes no arguments", c.name)
	case c.do == nil:
		return true, nil
	}
	return false, c.do(s, ctx, argument)
}

func (s *shell) showHelp(context.Context, string) error {
	for _, c := range dotCommands() {
		if _, err := fmt.Fprintf(s.out, "  %-24s %s\n", c.name+" "+c.arguments, c.use); err != nil {
			return err
		}
	}
	_, err := fmt.Fprint(s.out, `
  A statement ends with a semicolon, and may have several lines. Tab completes
  tables, columns and keywords. The arrow keys and Ctrl-R find earlier
  statements. Ctrl-C cancels a statement.
`)
	return err
}

func (s *shell) showTables(_ context.Context, pattern string) error {
	l := newList("table", "description")
	for _, t := range uniqueTables(s.db.Tables()) {
		if matchesTable(pattern, t.Name) {
			l.add(t.Name, t.Description)
		}
	}
	if len(l.rows) == 0 {
		return fmt.Errorf("no table matches %s", pattern)
	}
	return s.show(l)
}

// matchesTable reports whether a name contains a text, or matches a pattern with * or %.
func matchesTable(pattern, name string) bool {
	pattern = strings.ToLower(strings.TrimSuffix(pattern, ";"))
	if strings.ContainsAny(pattern, "*%?") {
		return matchesPattern(strings.ReplaceAll(pattern, "%", "*"), name)
	}
	return strings.Contains(name, pattern)
}

// uniqueTables returns the tables of the first connection: all connections have the same.
func uniqueTables(tables []sqlhost.Table) []sqlhost.Table {
	return slices.DeleteFunc(slices.Clone(tables), func(t sqlhost.Table) bool { return t.Connection != tables[0].Connection })
}

func (s *shell) inspect(_ context.Context, name string) error {
	if name == "" {
		return fmt.Errorf(".inspect takes the name of a table: .tables lists them")
	}
	table, err := findTable(uniqueTables(s.db.Tables()), name)
	if err != nil {
		return err
	}
	out, _, err := s.output(1)
	if err != nil {
		return err
	}
	if err := inspect(out, table); err != nil {
		return err
	}
	return out.close()
}

func (s *shell) showConnections(context.Context, string) error {
	l := newList("connection", "plugin", "members", "without_a_schema")
	for i, c := range s.db.connections {
		names := ""
		if i == 0 {
			names = "yes"
		}
		l.add(c.Name, c.Plugin, strings.Join(c.Connections, ", "), names)
	}
	return s.show(l)
}

func (s *shell) showOmissions(context.Context, string) error {
	omitted := s.db.Omissions(s.began)
	if len(omitted) == 0 {
		_, err := fmt.Fprintln(s.out, "Nothing was left out.")
		return err
	}
	l := newList("table", "place", "reason", "message", "advice")
	for _, o := range omitted {
		l.add(o.Table, placeOf(o), o.Reason, o.Message, o.Advice)
	}
	return s.show(l)
}

// show prints a list on the screen.
func (s *shell) show(l *resultList) error {
	out, err := newDestination(s.console, "")
	if err != nil {
		return err
	}
	if err := printAlone(newTablePrinter(out, layout{results: 1, narrow: true}), l); err != nil {
		return err
	}
	return out.close()
}

func (s *shell) setTiming(_ context.Context, argument string) error {
	switch argument {
	case "":
		s.timing = !s.timing
	case "on", "off":
		s.timing = argument == "on"
	default:
		return fmt.Errorf(".timing takes on or off, not %s", argument)
	}
	if s.timing {
		// What happened before is not the next statement's.
		var err error
		if s.before, err = s.db.traffic(context.Background()); err != nil {
			return err
		}
	}
	_, err := fmt.Fprintf(s.out, "Timing is %s.\n", map[bool]string{true: "on", false: "off"}[s.timing])
	return err
}

func (s *shell) setOutput(_ context.Context, argument string) error {
	format, file, _ := strings.Cut(argument, " ")
	if format != "" {
		if err := knownFormat(format, formatList()); err != nil {
			return err
		}
	}
	var opened *os.File
	if file = strings.TrimSpace(file); file != "" {
		var err error
		if opened, err = os.Create(file); err != nil {
			return fmt.Errorf("can't write the results: %w", err)
		}
	}
	s.closeFile()
	s.file, s.chosen = opened, format != ""
	s.format = format
	if format == "" {
		s.format = defaultFormat
	}
	where := "to the screen"
	if file != "" {
		where = "to " + file
	}
	_, err := fmt.Fprintf(s.out, "Results go %s, in the format %s.\n", where, s.format)
	return err
}
