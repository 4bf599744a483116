package command

import (
	"os"
	"regexp"
	"strings"
	"testing"
)

// The help lists every variable that the configuration reads. So does the documentation.
func TestEnvironmentHelp(t *testing.T) {
	t.Parallel()
	got := runCommand(t, "", "help", "environment")
	if got.code != exitOK {
		t.Fatalf("exit code %d: %s", got.code, got.err)
	}
	for _, file := range []string{"../../bitbucket/settings.go", "../../docs/index.md", "login.go"} {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range regexp.MustCompile(`\b(BITBUCKET_[A-Z_]+|STEAMPIPE_INSTALL_DIR)\b`).FindAllString(string(text), -1) {
			if !strings.Contains(got.out, "  "+name+" ") {
				t.Errorf("%s of %s is not in the help:\n%s", name, file, got.out)
			}
		}
	}
	if root := runCommand(t, ""); !strings.Contains(root.out, program+" environment") {
		t.Errorf("the help does not name the topic:\n%s", root.out)
	}
}
