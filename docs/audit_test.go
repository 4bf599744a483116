package docs

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/kindor/steampipe-plugin-bitbucket/internal/audit"
)

// guide maps each section of the CIS Software Supply Chain Security Guide 1.0 to its number of recommendations.
var guide = map[string]int{
	"1.1": 20, "1.2": 7, "1.3": 13, "1.4": 4, "1.5": 6, "2.1": 11, "2.2": 8, "2.3": 8, "2.4": 6, "3.1": 8, "3.2": 4,
	"4.1": 3, "4.2": 6, "4.3": 4, "4.4": 1, "5.1": 7, "5.2": 4,
}

var (
	recommendationRow = regexp.MustCompile(`(?m)^\| (\d\.\d)\.(\d+) \| [^|]+ \|([^|]*)\|([^|]*)\|$`)
	controlName       = regexp.MustCompile("`([a-z_]+)`")
)

// The page on the audit lists every recommendation of the guide once, with exactly its controls or with the reason for having
// none.
func TestAuditCoversTheGuide(t *testing.T) {
	of := map[string][]string{} // controls by recommendation
	for _, c := range audit.Controls {
		for _, number := range c.CIS() {
			of[number] = append(of[number], c.Name)
		}
	}
	seen := map[string]bool{}
	for _, row := range recommendationRow.FindAllStringSubmatch(read(t, "audit.md"), -1) {
		number := row[1] + "." + row[2]
		if seen[number] {
			t.Errorf("%s is there twice", number)
		}
		seen[number] = true
		var controls []string
		for _, name := range controlName.FindAllStringSubmatch(row[3], -1) {
			controls = append(controls, name[1])
		}
		slices.Sort(controls)
		slices.Sort(of[number])
		if diff := cmp.Diff(of[number], controls); diff != "" {
			t.Errorf("%s: controls (-audit +page):\n%s", number, diff)
		}
		if hasReason := strings.TrimSpace(row[4]) != ""; hasReason == (len(controls) > 0) {
			t.Errorf("%s needs a control or a reason, and not both", number)
		}
	}
	for section, n := range guide {
		for i := range n {
			if number := fmt.Sprintf("%s.%d", section, i+1); !seen[number] {
				t.Errorf("%s is missing", number)
			}
			delete(seen, fmt.Sprintf("%s.%d", section, i+1))
		}
	}
	for number := range seen {
		t.Errorf("the guide has no %s", number)
	}
	for number := range of {
		if section := number[:strings.LastIndex(number, ".")]; strings.Count(number, ".") == 2 && guide[section] == 0 {
			t.Errorf("the guide has no section %s, which a control is about", section)
		}
	}
}
