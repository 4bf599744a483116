package docs

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// The page on reliability only names existing tests, and every fuzz target.
func TestPromisesAreTested(t *testing.T) {
	there := map[string]bool{}
	declared := regexp.MustCompile(`(?m)^func ((?:Test|Fuzz)\w+)\(`)
	err := filepath.WalkDir("..", func(path string, d fs.DirEntry, err error) error {
		if err != nil || !strings.HasSuffix(path, "_test.go") {
			return err
		}
		content, err := os.ReadFile(path)
		for _, f := range declared.FindAllStringSubmatch(string(content), -1) {
			there[f[1]] = true
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	named := map[string]bool{}
	for _, name := range regexp.MustCompile("`((?:Test|Fuzz)[^`]*)`").FindAllStringSubmatch(read(t, "reliability.md"), -1) {
		named[name[1]] = true
		if !there[name[1]] {
			t.Errorf("the test %s does not exist", name[1])
		}
	}
	for name := range there {
		if strings.HasPrefix(name, "Fuzz") && !named[name] {
			t.Errorf("%s is not named", name)
		}
	}
	if len(named) == 0 {
		t.Error("no test is named")
	}
}
