package api

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestListRequests(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		items     int
		list      List
		wantItems int
		wantPages []int // sorted
	}{
		"empty":                      {items: 0, list: List{PageLen: 100}, wantItems: 0, wantPages: []int{1}},
		"one page":                   {items: 100, list: List{PageLen: 100}, wantItems: 100, wantPages: []int{1}},
		"two pages":                  {items: 101, list: List{PageLen: 100}, wantItems: 101, wantPages: []int{1, 2}},
		"many pages":                 {items: 1001, list: List{PageLen: 100}, wantItems: 1001, wantPages: []int{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11}},
		"no page length":             {items: 250, list: List{}, wantItems: 250, wantPages: []int{1, 2, 3}},
		"some of a page":             {items: 1000, list: List{PageLen: 100, Wanted: 7}, wantItems: 7, wantPages: []int{1}},
		"just a page":                {items: 1000, list: List{PageLen: 100, Wanted: 100}, wantItems: 100, wantPages: []int{1}},
		"some pages":                 {items: 1000, list: List{PageLen: 100, Wanted: 250}, wantItems: 250, wantPages: []int{1, 2, 3}},
		"just two pages":             {items: 1000, list: List{PageLen: 100, Wanted: 200}, wantItems: 200, wantPages: []int{1, 2}},
		"more than there are":        {items: 150, list: List{PageLen: 100, Wanted: 1000}, wantItems: 150, wantPages: []int{1, 2}},
		"some without page length":   {items: 1000, list: List{Wanted: 150}, wantItems: 150, wantPages: []int{1, 2}},
		"page length smaller":        {items: 120, list: List{PageLen: 50}, wantItems: 120, wantPages: []int{1, 2, 3}},
		"the service caps the pages": {items: 250, list: List{PageLen: 1000}, wantItems: 250, wantPages: []int{1, 2, 3}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				service := newCollection(tt.items)
				tt.list.Path = "/2.0/repositories/acme"
				got, err := collect(t.Context(), newMemoryClient(t, service.ServeHTTP), tt.list)
				if err != nil {
					t.Fatal(err)
				}
				if diff := cmp.Diff(service.names[:tt.wantItems], got, cmp.Transformer("empty", nonNil)); diff != "" {
					t.Errorf("items (-want +got):\n%s", diff)
				}
				pages := service.pages(t)
				slices.Sort(pages)
				if diff := cmp.Diff(tt.wantPages, pages); diff != "" {
					t.Errorf("requested pages (-want +got):\n%s", diff)
				}
			})
		})
	}
}

func nonNil(s []string) []string { return append([]string{}, s...) }

func TestListQuery(t *testing.T) {
	t.Parallel()
	service := newCollection(250)
	list := List{
		Path:    "/2.0/repositories/acme",
		Query:   url.Values{"q": {`project.key = "A B+C"`}, "sort": {"-created_on"}},
		Fields:  []string{"links.html.href", "uuid", "name", "links", "name"},
		PageLen: 100,
	}
	if _, err := collect(t.Context(), newMemoryClient(t, service.ServeHTTP), list); err != nil {
		t.Fatal(err)
	}
	want := "fields=next%2Cpage%2Cpagelen%2Csize%2Cvalues.links%2Cvalues.name%2Cvalues.uuid&pagelen=100&q=project.key%20%3D%20%22A%20B%2BC%22&sort=-created_on"
	if diff := cmp.Diff(want, service.requests[0]); diff != "" {
		t.Errorf("first query (-want +got):\n%s", diff)
	}
	if len(list.Query) != 2 {
		t.Errorf("the caller's query was changed: %v", list.Query)
	}
}

func TestListReadsAheadWithinBounds(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		service := newCollection(5000)
		client := newMemoryClient(t, service.ServeHTTP, func(c *Config) { c.MaxConcurrency = 4 })
		n := 0
		for _, err := range client.List(t.Context(), List{Path: "/2.0/repositories/acme", PageLen: 100}) {
			if err != nil {
				t.Fatal(err)
			}
			n++
			synctest.Wait() // until all pages that may be fetched now are fetched
			if got, most := len(service.pages(t)), (n-1)/100+1+4; got > most {
				t.Fatalf("%d pages fetched at item %d, want at most %d", got, n, most)
			}
		}
		if pages := len(service.pages(t)); n != 5000 || pages != 50 {
			t.Errorf("%d items in %d requests, want 5000 in 50", n, pages)
		}
	})
}

