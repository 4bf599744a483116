package streams_test

import (
	"context"
	"errors"
	"iter"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/kindor/steampipe-plugin-bitbucket/internal/streams"
)

var errMade = errors.New("made to fail")

// children returns the values of a parent, which are the numbers in its text. A "!" is an error, and a "?" a panic.
func children(_ context.Context, parent string) iter.Seq2[string, error] {
	return func(yield func(string, error) bool) {
		for child := range strings.FieldsSeq(parent) {
			switch {
			case child == "?":
				panic("oh")
			case child == "!":
				yield("", errMade)
				return
			case !yield(child, nil):
				return
			}
		}
	}
}

// collect reads a sequence to its end or its first error.
func collect(values iter.Seq2[string, error]) (all []string, err error) {
	for value, err := range values {
		if err != nil {
			return all, err
		}
		all = append(all, value)
	}
	return all, nil
}

func TestFanOut(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		parents   iter.Seq2[string, error]
		want      []string
		wantError string
	}{
		"in the order of the parents": {streams.Each("1 2", "", "3", "4 5"), []string{"1", "2", "3", "4", "5"}, ""},
		"no parents":                  {streams.Each[string](), nil, ""},
		"a child that fails":          {streams.Each("1", "2 !", "3"), []string{"1", "2"}, "made to fail"},
		"parents that fail":           {streams.Fail[string](errMade), nil, "made to fail"},
		"a child that panics":         {streams.Each("1", "?"), []string{"1"}, "a bug in the plugin"},
	} {
		for _, width := range []int{1, 2, 10} {
			got, err := collect(streams.FanOut(t.Context(), func(int) int { return width }, test.parents, children))
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("%s, %d at once (-want +got):\n%s", name, width, diff)
			}
			if (err != nil) != (test.wantError != "") || err != nil && !strings.Contains(err.Error(), test.wantError) {
				t.Errorf("%s, %d at once: error %v, want %q", name, width, err, test.wantError)
			}
		}
	}
}

// If the consumer stops, all readers end. There are never more readers than the width.
func TestFanOutStops(t *testing.T) {
	t.Parallel()
	var begun, ended atomic.Int64
	endless := func(ctx context.Context, _ string) iter.Seq2[string, error] {
		return func(yield func(string, error) bool) {
			begun.Add(1)
			defer ended.Add(1)
			for yield("x", nil) {
			}
		}
	}
	n := 0
	for range streams.FanOut(t.Context(), func(int) int { return 3 }, streams.Each("a", "b", "c", "d", "e"), endless) {
		if n++; n == 1000 {
			break
		}
	}
	if begun.Load() != 3 || ended.Load() != 3 {
		t.Errorf("%d readers were begun and %d ended, want 3", begun.Load(), ended.Load())
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := collect(streams.FanOut(ctx, func(int) int { return 2 }, streams.Each("1", "2"), endless)); !errors.Is(err, context.Canceled) {
		t.Errorf("error = %v of a cancelled reading", err)
	}
}

func TestMerge(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		parents []string
		want    []string
		wantErr error
	}{
		"merged":              {[]string{"1 4", "2 3", ""}, []string{"1", "2", "3", "4"}, nil},
		"equal, in order":     {[]string{"1 1", "1"}, []string{"1", "1", "1"}, nil},
		"nothing":             {nil, nil, nil},
		"one is out of order": {[]string{"2 1", "3"}, []string{"2"}, streams.ErrOrder},
		"one fails":           {[]string{"1 3 !", "2 4"}, []string{"1", "2", "3"}, errMade},
	} {
		got, err := collect(streams.Merge(t.Context(), streams.Each(test.parents...), children, strings.Compare))
		if diff := cmp.Diff(test.want, got); diff != "" || !errors.Is(err, test.wantErr) {
			t.Errorf("%s: error %v, want %v (-want +got):\n%s", name, err, test.wantErr, diff)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	for value, err := range streams.Merge(ctx, streams.Each("1 2", "1 2"), children, strings.Compare) {
		if cancel(); err != nil && !errors.Is(err, context.Canceled) || !slices.Contains([]string{"", "1", "2"}, value) {
			t.Errorf("%q, error %v", value, err)
		}
	}
}

// Values are read ahead to the end, and arrive in order, with an error or a panic at the end.
func TestReadAhead(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		parent    string
		want      []string
		wantError string
	}{
		"values":   {"1 2 3", []string{"1", "2", "3"}, ""},
		"nothing":  {"", nil, ""},
		"an error": {"1 ! 2", []string{"1"}, "made to fail"},
		"a panic":  {"1 ?", []string{"1"}, "a bug in the plugin"},
	} {
		got, err := collect(streams.ReadAhead(t.Context(), children(t.Context(), test.parent), func() {}))
		if diff := cmp.Diff(test.want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
		if (err != nil) != (test.wantError != "") || err != nil && !strings.Contains(err.Error(), test.wantError) {
			t.Errorf("%s: error %v, want %q", name, err, test.wantError)
		}
	}
	all := make(chan struct{}, 3)
	for range streams.ReadAhead(t.Context(), children(t.Context(), "1 2 3"), func() { all <- struct{}{} }) {
		for range 3 { // while the first value is consumed, the last one is read
			<-all
		}
		break
	}
}
