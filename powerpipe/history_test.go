package powerpipe

import (
	"context"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5"

	"github.com/kindor/steampipe-plugin-bitbucket/internal/audit"
	"github.com/kindor/steampipe-plugin-bitbucket/internal/fakebitbucket"
	"github.com/kindor/steampipe-plugin-bitbucket/internal/fakebitbucket/organization"
	"github.com/kindor/steampipe-plugin-bitbucket/internal/postgrestest"
	"github.com/kindor/steampipe-plugin-bitbucket/internal/replica/postgres"
	"github.com/kindor/steampipe-plugin-bitbucket/internal/replica/replicatest"
)

// An event is a change before a run of a sync, a number of hours after the midnight at the beginning of a Monday.
type event struct {
	hours   int
	happens func()
}

// The controls on a copy find when access was granted and for how long. Real runs of a sync made the copy.
func TestAccessHistory(t *testing.T) {
	if testing.Short() {
		t.Skip("takes long")
	}
	fake := fakebitbucket.Start(t, fakebitbucket.Options{Repositories: 24, Projects: 4, Users: 40, Groups: 4})
	o := fake.Organization()
	home := o.Workspaces[0]
	add := func(slug string) string {
		return fake.AddRepository(organization.Repository{Workspace: home, Slug: slug, IsPrivate: true}).FullName()
	}
	website, removed := add("website"), add("removed")
	people := strangers(fake.Organization(), website)
	day, night, brief, long, lost, owner := people[0], people[1], people[2], people[3], people[4], people[5]
	var hidden string
	for _, r := range o.RepositoriesOf(o.Workspaces[1]) {
		if o.EffectivePermission(r, o.Connected) == "read" {
			hidden = r.FullName()
		}
	}
	sees := func(permission string) { fake.GrantRepository(hidden, o.Connected.UUID, permission) }
	grant := func(u *organization.User, permission string) { fake.GrantRepository(website, u.UUID, permission) }
	events := []event{
		{6, func() { grant(lost, "admin") }}, // from the beginning
		{10, func() { grant(day, "read") }},
		{12, func() { grant(day, "write"); grant(long, "admin") }},
		{22, func() { fake.GrantRepository(removed, brief.UUID, "admin") }},
		{24 + 2, func() {
			grant(night, "read")
			grant(brief, "admin")
			sees("admin")
		}},
		{24 + 5, func() {
			fake.RevokeRepository(website, brief.UUID)
			fake.RevokeRepository(website, lost.UUID)
			fake.RemoveRepository(removed)
			grant(day, "read") // less than before
			sees("read")
		}},
		{48 + 5, func() { fake.RevokeRepository(website, long.UUID); sees("admin") }},
		{5*24 + 5, func() {}},
		{5*24 + 20, func() { fake.SetRole(home.Slug, owner.UUID, "create-project") }},
	}
	server := postgrestest.StartServer(t)
	now := time.Now().UTC().Truncate(24 * time.Hour)
	monday := now.AddDate(0, 0, -7-int(now.Weekday()+6)%7)
	var times []time.Time
	p := newProgram(t, demo{world: world{o, now}, postgres: server.Connect(t)})
	location, conn := warehouse(t, server)
	p.addConfig(t, "warehouse.ppc", `connection "postgres" "warehouse" {
		host     = ""
		db       = "warehouse"
		username = "steampipe"
	}`)
	for i, e := range events {
		e.happens()
		to, err := postgres.New(location)
		if err != nil {
			t.Fatal(err)
		}
		replicatest.Sync(t, fake, to, "bitbucket_repository_permission", "bitbucket_workspace_member")
		times = append(times, monday.Add(time.Duration(e.hours)*time.Hour))
		if i == 0 {
			found := p.results(t, "access_history", "--var", "database=connection.postgres.warehouse", "--search-path", "bitbucket")
			for _, control := range []string{"access_outside_hours", "administrator_short"} {
				if diff := cmp.Diff([]string{"copy | skip | The copy has only one run: there is no history yet."}, linesWithReasons(found[control])); diff != "" {
					t.Errorf("%s after one run (-want +found):\n%s", control, diff)
				}
			}
		}
	}
	replicatest.Date(t, conn, "bitbucket", times...)
	at := func(hours int) string { return monday.Add(time.Duration(hours) * time.Hour).Format("2006-01-02 15:04") }
	between := func(from, to int) string { return " between " + at(from) + " and " + at(to) + " UTC" }
	resource := func(place string, u *organization.User, hours int) string {
		return place + " " + u.UUID + " " + at(hours) + " | "
	}
	const unclear = ". These runs of the copy are too far apart to tell at which hour. "
	name := func(u *organization.User) string { return u.DisplayName }
	granted := []string{
		resource(website, day, 10) + "info | " + name(day) + " was granted read on " + website + between(6, 10) + unclear + "This was no longer so at " + at(12) + ".",
		resource(website, day, 12) + "ok | " + name(day) + " was raised from read to write on " + website + between(10, 12) + ", in working hours. This was no longer so at " + at(29) + ".",
		resource(website, long, 12) + "ok | " + name(long) + " was granted admin on " + website + between(10, 12) + ", in working hours. This was no longer so at " + at(53) + ".",
		resource(removed, brief, 22) + "info | " + name(brief) + " was granted admin on " + removed + between(12, 22) + unclear + "This was no longer so at " + at(29) + ".",
		resource(website, night, 26) + "alarm | " + name(night) + " was granted read on " + website + between(22, 26) + ", outside working hours. This is still so.",
		resource(website, brief, 26) + "alarm | " + name(brief) + " was granted admin on " + website + between(22, 26) + ", outside working hours. This was no longer so at " + at(29) + ".",
		resource("the workspace "+home.Slug, owner, 140) + "alarm | " + name(owner) + " was raised from member to create-project on the workspace " + home.Slug + between(125, 140) + ", outside working hours. This is still so.",
	}
	terms := []string{
		resource(website, long, 12) + "ok | " + name(long) + " was administrator of " + website + " for at least 17 and at most 43 hours: not yet at " + at(10) + ", first seen at " + at(12) + ", last seen at " + at(29) + ", and gone at " + at(53) + " UTC.",
		resource(website, brief, 26) + "alarm | " + name(brief) + " was administrator of " + website + " for at least 0 and at most 7 hours: not yet at " + at(22) + ", first seen at " + at(26) + ", last seen at " + at(26) + ", and gone at " + at(29) + " UTC.",
	}
	slices.Sort(granted)
	slices.Sort(terms)
	found := p.results(t, "access_history", "--var", "database=connection.postgres.warehouse", "--search-path", "bitbucket", "--var", "short_administrator_hours=17")
	for control, want := range map[string][]string{"access_outside_hours": granted, "administrator_short": terms} {
		if diff := cmp.Diff(want, linesWithReasons(found[control])); diff != "" {
			t.Errorf("%s (-happened +found):\n%s", control, diff)
		}
	}

	// In a time zone 14 hours ahead, and with work on all days, the night of Monday is the afternoon of Tuesday.
	found = p.results(t, "access_history", "--var", "database=connection.postgres.warehouse", "--search-path", "bitbucket", "--var", "working_time_zone=Pacific/Kiritimati", "--var", `working_days=["Tue"]`, "--var", "history_days=400")
	for _, r := range found["access_outside_hours"] {
		if isNight := strings.Contains(r.Resource, night.UUID) || strings.Contains(r.Resource, website+" "+brief.UUID); isNight != (r.Status == audit.OK) && r.Status != audit.Info {
			t.Errorf("in another time zone: %s: %s", r.Status, r.Reason)
		}
	}
	found = p.results(t, "access_history", "--var", "database=connection.postgres.warehouse", "--search-path", "bitbucket", "--var", "history_days=1")
	for _, r := range slices.Concat(found["access_outside_hours"], found["administrator_short"]) {
		if r.Resource != "copy" || r.Status != audit.OK || !strings.HasPrefix(r.Reason, "Between 9 runs of the copy, ") {
			t.Errorf("a day without changes: %s", r.Reason)
		}
	}
}