func TestListFetchesPagesTogether(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		service := newCollection(900)
		var inFlight atomic.Int32
		arrived := make(chan struct{})
		client := newMemoryClient(t, func(w http.ResponseWriter, req *http.Request) {
			// The pages after the first wait for each other.
			if req.URL.Query().Has("page") && inFlight.Add(1) == 8 {
				close(arrived)
			}
			if req.URL.Query().Has("page") {
				<-arrived
			}
			service.ServeHTTP(w, req)
		})
		got, err := collect(t.Context(), client, List{Path: "/2.0/repositories/acme", PageLen: 100})
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(service.names, got); diff != "" {
			t.Errorf("items (-want +got):\n%s", diff)
		}
	})
}

func TestListStops(t *testing.T) {
	t.Parallel()
	t.Run("when the consumer does", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) { // fails if a goroutine is left
			service := newCollection(5000)
			var inFlight atomic.Int32
			client := newMemoryClient(t, func(w http.ResponseWriter, req *http.Request) {
				if req.URL.Query().Has("page") {
					inFlight.Add(1)
					defer inFlight.Add(-1)
					<-req.Context().Done()
					return
				}
				service.ServeHTTP(w, req)
			})
			n := 0
			for range client.List(t.Context(), List{Path: "/2.0/repositories/acme", PageLen: 100}) {
				synctest.Wait() // until all prefetches are running
				if n++; n == 3 {
					break
				}
			}
			if left := inFlight.Load(); left > 0 {
				t.Errorf("%d requests are still in flight", left)
			}
			if sent := client.Stats().Requests; n != 3 || sent > 9 {
				t.Errorf("%d items, %d requests, want 3 and at most 9", n, sent)
			}
		})
	})
	t.Run("when the context ends", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			ctx, cancel := context.WithCancel(t.Context())
			service := newCollection(5000)
			client := newMemoryClient(t, func(w http.ResponseWriter, req *http.Request) {
				if req.URL.Query().Get("page") == "5" {
					cancel()
				}
				if req.URL.Query().Has("page") {
					<-req.Context().Done()
					return
				}
				service.ServeHTTP(w, req)
			})
			got, err := collect(ctx, client, List{Path: "/2.0/repositories/acme", PageLen: 100})
			if !errors.Is(err, context.Canceled) || len(got) != 100 {
				t.Errorf("got %d items and error %v, want the first page and context.Canceled", len(got), err)
			}
		})
	})
}

func TestListFollowsOtherForms(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		next func(requested *url.URL, n int) string // address of page n; requested is the address of the first
	}{
		"opaque token": {func(u *url.URL, n int) string { return u.String() + fmt.Sprintf("&page=t%dk", n) }},
		"server context": {func(u *url.URL, n int) string {
			return u.String() + fmt.Sprintf("&ctx=79edd3ee&page=%d", n)
		}},
		"timestamp": {func(u *url.URL, n int) string {
			return u.String() + fmt.Sprintf("&after=2011-09-%02dT00%%3A05%%3A51.000000%%2B00%%3A00", n)
		}},
		"parameters left out": {func(u *url.URL, n int) string {
			return "https://api.bitbucket.org" + u.Path + fmt.Sprintf("?page=%d", n)
		}},
		"uuid for slug": {func(u *url.URL, n int) string {
			return fmt.Sprintf("https://api.bitbucket.org/2.0/repositories/%%7B47cd7cf2%%7D?%s&page=%d", u.RawQuery, n)
		}},
		"uuid unescaped": {func(u *url.URL, n int) string {
			return fmt.Sprintf("https://api.bitbucket.org/2.0/repositories/{47cd7cf2}?%s&page=%d", u.RawQuery, n)
		}},
		"other letters": {func(u *url.URL, n int) string {
			return fmt.Sprintf("https://api.bitbucket.org/2.0/repositories/Acme?%s&page=%d", u.RawQuery, n)
		}},
		"other spelling of the host": {func(u *url.URL, n int) string {
			return fmt.Sprintf("https://bitbucket.org/api/2.0/repositories/acme?%s&page=%d", u.RawQuery, n)
		}},
		"internal spelling of the host": {func(u *url.URL, n int) string {
			return fmt.Sprintf("https://bitbucket.org/!api/2.0/repositories/acme?%s&page=%d", u.RawQuery, n)
		}},
		"explicit port": {func(u *url.URL, n int) string {
			return fmt.Sprintf("https://api.bitbucket.org:443/2.0/repositories/acme?%s&page=%d", u.RawQuery, n)
		}},
	}
	for name, tt := range tests {
		for _, withSize := range []bool{true, false} {
			t.Run(fmt.Sprintf("%s, size %v", name, withSize), func(t *testing.T) {
				t.Parallel()
				const pages = 5
				var first atomic.Pointer[url.URL]
				var served atomic.Int32
				client := newMemoryClient(t, func(w http.ResponseWriter, req *http.Request) {
					if req.URL.Host != "api.bitbucket.org" && req.URL.Host != "api.bitbucket.org:443" {
						t.Errorf("a request to %s", req.URL.Host)
					}
					first.CompareAndSwap(nil, req.URL)
					served.Add(1)
					n := 1
					for i := 2; i <= pages; i++ {
						want, err := url.Parse(tt.next(first.Load(), i))
						if err != nil {
							t.Error(err)
						}
						if want.RawQuery == req.URL.RawQuery {
							n = i
						}
					}
					size := ""
					if withSize {
						size = fmt.Sprintf(`"size": %d, "pagelen": 1,`, pages)
					}
					next := ""
					if n < pages {
						next = fmt.Sprintf(`, "next": %q`, tt.next(first.Load(), n+1))
					}
					fmt.Fprintf(w, `{%s "values": [{"name": "%d"}]%s}`, size, n, next)
				})
				got, err := collect(t.Context(), client, List{Path: "/2.0/repositories/acme", Query: url.Values{"role": {"member"}}})
				if err != nil {
					t.Fatal(err)
				}
				if diff := cmp.Diff([]string{"1", "2", "3", "4", "5"}, got); diff != "" {
					t.Errorf("items (-want +got):\n%s", diff)
				}
				if served.Load() != pages {
					t.Errorf("%d requests, want %d", served.Load(), pages)
				}
			})
		}
	}
}

