package api

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// rotate moves the last item to the head, as may happen to a list without a stable order.
func (c *collection) rotate() {
	c.insert(0, c.names[len(c.names)-1])
	c.names = c.names[:len(c.names)-1]
}

// wantOnce checks that each item comes once.
func wantOnce(t *testing.T, want, got []string) {
	t.Helper()
	got = slices.Clone(got)
	slices.Sort(got)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("items (-want +got):\n%s", diff)
	}
}

// If the order of a list changes while it is read, it is read again, and each item comes once.
func TestListWithoutAnOrderThatLasts(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		path string // by default that of the repositories of a workspace
		item func(i int, name string) any
	}{
		"uuid": {},
		"id":   {item: func(_ int, name string) any { return map[string]any{"id": atoi(name[5:]), "name": name} }},
		"hash": {item: func(_ int, name string) any { return map[string]any{"hash": name, "name": name, "author": 1} }},
		"a member": {"/2.0/workspaces/acme/members", func(_ int, name string) any {
			return map[string]any{"user": map[string]any{"uuid": name}, "name": name}
		}},
		"a user of a group": {"/2.0/repositories/acme/site/permissions-config/groups", func(_ int, name string) any {
			return map[string]any{"group": map[string]any{"slug": name}, "name": name}
		}},
		"a user and another": {"/2.0/workspaces/acme/permissions/repositories", func(_ int, name string) any { return permission(name) }},
		"a branch":           {"/2.0/repositories/acme/site/refs/branches", func(_ int, name string) any { return map[string]any{"name": name} }},
		"a file": {"/2.0/repositories/acme/site/diffstat/a..b", func(_ int, name string) any {
			return map[string]any{"old": nil, "new": map[string]any{"path": name}, "name": name}
		}},
	}
	for name, tt := range tests {
		for at := 2; at <= 10; at++ {
			t.Run(fmt.Sprintf("%s, at request %d", name, at), func(t *testing.T) {
				t.Parallel()
				service := newCollection(95)
				service.item = tt.item
				service.onAnswer = func(c *collection, n int) {
					if n == at {
						c.rotate()
					}
				}
				want := slices.Clone(service.names)
				client := newMemoryClient(t, service.ServeHTTP, func(c *Config) { c.MaxConcurrency = 1 })
				path := tt.path
				if path == "" {
					path = "/2.0/repositories/acme"
				}
				got, err := collect(t.Context(), client, List{Path: path, PageLen: 10})
				if err != nil {
					t.Fatal(err)
				}
				wantOnce(t, want, got)
				if n := len(service.pages(t)); n != at+10 {
					t.Errorf("%d requests, want %d until it shows, and 10", n, at)
				}
			})
		}
	}
}

// permission returns a permission of one of ten users on one of ten repositories.
func permission(name string) any {
	i := atoi(name[5:])
	return map[string]any{
		"repository": map[string]any{"uuid": fmt.Sprint(i / 10)}, "user": map[string]any{"uuid": fmt.Sprint(i % 10)}, "permission": "read", "name": name,
	}
}

// However the order changes: if no item is added or removed, each item comes once, or the list ends with an error.
func TestListOfAnyOrder(t *testing.T) {
	t.Parallel()
	exact, gaveUp := 0, 0
	for seed := range uint64(300) {
		r := rand.New(rand.NewPCG(seed, 2))
		service := newCollection(95)
		changes := 1 + r.IntN(4)
		service.onAnswer = func(c *collection, n int) {
			if changes > 0 && r.IntN(4) == 0 {
				changes--
				from := r.IntN(95)
				moved := c.names[from]
				c.remove(from)
				c.insert(r.IntN(95), moved)
			}
		}
		want := slices.Clone(service.names)
		client := newMemoryClient(t, service.ServeHTTP, func(c *Config) { c.MaxConcurrency = 1 + int(seed%3) })
		got, err := collect(t.Context(), client, List{Path: "/2.0/repositories/acme", PageLen: 10})
		slices.Sort(got)
		if len(slices.Compact(slices.Clone(got))) < len(got) {
			t.Fatalf("seed %d: an item came twice", seed)
		}
		if err != nil {
			wantProtocolError(t, err, "listed an item twice")
			gaveUp++
			continue
		}
		exact++
		if diff := cmp.Diff(want, got); diff != "" {
			t.Fatalf("seed %d: items (-want +got):\n%s", seed, diff)
		}
	}
	if gaveUp > 100 || exact < 150 {
		t.Errorf("%d exact, %d gave up", exact, gaveUp)
	}
}

