package docs

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/kindor/steampipe-plugin-bitbucket/bitbucket"
	"github.com/kindor/steampipe-plugin-bitbucket/internal/auth"
	"github.com/kindor/steampipe-plugin-bitbucket/internal/fakebitbucket"
	"github.com/kindor/steampipe-plugin-bitbucket/internal/programtest"
)

// The script for cron only makes a report as the expected account. The test runs the script unchanged, with a shell and the real
// program.
func TestScheduledReport(t *testing.T) {
	const expected = "{3c15d4d6-4e1c-4f0a-8f54-5d3f1f0f6a11}" // from the page
	_, script, found := strings.Cut(read(t, "schedule.md"), "```sh\n#!/bin/sh\n")
	script, _, _ = strings.Cut(script, "```")
	if !found || !strings.Contains(script, expected) {
		t.Fatal("schedule.md has no script that expects an account")
	}
	program := programtest.Path(t)
	fake := fakebitbucket.Start(t, fakebitbucket.Options{Repositories: 5, Users: 5})
	o := fake.Organization()
	consumer := fake.Consumer(o.Workspaces[0].Slug)
	other := o.Users[0]
	if other == o.Connected {
		other = o.Users[1]
	}
	for name, test := range map[string]struct {
		user, config string
		elsewhere    bool // the tokens are in another folder than the script expects
		want         string
	}{
		"as it should be":          {user: o.Connected.UUID},
		"another account":          {user: other.UUID, want: "connected as somebody else"},
		"the tokens are not there": {user: o.Connected.UUID, elsewhere: true, want: "nobody has logged in"},
		"the consumer itself":      {config: "grant_type = \"client_credentials\"", want: "connected as somebody else"},
	} {
		t.Run(name, func(t *testing.T) {
			home := t.TempDir()
			tokens := filepath.Join(home, "tokens")
			for _, dir := range []string{".local/bin", "reports", ".steampipe/config"} {
				if err := os.MkdirAll(filepath.Join(home, dir), 0o700); err != nil {
					t.Fatal(err)
				}
			}
			if err := os.Symlink(program, filepath.Join(home, ".local", "bin", filepath.Base(program))); err != nil {
				t.Fatal(err)
			}
			for file, content := range map[string]string{
				".steampipe/config/bitbucket.spc": fmt.Sprintf("connection \"bitbucket\" {\nplugin = \"local/bitbucket\"\nconsumer_key = %q\nconsumer_secret = %q\ntoken_dir = %q\nbase_url = %q\noauth_url = %q\n%s\n}\n",
					consumer.Key, consumer.Secret, tokens, fake.URL(), fake.OAuthURL(), test.config),
				"reports/public.sql": "select full_name from bitbucket_repository",
				"report":             "#!/bin/sh\n" + strings.Replace(script, expected, o.Connected.UUID, 1),
			} {
				if err := os.WriteFile(filepath.Join(home, file), []byte(content), 0o700); err != nil {
					t.Fatal(err)
				}
			}
			if test.user != "" {
				if test.elsewhere {
					tokens = t.TempDir()
				}
				token := auth.Token{RefreshToken: auth.NewSecret(fake.Grant(consumer, test.user))}
				if _, err := auth.SaveLogin(context.Background(), tokens, auth.Consumer{Key: consumer.Key, Secret: auth.NewSecret(consumer.Secret), URL: fake.OAuthURL()}, token, auth.Account{}); err != nil {
					t.Fatal(err)
				}
			}
			cmd := exec.CommandContext(t.Context(), "sh", filepath.Join(home, "report"))
			cmd.Env = []string{"HOME=" + home, "PATH=" + os.Getenv("PATH")}
			out, err := cmd.CombinedOutput()
			reports, globErr := filepath.Glob(filepath.Join(home, "reports", "*.csv"))
			if globErr != nil {
				t.Fatal(globErr)
			}
			if test.want == "" && (err != nil || len(reports) != 1) {
				t.Errorf("%v and reports %v: %s", err, reports, out)
			}
			if test.want != "" && (err == nil || len(reports) != 0 || !strings.Contains(string(out), test.want)) {
				t.Errorf("%v and reports %v: %s; want a failure that says %q", err, reports, out, test.want)
			}
		})
	}
}

// In Kubernetes there is no shell to compare the account, so the query fails.
func TestScheduledQueryChecksTheAccount(t *testing.T) {
	const expected = "{3c15d4d6-4e1c-4f0a-8f54-5d3f1f0f6a11}" // from the page
	sql := regexp.MustCompile(`(?s)select\s+case account_uuid.*?bitbucket_connection\n`).FindString(read(t, "schedule.md"))
	if !strings.Contains(sql, expected) {
		t.Fatalf("schedule.md has no query that expects an account: %q", sql)
	}
	fake := fakebitbucket.Start(t, fakebitbucket.Options{Repositories: 5, Users: 5})
	host := demo(t, fake, bitbucket.NewServer())
	connected := fake.Organization().Connected
	if n, err := rowsInSQLite(t.Context(), host, strings.Replace(sql, expected, connected.UUID, 1)); n != 1 || err != nil {
		t.Errorf("the expected account: %d rows, error %v", n, err)
	}
	if _, err := rowsInSQLite(t.Context(), host, sql); err == nil || !strings.Contains(err.Error(), "connected as "+connected.DisplayName) {
		t.Errorf("another account: error %v, want one that names it", err)
	}
}
