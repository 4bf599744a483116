package generate

import (
	"fmt"
	"strings"

	"github.com/kindor/steampipe-plugin-bitbucket/internal/fakebitbucket/organization"
)

func (g *generator) nameRepository(r *organization.Repository, n int) {
	d, k := domains[n%len(domains)], repositoryKinds[(n/len(domains)+n)%len(repositoryKinds)]
	round := n / (len(domains) * len(repositoryKinds))
	words := []string{d, k}
	if round > 0 {
		words = append([]string{prefixes[(round-1)%len(prefixes)]}, words...)
	}
	if round > len(prefixes) {
		words = append(words, fmt.Sprint(round/len(prefixes)+1))
	}
	r.Slug = strings.Join(words, "-")
	r.Name = r.Slug
	switch n % 7 {
	case 2: // a name with capitals and spaces
		r.Name = titleCase(words)
	case 5:
		r.Slug = strings.ToUpper(r.Slug[:1]) + r.Slug[1:] // a slug that kept its case
		r.Name = r.Slug
	}
	if p := pick(g, purposes); p != "" {
		r.Description = fmt.Sprintf(p, d)
	}
}

// titleCase returns the words as a title.
func titleCase(words []string) string {
	titled := make([]string, len(words))
	for i, w := range words {
		if w == "api" || w == "cli" {
			titled[i] = strings.ToUpper(w)
		} else {
			titled[i] = strings.ToUpper(w[:1]) + w[1:]
		}
	}
	return strings.Join(titled, " ")
}

// slugify returns the slug that the service makes of a name: lower case, with hyphens for everything but letters and
// digits.
func slugify(name string) string {
	var b strings.Builder
	for _, r := range strings.ToLower(name) {
		switch {
		case r >= 'a' && r <= 'z', r >= '0' && r <= '9':
			b.WriteRune(r)
		case strings.ContainsRune("ñ", r):
			b.WriteByte('n')
		case strings.ContainsRune("ü", r):
			b.WriteByte('u')
		case b.Len() > 0 && !strings.HasSuffix(b.String(), "-"):
			b.WriteByte('-')
		}
	}
	return strings.TrimRight(b.String(), "-")
}