// Items that came before the change of order was noticed don't come twice, and changes in the meantime are seen.
func TestListThatChangesAndIsReadAgain(t *testing.T) {
	t.Parallel()
	for at := 6; at <= 14; at++ {
		service := newCollection(95)
		service.onAnswer = func(c *collection, n int) {
			switch n {
			case 5:
				c.rotate()
			case at:
				c.remove(0)
				c.insert(20, "new")
				c.insert(21, "newer")
			}
		}
		stay := slices.DeleteFunc(slices.Clone(service.names), func(name string) bool { return name == "item-0094" }) // which is the head after it
		client := newMemoryClient(t, service.ServeHTTP, func(c *Config) { c.MaxConcurrency = 1 })
		got, err := collect(t.Context(), client, List{Path: "/2.0/repositories/acme", PageLen: 10})
		if err != nil {
			t.Errorf("at %d: %v", at, err)
			continue
		}
		got = slices.DeleteFunc(got, func(name string) bool { return strings.HasPrefix(name, "new") || name == "item-0094" })
		wantOnce(t, stay, got)
	}
}

func TestListThatIsNeverInOrder(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		onAnswer func(c *collection, n int)
		edit     func(page map[string]any)
		want     string
	}{
		"another order each time": {func(c *collection, n int) { c.rotate() }, nil, "reading it again had the same result"},
		"fewer the second time": {func(c *collection, n int) {
			if n == 3 {
				c.rotate()
			}
		}, func(page map[string]any) { page["size"] = 101 }, "on a second reading it had 95 items and a size of 101"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			service := newCollection(95)
			service.onAnswer, service.edit = tt.onAnswer, tt.edit
			client := newMemoryClient(t, service.ServeHTTP, func(c *Config) { c.MaxConcurrency = 1 })
			got, err := collect(t.Context(), client, List{Path: "/2.0/repositories/acme", PageLen: 10})
			wantProtocolError(t, err, tt.want)
			slices.Sort(got)
			if len(slices.Compact(slices.Clone(got))) < len(got) {
				t.Error("an item came twice")
			}
		})
	}
}

// A list in a stable order costs no further requests, nor does a list that is not read to its end.
func TestListIsNotReadAgainWithoutNeed(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		list  List
		items int
		item  func(i int, name string) any
		edit  func(page map[string]any)
		want  int // requests
	}{
		"in order":                {list: List{PageLen: 10}, items: 95, want: 10},
		"equal items without ids": {list: List{PageLen: 10}, items: 95, item: func(int, string) any { return map[string]any{"language": "go"} }, want: 10},
		"one page with an item twice": {list: List{PageLen: 100}, items: 95, item: func(i int, name string) any {
			return map[string]any{"uuid": i / 2, "name": name}
		}, want: 1},
		"without a size": {list: List{PageLen: 10}, items: 95, item: func(i int, name string) any {
			return map[string]any{"uuid": i % 90, "name": name}
		}, edit: func(page map[string]any) { delete(page, "size") }, want: 10},
		"ids beside others": {list: List{Path: "/2.0/user/workspaces/acme/permissions/repositories", PageLen: 10}, items: 95, item: func(i int, name string) any {
			return permission(name)
		}, want: 10},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			service := newCollection(tt.items)
			service.item, service.edit = tt.item, tt.edit
			if tt.list.Path == "" {
				tt.list.Path = "/2.0/repositories/acme"
			}
			got, err := collect(t.Context(), newMemoryClient(t, service.ServeHTTP), tt.list)
			if err != nil || len(got) != tt.items || len(service.requests) != tt.want {
				t.Errorf("%d items in %d requests, error %v, want %d in %d", len(got), len(service.requests), err, tt.items, tt.want)
			}
		})
	}
	t.Run("given up", func(t *testing.T) {
		t.Parallel()
		service := newCollection(95)
		service.onAnswer = func(c *collection, n int) { c.rotate() }
		client := newMemoryClient(t, service.ServeHTTP, func(c *Config) { c.MaxConcurrency = 1 })
		got, err := collect(t.Context(), client, List{Path: "/2.0/repositories/acme", PageLen: 10, Wanted: 10})
		if err != nil || len(got) != 10 || len(service.requests) > 2 {
			t.Errorf("%d items in %d requests, error %v, want 10 in 1", len(got), len(service.requests), err)
		}
	})
}

