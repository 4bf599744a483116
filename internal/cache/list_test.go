package cache

import (
	"context"
	"errors"
	"iter"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// numbers is a list of n items that counts the items made, and how often reading began and ended.
type numbers struct {
	n                  int
	fails              error // after the n items
	made, begun, ended atomic.Int64
}

func (c *numbers) read(context.Context) iter.Seq2[int, error] {
	return func(yield func(int, error) bool) {
		c.begun.Add(1)
		defer c.ended.Add(1)
		for i := range c.n {
			c.made.Add(1)
			if !yield(i, nil) {
				return
			}
		}
		if c.fails != nil {
			yield(0, c.fails)
		}
	}
}

// readAll reads a number of items.
func readAll(t *testing.T, c *Cache, of *numbers, most int) (n int, failed error) {
	t.Helper()
	for item, err := range List(t.Context(), c, "list", of.read) {
		if err != nil {
			return n, err
		}
		if item != n {
			t.Errorf("item %d = %d", n, item)
		}
		if n++; n == most {
			break
		}
	}
	return n, nil
}

func TestListIsReadOnce(t *testing.T) {
	t.Parallel()
	c, of := New(time.Hour, 1<<20), &numbers{n: 500}
	var readers sync.WaitGroup
	for range 20 {
		readers.Go(func() {
			if n, err := readAll(t, c, of, of.n+1); n != of.n || err != nil {
				t.Errorf("%d items, want %d; error %v", n, of.n, err)
			}
		})
	}
	readers.Wait()
	if begun, made := of.begun.Load(), of.made.Load(); begun != 1 || made != int64(of.n) {
		t.Errorf("%d items were made in %d readings for 20 readers of %d", made, begun, of.n)
	}
	if items, _, ok := PeekList[int](c, "list"); !ok || len(items) != of.n {
		t.Errorf("PeekList = %d items, %t", len(items), ok)
	}
}

func TestListIsReadNoFurtherThanWanted(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c, of := New(time.Hour, 1<<20), &numbers{n: 500}
		if n, err := readAll(t, c, of, 10); n != 10 || err != nil {
			t.Errorf("%d items, error %v", n, err)
		}
		synctest.Wait()
		if made, ended := of.made.Load(), of.ended.Load(); made != 10 || ended != 1 {
			t.Errorf("%d items were made, want the 10 that were read; %d readings ended", made, ended)
		}
		if _, _, ok := PeekList[int](c, "list"); ok || c.known.ItemCount() > 0 {
			t.Error("part of a list passes for all of it")
		}
		if n, err := readAll(t, c, of, 501); n != 500 || err != nil || of.begun.Load() != 2 {
			t.Errorf("%d items for the next reader, error %v, after %d readings", n, err, of.begun.Load())
		}
	})
}

func TestListOutlivesItsFirstReader(t *testing.T) {
	t.Parallel()
	c, of := New(time.Hour, 1<<20), &numbers{n: 50}
	first, cancel := context.WithCancel(t.Context())
	defer cancel()
	next, stop := iter.Pull2(List(t.Context(), c, "list", of.read))
	defer stop()
	for _, err := range List(first, c, "list", of.read) {
		if err != nil {
			break
		}
		if _, err, ok := next(); err != nil || !ok {
			t.Fatal(err)
		}
		cancel()
	}
	for n := 1; ; n++ {
		_, err, ok := next()
		if err != nil {
			t.Fatal(err)
		}
		if !ok {
			if n != of.n {
				t.Errorf("%d items for the second reader, want %d", n, of.n)
			}
			break
		}
	}
	if of.begun.Load() != 1 {
		t.Errorf("%d readings", of.begun.Load())
	}
}

func TestListThatFailsIsNotKept(t *testing.T) {
	t.Parallel()
	c, of := New(time.Hour, 1<<20), &numbers{n: 3, fails: errors.New("made to fail")}
	for range 2 {
		if n, err := readAll(t, c, of, 4); n != 3 || !errors.Is(err, of.fails) {
			t.Errorf("%d items and %v, want 3 and the error", n, err)
		}
	}
	if of.begun.Load() != 2 {
		t.Errorf("%d readings, want one for each reader", of.begun.Load())
	}
	for _, err := range List(t.Context(), c, "list", func(context.Context) iter.Seq2[int, error] {
		return func(func(int, error) bool) { panic("oh") }
	}) {
		if err == nil {
			t.Error("no error of a panic")
		}
	}
}

func TestListWaitsNoLongerThanItsReader(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	for _, err := range List(ctx, New(time.Hour, 0), "list", func(ctx context.Context) iter.Seq2[int, error] {
		return func(func(int, error) bool) {
			cancel()
			<-ctx.Done()
		}
	}) {
		if !errors.Is(err, context.Canceled) {
			t.Errorf("error = %v", err)
		}
	}
}

func TestListIsKeptForItsLifeFromTheBeginning(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c, of := New(time.Minute, 1<<20), &numbers{n: 3}
		began := time.Now()
		for range List(t.Context(), c, "list", of.read) {
			time.Sleep(10 * time.Second)
		}
		if _, since, ok := PeekList[int](c, "list"); !ok || !since.Equal(began) {
			t.Errorf("since %v, %t, want %v", since, ok, began)
		}
		time.Sleep(31 * time.Second)
		if _, _, ok := PeekList[int](c, "list"); ok {
			t.Error("an old list is kept")
		}
		time.Sleep(time.Minute)
		synctest.Wait()
		if c.known.ItemCount() > 0 || len(c.order) > 0 {
			t.Error("an old list takes room")
		}
	})
}

func TestListForgetsWhoReadItFirst(t *testing.T) {
	t.Parallel()
	c, forgotten := New(time.Hour, 1<<20), make(chan struct{})
	type key struct{}
	query := new([1 << 10]int)
	runtime.AddCleanup(query, func(done chan struct{}) { close(done) }, forgotten)
	for range List(context.WithValue(t.Context(), key{}, query), c, "list", (&numbers{n: 3}).read) {
	}
	query = nil
	for range 1000 {
		runtime.GC()
		select {
		case <-forgotten:
			runtime.KeepAlive(c)
			return
		default:
		}
	}
	runtime.KeepAlive(c)
	t.Error("a list that is kept keeps the query that read it")
}
