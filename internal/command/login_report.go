package command

import (
	"fmt"
	"strings"

	"github.com/kindor/steampipe-plugin-bitbucket/internal/auth"
)

// A fact is a label of a report and its lines.
type fact struct {
	label  string
	values []string
}

// printFacts prints facts in two columns, wrapped at the width of the terminal. It leaves out facts without lines.
func (c *console) printFacts(facts []fact) error {
	labels := 0
	for _, f := range facts {
		labels = max(labels, len(f.label))
	}
	columns := terminalWidth(c.out)
	indent := strings.Repeat(" ", labels+2)
	for _, f := range facts {
		label := f.label
		for _, value := range f.values {
			wrapped := strings.ReplaceAll(wrap(printable(value), columns-len(indent), ""), "\n", "\n"+indent)
			text := fmt.Sprintf("%-*s  %s", labels, label, wrapped)
			if _, err := fmt.Fprintln(c.out, text); err != nil {
				return err
			}
			label = ""
		}
	}
	return nil
}

// report prints what the login came to.
func (l *loginCommand) report(s *signIn, wanted goal) error {
	return l.printFacts([]fact{
		{"Logged in:", []string{s.who()}},
		{"Before:", s.earlier()},
		{"Workspaces:", s.where()},
		{"Repositories:", []string{s.howMany()}},
		{"Scopes:", []string{s.what()}},
		{"Tables:", s.tables(wanted)},
		{"Token file:", []string{s.file}},
	})
}

// earlier says whose login this one replaces, if it is another account's.
func (s *signIn) earlier() []string {
	switch {
	case !s.replace, s.before.UUID != "" && s.before.UUID == s.account().UUID:
		return nil
	case s.before.UUID == "":
		return []string{"a login of an unknown account, which this one replaces"}
	}
	return []string{described(s.before, "") + ". This login is kept: `" + program + " auth switch` goes back to it"}
}

// otherAccounts describes the logins that are kept while another is in use.
func otherAccounts(logins []auth.Login) []string {
	var lines []string
	for _, login := range logins {
		if !login.Active {
			lines = append(lines, described(login.Account, ""))
		}
	}
	return lines
}