// A page may have fewer items than its length and still have a next page, and the form of next may
// change between pages.
func TestListSurprises(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		edit func(page map[string]any)
		want func(names []string) []string
	}{
		"short page": {
			edit: func(page map[string]any) {
				if page["page"] == 3 {
					page["values"] = page["values"].([]any)[:40]
				}
			},
			want: func(names []string) []string { return slices.Delete(names, 240, 300) },
		},
		"empty page in the middle": {
			edit: func(page map[string]any) {
				if page["page"] == 3 {
					page["values"] = []any{}
				}
			},
			want: func(names []string) []string { return slices.Delete(names, 200, 300) },
		},
		"one page without next": {
			edit: func(page map[string]any) {
				if page["page"] == 4 {
					delete(page, "next")
				}
			},
			want: func(names []string) []string { return names },
		},
		"no next at all": {
			edit: func(page map[string]any) { delete(page, "next") },
			want: func(names []string) []string { return names },
		},
		"no next at all, and short pages": {
			edit: func(page map[string]any) {
				delete(page, "next")
				if page["page"].(int) < 10 {
					page["values"] = page["values"].([]any)[1:]
				}
			},
			want: func(names []string) []string {
				return slices.DeleteFunc(names, func(name string) bool { return strings.HasSuffix(name, "00") && name != "item-0900" })
			},
		},
		"ends early without a size": {
			edit: func(page map[string]any) {
				if delete(page, "size"); page["page"] == 4 {
					delete(page, "next")
				}
			},
			want: func(names []string) []string { return names[:400] },
		},
		"next is null at the end": {
			edit: func(page map[string]any) {
				if page["page"] == 10 {
					page["next"] = nil
				}
			},
			want: func(names []string) []string { return names },
		},
		"next gains a parameter": {
			edit: func(page map[string]any) {
				if next, ok := page["next"].(string); ok && page["page"] == 2 {
					page["next"] = next + "&ctx=1"
				}
			},
			want: func(names []string) []string { return names },
		},
		"no size": {
			edit: func(page map[string]any) { delete(page, "size") },
			want: func(names []string) []string { return names },
		},
		"size goes away": {
			edit: func(page map[string]any) {
				if page["page"] == 3 {
					delete(page, "size")
				}
			},
			want: func(names []string) []string { return names },
		},
		"no page, no pagelen": {
			edit: func(page map[string]any) { delete(page, "page"); delete(page, "pagelen") },
			want: func(names []string) []string { return names },
		},
		"size too small": {
			edit: func(page map[string]any) { page["size"] = 150 },
			want: func(names []string) []string { return names },
		},
		"size too large": {
			edit: func(page map[string]any) { page["size"] = 100000 },
			want: func(names []string) []string { return names },
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			service := newCollection(1000)
			service.edit = func(page map[string]any) {
				number := page["page"]
				tt.edit(page)
				if _, last := page["next"]; !last && number == 10 {
					delete(page, "next")
				}
			}
			got, err := collect(t.Context(), newMemoryClient(t, service.ServeHTTP), List{Path: "/2.0/repositories/acme", PageLen: 100})
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want(slices.Clone(service.names)), got); diff != "" {
				t.Errorf("items (-want +got):\n%s", diff)
			}
		})
	}
}

