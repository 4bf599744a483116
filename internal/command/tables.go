package command

import (
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"github.com/kindor/steampipe-plugin-bitbucket/docs"
	"github.com/kindor/steampipe-plugin-bitbucket/internal/similar"
	"github.com/kindor/steampipe-plugin-bitbucket/internal/sqlhost"
)

// A catalog runs the commands tables and describe. They need no connection, because all connections have the same
// tables.
type catalog struct {
	*console
	format string
}

func newTables(c *console) *cobra.Command {
	t := &catalog{console: c}
	cmd := &cobra.Command{
		Use:   "tables",
		Short: "List the tables",
		Args:  noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			tables, err := declaredTables()
			if err != nil {
				return err
			}
			l := newList("table", "description")
			for _, table := range tables {
				l.add(table.Name, table.Description)
			}
			return t.show(cmd, l)
		},
	}
	addFormatFlag(cmd, &t.format)
	return cmd
}

func newDescribe(c *console) *cobra.Command {
	t := &catalog{console: c}
	cmd := &cobra.Command{
		Use:   "describe TABLE",
		Short: "Explain a table: its columns, scopes, coverage and cost, with an example",
		Long: strings.TrimSpace(`
Explains a table. For each column it shows the conditions that Bitbucket evaluates. All other conditions work too, but the plugin
reads all rows to evaluate them. After the columns it shows the scopes and the role that the table needs, the rows that it has,
the requests that it makes, and an example. With --output, only the columns are printed, in the format.`),
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) != 1 {
				return usagef(cmd, "describe takes the name of one table")
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			tables, err := declaredTables()
			if err != nil {
				return err
			}
			table, err := findTable(tables, args[0])
			if err != nil {
				return err
			}
			if !cmd.Flags().Changed("output") {
				return t.page(func(w io.Writer) error { return inspect(w, table) })
			}
			return t.show(cmd, describe(table))
		},
	}
	cmd.ValidArgsFunction = completeTable
	addFormatFlag(cmd, &t.format)
	return cmd
}

// completeTable completes the name of one table.
func completeTable(_ *cobra.Command, args []string, begun string) ([]cobra.Completion, cobra.ShellCompDirective) {
	var names []string
	if len(args) == 0 {
		for _, t := range docs.Tables() {
			if strings.HasPrefix(t.Name, begun) {
				names = append(names, t.Name)
			}
		}
	}
	return names, cobra.ShellCompDirectiveNoFileComp
}

// page prints something on the screen, or through the pager.
func (c *catalog) page(write func(io.Writer) error) error {
	out, err := newDestination(c.console, "")
	if err != nil {
		return err
	}
	return out.finish(write(out))
}

func (c *catalog) show(cmd *cobra.Command, l *resultList) error {
	return c.page(func(w io.Writer) error {
		p, err := newPrinter(cmd, c.format, w, layout{results: 1})
		if err != nil {
			return err
		}
		return printAlone(p, l)
	})
}

// declaredTables returns the tables of a connection without arguments. It makes no request.
func declaredTables() ([]sqlhost.Table, error) {
	db, err := openDatabase([]sqlhost.Connection{bareConnection().Connection}, func() {})
	if err != nil {
		return nil, err
	}
	defer db.close()
	return db.Tables(), nil
}

// findTable returns the table with a name, which may have a schema or lack the plugin's prefix.
func findTable(tables []sqlhost.Table, name string) (sqlhost.Table, error) {
	bare := strings.ToLower(strings.TrimSuffix(name[strings.LastIndex(name, ".")+1:], ";"))
	var known []string
	for _, table := range tables {
		if table.Name == bare || table.Name == "bitbucket_"+bare {
			return table, nil
		}
		known = append(known, table.Name)
	}
	if meant := similar.To(bare, known); meant != "" {
		return sqlhost.Table{}, misconfigured("unknown table %s: did you mean %s?", name, meant)
	}
	return sqlhost.Table{}, misconfigured("unknown table %s: `%s tables` lists the tables", name, program)
}

// describe returns a list of the columns for a person.
func describe(table sqlhost.Table) *resultList {
	conditions := map[string]string{}
	for _, key := range table.KeyColumns {
		conditions[key.Name] = operators(key)
	}
	l := newList("column", "type", "conditions", "description")
	for _, c := range table.Columns {
		if c.Hidden {
			continue
		}
		l.add(c.Name, strings.ToLower(string(c.Type)), conditions[c.Name], c.Description)
	}
	return l
}

func operators(key sqlhost.KeyColumn) string {
	all := strings.Join(key.SQLOperators(), ", ")
	if key.Require != "optional" {
		all += fmt.Sprintf(" (%s)", strings.ReplaceAll(key.Require, "_", " "))
	}
	return all
}
