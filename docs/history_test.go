package docs

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5"

	"github.com/kindor/steampipe-plugin-bitbucket/internal/fakebitbucket"
	"github.com/kindor/steampipe-plugin-bitbucket/internal/fakebitbucket/organization"
	"github.com/kindor/steampipe-plugin-bitbucket/internal/postgrestest"
	"github.com/kindor/steampipe-plugin-bitbucket/internal/replica/postgres"
	"github.com/kindor/steampipe-plugin-bitbucket/internal/replica/replicatest"
)

// chronicled lists the tables in the queries on the page about the history.
var chronicled = []string{
	"bitbucket_repository", "bitbucket_repository_access", "bitbucket_*_permission", "bitbucket_webhook", "bitbucket_deploy_key",
	"bitbucket_workspace_member", "bitbucket_group_member",
}

// A chronicle is a series of changes to three repositories and four people between the runs of a sync.
type chronicle struct {
	fake           *fakebitbucket.Server
	website, other *organization.Repository

	keeper, worker, guest, admin *organization.User

	first *organization.Organization // as the first run saw it
}

// steps returns the changes before each run, except the first one.
func (c *chronicle) steps() []func() {
	website, other := c.website.FullName(), c.other.FullName()
	return []func(){
		func() { // before the run of 3 November
			c.fake.GrantRepository(website, c.worker.UUID, "read")
			c.fake.GrantRepository(website, c.admin.UUID, "admin")
		},
		func() { // 5 November
			c.fake.RevokeRepository(website, c.admin.UUID)
			c.fake.GrantRepository(website, c.guest.UUID, "write")
			c.fake.AddWebhook(website, organization.Webhook{UUID: "{11111111-2222-3333-4444-555555555555}", URL: "https://name:secret@hooks.example.com/x?token=y", Active: true, Events: []string{"repo:push"}})
			c.fake.AddDeployKey(other, organization.DeployKey{ID: 77, Label: "deploys", Key: "ssh-ed25519 AAAA", CreatedOn: time.Now()})
			c.touch(website, other)
		},
		func() { // 8 November
			c.fake.GrantRepository(website, c.worker.UUID, "write")
			c.fake.RemoveWebhook(website, "{11111111-2222-3333-4444-555555555555}")
			c.fake.ChangeRepository(other, func(r *organization.Repository) { r.IsPrivate = false })
			c.touch(website, other)
		},
		func() { // 10 November
			c.fake.RevokeRepository(website, c.guest.UUID)
			c.fake.ChangeRepository(other, func(r *organization.Repository) { r.IsPrivate = true })
			c.fake.ChangeRepository(website, func(r *organization.Repository) { r.Slug, r.UpdatedOn = "shop", time.Now() })
			c.touch(other)
		},
	}
}

// happened returns the expected rows of the queries, by their titles. The first run was this many days ago.
func (c *chronicle) happened(since int) map[string][]string {
	website, other := c.website.FullName(), c.other.FullName()
	worker, guest, admin := c.worker.DisplayName, c.guest.DisplayName, c.admin.DisplayName
	seen := []string{c.keeper.DisplayName + " | read | Nov 1 | -", worker + " | read | Nov 3 | Nov 8", guest + " | write | Nov 5 | Nov 10", admin + " | admin | Nov 3 | Nov 5"}
	for _, u := range c.first.Users {
		if p := c.first.EffectivePermission(c.website, u); p != "" && u.UUID != c.keeper.UUID {
			seen = append(seen, u.DisplayName+" | "+p+" | Nov 1 | -")
		}
	}
	renamed := c.website.Workspace.Slug + "/shop" // existing rows have the new name
	differs := []string{renamed + " | " + worker + " | - | write", website + " | " + guest + " | - | write"}
	slices.Sort(seen)
	slices.Sort(differs)
	third := []string{"Nov 3 | begins | " + website + " | " + worker + " | read", "Nov 3 | begins | " + website + " | " + admin + " | admin"}
	fifth := []string{"Nov 5 | ends | " + website + " | " + admin + " | admin", "Nov 5 | begins | " + website + " | " + guest + " | write"}
	if admin < worker {
		slices.Reverse(third)
	}
	if guest < admin {
		slices.Reverse(fifth)
	}
	return map[string][]string{
		"Who had access to a repository on a day": seen,
		"What is different between two days":      differs,
		"What happened between two days": slices.Concat(third, fifth, []string{
			"Nov 8 | ends | " + website + " | " + worker + " | read", "Nov 8 | begins | " + renamed + " | " + worker + " | write",
		}),
		"How old a grant is": {
			fmt.Sprintf("%s | read | Nov 1 | %d | true", c.keeper.DisplayName, since), fmt.Sprintf("%s | write | Nov 8 | %d | false", worker, since-7),
		},
		"Who was administrator between two days": c.administrators(),
		"Which webhooks and keys appeared since a day": {
			"Nov 5 | " + other + " | deploy key deploys | true", "Nov 5 | " + website + " | webhook to hooks.example.com | false",
		},
		"When a repository became public": {other + " | Nov 8 | Nov 10"},
	}
}