// A page without next is not the last page if the size says that more items follow.
func TestListWithoutNext(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		items     int
		list      List
		edit      func(page map[string]any)
		wantItems int
		wantPages []int
		wantError string
	}{
		"no items":            {items: 0, wantItems: 0, wantPages: []int{1}},
		"one page":            {items: 100, wantItems: 100, wantPages: []int{1}},
		"pages":               {items: 250, wantItems: 250, wantPages: []int{1, 2, 3}},
		"full pages":          {items: 300, wantItems: 300, wantPages: []int{1, 2, 3}},
		"with parameters":     {items: 250, list: List{PageLen: 100, Query: url.Values{"sort": {"-created_on"}}}, wantItems: 250, wantPages: []int{1, 2, 3}},
		"counted but hidden":  {items: 250, edit: func(page map[string]any) { page["size"] = 251 }, wantItems: 250, wantPages: []int{1, 2, 3, 4}},
		"more than pagelen":   {items: 100, edit: func(page map[string]any) { page["pagelen"] = 1 }, wantItems: 100, wantPages: []int{1}},
		"no page":             {items: 250, edit: func(page map[string]any) { delete(page, "page") }, wantPages: []int{1}, wantError: "ended the list after 100 items, although its size is 250"},
		"no page and no size": {items: 250, edit: func(page map[string]any) { delete(page, "page"); delete(page, "size") }, wantItems: 100, wantPages: []int{1}},
		"always the first":    {items: 250, edit: func(page map[string]any) { page["page"] = 1 }, wantPages: []int{1, 2}, wantError: "answered with page 1 when asked for page 2"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			service := newCollection(tt.items)
			service.edit = func(page map[string]any) {
				delete(page, "next")
				if tt.edit != nil {
					tt.edit(page)
				}
			}
			tt.list.Path = "/2.0/repositories/acme"
			client := newMemoryClient(t, service.ServeHTTP, func(c *Config) { c.MaxConcurrency = 1 })
			got, err := collect(t.Context(), client, tt.list)
			if diff := cmp.Diff(tt.wantPages, service.pages(t)); diff != "" {
				t.Errorf("requested pages (-want +got):\n%s", diff)
			}
			if tt.wantError != "" {
				wantProtocolError(t, err, tt.wantError)
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(service.names[:tt.wantItems], got, cmp.Transformer("empty", nonNil)); diff != "" {
				t.Errorf("items (-want +got):\n%s", diff)
			}
		})
	}
}

