package bitbucket

import (
	"context"
	"iter"

	"github.com/kindor/steampipe-plugin-bitbucket/internal/streams"
)

// combine lists the children of all parents, in the order of the parents, or in the order that the scan is sorted by.
func combine[P any](ctx context.Context, s *scan, parents iter.Seq2[P, error], children func(context.Context, P) rowSeq) rowSeq {
	if len(s.order) > 0 {
		return streams.Merge(ctx, parents, children, s.order[0].compare)
	}
	return spread(ctx, s, 1, parents, children)
}

// spread reads the children of as many parents at once as the query needs, by [streams.FanOut]. With a LIMIT it begins
// with a few. It doubles their number with each parent that is done, but to no more than the number of rows so far
// suggests. So LIMIT 5 over 500 repositories mostly reads one of them, or five that have one row each.
func spread[P any](ctx context.Context, s *scan, begin int, parents iter.Seq2[P, error], children func(context.Context, P) rowSeq) rowSeq {
	most := s.settings.MaxConcurrency
	if s.limit < 0 {
		return streams.FanOut(ctx, func(int) int { return most }, parents, children)
	}
	return func(yield func(*row, error) bool) {
		found := 0
		width := func(done int) int {
			n := min(min(begin, most)<<min(done, 30), most)
			if wanted := min(int(s.limit)-found, most*found); wanted > 0 {
				n = min(n, (wanted*done+found-1)/found)
			}
			return n
		}
		streams.FanOut(ctx, width, parents, children)(func(r *row, err error) bool {
			if err == nil && s.conditions.verdict(r) == holds {
				found++
			}
			return yield(r, err)
		})
	}
}

// single requests one object for each parent. ask returns no row if there is nothing to show.
func single[P any](ctx context.Context, s *scan, parents iter.Seq2[P, error], ask func(context.Context, *scan, P) (*row, error)) rowSeq {
	return spread(ctx, s, int(max(s.limit, 1)), parents, func(ctx context.Context, parent P) rowSeq {
		return func(yield func(*row, error) bool) {
			if r, err := ask(ctx, s, parent); r != nil || err != nil {
				yield(r, err)
			}
		}
	})
}
