package docs

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// ours matches the addresses of the repository's files and pictures, for pages that are published alone.
var ours = regexp.MustCompile(`^https://(?:github\.com/kindor/steampipe-plugin-bitbucket/(?:blob|tree)|` +
	`raw\.githubusercontent\.com/kindor/steampipe-plugin-bitbucket)/main/`)

var (
	link      = regexp.MustCompile(`\]\(([^)\s]+)\)`)
	codeBlock = regexp.MustCompile("(?ms)^ *```.*?^ *```$")
	notInSlug = regexp.MustCompile(`[^a-z0-9_ -]`)
)

// slugs returns the anchors of a page's headings, as GitHub and Steampipe's hub generate them.
func slugs(text string) map[string]bool {
	all := map[string]bool{}
	for _, h := range heading.FindAllStringSubmatch(codeBlock.ReplaceAllString(text, ""), -1) {
		all[strings.ReplaceAll(notInSlug.ReplaceAllString(strings.ToLower(h[1]), ""), " ", "-")] = true
	}
	return all
}

// Every link to the repository leads to an existing file and heading. The pages that Steampipe's hub publishes have no relative
// links.
func TestLinks(t *testing.T) {
	root, err := filepath.Abs("..")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range append(pages(t), "../CONTRIBUTING.md", "../CHANGELOG.md", "../SECURITY.md", "../powerpipe/docs/index.md") {
		published := file == "index.md" || filepath.Dir(file) == "tables"
		text := read(t, file)
		for _, l := range link.FindAllStringSubmatch(codeBlock.ReplaceAllString(text, ""), -1) {
			target, anchor, _ := strings.Cut(l[1], "#")
			path := filepath.Join(filepath.Dir(file), target)
			switch {
			case target == "":
				path = file
			case ours.MatchString(target):
				path = filepath.Join(root, ours.ReplaceAllString(target, ""))
			case strings.Contains(target, "://"):
				continue
			case published:
				t.Errorf("%s: the link to %s is relative, and the page is published alone", file, l[1])
			}
			if _, err := os.Stat(path); err != nil {
				t.Errorf("%s: the link to %s leads nowhere", file, l[1])
			} else if anchor != "" && !slugs(read(t, path))[anchor] {
				t.Errorf("%s: %s has no heading for #%s", file, path, anchor)
			}
		}
	}
}
