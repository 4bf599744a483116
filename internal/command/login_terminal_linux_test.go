package command

import (
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/kindor/steampipe-plugin-bitbucket/internal/programtest"
)

// A newcomer has an empty home directory, a terminal, a browser and the program on the PATH. The fake Bitbucket replaces the
// real one.
type newcomer struct {
	*setup
	t    *testing.T
	home string
	env  []string
}

func newNewcomer(t *testing.T) *newcomer {
	t.Helper()
	n := &newcomer{setup: newSetup(t), t: t, home: t.TempDir()}
	path := browserFolder(t)
	if err := os.Symlink(programtest.Path(t), filepath.Join(path, program)); err != nil {
		t.Fatal(err)
	}
	n.env = []string{
		"HOME=" + n.home, "PATH=" + path + ":/bin:/usr/bin", browserVariable + "=1", "BITBUCKET_OAUTH_URL=" + n.OAuthURL(), "BITBUCKET_API_BASE_URL=" + n.URL(),
	}
	return n
}

// run runs a command line of the shell on a terminal.
func (n *newcomer) run(line string) *emulator {
	n.t.Helper()
	cmd := exec.CommandContext(n.t.Context(), "/bin/sh", "-c", line)
	cmd.Env = append(slices.Clone(n.env), "PAGER=cat")
	return emulate(n.t, cmd, screenColumns, screenRows)
}

func (n *newcomer) login(flags string) *emulator {
	n.t.Helper()
	return n.run("exec " + program + " login --callback " + n.consumer.Callback + " " + flags)
}

// enterConsumer enters the key and the secret at their prompts.
func (n *newcomer) enterConsumer(e *emulator) {
	e.writes(n.t, "Consumer key: $")
	e.enters(n.t, n.consumer.Key+"\n")
	e.writes(n.t, "Consumer secret: $")
	e.hides(n.t)
	e.enters(n.t, n.consumer.Secret+"\n")
}

func (n *newcomer) spc() string {
	return filepath.Join(n.home, ".steampipe", "config", "bitbucket.spc")
}

// The first hour: a login with its prompts, the browser, the connection that the login writes, and the query that it suggests.
func TestTerminalFirstHour(t *testing.T) {
	t.Parallel()
	n := newNewcomer(t)
	s := n.login("")
	n.enterConsumer(s)
	s.writes(t, `(?s)Sign in there as the dedicated user.*Press Enter to open it.*ended up at: $`)
	if n.Consented() != 0 {
		t.Error("the browser was opened before the login said whom to sign in as")
	}
	s.enters(t, "\n")
	s.writes(t, `(?s)Write the connection "bitbucket" with its secret to.*Only you.*\[Y/n\] $`)
	s.enters(t, "yes\n")
	code, shown := s.ends(t)
	if code != exitOK || strings.Contains(shown, n.consumer.Secret) || !strings.Contains(shown, n.spc()) {
		t.Fatalf("exit code %d:\n%s", code, shown)
	}
	checkWidthButAddresses(t, shown)
	checkPrivate(t, n.spc())

	line := regexp.MustCompile(`(?m)^  (steampipe-plugin-bitbucket query .*)$`).FindStringSubmatch(shown)
	count := regexp.MustCompile(`Repositories:  (\d+)`).FindStringSubmatch(shown)
	if line == nil || count == nil {
		t.Fatalf("no query to try, or no number of repositories:\n%s", shown)
	}
	n.env = n.env[:3] // the file has the values from the environment
	code, answer := n.run(line[1] + " --output csv").ends(t)
	if rows := strings.Count(answer, "\n") - 1; code != exitOK || fmt.Sprint(rows) != count[1] {
		t.Errorf("the query: exit code %d, %d rows, want %s:\n%s", code, rows, count[1], answer)
	}

	content := readFile(t, n.spc())
	again := n.login("")
	again.writes(t, "Press Enter to open")
	again.enters(t, "\n")
	code, shown = again.ends(t)
	if code != exitOK || !strings.Contains(shown, "There is nothing to change in the connection \"bitbucket\"") || strings.Contains(shown, "OAuth consumer of your workspace") ||
		readFile(t, n.spc()) != content {
		t.Errorf("a second login: exit code %d\n%s", code, shown)
	}
}