// warehouse creates a database in addition to the one that Powerpipe uses as Steampipe's.
func warehouse(t *testing.T, server *postgrestest.Server) (location string, conn *pgx.Conn) {
	t.Helper()
	if _, err := server.Connect(t).Exec(t.Context(), "create database warehouse"); err != nil {
		t.Fatal(err)
	}
	location = strings.Replace(server.Location(), "/postgres?", "/warehouse?", 1)
	conn, err := pgx.Connect(t.Context(), location)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close(context.Background()) })
	return location, conn
}

// strangers returns members of the first workspace who have no access to a repository and administer none.
func strangers(o *organization.Organization, fullName string) []*organization.User {
	var all []*organization.User
	for _, m := range o.MembersOf(o.Workspaces[0]) {
		administers := slices.ContainsFunc(o.Repositories, func(r *organization.Repository) bool { return o.EffectivePermission(r, m.User) == "admin" })
		if m.User.Type == "user" && m.Permission == "member" && !administers && o.EffectivePermission(o.Repository(fullName), m.User) == "" {
			all = append(all, m.User)
		}
	}
	return all
}

// linesWithReasons returns resources with their reasons, as sorted texts.
func linesWithReasons(resources []audit.Resource) []string {
	var all []string
	for _, r := range resources {
		all = append(all, r.Resource+" | "+string(r.Status)+" | "+r.Reason)
	}
	slices.Sort(all)
	return all
}

// The pages of the controls on a copy have all sections, and the variables with their defaults.
func TestAccessHistoryPages(t *testing.T) {
	t.Parallel()
	source := files(t, "benchmarks/access_history.pp")[0]
	defaults := map[string]string{}
	for _, v := range regexp.MustCompile(`(?m)^variable "(\w+)" {\n.*\n +default +(= .*)\n +description = "(.*)"`).FindAllStringSubmatch(source, -1) {
		defaults[v[1]] = "| `" + v[1] + "` | `" + strings.TrimPrefix(v[2], "= ") + "` | " + v[3] + " |\n"
	}
	for _, query := range strings.Split(source, "\nquery ")[1:] {
		control := strings.Split(query, `"`)[1]
		page := files(t, "docs/controls/"+control+".md")[0]
		title := regexp.MustCompile(`control "` + control + `" {\n +title +(= ".*")`).FindStringSubmatch(source)[1]
		parts := []string{"# " + strings.Trim(title, `= "`) + "\n", "Control `" + control + "`, severity medium.", "\n## Risk\n", "\n## How it is judged\n", "\n## What it can't know\n", "\n## Remedy\n", "\n## Variables\n"}
		for _, p := range regexp.MustCompile(`(?m)^  param "(\w+)"`).FindAllStringSubmatch(query, -1) {
			parts = append(parts, defaults[p[1]])
		}
		for _, part := range parts {
			if part == "" || !strings.Contains(page, part) {
				t.Errorf("the page of %s lacks %q", control, part)
			}
		}
	}
}