// If a collection changes while it is read, no item that exists throughout is lost or returned
// twice.
func TestListOfChangingCollection(t *testing.T) {
	t.Parallel()
	plain := func(_ int, name string) any { return map[string]any{"name": name} }
	withoutNext := func(page map[string]any) { delete(page, "next") }
	forms := map[string]struct {
		item func(int, string) any
		edit func(page map[string]any)
	}{"with uuid": {}, "without uuid": {item: plain}, "without next": {edit: withoutNext}}
	changes := map[string]func(c *collection, r *rand.Rand, n int){
		"removals":             func(c *collection, r *rand.Rand, n int) { c.remove(r.IntN(len(c.names))) },
		"removals at the head": func(c *collection, r *rand.Rand, n int) { c.remove(r.IntN(10)) },
		"removals of many": func(c *collection, r *rand.Rand, n int) {
			for range 1 + r.IntN(12) {
				c.remove(r.IntN(len(c.names)))
			}
		},
		"additions":             func(c *collection, r *rand.Rand, n int) { c.insert(r.IntN(len(c.names)), fmt.Sprintf("new-%d", n)) },
		"additions at the head": func(c *collection, r *rand.Rand, n int) { c.insert(0, fmt.Sprintf("new-%d", n)) },
		"additions of many": func(c *collection, r *rand.Rand, n int) {
			for i := range 1 + r.IntN(12) {
				c.insert(r.IntN(len(c.names)), fmt.Sprintf("new-%d-%d", n, i))
			}
		},
	}
	for formName, form := range forms {
		for changeName, change := range changes {
			t.Run(formName+", "+changeName, func(t *testing.T) {
				t.Parallel()
				const runs = 40
				gaveUp := 0
				for seed := range uint64(runs) {
					r := rand.New(rand.NewPCG(seed, 1))
					service := newCollection(150)
					service.item, service.edit = form.item, form.edit
					before := slices.Clone(service.names)
					service.onAnswer = func(c *collection, n int) {
						if n > 1 && r.IntN(8) == 0 {
							change(c, r, n)
						}
					}
					client := newMemoryClient(t, service.ServeHTTP, func(c *Config) { c.MaxConcurrency = 1 + int(seed%4) })
					got, err := collect(t.Context(), client, List{Path: "/2.0/repositories/acme", PageLen: 10})
					if _, tooMuch := errors.AsType[*ProtocolError](err); tooMuch {
						gaveUp++
						continue
					}
					if err != nil {
						t.Fatal(err)
					}
					yielded, stayed := timesOf(got), timesOf(service.names)
					for _, name := range before {
						if n := yielded[name]; n > 1 || stayed[name] > 0 && n == 0 {
							t.Fatalf("seed %d: %s was yielded %d times (still there: %d)", seed, name, n, stayed[name])
						}
					}
				}
				if gaveUp > runs/4 {
					t.Errorf("gave up in %d of %d runs", gaveUp, runs)
				}
			})
		}
	}
}

// timesOf returns how often each name occurs.
func timesOf(names []string) map[string]int {
	times := map[string]int{}
	for _, name := range names {
		times[name]++
	}
	return times
}

// Items with a UUID come once, even if the size does not show all changes.
func TestListOfCollectionWithMixedChanges(t *testing.T) {
	t.Parallel()
	for at := 2; at <= 9; at++ {
		service := newCollection(100)
		before := slices.Clone(service.names)
		service.onAnswer = func(c *collection, n int) {
			if n == at {
				c.insert(0, "new")
				c.names = c.names[:len(c.names)-2]
			}
		}
		client := newMemoryClient(t, service.ServeHTTP, func(c *Config) { c.MaxConcurrency = 1 })
		got, err := collect(t.Context(), client, List{Path: "/2.0/repositories/acme", PageLen: 10})
		if err != nil {
			t.Fatal(err)
		}
		got = slices.DeleteFunc(got, func(name string) bool { return name == "new" })
		if diff := cmp.Diff(before[:98], got); diff != "" {
			t.Errorf("change at request %d: items (-want +got):\n%s", at, diff)
		}
	}
}

// After a change, the client does not guess the addresses of further pages.
func TestListOfChangedCollectionGoesOnePageAtATime(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		service := newCollection(1000)
		service.onAnswer = func(c *collection, n int) {
			if n == 3 {
				c.remove(0)
			}
		}
		var arrived, inFlight atomic.Int32
		client := newMemoryClient(t, func(w http.ResponseWriter, req *http.Request) {
			// The first page, eight prefetches, and one more after the first prefetch.
			if together := inFlight.Add(1); arrived.Add(1) > 10 && together > 1 {
				t.Errorf("page %s was requested together with others", req.URL.Query().Get("page"))
			}
			time.Sleep(time.Second) // simulated
			inFlight.Add(-1)
			service.ServeHTTP(w, req)
		})
		if _, err := collect(t.Context(), client, List{Path: "/2.0/repositories/acme", PageLen: 50}); err != nil {
			t.Fatal(err)
		}
	})
}

// Items without an identity are counted correctly.
func TestListOfChangingCollectionOfEqualItems(t *testing.T) {
	t.Parallel()
	for _, change := range []int{-11, -1, 1, 11} {
		for at := 2; at <= 9; at++ {
			service := newCollection(95)
			service.item = func(int, string) any { return map[string]any{"language": "go"} }
			service.onAnswer = func(c *collection, n int) {
				for ; n == at && len(c.names) < 95+change; c.insert(0, "new") {
				}
				for n == at && len(c.names) > 95+change {
					c.remove(0)
				}
			}
			client := newMemoryClient(t, service.ServeHTTP, func(c *Config) { c.MaxConcurrency = 1 })
			got, err := collect(t.Context(), client, List{Path: "/2.0/repositories/acme", PageLen: 10, Fields: []string{"language"}})
			if err != nil {
				t.Fatal(err)
			}
			least, most := 95+min(change, 0), 95+max(change, 0)
			if len(got) < least || len(got) > most {
				t.Errorf("%+d at request %d: %d items, want %d to %d", change, at, len(got), least, most)
			}
		}
	}
}