// A list may be longer than the memory for its items. An item that soon comes twice is still noticed.
func TestLongListWithoutAnOrder(t *testing.T) {
	t.Parallel()
	const remembers, page = 100, 10
	const items = 3 * remembers
	client := newMemoryClient(t, func(w http.ResponseWriter, req *http.Request) {
		number := max(1, atoi(req.URL.Query().Get("page")))
		var body strings.Builder
		fmt.Fprintf(&body, `{"size": %d, "page": %d, "pagelen": %d, "next": "https://api.bitbucket.org/2.0/repositories/acme?page=%d", "values": [`, items, number, page, number+1)
		from := (number - 1) * page
		if number == 25 {
			from--
		}
		for i := range page {
			if i > 0 {
				body.WriteByte(',')
			}
			fmt.Fprintf(&body, `{"id":%d}`, from+i)
		}
		body.WriteString("]}")
		fmt.Fprint(w, body.String())
	}, func(c *Config) { c.MaxConcurrency = 1 })
	client.remembered = remembers
	got, err := collect(t.Context(), client, List{Path: "/2.0/repositories/acme"})
	wantProtocolError(t, err, "too long to be read again")
	if want := 24 * page; len(got) != want {
		t.Errorf("%d items before the error, want %d", len(got), want)
	}
}

func TestMemoryIsBounded(t *testing.T) {
	t.Parallel()
	const holds = 100
	m := seenItems{holds: holds}
	if m.has("a") || m.take("a") || !m.isEmpty() {
		t.Error("an empty memory remembers something")
	}
	for i := range 2 * holds {
		m.add(fmt.Sprint(i))
	}
	if m.isForgetful() || !m.has("0") {
		t.Error("it forgot too early")
	}
	for i := range holds {
		m.add(fmt.Sprint("late", i))
	}
	if !m.isForgetful() || m.has("0") || !m.has("late0") || !m.has(fmt.Sprint(2*holds-1)) || len(m.late)+len(m.early) > 2*holds {
		t.Error("it does not remember the last")
	}
	m.add("late0")
	for _, want := range []bool{true, true, false} {
		if m.take("late0") != want {
			t.Error("it does not count")
		}
	}
}

// cursors serves pages that are addressed by a token. It refuses a token if refuses returns true.
func cursors(t *testing.T, items int, item func(i int) string, refuses func(page, request int) bool) (http.HandlerFunc, *[]string) {
	var requested []string
	return func(w http.ResponseWriter, req *http.Request) {
		requested = append(requested, req.URL.RawQuery)
		number := 0
		fmt.Sscanf(req.URL.Query().Get("ctx"), "t%dk", &number)
		if refuses(number, len(requested)) {
			answer(http.StatusBadRequest, `{"type": "error", "error": {"message": "Page is no longer valid"}}`)(w, req)
			return
		}
		var values []string
		for i := number * 10; i < min(items, number*10+10); i++ {
			values = append(values, item(i))
		}
		next := ""
		if (number+1)*10 < items {
			next = fmt.Sprintf(`, "next": "https://api.bitbucket.org%s?ctx=t%dk"`, req.URL.EscapedPath(), number+1)
		}
		answer(http.StatusOK, `{"values": [`+strings.Join(values, ",")+`]`+next+`}`)(w, req)
	}, &requested
}