// checkWidthButAddresses fails the test if a line is too long for the screen, unless it has an address, a path or a command to
// copy.
func checkWidthButAddresses(t *testing.T, shown string) {
	t.Helper()
	for line := range strings.Lines(shown) {
		if strings.Contains(line, "/") || strings.Contains(line, program+" query") {
			continue
		}
		checkWidth(t, line)
	}
}

// If the user declines, the login prints the connection instead of writing it.
func TestTerminalNotWritten(t *testing.T) {
	t.Parallel()
	n := newNewcomer(t)
	s := n.login("")
	n.enterConsumer(s)
	s.writes(t, "Press Enter")
	s.enters(t, "\n")
	s.writes(t, `\[Y/n\] $`)
	s.enters(t, "what?\n")
	s.writes(t, `(?s)\[Y/n\].*\[Y/n\] $`)
	s.enters(t, "n\n")
	code, shown := s.ends(t)
	if code != exitOK || !strings.Contains(shown, "Nothing was written.") || !strings.Contains(shown, "consumer_secret = \"...\"") || strings.Contains(shown, n.consumer.Secret) {
		t.Errorf("exit code %d:\n%s", code, shown)
	}
	if _, err := os.Stat(n.spc()); err == nil {
		t.Error("the file was written")
	}
}

// The prompt that opens the browser also accepts a pasted address, because the browser may be on another machine.
func TestTerminalPasted(t *testing.T) {
	t.Parallel()
	n := newNewcomer(t)
	s := n.login("--write")
	n.enterConsumer(s)
	address := s.writes(t, `\n\s+(http\S+/authorize\?\S+)\n`)[1]
	s.writes(t, "Press Enter")
	s.enters(t, "https://example.com/\n")
	s.writes(t, "This does not help: there is no")
	s.enters(t, redirectOf(t, address)+"\n")
	if code, shown := s.ends(t); code != exitOK || !strings.Contains(shown, "Logged in:") {
		t.Errorf("exit code %d:\n%s", code, shown)
	}
	if n.Consented() != 1 {
		t.Errorf("the authorization page was opened %d times", n.Consented())
	}
}

// If standard input has the secret, the login reads the address and the answers from the terminal.
func TestTerminalSecretOnStandardInput(t *testing.T) {
	t.Parallel()
	n := newNewcomer(t)
	file := writeFile(t, t.TempDir(), "secret", n.consumer.Secret+"\n")
	s := n.login("--no-browser --consumer-key " + n.consumer.Key + " --consumer-secret-stdin < " + file)
	address := s.writes(t, `\n\s+(http\S+/authorize\?\S+)\n`)[1]
	s.writes(t, "Paste the address of this page: ")
	s.enters(t, redirectOf(t, address)+"\n")
	s.writes(t, `\[Y/n\] $`)
	s.enters(t, "\n")
	code, shown := s.ends(t)
	if code != exitOK || strings.Contains(shown, n.consumer.Secret) {
		t.Errorf("exit code %d:\n%s", code, shown)
	}
	checkPrivate(t, n.spc())
}

// Ctrl-C ends a login at every prompt. It restores the terminal and leaves no file behind.
func TestTerminalCtrlC(t *testing.T) {
	t.Parallel()
	for _, prompt := range []string{"Consumer key: $", "Consumer secret: $", "Press Enter"} {
		n := newNewcomer(t)
		s := n.login("")
		switch prompt {
		case "Consumer key: $":
			s.writes(t, prompt)
		case "Consumer secret: $":
			s.writes(t, "Consumer key: $")
			s.enters(t, n.consumer.Key+"\n")
			s.writes(t, prompt)
			s.hides(t)
		default:
			n.enterConsumer(s)
			s.writes(t, prompt)
		}
		s.enters(t, keyCtrlC)
		code, shown := s.ends(t)
		if code != exitCancelled || !strings.Contains(shown, "\nError: cancelled\n") {
			t.Errorf("at %q: exit code %d:\n%s", prompt, code, shown)
		}
		if !s.echoes(t) {
			t.Errorf("at %q: the terminal does not show what is typed", prompt)
		}
		if left, err := os.ReadDir(filepath.Join(n.home, ".steampipe", "bitbucket")); err != nil || len(left) > 0 {
			t.Errorf("at %q: left in the token folder: %v, %v", prompt, left, err)
		}
	}
}