func TestListGivesUpOnRestlessCollection(t *testing.T) {
	t.Parallel()
	tests := map[string]func(c *collection, n int){
		"changes all the time": func(c *collection, n int) { c.insert(0, fmt.Sprintf("new-%d", n)) },
		"changes too much at once": func(c *collection, n int) {
			if n == 8 {
				c.names = c.names[:100]
			}
		},
	}
	for name, onAnswer := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			service := newCollection(500)
			service.onAnswer = onAnswer
			client := newMemoryClient(t, service.ServeHTTP, func(c *Config) { c.MaxConcurrency = 1 })
			_, err := collect(t.Context(), client, List{Path: "/2.0/repositories/acme", PageLen: 10})
			wantProtocolError(t, err, "try again")
		})
	}
}

func wantProtocolError(t testing.TB, err error, want string) {
	t.Helper()
	protocol, ok := errors.AsType[*ProtocolError](err)
	if !ok {
		t.Fatalf("got error %v (%T), want a *ProtocolError", err, err)
	}
	if !strings.Contains(protocol.Error(), want) {
		t.Errorf("got error %q, want it to say %q", protocol, want)
	}
}

func TestListRefusesWhatIsNoPage(t *testing.T) {
	t.Parallel()
	tests := map[string]struct{ body, want string }{
		"no values":          {`{"size": 0}`, "no list of values"},
		"values null":        {`{"values": null}`, "no list of values"},
		"values an object":   {`{"values": {}}`, "no list of values"},
		"null":               {`null`, "no list of values"},
		"bare array":         {`[]`, "no list of values"},
		"empty body":         {``, "empty body"},
		"half a page":        {`{"values": [{"name": "a"}`, "not JSON"},
		"web page":           {"\n<!DOCTYPE html><html>secret</html>", "web page"},
		"plain text":         {`Not Found`, "not JSON"},
		"next on other host": {`{"values": [], "next": "https://evil.example/2.0/repositories/acme?page=2"}`, "another host, https://evil.example:443"},
		"next by http":       {`{"values": [], "next": "http://api.bitbucket.org/2.0/repositories/acme?page=2"}`, "another host, http://api.bitbucket.org:80"},
		"next on other port": {`{"values": [], "next": "https://api.bitbucket.org:8443/2.0/repositories/acme?page=2"}`, "another host"},
		"next by suffix":     {`{"values": [], "next": "https://api.bitbucket.org.evil.example/2.0/repositories/acme?page=2"}`, "another host"},
		"next by user":       {`{"values": [], "next": "https://api.bitbucket.org@evil.example/2.0/repositories/acme?page=2"}`, "not an address"},
		"next with password": {`{"values": [], "next": "https://u:p@api.bitbucket.org/2.0/repositories/acme?page=2"}`, "not an address"},
		"next by alias":      {`{"values": [], "next": "https://bitbucket.org/api/../../evil?page=2"}`, "of another list"},
		"next on the web":    {`{"values": [], "next": "https://bitbucket.org/acme?page=2"}`, "another host"},
		"next elsewhere":     {`{"values": [], "next": "https://api.bitbucket.org/2.0/users/acme?page=2"}`, "of another list"},
		"next deeper":        {`{"values": [], "next": "https://api.bitbucket.org/2.0/repositories/acme/x?page=2"}`, "of another list"},
		"next relative":      {`{"values": [], "next": "workspaces?nextPage"}`, "not an address"},
		"next empty":         {`{"values": [], "next": ""}`, "not an address"},
		"next a number":      {`{"values": [], "next": 2}`, "not an address"},
		"next is itself":     {`{"values": [{"name": "a"}], "next": "https://api.bitbucket.org/2.0/repositories/acme"}`, "named before"},
		"wrong page":         {`{"values": [{"name": "a"}], "page": 1, "next": "https://api.bitbucket.org/2.0/repositories/acme?page=2"}`, "page 1 when asked for page 2"},
		"next goes round":    {`{"values": [{"name": "a"}], "next": "https://api.bitbucket.org/2.0/repositories/acme?page=2"}`, "named before"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			client := newMemoryClient(t, answer(http.StatusOK, tt.body))
			_, err := collect(t.Context(), client, List{Path: "/2.0/repositories/acme"})
			wantProtocolError(t, err, tt.want)
			if strings.Contains(err.Error(), "secret") || strings.Contains(err.Error(), "u:p") {
				t.Errorf("the error shows the answer: %v", err)
			}
		})
	}
}

