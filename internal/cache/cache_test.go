package cache

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
	"weak"
)

// A blob is an answer of a size.
type blob int

func (b blob) Size() int { return int(b) }

// answering returns a function that counts its calls, and returns the count.
func answering(asked *int) func(context.Context) (int, error) {
	return func(context.Context) (int, error) {
		*asked++
		return *asked, nil
	}
}

func TestGetSharesARequest(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c := New(0, 0)
		var asked atomic.Int64
		release := make(chan struct{})
		var waiters sync.WaitGroup
		for range 20 {
			waiters.Go(func() {
				got, err := Get(t.Context(), c, "a", func(context.Context) (int, error) {
					asked.Add(1)
					<-release
					return 1, nil
				})
				if err != nil || got != 1 {
					t.Errorf("got %v, %v", got, err)
				}
			})
		}
		synctest.Wait()
		close(release)
		waiters.Wait()
		if asked.Load() != 1 {
			t.Errorf("20 at the same time asked %d times", asked.Load())
		}
		if c.known.ItemCount() != 0 {
			t.Error("an answer is kept although none may have any age")
		}
	})
}

func TestGetKeepsAnAnswer(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c, asked := New(time.Minute, 0), 0
		ask := func(key string) int {
			got, err := Get(t.Context(), c, key, answering(&asked))
			if err != nil {
				t.Fatal(err)
			}
			return got
		}
		if a, b := ask("a"), ask("a"); a != 1 || b != 1 {
			t.Errorf("answers %d and %d, want the first twice", a, b)
		}
		if b := ask("b"); b != 2 {
			t.Errorf("another key was answered %d", b)
		}
		if got, ok := Peek[int](c, "a"); got != 1 || !ok {
			t.Errorf("Peek = %d, %t", got, ok)
		}
		c.Forget("b")
		if _, ok := Peek[int](c, "b"); ok {
			t.Error("what was forgotten is there")
		}
		if b := ask("b"); b != 3 {
			t.Errorf("what was forgotten was answered %d", b)
		}
		time.Sleep(time.Minute)
		synctest.Wait()
		if _, ok := Peek[int](c, "a"); ok || c.known.ItemCount() > 0 || len(c.order) > 0 {
			t.Errorf("%d old answers are kept", c.known.ItemCount())
		}
		if a := ask("a"); a != 4 {
			t.Errorf("an old answer counts: %d", a)
		}
	})
}

// A connection that is gone takes its answers with it, and not only when they are old.
func TestSweepKeepsNoCache(t *testing.T) {
	t.Parallel()
	c := New(time.Hour, 0)
	if _, err := Get(t.Context(), c, "a", func(context.Context) (int, error) { return 1, nil }); err != nil {
		t.Fatal(err)
	}
	c.mu.Lock()
	scheduled, kept := c.sweeping, weak.Make(c)
	c.mu.Unlock()
	if !scheduled {
		t.Fatal("no sweep is scheduled")
	}
	c = nil
	runtime.GC()
	if kept.Value() != nil {
		t.Error("the scheduled sweep keeps the cache")
	}
}

func TestGetForgetsErrorsAndTheOldest(t *testing.T) {
	t.Parallel()
	c := New(time.Hour, 100)
	failed := errors.New("made to fail")
	if _, err := Get(t.Context(), c, "a", func(context.Context) (blob, error) { return 0, failed }); !errors.Is(err, failed) {
		t.Errorf("error = %v", err)
	}
	if _, err := Get(t.Context(), c, "a", func(context.Context) (blob, error) { panic("oh") }); err == nil {
		t.Error("no error of a panic")
	}
	if c.known.ItemCount() != 0 {
		t.Error("an error is kept")
	}
	for i := range 6 {
		if _, err := Get(t.Context(), c, fmt.Sprint(i), func(context.Context) (blob, error) { return 25, nil }); err != nil {
			t.Fatal(err)
		}
	}
	_, oldest := Peek[blob](c, "0")
	_, newest := Peek[blob](c, "5")
	if oldest || !newest || c.taken != 100 || c.known.ItemCount() != 4 {
		t.Errorf("%d bytes of %d answers are kept; the oldest: %t, the newest: %t", c.taken, c.known.ItemCount(), oldest, newest)
	}
}

func TestGrow(t *testing.T) {
	t.Parallel()
	c := New(time.Hour, 100)
	for i := range 4 {
		if _, err := Get(t.Context(), c, fmt.Sprint(i), func(context.Context) (blob, error) { return 25, nil }); err != nil {
			t.Fatal(err)
		}
	}
	isKept := func(key string) bool {
		_, ok := Peek[blob](c, key)
		return ok
	}
	Grow(c, "2", blob(25), 30)
	if isKept("0") || isKept("1") || !isKept("2") || !isKept("3") || c.taken != 80 {
		t.Errorf("%d bytes are kept after an answer grew by 30", c.taken)
	}
	Grow(c, "2", blob(25), 1000)
	if !isKept("2") || !isKept("3") {
		t.Error("an answer that grew over the limit was dropped, or a newer one")
	}
	Grow(c, "0", blob(25), 1000)
	Grow(c, "3", blob(26), 1000)
	if c.taken != 1080 {
		t.Errorf("%d bytes are kept, want 1080: answers that are not kept have grown", c.taken)
	}
	if _, err := Get(t.Context(), c, "4", func(context.Context) (blob, error) { return 25, nil }); err != nil || isKept("2") || c.taken != 50 {
		t.Errorf("%d bytes are kept, want 50; error %v", c.taken, err)
	}
}

func TestGetGivesUpWhatNobodyWaitsFor(t *testing.T) {
	t.Parallel()
	c := New(time.Hour, 0)
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	_, err := Get(ctx, c, "a", func(ctx context.Context) (int, error) {
		cancel()
		<-ctx.Done()
		ended <- ctx.Err()
		return 0, ctx.Err()
	})
	if !errors.Is(err, context.Canceled) || !errors.Is(<-ended, context.Canceled) {
		t.Errorf("error = %v, want that both were cancelled", err)
	}
	if got, err := Get(t.Context(), c, "a", func(context.Context) (int, error) { return 1, nil }); err != nil || got != 1 {
		t.Errorf("the next who asks gets %v, %v", got, err)
	}
}