// A port in use, a malformed callback, and a folder that can't be written are errors before the first prompt.
func TestTerminalFailsEarly(t *testing.T) {
	t.Parallel()
	n := newNewcomer(t)
	writeFile(t, n.home, "a-file", "")
	for flags, want := range map[string]string{
		"--callback " + n.URL():            "can't listen at",
		"--callback localhost:8976":        "with http:// in front",
		"--for nothing":                    "choose access, audit, all",
		"--config " + n.home + "/a-file/x": "can't read the configuration",
	} {
		code, shown := n.login(flags).ends(t)
		if code != exitUsage || !strings.Contains(strings.Join(strings.Fields(shown), " "), want) || strings.Contains(shown, "Consumer key") {
			t.Errorf("%s: exit code %d:\n%s", flags, code, shown)
		}
	}
	n.env = append(n.env, "BITBUCKET_TOKEN_DIR="+n.home+"/a-file/tokens")
	if code, shown := n.login("").ends(t); code != exitFailed || !strings.Contains(shown, "can't be written") || strings.Contains(shown, "Consumer key") {
		t.Errorf("a token folder that can't be: exit code %d:\n%s", code, shown)
	}
}

// The terminal shows the status within its width.
func TestTerminalAuthStatus(t *testing.T) {
	t.Parallel()
	n := newNewcomer(t)
	s := n.login("--write")
	n.enterConsumer(s)
	s.writes(t, "Press Enter")
	s.enters(t, "\n")
	if code, shown := s.ends(t); code != exitOK {
		t.Fatalf("exit code %d:\n%s", code, shown)
	}
	code, shown := n.run(program + " auth status").ends(t)
	if code != exitOK || !strings.Contains(shown, "Account:") {
		t.Errorf("exit code %d:\n%s", code, shown)
	}
	checkWidthButAddresses(t, shown)
	if code, shown := n.run(program + " auth logout && " + program + " auth status").ends(t); code != exitFailed || !strings.Contains(shown, "nobody has logged in") {
		t.Errorf("after the logout: exit code %d:\n%s", code, shown)
	}
}

// The page in the browser comes after the exchange of the code, and says how it ended.
func TestLoginPage(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		secret  string
		consent bool
		status  int
		want    string
	}{
		"logged in":      {"", true, http.StatusOK, "Logged in"},
		"a wrong secret": {"WRONGSECRET", true, http.StatusForbidden, "The login failed"},
		"denied":         {"", false, http.StatusForbidden, "The login failed"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newSetup(t)
			if !tt.consent {
				s.SetConsenting("")
			}
			config := s.config
			if tt.secret != "" {
				config = writeFile(t, t.TempDir(), "wrong.spc", strings.Replace(readFile(t, s.config), s.consumer.Secret, tt.secret, 1))
			}
			page := make(chan string, 1)
			s.login(t, "", func(address string) error {
				resp, err := http.Get(address)
				if err != nil {
					return err
				}
				defer resp.Body.Close()
				var body strings.Builder
				if err := resp.Write(&body); err != nil {
					return err
				}
				page <- fmt.Sprint(resp.StatusCode, " ", body.String())
				return nil
			}, "--config", config)
			shown := <-page
			if !strings.HasPrefix(shown, fmt.Sprint(tt.status)) || !strings.Contains(shown, "<h1>"+tt.want) || !strings.Contains(shown, program) ||
				!strings.Contains(shown, "prefers-color-scheme: dark") {
				t.Errorf("the page:\n%s", shown)
			}
			if named := strings.Contains(shown, s.Organization().Connected.DisplayName); named != (tt.status == http.StatusOK) {
				t.Errorf("the page names the account: %t\n%s", named, shown)
			}
		})
	}
}
