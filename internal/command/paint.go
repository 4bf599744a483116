package command

import "os"

// The colors, as SGR codes of terminals.
const (
	bold   = "1"
	red    = "1;31"
	green  = "32"
	yellow = "33"
)

// paint colors a text for standard error, and style one for any stream. Only terminals get colors, and only if the
// user has not turned them off: https://no-color.org
func (c *console) paint(color, text string) string { return style(c.err, color, text) }

func style(stream any, color, text string) string {
	if _, ok := terminalFd(stream); !ok || os.Getenv("NO_COLOR") != "" || os.Getenv("TERM") == "dumb" {
		return text
	}
	return "\x1b[" + color + "m" + text + "\x1b[0m"
}
