package bitbucket

import (
	"context"
	"iter"

	"github.com/kindor/steampipe-plugin-bitbucket/internal/api"
	"github.com/kindor/steampipe-plugin-bitbucket/internal/jsontree"
)

// A childScope is an object of a repository that has children: a pipeline has steps, an environment has variables.
type childScope struct {
	repositoryScope
	at     string         // its path below the repository's path, with a placeholder for its uuid
	parent jsontree.Value // has at least the uuid
}

func (h childScope) path(rest string, values ...string) string {
	return h.repositoryScope.path(h.at+rest, append([]string{h.parent.Get("uuid").String()}, values...)...)
}

func (h childScope) row(item jsontree.Value) *row {
	r := h.repositoryScope.row(item)
	r.set(parentPart, h.parent)
	return r
}

// parents lists the objects at the path list of the repository that the query may want the children of. The children
// are below the path at.
func (r repositoryScope) parents(ctx context.Context, s *scan, list, at string) iter.Seq2[childScope, error] {
	l := api.List{Path: r.path(list), Fields: append(s.fields(parentPart), "uuid"), PageLen: 100}
	return func(yield func(childScope, error) bool) {
		for item, err := range s.List(ctx, l) {
			h := childScope{r, at, item}
			if err == nil && !s.acceptsIn(parentPart, h.row(jsontree.Value{})) {
				continue
			}
			if !yield(h, err) || err != nil {
				return
			}
		}
	}
}