// administrators returns the users who administered a repository before 10 November. Only the user who came and left gained or
// lost access.
func (c *chronicle) administrators() []string {
	o := c.first
	all := []string{c.admin.DisplayName + " | 1 | Nov 3 | Nov 5"}
	for _, u := range o.Users {
		n := 0
		for _, r := range o.Repositories {
			if o.EffectivePermission(r, o.Connected) == "admin" && o.EffectivePermission(r, u) == "admin" {
				n++
			}
		}
		if n > 0 {
			all = append(all, fmt.Sprintf("%s | %d | Nov 1 | -", u.DisplayName, n))
		}
	}
	slices.Sort(all)
	return all
}

// touch updates the time of the last change of repositories, as Bitbucket does after a change of their settings.
func (c *chronicle) touch(fullNames ...string) {
	for _, name := range fullNames {
		c.fake.ChangeRepository(name, func(r *organization.Repository) { r.UpdatedOn = time.Now() })
	}
}

// days lists the days of November on which the sync runs.
var days = []int{1, 3, 5, 8, 10}

var (
	postgresBlock  = regexp.MustCompile("(?s)```postgresql\n(.*?)```")
	sectionHeading = regexp.MustCompile(`(?m)^## (.*)$`)
)

// questions returns the queries of the page on the history, by the titles of their sections.
func questions(t *testing.T) map[string]string {
	t.Helper()
	text := read(t, "history.md")
	all := map[string]string{}
	starts := sectionHeading.FindAllStringSubmatchIndex(text, -1)
	for i, start := range starts {
		end := len(text)
		if i+1 < len(starts) {
			end = starts[i+1][0]
		}
		for _, block := range postgresBlock.FindAllStringSubmatch(text[start[1]:end], -1) {
			title := text[start[2]:start[3]]
			if all[title] != "" {
				t.Errorf("%s has two queries", title)
			}
			all[title] = block[1]
		}
	}
	return all
}

// The queries on the page find the changes between real runs of a sync.
func TestHistory(t *testing.T) {
	if testing.Short() {
		t.Skip("takes long")
	}
	fake := fakebitbucket.Start(t, fakebitbucket.Options{Repositories: 8, Projects: 2, Users: 40, Groups: 2, OneWorkspace: true})
	c := newChronicle(t, fake)
	server := postgrestest.StartServer(t)
	sync := func() {
		to, err := postgres.New(server.Location())
		if err != nil {
			t.Fatal(err)
		}
		replicatest.Sync(t, fake, to, chronicled...)
	}
	sync()
	for _, step := range c.steps() {
		step()
		sync()
	}
	conn := server.Connect(t)
	var times []time.Time
	for _, day := range days {
		times = append(times, time.Date(2026, time.November, day, 3, 0, 0, 0, time.UTC))
	}
	replicatest.Date(t, conn, "bitbucket", times...)
	// The current date is the same in the whole transaction.
	if _, err := conn.Exec(t.Context(), "begin; "+postgresBlock.FindStringSubmatch(read(t, "history.md"))[1]); err != nil {
		t.Fatal(err)
	}
	var since int
	if err := conn.QueryRow(t.Context(), "select current_date - date '2026-11-01'").Scan(&since); err != nil {
		t.Fatal(err)
	}
	found := questions(t)
	for title, want := range c.happened(since) {
		if found[title] == "" {
			t.Errorf("the page does not ask %q", title)
			continue
		}
		got, err := answers(t, conn, strings.ReplaceAll(found[title], "acme/website", c.website.FullName()))
		if err != nil {
			t.Errorf("%s: %v", title, err)
		} else if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-happened +found):\n%s", title, diff)
		}
		delete(found, title)
	}
	for title := range found {
		t.Errorf("%q has no expected rows", title)
	}
}

// newChronicle picks private repositories of the first workspace, and members without access to the first of them.
func newChronicle(t *testing.T, fake *fakebitbucket.Server) *chronicle {
	o := fake.Organization()
	home := o.Workspaces[0]
	c := &chronicle{fake: fake}
	c.website = fake.AddRepository(organization.Repository{Workspace: home, Slug: "website", IsPrivate: true})
	c.other = fake.AddRepository(organization.Repository{Workspace: home, Slug: "other", IsPrivate: true})
	o = fake.Organization()
	var without []*organization.User // who administer nothing
	for _, m := range o.MembersOf(home) {
		administers := slices.ContainsFunc(o.Repositories, func(r *organization.Repository) bool { return o.EffectivePermission(r, m.User) == "admin" })
		if m.User.Type == "user" && !administers && o.EffectivePermission(c.website, m.User) == "" {
			without = append(without, m.User)
		}
	}
	if len(without) < 4 {
		t.Fatalf("only %d members have no access to a new repository", len(without))
	}
	c.keeper, c.worker, c.guest, c.admin = without[0], without[1], without[2], without[3]
	fake.GrantRepository(c.website.FullName(), c.keeper.UUID, "read")
	c.first = fake.Organization()
	return c
}

// answers returns the rows of a query as texts.
func answers(t *testing.T, conn *pgx.Conn, query string) ([]string, error) {
	t.Helper()
	rows, err := conn.Query(t.Context(), query)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, func(row pgx.CollectableRow) (string, error) {
		values, err := row.Values()
		var texts []string
		for _, v := range values {
			switch v := v.(type) {
			case nil:
				texts = append(texts, "-")
			case time.Time:
				texts = append(texts, v.UTC().Format("Jan 2"))
			default:
				texts = append(texts, fmt.Sprint(v))
			}
		}
		return strings.Join(texts, " | "), err
	})
}