// If the service refuses a page that it has named, the list is read again from the start, once.
func TestPageThatIsNoLongerValid(t *testing.T) {
	t.Parallel()
	forms := map[string]func(i int) string{
		"ids":               func(i int) string { return fmt.Sprintf(`{"id": %d, "name": "%03d"}`, i, i) },
		"no ids":            func(i int) string { return fmt.Sprintf(`{"update": {"date": %d}, "name": "%03d"}`, i, i) },
		"no ids, and equal": func(i int) string { return fmt.Sprintf(`{"name": "%03d"}`, i/4) },
	}
	for name, item := range forms {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var want []string
			for i := range 45 {
				var name string
				fmt.Sscanf(item(i)[strings.Index(item(i), `"name": "`)+9:], "%3s", &name)
				want = append(want, name)
			}
			handler, requested := cursors(t, 45, item, func(page, request int) bool { return page == 3 && request == 4 })
			got, err := collect(t.Context(), newMemoryClient(t, handler), List{Path: "/2.0/repositories/acme/site/pullrequests/1/activity"})
			if diff := cmp.Diff(want, got); diff != "" || err != nil {
				t.Errorf("error %v, items (-want +got):\n%s", err, diff)
			}
			if len(*requested) != 4+5 {
				t.Errorf("%d requests, want 9: %q", len(*requested), *requested)
			}
		})
	}
	t.Run("never", func(t *testing.T) {
		t.Parallel()
		handler, requested := cursors(t, 45, forms["ids"], func(page, _ int) bool { return page == 3 })
		got, err := collect(t.Context(), newMemoryClient(t, handler), List{Path: "/2.0/repositories/acme/site/pullrequests/1/activity"})
		if !HasStatus(err, http.StatusBadRequest) || len(got) != 30 || len(*requested) != 8 {
			t.Errorf("%d items, %d requests, error %v", len(got), len(*requested), err)
		}
		if text := err.Error(); !strings.Contains(text, "Page is no longer valid - the list could not be read to its end, even from the start again") {
			t.Errorf("got error %q", text)
		}
	})
	t.Run("the first", func(t *testing.T) {
		t.Parallel()
		handler, requested := cursors(t, 45, forms["ids"], func(int, int) bool { return true })
		_, err := collect(t.Context(), newMemoryClient(t, handler), List{Path: "/2.0/repositories/acme/site/commits"})
		if !HasStatus(err, http.StatusBadRequest) || len(*requested) != 1 {
			t.Errorf("%d requests, error %v, want one", len(*requested), err)
		}
	})
}

