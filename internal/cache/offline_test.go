package cache

import (
	"context"
	"errors"
	"iter"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/kindor/steampipe-plugin-bitbucket/internal/streams"
)

// A caller that is offline gets what is kept, and when that was made. What it asks for by itself stays its own.
func TestOffline(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c := New(time.Minute, 100)
		begin := time.Now()
		one := func(context.Context) (int, error) { return 1, nil }
		two := func(context.Context) iter.Seq2[int, error] { return streams.Each(1, 2) }
		if _, err := Get(t.Context(), c, "object", one); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Second)
		for _, err := range List(t.Context(), c, "list", two) {
			if err != nil {
				t.Fatal(err)
			}
		}

		offlineCtx, since := Offline(t.Context())
		missing := errors.New("not kept")
		ask := func(ctx context.Context) (int, error) {
			if !IsOffline(ctx) {
				t.Error("what it asks for by itself is not offline")
			}
			return 0, missing
		}
		if !since().IsZero() || IsOffline(t.Context()) {
			t.Error("something was used before anything was asked for")
		}
		var items []int
		for item, err := range List(offlineCtx, c, "list", func(context.Context) iter.Seq2[int, error] { return streams.Fail[int](missing) }) {
			if err != nil {
				t.Error(err)
			}
			items = append(items, item)
		}
		if !slices.Equal(items, []int{1, 2}) || since() != begin.Add(time.Second) {
			t.Errorf("list %v, used since %v", items, since())
		}
		if got, err := Get(offlineCtx, c, "object", ask); got != 1 || err != nil || since() != begin {
			t.Errorf("got %v, error %v, used since %v", got, err, since())
		}
		if _, err := Get(offlineCtx, c, "other", ask); err != missing {
			t.Errorf("error = %v", err)
		}
		if _, ok := Peek[int](c, "other"); ok {
			t.Error("what it asked for by itself is kept")
		}
		synctest.Wait()
	})
}

// A group has the keys whose answers are kept or on their way.
func TestGroup(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c := New(time.Minute, 0)
		release, failed := make(chan struct{}), errors.New("made to fail")
		get := func(group, key string, err error) {
			GetIn(t.Context(), c, group, key, func(context.Context) (int, error) {
				<-release
				return 0, err
			})
		}
		go get("a", "1", nil)
		synctest.Wait()
		go get("a", "2", failed)
		go get("b", "3", nil)
		synctest.Wait()
		if got := c.Group("a"); !slices.Equal(got, []string{"1", "2"}) {
			t.Errorf("on their way: %v", got)
		}
		close(release)
		synctest.Wait()
		if got := c.Group("a"); !slices.Equal(got, []string{"1"}) {
			t.Errorf("kept: %v", got)
		}
		c.Forget("3")
		groups := func() int {
			c.mu.Lock()
			defer c.mu.Unlock()
			return len(c.groups)
		}
		if got := c.Group("b"); len(got) != 0 || groups() != 1 {
			t.Errorf("forgotten: %v, %d groups", got, groups())
		}
		time.Sleep(time.Minute)
		synctest.Wait()
		if got := c.Group("a"); len(got) != 0 || groups() != 0 {
			t.Errorf("after their life: %v, %d groups", got, groups())
		}
	})
}