func TestListError(t *testing.T) {
	t.Parallel()
	service := newCollection(1000)
	client := newMemoryClient(t, func(w http.ResponseWriter, req *http.Request) {
		if req.URL.Query().Get("page") == "4" {
			answer(http.StatusForbidden, `{"type": "error", "error": {"message": "no"}}`)(w, req)
			return
		}
		service.ServeHTTP(w, req)
	})
	got, err := collect(t.Context(), client, List{Path: "/2.0/repositories/acme", PageLen: 100})
	if !HasStatus(err, http.StatusForbidden) || len(got) != 300 {
		t.Errorf("got %d items and error %v, want 300 and the refusal", len(got), err)
	}
}

func TestListBare(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		body   string
		wanted int64
		want   []string
		fails  bool
	}{
		"all":       {body: `[{"name": "a"}, {"name": "b"}]`, want: []string{"a", "b"}},
		"one":       {body: `[{"name": "a"}, {"name": "b"}]`, wanted: 1, want: []string{"a"}},
		"none":      {body: `[]`},
		"an object": {body: `{"values": []}`, fails: true},
		"null":      {body: `null`, fails: true},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			client := newMemoryClient(t, answer(http.StatusOK, tt.body))
			got, err := collect(t.Context(), client, List{Path: "/1.0/groups/acme", Bare: true, Wanted: tt.wanted})
			if (err != nil) != tt.fails {
				t.Fatalf("error %v, want one: %v", err, tt.fails)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("items (-want +got):\n%s", diff)
			}
		})
	}
}

func TestListLongSelection(t *testing.T) {
	t.Parallel()
	service := newCollection(1)
	list := List{Path: "/2.0/repositories/acme", PageLen: 100}
	for i := range 1000 {
		list.Fields = append(list.Fields, fmt.Sprintf("field_%d", i))
	}
	if _, err := collect(t.Context(), newMemoryClient(t, service.ServeHTTP), list); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"pagelen=100"}, service.requests); diff != "" {
		t.Errorf("queries (-want +got):\n%s", diff)
	}
}

func TestListWantedIsNoEnd(t *testing.T) {
	t.Parallel()
	service := newCollection(30)
	client := newMemoryClient(t, service.ServeHTTP)
	n := 0
	for _, err := range client.List(t.Context(), List{Path: "/2.0/repositories/acme", PageLen: 100, Wanted: 10}) {
		if err != nil {
			t.Fatal(err)
		}
		n++
	}
	if n != 30 {
		t.Errorf("got %d items after wanting 10, want all 30 that were taken", n)
	}
}

func TestListOfSomethingElse(t *testing.T) {
	t.Parallel()
	for name, body := range map[string]string{
		"null":   `{"values": [{"name": "a"}, null]}`,
		"number": `{"values": [{"name": "a"}, 1]}`,
		"list":   `{"values": [{"name": "a"}, []]}`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := collect(t.Context(), newMemoryClient(t, answer(http.StatusOK, body)), List{Path: "/2.0/repositories/acme"})
			if _, ok := errors.AsType[*ProtocolError](err); !ok || len(got) != 1 {
				t.Errorf("got %q and error %v, want one item and a ProtocolError", got, err)
			}
		})
	}
}

