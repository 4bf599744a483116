package command

import (
	"fmt"
	"strings"
)

// guide says how to create the consumer: where, what to type in each field, and which boxes to tick for what.
func (l *loginCommand) guide(wanted goal) {
	l.say("The login needs an OAuth consumer of your workspace (newer pages call it OAuth client). " +
		"An administrator of the workspace creates it once, on this page, where WORKSPACE is the name in the workspace's address:" + `

  https://bitbucket.org/WORKSPACE/workspace/settings/oauth-consumers/new

The page is also under Workspace settings > OAuth consumers > Add consumer. Fill in:

  Name                        Steampipe
  Callback URL                ` + l.callback + `
  This is a private consumer  tick it
  Permissions                 tick these boxes

`)
	for g, included := range goals {
		if g > int(wanted) {
			break
		}
		also := ""
		if g > 0 {
			also = ", also"
		}
		l.say("  " + included.what + also + ":\n")
		for _, p := range permissions {
			if int(p.goal) == g {
				line := fmt.Sprintf("    [x] %-26s%s", p.box, p.use)
				fmt.Fprintln(l.err, wrap(line, terminalWidth(l.err), strings.Repeat(" ", 34)))
			}
		}
	}
	more := ""
	if l.goal == "" {
		more = fmt.Sprintf(" To see fewer boxes, use --for %s.", strings.Join([]string{goals[goalAccess].name, goals[goalAudit].name}, " or --for "))
	}
	l.say("\nSave it, and click its name in the list of consumers: the page then shows its key and its secret." + more + "\n\n")
}
