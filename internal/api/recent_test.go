package api

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/kindor/steampipe-plugin-bitbucket/internal/jsontree"
)

func TestRecentSharesWhatIsOnItsWay(t *testing.T) {
	t.Parallel()
	r := &recent{}
	var asked atomic.Int64
	release := make(chan struct{})
	var waiters sync.WaitGroup
	for range 20 {
		waiters.Go(func() {
			got, err := r.get(t.Context(), "a", func(context.Context) (found, error) {
				asked.Add(1)
				<-release
				return found{document: jsontree.MustParse(`{"n":1}`)}, nil
			})
			if err != nil || got.document.Get("n").Int() != 1 {
				t.Errorf("got %v, %v", got, err)
			}
		})
	}
	eventually(t, "all wait", func() bool {
		r.mu.Lock()
		defer r.mu.Unlock()
		return r.answers["a"] != nil && r.answers["a"].waiting == 20
	})
	close(release)
	waiters.Wait()
	if asked.Load() != 1 {
		t.Errorf("20 at the same time asked %d times", asked.Load())
	}
	if len(r.answers) != 0 {
		t.Error("an answer is remembered although none may have any age")
	}
}

func TestRecentRemembersForAWhile(t *testing.T) {
	t.Parallel()
	r := &recent{maxAge: time.Hour}
	asked := 0
	ask := func(ctx context.Context, address string) int64 {
		got, err := r.get(ctx, address, func(context.Context) (found, error) {
			asked++
			return found{document: jsontree.Of(asked)}, nil
		})
		if err != nil {
			t.Fatal(err)
		}
		return got.document.Result().Int()
	}
	if a, b := ask(t.Context(), "a"), ask(t.Context(), "a"); a != 1 || b != 1 {
		t.Errorf("answers %d and %d, want the first twice", a, b)
	}
	if b := ask(t.Context(), "b"); b != 2 {
		t.Errorf("another address was answered %d", b)
	}
	if a := ask(fresh(t.Context()), "a"); a != 3 {
		t.Errorf("whoever wants it fresh was answered %d", a)
	}
	r.answers["a"].since = time.Now().Add(-2 * time.Hour)
	if a := ask(t.Context(), "a"); a != 4 {
		t.Errorf("an old answer counts: %d", a)
	}
}

func TestRecentForgetsErrorsAndTheOldest(t *testing.T) {
	t.Parallel()
	r := &recent{maxAge: time.Hour}
	failed := errors.New("made to fail")
	if _, err := r.get(t.Context(), "a", func(context.Context) (found, error) { return found{}, failed }); !errors.Is(err, failed) {
		t.Errorf("error = %v", err)
	}
	if len(r.answers) != 0 {
		t.Error("an error is remembered")
	}
	large := `"` + strings.Repeat("x", recentBytes/4) + `"`
	for i := range 6 {
		if _, err := r.get(t.Context(), fmt.Sprint(i), func(context.Context) (found, error) { return found{document: jsontree.MustParse(large)}, nil }); err != nil {
			t.Fatal(err)
		}
	}
	if r.bytes > recentBytes || len(r.answers) != len(r.order) || r.answers["5"] == nil || r.answers["0"] != nil {
		t.Errorf("%d bytes of %d answers are remembered, %d in order", r.bytes, len(r.answers), len(r.order))
	}
}

func TestRecentGivesUpWhatNobodyWaitsFor(t *testing.T) {
	t.Parallel()
	r := &recent{maxAge: time.Hour}
	ctx, cancel := context.WithCancel(t.Context())
	asking, ended := make(chan struct{}), make(chan error, 1)
	go func() {
		<-asking
		cancel()
	}()
	_, err := r.get(ctx, "a", func(ctx context.Context) (found, error) {
		close(asking)
		<-ctx.Done()
		ended <- ctx.Err()
		return found{}, ctx.Err()
	})
	if !errors.Is(err, context.Canceled) || !errors.Is(<-ended, context.Canceled) {
		t.Errorf("error = %v, want that both were cancelled", err)
	}
	if got, err := r.get(t.Context(), "a", func(context.Context) (found, error) { return found{document: jsontree.Of(1)}, nil }); err != nil || got.document.Result().Int() != 1 {
		t.Errorf("the next who asks gets %v, %v", got, err)
	}
}