// The files of a pull request are such a list. One segment of its address contains a carriage return and a slash.
func TestListFollowsRedirects(t *testing.T) {
	t.Parallel()
	const there = "/2.0/repositories/acme/site/diffstat/acme/site:abc%0Ddef"
	var mu sync.Mutex
	var requested []string
	client := newServerClient(t, func(w http.ResponseWriter, req *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		requested = append(requested, req.URL.EscapedPath()+"?"+req.URL.Query().Get("page"))
		switch at := "http://" + req.Host + there; {
		case req.URL.Path == "/2.0/repositories/acme/site/pullrequests/7/diffstat":
			http.Redirect(w, req, at+"?from_pullrequest_id=7&topic=true", http.StatusFound)
		case req.URL.EscapedPath() != there:
			http.NotFound(w, req)
		case req.URL.Query().Get("page") == "2":
			answer(http.StatusOK, `{"values": [{"name": "c"}], "page": 2, "size": 3, "pagelen": 2}`)(w, req)
		default:
			answer(http.StatusOK, `{"values": [{"name": "a"}, {"name": "b"}], "page": 1, "size": 3, "pagelen": 2, "next": "`+at+`?from_pullrequest_id=7&topic=true&page=2"}`)(w, req)
		}
	})
	got, err := collect(t.Context(), client, List{Path: Path("/2.0/repositories/{workspace}/{repo_slug}/pullrequests/{pull_request_id}/diffstat", "acme", "site", "7")})
	if diff := cmp.Diff([]string{"a", "b", "c"}, got); diff != "" || err != nil {
		t.Errorf("error %v, items (-want +got):\n%s", err, diff)
	}
	want := []string{"/2.0/repositories/acme/site/pullrequests/7/diffstat?", there + "?", there + "?2"}
	if diff := cmp.Diff(want, requested); diff != "" {
		t.Errorf("requests (-want +got):\n%s", diff)
	}
}

// If every page names another next page, the list ends with an error.
func TestListOfEmptyPagesWithoutEnd(t *testing.T) {
	t.Parallel()
	service := newCollection(150)
	service.edit = func(page map[string]any) {
		page["next"] = fmt.Sprintf("https://api.bitbucket.org/2.0/repositories/acme?pagelen=100&page=%d", page["page"].(int)+1)
	}
	client := newMemoryClient(t, service.ServeHTTP)
	got, err := collect(t.Context(), client, List{Path: "/2.0/repositories/acme", PageLen: 100})
	wantProtocolError(t, err, "pages without items")
	if len(got) != 150 {
		t.Errorf("got %d items before the error, want 150", len(got))
	}
	if n := len(service.pages(t)); n > 150 {
		t.Errorf("%d requests", n)
	}
}

// The same page in another spelling counts as the same page.
func TestListThatLoopsInAnotherSpelling(t *testing.T) {
	t.Parallel()
	service := newCollection(3)
	service.edit = func(page map[string]any) {
		page["next"] = "https://api.bitbucket.org/2.0/repositories/acme?pagelen=100&q=a+%3D+b"
	}
	client := newMemoryClient(t, service.ServeHTTP)
	got, err := collect(t.Context(), client, List{Path: "/2.0/repositories/acme", PageLen: 100, Query: url.Values{"q": {"a = b"}}})
	wantProtocolError(t, err, "named before")
	if len(got) != 3 {
		t.Errorf("got %d items before the error, want 3", len(got))
	}
}

// A page behind a redirect counts under both addresses.
func TestListThatLoopsBehindARedirect(t *testing.T) {
	t.Parallel()
	client := newServerClient(t, func(w http.ResponseWriter, req *http.Request) {
		there := "http://" + req.Host + "/2.0/repositories/acme/site/diffstat/a?topic=true"
		if strings.Contains(req.URL.Path, "pullrequests") {
			http.Redirect(w, req, there, http.StatusFound)
			return
		}
		answer(http.StatusOK, `{"values": [{"name": "a"}], "next": "`+there+`"}`)(w, req)
	})
	got, err := collect(t.Context(), client, List{Path: Path("/2.0/repositories/acme/site/pullrequests/7/diffstat")})
	wantProtocolError(t, err, "named before")
	if diff := cmp.Diff([]string{"a"}, got); diff != "" {
		t.Errorf("items (-want +got):\n%s", diff)
	}
}

// A missing next page is an error, even if a missing list is not.
func TestNotFoundInTheMiddleOfAList(t *testing.T) {
	t.Parallel()
	for page, want := range map[string]bool{"": true, "2": false} {
		service := newCollection(150)
		client := newMemoryClient(t, func(w http.ResponseWriter, req *http.Request) {
			if req.URL.Query().Get("page") == page {
				answer(http.StatusNotFound, `{"error": {"message": "Nothing here"}}`)(w, req)
				return
			}
			service.ServeHTTP(w, req)
		})
		_, err := collect(t.Context(), client, List{Path: "/2.0/repositories/acme", PageLen: 100})
		if !HasStatus(err, http.StatusNotFound) || IsNotFound(err) != want {
			t.Errorf("page %q: error %v, not found %v, want %v", page, err, IsNotFound(err), want)
		}
	}
}