// Not every endpoint supports the parameters that save time.
func TestEndpointThatRefusesParameters(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		refused []string
		fails   bool
		want    []string // queries
	}{
		"none":    {nil, false, []string{"fields=F&pagelen=100&q=a", "fields=F&page=2&pagelen=100&q=a"}},
		"pagelen": {[]string{"pagelen"}, false, []string{"fields=F&pagelen=100&q=a", "q=a", "page=2&q=a"}},
		"fields":  {[]string{"fields"}, false, []string{"fields=F&pagelen=100&q=a", "q=a", "page=2&q=a"}},
		"both":    {[]string{"fields", "pagelen"}, false, []string{"fields=F&pagelen=100&q=a", "q=a", "page=2&q=a"}},
		"another": {[]string{"q"}, true, []string{"fields=F&pagelen=100&q=a", "q=a"}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			service := newCollection(150)
			var requested []string
			client := newMemoryClient(t, func(w http.ResponseWriter, req *http.Request) {
				query := req.URL.Query()
				if query.Has("fields") {
					query.Set("fields", "F")
				}
				requested = append(requested, query.Encode())
				if slices.ContainsFunc(tt.refused, query.Has) {
					answer(http.StatusBadRequest, `{"type": "error", "error": {"message": "Invalid parameter"}}`)(w, req)
					return
				}
				service.ServeHTTP(w, req)
			}, func(c *Config) { c.MaxConcurrency = 1 })
			got, err := collect(t.Context(), client, List{Path: "/2.0/repositories/acme", Query: url.Values{"q": {"a"}}, Fields: []string{"name"}, PageLen: 100})
			if (err != nil) != tt.fails || err == nil && len(got) != 150 {
				t.Errorf("%d items, error %v", len(got), err)
			}
			if diff := cmp.Diff(tt.want, requested); diff != "" {
				t.Errorf("queries (-want +got):\n%s", diff)
			}
		})
	}
	t.Run("object", func(t *testing.T) {
		t.Parallel()
		client := newMemoryClient(t, func(w http.ResponseWriter, req *http.Request) {
			if req.URL.Query().Has("fields") {
				answer(http.StatusBadRequest, `{"type": "error", "error": {"message": "Invalid parameter"}}`)(w, req)
				return
			}
			answer(http.StatusOK, `{"type": "user", "name": "a"}`)(w, req)
		})
		object, err := client.Get(t.Context(), "/2.0/user", nil, "name")
		if err != nil || object.Get("name").String() != "a" || client.Stats().Requests != 2 {
			t.Errorf("got %s in %d requests, error %v", object.Raw(), client.Stats().Requests, err)
		}
	})
}

// Some fields only come with a selection. Without one, an answer that lacks them must not look complete.
func TestFieldsThatComeOnRequest(t *testing.T) {
	t.Parallel()
	const list, object = "/2.0/repositories/acme/site/pullrequests", "/2.0/repositories/acme/site/commit/6c11"
	refuse := answer(http.StatusBadRequest, `{"type": "error", "error": {"message": "Invalid parameter"}}`)
	for name, answers := range map[string]http.HandlerFunc{"refused": refuse, "no list": answer(http.StatusOK, `{}`)} {
		for fields, want := range map[string]int64{"title": 2, "title reviewers": 1, "participants": 1} {
			t.Run(name+", "+fields, func(t *testing.T) {
				t.Parallel()
				client := newMemoryClient(t, func(w http.ResponseWriter, req *http.Request) {
					if req.URL.Query().Has("fields") {
						answers(w, req)
						return
					}
					answer(http.StatusOK, `{"type": "commit", "values": [{"id": 1}]}`)(w, req)
				})
				_, err := collect(t.Context(), client, List{Path: list, Fields: strings.Fields(fields)})
				if sent := client.Stats().Requests; (err == nil) != (want == 2) || sent != want {
					t.Errorf("%d requests, error %v, want %d", sent, err, want)
				}
			})
		}
	}
	for fields, fails := range map[string]bool{"message": false, "participants": true} {
		client := newMemoryClient(t, func(w http.ResponseWriter, req *http.Request) {
			if req.URL.Query().Has("fields") {
				refuse(w, req)
				return
			}
			answer(http.StatusOK, `{"type": "commit"}`)(w, req)
		})
		if _, err := client.Get(t.Context(), object, nil, fields); (err != nil) != fails {
			t.Errorf("%s: error %v", fields, err)
		}
	}
	t.Run("the length of a page", func(t *testing.T) {
		t.Parallel()
		client := newMemoryClient(t, func(w http.ResponseWriter, req *http.Request) {
			if req.URL.Query().Has("pagelen") {
				refuse(w, req)
				return
			}
			answer(http.StatusOK, `{"values": [{"id": 1, "name": "`+req.URL.Query().Get("fields")+`"}]}`)(w, req)
		})
		got, err := collect(t.Context(), client, List{Path: list, Fields: []string{"id", "reviewers"}, PageLen: 50})
		if diff := cmp.Diff([]string{"next,page,pagelen,size,values.id,values.reviewers"}, got); diff != "" || err != nil {
			t.Errorf("error %v, selections (-want +got):\n%s", err, diff)
		}
	})
}

