package api

import (
	"context"
	"errors"
	"iter"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/kindor/steampipe-plugin-bitbucket/internal/jsontree"
)

// counted is a list of n items that counts how many were made, and how many readings of it are going on.
type counted struct {
	n             int
	fails         error // after the n items
	made, running atomic.Int64
	begun         atomic.Int64
}

func (c *counted) read(ctx context.Context) iter.Seq2[jsontree.Value, error] {
	return func(yield func(jsontree.Value, error) bool) {
		c.begun.Add(1)
		c.running.Add(1)
		defer c.running.Add(-1)
		for i := range c.n {
			c.made.Add(1)
			if !yield(jsontree.Of(i), nil) {
				return
			}
		}
		if c.fails != nil {
			yield(jsontree.Value{}, c.fails)
		}
	}
}

func TestSharedListIsReadOnce(t *testing.T) {
	t.Parallel()
	c := &counted{n: 500}
	l := Share(t.Context(), c.read)
	var readers sync.WaitGroup
	for range 20 {
		if !l.Join() {
			t.Fatal("not admitted")
		}
		readers.Go(func() {
			defer l.Leave()
			i := 0
			for item, err := range l.Items(t.Context()) {
				if err != nil || item.Result().Int() != int64(i) {
					t.Errorf("item %d = %v, %v", i, item, err)
					return
				}
				i++
			}
			if i != c.n {
				t.Errorf("%d items, want %d", i, c.n)
			}
		})
	}
	readers.Wait()
	if made := c.made.Load(); made != int64(c.n) {
		t.Errorf("%d items were made for 20 readers of %d", made, c.n)
	}
	if all, ok := l.All(); !ok || len(all) != c.n {
		t.Errorf("All = %d items, %v", len(all), ok)
	}
}

func TestSharedListIsReadNoFurtherThanWanted(t *testing.T) {
	t.Parallel()
	c := &counted{n: 500}
	l := Share(t.Context(), c.read)
	l.Join()
	for item := range l.Items(t.Context()) {
		if item.Result().Int() == 9 {
			break
		}
	}
	if made := c.made.Load(); made != 10 {
		t.Errorf("%d items were made, want the 10 that were read", made)
	}
	if _, ok := l.All(); ok {
		t.Error("part of a list passes for all of it")
	}
	if l.Leave() {
		t.Error("a list that nobody has read to its end is kept")
	}
	eventually(t, "the reading ends", func() bool { return c.running.Load() == 0 })
	if l.Join() {
		t.Error("a list that was given up admits readers")
	}
}

func TestSharedListOutlivesItsFirstReader(t *testing.T) {
	t.Parallel()
	c := &counted{n: 50}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	l := Share(ctx, c.read)
	l.Join()
	l.Join()
	for range l.Items(ctx) {
		cancel()
	}
	l.Leave()
	n := 0
	for _, err := range l.Items(t.Context()) {
		if err != nil {
			t.Fatal(err)
		}
		n++
	}
	if n != c.n || !l.Leave() {
		t.Errorf("%d items for the second reader, want %d, and the list kept", n, c.n)
	}
}

func TestSharedListThatFails(t *testing.T) {
	t.Parallel()
	c := &counted{n: 3, fails: errors.New("made to fail")}
	l := Share(t.Context(), c.read)
	l.Join()
	n := 0
	var failed error
	for _, err := range l.Items(t.Context()) {
		if err != nil {
			failed = err
			break
		}
		n++
	}
	if n != 3 || !errors.Is(failed, c.fails) {
		t.Errorf("%d items and %v, want 3 and the error", n, failed)
	}
	if l.Leave() || l.Join() {
		t.Error("a failed list is kept")
	}
}

func TestSharedListWaitsNoLongerThanItsReader(t *testing.T) {
	t.Parallel()
	blocked := make(chan struct{})
	l := Share(t.Context(), func(ctx context.Context) iter.Seq2[jsontree.Value, error] {
		return func(func(jsontree.Value, error) bool) {
			close(blocked)
			<-ctx.Done()
		}
	})
	l.Join()
	ctx, cancel := context.WithCancel(t.Context())
	go func() {
		<-blocked
		cancel()
	}()
	for _, err := range l.Items(ctx) {
		if !errors.Is(err, context.Canceled) {
			t.Errorf("error = %v", err)
		}
	}
	l.Leave()
}

func TestSharedListSurvivesAPanic(t *testing.T) {
	t.Parallel()
	l := Share(t.Context(), func(context.Context) iter.Seq2[jsontree.Value, error] {
		return func(func(jsontree.Value, error) bool) { panic("oh") }
	})
	l.Join()
	defer l.Leave()
	for _, err := range l.Items(t.Context()) {
		if err == nil {
			t.Error("no error")
		}
	}
}

func eventually(t *testing.T, what string, is func() bool) {
	t.Helper()
	for deadline := time.Now().Add(10 * time.Second); !is(); runtime.Gosched() {
		if time.Now().After(deadline) {
			t.Errorf("never: %s", what)
			return
		}
	}
}

func TestSharedListForgetsWhoReadItFirst(t *testing.T) {
	t.Parallel()
	forgotten := make(chan struct{})
	type key struct{}
	query := new([1 << 10]int)
	runtime.AddCleanup(query, func(done chan struct{}) { close(done) }, forgotten)
	l := Share(context.WithValue(t.Context(), key{}, query), (&counted{n: 3}).read)
	query = nil
	l.Join()
	for range l.Items(t.Context()) {
	}
	l.Leave()
	for range 1000 {
		runtime.GC()
		select {
		case <-forgotten:
			runtime.KeepAlive(l)
			return
		default:
		}
	}
	runtime.KeepAlive(l)
	t.Error("a list that is remembered keeps the query that read it")
}
