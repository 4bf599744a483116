package api

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestSelection(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		paths []string
		want  []string
	}{
		"none":                      {nil, nil},
		"sorted, once":              {[]string{"uuid", "name", "uuid"}, []string{"name", "uuid"}},
		"parent swallows children":  {[]string{"links.html.href", "links", "name", "links.self"}, []string{"links", "name"}},
		"not only by its beginning": {[]string{"link", "links.html", "link-x"}, []string{"link", "link-x", "links.html"}},
		"children":                  {[]string{"project.key", "project.uuid"}, []string{"project.key", "project.uuid"}},
		"query in a path":           {[]string{`links.clone.#(name=="https").href`}, []string{"links.clone"}},
		"index in a path":           {[]string{"parents.0.hash"}, []string{"parents"}},
		"modifier":                  {[]string{"name|@upper"}, nil},
		"the item itself":           {[]string{"name", "@this"}, nil},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if diff := cmp.Diff(tt.want, selection(tt.paths)); diff != "" {
				t.Errorf("selection (-want +got):\n%s", diff)
			}
		})
	}
}