// It is not documented how a selection of fields changes a page without items.
func TestSelectionThatLeavesNoList(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		selected, whole string // the answer with fields, and without
		want            []string
		wantError       string
		requests        int64
	}{
		"an empty list":         {`{"values": [], "size": 0}`, ``, nil, "", 1},
		"null":                  {`{"values": null, "size": 0}`, `{"values": [], "size": 0}`, nil, "", 2},
		"no key":                {`{"size": 0}`, `{"values": []}`, nil, "", 2},
		"nothing":               {`{}`, `{"values": []}`, nil, "", 2},
		"null instead":          {`null`, `{"values": []}`, nil, "", 2},
		"and there are some":    {`{}`, `{"values": [{"name": "a"}]}`, []string{"a"}, "", 2},
		"nor without":           {`{}`, `{}`, nil, "no list of values", 2},
		"but it counts some":    {`{"size": 3}`, `{"values": []}`, nil, "no list of values", 1},
		"but it goes on":        {`{"next": "https://api.bitbucket.org/2.0/repositories/acme?page=2"}`, `{"values": []}`, nil, "no list of values", 1},
		"but it is an error":    {`{"type": "error", "error": {"message": "no"}}`, `{"values": []}`, nil, "no list of values", 1},
		"but it is no such key": {`{"values": {}}`, `{"values": []}`, nil, "no list of values", 1},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			client := newMemoryClient(t, func(w http.ResponseWriter, req *http.Request) {
				if req.URL.Query().Has("fields") {
					answer(http.StatusOK, tt.selected)(w, req)
					return
				}
				if req.URL.Query().Get("pagelen") != "100" {
					t.Errorf("requested %s", req.URL.RawQuery)
				}
				answer(http.StatusOK, tt.whole)(w, req)
			})
			got, err := collect(t.Context(), client, List{Path: "/2.0/repositories/acme", Fields: []string{"name"}, PageLen: 100})
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("items (-want +got):\n%s", diff)
			}
			if tt.wantError != "" {
				wantProtocolError(t, err, tt.wantError)
			} else if err != nil {
				t.Error(err)
			}
			if n := client.Stats().Requests; n != tt.requests {
				t.Errorf("%d requests, want %d", n, tt.requests)
			}
		})
	}
}

