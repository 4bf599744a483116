package docs

import (
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/kindor/steampipe-plugin-bitbucket/bitbucket"
)

// writing lists the scopes that also allow changes. Some users don't want to grant them.
var writing = []string{"project:admin", "repository:admin", "webhook"}

// The overview lists the scopes that the tables need. The page on limits lists the tables that are lost without those that
// also allow changes.
func TestScopes(t *testing.T) {
	text, limits := read(t, "index.md"), read(t, "limits.md")
	needed := map[string]bool{}
	lost := map[string][]string{}
	for _, r := range bitbucket.Requirements() {
		for _, scope := range r.Scopes {
			needed[scope] = true
			if r.Column == "" && slices.Contains(writing, scope) {
				lost[scope] = append(lost[scope], r.Table)
			}
		}
	}
	said := map[string]bool{}
	for _, row := range regexp.MustCompile("(?m)^\\| [^|]+ \\| `([a-z:]+)` \\| [^|]+ \\|$").FindAllStringSubmatch(text, -1) {
		said[row[1]] = true
	}
	if diff := cmp.Diff(needed, said); diff != "" {
		t.Errorf("permissions (-needed +said):\n%s", diff)
	}
	for _, scope := range writing {
		_, item, found := strings.Cut(limits, "\n- `"+scope+"`: ")
		if !found {
			t.Errorf("the page does not list the tables that need %s", scope)
			continue
		}
		item = regexp.MustCompile(`\n(- |\n)`).Split(item, 2)[0]
		if diff := cmp.Diff(lost[scope], regexp.MustCompile(`bitbucket_\w+`).FindAllString(item, -1)); diff != "" {
			t.Errorf("lost without %s (-needed +said):\n%s", scope, diff)
		}
	}
}
