package command

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"github.com/kindor/steampipe-plugin-bitbucket/internal/fakebitbucket"
	"github.com/kindor/steampipe-plugin-bitbucket/internal/sqlhost"
)

// openDemo opens the tables of a made-up organization in memory. The connection works like a real one: over HTTP, with
// an OAuth consumer and a rotating refresh token. Its token file is deleted when the database is closed. adapt may change
// the connection.
func openDemo(ctx context.Context, adapt func(sqlhost.Connection) sqlhost.Connection) (*database, error) {
	fake := fakebitbucket.New(fakebitbucket.Options{})
	fake.Tidy()
	stop, err := fake.Listen()
	if err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp("", "bitbucket-demo-")
	if err != nil {
		stop()
		return nil, err
	}
	cleanUp := func() {
		_ = settled(context.WithoutCancel(ctx), settleTime) // errors don't matter: the token file is deleted
		stop()
		_ = os.RemoveAll(dir)
	}
	organization := fake.Organization()
	consumer := fake.Consumer(organization.Workspaces[0].Slug)
	c := bareConnection().Connection
	c.Config = connectionBody([]spcArgument{
		{name: "consumer_key", value: consumer.Key},
		{name: "consumer_secret", value: consumer.Secret},
		{name: "refresh_token", value: fake.Grant(consumer, organization.Connected.UUID)},
		{name: "token_dir", value: dir},
		{name: "base_url", value: fake.URL()},
		{name: "oauth_url", value: fake.OAuthURL()},
	})
	return openDatabase([]sqlhost.Connection{adapt(c)}, cleanUp)
}

// A demoQuestion is a question of the demo and its SQL.
type demoQuestion struct{ title, sql string }

var demoQuestions = []demoQuestion{
	{"Which repositories are the largest?", `
select full_name, round(size / 1e6, 1) as megabytes, language
from bitbucket_repository
order by size desc
limit 8`},
	{"Which have not changed for longest?", `
select full_name, date(updated_on) as last_change, cast(julianday('now') - julianday(updated_on) as integer) as days
from bitbucket_repository
order by updated_on
limit 8`},
	{"Which are public?", `
select full_name, project_name, fork_policy
from bitbucket_repository
where is_private = false
order by full_name`},
	{"What permissions do I have?", `
select w.slug as workspace, w.is_administrator, r.permission, count(*) as repositories
from bitbucket_my_workspace as w
join bitbucket_my_repository as r on r.workspace_slug = w.slug
group by w.slug, r.permission
order by w.slug, repositories desc`},
	{"Who are the members, by role?", `
select workspace_slug, permission, count(*) as members, max(date(last_accessed)) as last_seen
from bitbucket_workspace_member
group by workspace_slug, permission
order by workspace_slug, members desc`},
	{"Who administers what?", `
select user_display_name, count(*) as repositories, sum(is_workspace_owner) as as_owner, sum(is_direct) as in_person, sum(via_group) as by_a_group
from bitbucket_repository_access
where permission = 'admin'
group by user_uuid
order by repositories desc
limit 8`},
	{"Who has direct access in addition to access by a group?", `
select distinct repository_full_name, user_display_name, permission, p.value ->> 'group_name' as is_in_group
from bitbucket_repository_access, json_each(paths) as p
where is_direct and via_group and not is_workspace_owner and p.value ->> 'holder' = 'group'
order by repository_full_name, user_display_name
limit 8`},
	{"Who has access without being a member of the workspace?", `
select workspace_slug, user_display_name, user_type, count(*) as repositories, group_concat(distinct permission) as permissions
from bitbucket_repository_access
where not is_member
group by workspace_slug, user_uuid
order by workspace_slug, repositories desc`},
	{"Whose access can't be explained by what Bitbucket shows?", `
select repository_full_name, user_display_name, permission
from bitbucket_repository_access
where not is_explained
limit 8`},
	{"Which deploy keys exist, and are they used?", `
select repository_full_name, label, date(added_on) as added, date(last_used) as last_used
from bitbucket_deploy_key
order by last_used is null desc, last_used
limit 8`},
	{"Which main branches can be pushed to without review?", `
select r.project_key, count(*) as repositories, max(r.full_name) as one_of_them
from bitbucket_my_repository as r
where r.permission = 'admin' and r.mainbranch_name is not null and not exists (
  select 1 from bitbucket_branch_restriction as b
  where b.repository_full_name = r.full_name and b.kind = 'push' and r.mainbranch_name glob b.pattern)
group by r.project_key
order by repositories desc`},
	{"What do the projects contain?", `
select workspace_slug, project_key, project_name, count(*) as repositories, count(distinct language) as languages, round(sum(size) / 1e6) as megabytes
from bitbucket_repository
group by workspace_slug, project_key
order by megabytes desc`},
}

func newDemo(c *console) *cobra.Command {
	return &cobra.Command{
		Use:   "demo",
		Short: "Show example queries on a made-up organization",
		Long:  "Shows example queries on a made-up organization. On a terminal it waits after each one, so that it fits on the screen.",
		Args:  noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			ctx := cmd.Context()
			db, err := (&connectionFlags{demo: true}).open(ctx, cmd)
			if err != nil {
				return err
			}
			defer db.close()
			for i, q := range demoQuestions {
				if err := pose(ctx, c, db, q); err != nil {
					return err
				}
				if more, err := c.more(ctx, i+1, len(demoQuestions)); err != nil || !more {
					return err
				}
			}
			_, err = fmt.Fprintf(c.out, "The organization is made up. Run more queries on it:\n\n  %s query --demo \"select * from bitbucket_my_workspace\"\n", program)
			return err
		},
	}
}

// more waits until the user wants the next question, if there is one and the user is at a terminal.
func (c *console) more(ctx context.Context, asked, questions int) (bool, error) {
	_, in := terminalFd(c.in)
	_, out := terminalFd(c.out)
	if !in || !out || asked == questions {
		return true, nil
	}
	fmt.Fprintf(c.err, "Press Enter for question %d of %d, or q and Enter to end. ", asked+1, questions)
	line, err := await(ctx, func() (string, error) { return c.lines.ReadString('\n') })
	if errors.Is(err, io.EOF) {
		return false, nil
	}
	fmt.Fprintln(c.err)
	return !strings.HasPrefix(strings.ToLower(strings.TrimSpace(line)), "q"), err
}

// pose prints a question, its SQL, and the answer.
func pose(ctx context.Context, c *console, db *database, q demoQuestion) error {
	sql := strings.TrimSpace(q.sql)
	if _, err := fmt.Fprintf(c.out, "%s\n\n  %s\n\n", q.title, strings.ReplaceAll(sql, "\n", "\n  ")); err != nil {
		return err
	}
	if _, err := printAnswer(ctx, db, sql, newTablePrinter(c.out, layout{results: 1})); err != nil {
		return err
	}
	_, err := fmt.Fprintln(c.out)
	return err
}