// The client requests the fields that identify items, and no others.
func TestListSelectsTheKey(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		path   string
		fields []string
		want   string // without the parts of the page
	}{
		"an id of its own":   {"/2.0/repositories/acme", []string{"name"}, "hash,id,name,uuid"},
		"a name will do":     {"/2.0/repositories/acme", []string{"full_name", "size"}, "full_name,size"},
		"that is there":      {"/2.0/repositories/acme", []string{"name", "uuid"}, "name,uuid"},
		"an id is there":     {"/2.0/repositories/acme/site/pullrequests", []string{"id", "title"}, "id,title"},
		"everything":         {"/2.0/repositories/acme", nil, ""},
		"a user":             {"/2.0/workspaces/acme/members", []string{"user.nickname"}, "user.nickname,user.uuid"},
		"a user, as whole":   {"/2.0/workspaces/acme/members", []string{"user"}, "user"},
		"a workspace":        {"/2.0/user/workspaces", []string{"administrator"}, "administrator,workspace.uuid"},
		"a grant":            {"/2.0/workspaces/acme/permissions/repositories", []string{"permission"}, "permission,repository.uuid,user.uuid"},
		"one repository's":   {"/2.0/workspaces/acme/permissions/repositories/site", []string{"permission"}, "permission,user.uuid"},
		"a group's":          {"/2.0/repositories/acme/site/permissions-config/groups", []string{"permission"}, "group.slug,permission"},
		"a user's changes":   {"/2.0/workspaces/acme/pullrequests/712020%3Abd", []string{"title"}, "destination.repository.uuid,id,title"},
		"a branch":           {"/2.0/repositories/acme/site/refs/branches", []string{"target.hash"}, "name,target.hash"},
		"builds":             {"/2.0/repositories/acme/site/commit/6c11/statuses", []string{"state"}, "key,refname,state"},
		"builds of a change": {"/2.0/repositories/acme/site/pullrequests/1/statuses", []string{"state"}, "commit.hash,key,refname,state"},
		"files":              {"/2.0/repositories/acme/site/diffstat/a..b", []string{"lines_added"}, "lines_added,new.path,old.path,status"},
		"files of a change":  {"/2.0/repositories/acme/site/pullrequests/1/diffstat", []string{"status"}, "new.path,old.path,status"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			service := newCollection(1)
			if _, err := collect(t.Context(), newMemoryClient(t, service.ServeHTTP), List{Path: tt.path, Fields: tt.fields}); err != nil {
				t.Fatal(err)
			}
			query, err := url.ParseQuery(service.requests[0])
			if err != nil {
				t.Fatal(err)
			}
			want := ""
			if tt.want != "" {
				want = "next,page,pagelen,size,values." + strings.ReplaceAll(tt.want, ",", ",values.")
			}
			if diff := cmp.Diff(want, query.Get("fields")); diff != "" {
				t.Errorf("fields (-want +got):\n%s", diff)
			}
		})
	}
}

// The next page of a branch may name the commit of the branch instead, and nothing else.
func TestNextPageOfACommit(t *testing.T) {
	t.Parallel()
	const hash = "6c11ab1c24dd3e9b0d4a1b1a0c2e3f4051627384"
	tests := map[string]struct {
		from, to string
		fails    bool
	}{
		"a branch":               {"src/main/docs/", "src/" + hash + "/docs/", false},
		"a branch with a slash":  {"src/feature%2Fx/", "src/" + hash + "/", false},
		"HEAD":                   {"src/HEAD/", "src/" + hash + "/", false},
		"a short hash":           {"src/main/", "src/" + hash[:12] + "/", false},
		"the commits of one":     {"commits/main", "commits/" + hash, false},
		"another branch":         {"src/main/", "src/next/", true},
		"another commit":         {"src/" + strings.Repeat("a", 40) + "/", "src/" + hash + "/", true},
		"a branch for a commit":  {"src/" + hash + "/", "src/main/", true},
		"another folder":         {"src/main/docs/", "src/" + hash + "/lib/", true},
		"a file called as such":  {"src/main/docs", "src/main/" + hash, true},
		"another collection":     {"src/main/", "commits/" + hash + "/", true},
		"what has no revision":   {"hooks/main", "hooks/" + hash, true},
		"an older kind of names": {"src/main/", "src/123456/", true},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			const repository = "https://api.bitbucket.org/2.0/repositories/acme/site/"
			requested := 0
			client := newMemoryClient(t, func(w http.ResponseWriter, req *http.Request) {
				if requested++; requested == 1 {
					answer(http.StatusOK, `{"values": [{"name": "a"}], "next": "`+repository+tt.to+`?page=8xhd"}`)(w, req)
					return
				}
				answer(http.StatusOK, `{"values": [{"name": "b"}]}`)(w, req)
			})
			got, err := collect(t.Context(), client, List{Path: "/2.0/repositories/acme/site/" + tt.from})
			if tt.fails {
				wantProtocolError(t, err, "a next page of another list")
				return
			}
			if err != nil || len(got) != 2 {
				t.Errorf("%d items, error %v", len(got), err)
			}
		})
	}
}
