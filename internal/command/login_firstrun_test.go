package command

import (
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/kindor/steampipe-plugin-bitbucket/bitbucket"
)

// What a login says to do with the block that it prints.
var (
	replaceBlock = regexp.MustCompile(`(?s)\n\nReplace the connection "(\w+)" at (\S+):(\d+) with:\n\n(connection .*)$`)
	addBlock     = regexp.MustCompile(`(?s)\n\nAdd this to (\S+):\n\n(connection .*)$`)
)

// obey changes the files as a login says, and returns what it said.
func obey(t *testing.T, said string) (deed, file, block string) {
	t.Helper()
	if m := addBlock.FindStringSubmatch(said); m != nil {
		content, err := os.ReadFile(m[1])
		if err != nil && !os.IsNotExist(err) {
			t.Fatal(err)
		}
		writeFile(t, filepath.Dir(m[1]), filepath.Base(m[1]), string(content)+m[2])
		return "add", m[1], m[2]
	}
	m := replaceBlock.FindStringSubmatch(said)
	if m == nil {
		t.Fatalf("nothing is said of what to do with the block:\n%s", said)
	}
	content, err := os.ReadFile(m[2])
	if err != nil {
		t.Fatal(err)
	}
	line, err := strconv.Atoi(m[3])
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.SplitAfter(string(content), "\n")
	if want := `connection "` + m[1] + `" {`; strings.TrimSpace(lines[line-1]) != want {
		t.Fatalf("line %d of %s is %q, want %q", line, m[2], lines[line-1], want)
	}
	end := line
	for lines[end-1] != "}\n" {
		end++
	}
	writeFile(t, filepath.Dir(m[2]), filepath.Base(m[2]), strings.Join(lines[:line-1], "")+m[4]+strings.Join(lines[end:], ""))
	return "replace", m[2], m[4]
}

// The whole first run: a login, what it says to do, the secret in the environment, and a query.
func TestFirstRun(t *testing.T) {
	example, err := os.ReadFile("../../config/bitbucket.spc")
	if err != nil {
		t.Fatal(err)
	}
	const other = "connection \"home\" {\n  plugin       = \"bitbucket\"\n  access_token = \"hush\"\n}\n"
	const full = `
connection "bitbucket" {
  plugin          = plugin.ours
  import_schema   = "enabled"
  access_token    = "hush" # no longer
  max_wait        = "5m"
  workspaces = [
      "harbor-labs", # and no other
  ]
  token_dir       = "<TOKENS>"
  max_concurrency = 3
}
plugin "ours" {
  source = "local/bitbucket"
}
`
	tests := map[string]struct {
		files     map[string]string // in Steampipe's config folder; nil for none
		wantDeed  string
		wantFile  string
		wantBlock string // what is in <> is filled in
		wantSlugs string
	}{
		"the example as it is installed": {
			files:    map[string]string{"bitbucket.spc": string(example)},
			wantDeed: "replace", wantFile: "bitbucket.spc", wantSlugs: "QuarryTools\nharbor-labs\n",
			wantBlock: `connection "bitbucket" {
  plugin       = "local/bitbucket"
  consumer_key = "<KEY>"
  # consumer_secret = "..."  # here, or in BITBUCKET_OAUTH_CLIENT_SECRET
  base_url  = "<API>"
  oauth_url = "<OAUTH>"
}
`},
		"no config folder": {wantDeed: "add", wantFile: "bitbucket.spc", wantSlugs: "QuarryTools\nharbor-labs\n"},
		"another connection": {
			files:    map[string]string{"bitbucket.spc": other},
			wantDeed: "add", wantFile: "bitbucket.spc", wantSlugs: "QuarryTools\nharbor-labs\n",
		},
		"in another file": {
			files:    map[string]string{"bitbucket.spc": other, "team.spc": "# ours\n\n" + string(example)},
			wantDeed: "replace", wantFile: "team.spc", wantSlugs: "QuarryTools\nharbor-labs\n",
		},
		"what it has besides credentials stays": {
			files:    map[string]string{"bitbucket.spc": other + full},
			wantDeed: "replace", wantFile: "bitbucket.spc", wantSlugs: "harbor-labs\n",
			wantBlock: `connection "bitbucket" {
  plugin       = plugin.ours
  consumer_key = "<KEY>"
  # consumer_secret = "..."  # here, or in BITBUCKET_OAUTH_CLIENT_SECRET
  import_schema = "enabled"
  workspaces = [
    "harbor-labs", # and no other
  ]
  max_concurrency = 3
  max_wait        = "5m"
  token_dir       = "<TOKENS>"
  base_url        = "<API>"
  oauth_url       = "<OAUTH>"
}
`},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			s := newSetup(t)
			install := t.TempDir()
			t.Setenv("STEAMPIPE_INSTALL_DIR", install)
			t.Setenv("BITBUCKET_OAUTH_URL", s.OAuthURL())
			t.Setenv("BITBUCKET_API_BASE_URL", s.URL())
			filled := strings.NewReplacer("<KEY>", s.consumer.Key, "<TOKENS>", s.tokenDir, "<API>", s.URL(), "<OAUTH>", s.OAuthURL())
			folder := filepath.Join(install, "config")
			if tt.files != nil {
				if err := os.Mkdir(folder, 0o700); err != nil {
					t.Fatal(err)
				}
			}
			for file, content := range tt.files {
				writeFile(t, folder, file, filled.Replace(content))
			}

			got := s.login(t, s.consumer.Key+"\n"+s.consumer.Secret+"\n", follow)
			if got.code != exitOK || strings.Contains(got.out+got.err, "hush") {
				t.Fatalf("exit code %d, %s%s", got.code, got.out, got.err)
			}
			if err := os.MkdirAll(folder, 0o700); err != nil {
				t.Fatal(err)
			}
			deed, file, block := obey(t, got.out)
			if want := filepath.Join(folder, tt.wantFile); deed != tt.wantDeed || file != want {
				t.Errorf("the login said to %s in %s, want to %s in %s", deed, file, tt.wantDeed, want)
			}
			if diff := cmp.Diff(filled.Replace(tt.wantBlock), block); tt.wantBlock != "" && diff != "" {
				t.Errorf("block (-want +got):\n%s", diff)
			}

			t.Setenv("BITBUCKET_OAUTH_CLIENT_SECRET", s.consumer.Secret)
			answered := runCommand(t, "", "query", "--output", "csv", "select slug from bitbucket.bitbucket_my_workspace order by slug")
			if diff := cmp.Diff(outcome{exitOK, "slug\n" + tt.wantSlugs, ""}, answered, cmp.AllowUnexported(outcome{})); diff != "" {
				t.Errorf("query (-want +got):\n%s", diff)
			}

			again := s.login(t, "", follow)
			if deed, _, same := obey(t, again.out); deed != "replace" || same != block {
				t.Errorf("a second login said to %s with\n%swant to replace with\n%s", deed, same, block)
			}
		})
	}
}

// --config says which file or folder a connection is to be added to.
func TestLoginNewFile(t *testing.T) {
	s := newSetup(t)
	t.Setenv("BITBUCKET_OAUTH_URL", s.OAuthURL())
	t.Setenv("BITBUCKET_API_BASE_URL", s.URL())
	t.Setenv("BITBUCKET_TOKEN_DIR", s.tokenDir)
	empty := t.TempDir()
	for config, want := range map[string]string{s.config: s.config, empty: filepath.Join(empty, "bitbucket.spc")} {
		got := s.login(t, s.consumer.Secret+"\n", follow, "--config", config, "--consumer-key", s.consumer.Key)
		if got.code != exitOK || !strings.Contains(got.out, "\nAdd this to "+want+":\n") {
			t.Errorf("exit code %d, %s%s; want to add to %s", got.code, got.out, got.err, want)
		}
	}
}

// The consumer of --consumer-key takes the place of the one that the connection has, and so of its secret.
func TestLoginOtherConsumer(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		key, stdin string
		want       string
	}{
		"the same":              {"KEY", "", "as it is now"},
		"the same, new secret":  {"KEY", "SECRET\n", "as it is now"},
		"another":               {"other", "SECRET\n", "here"},
		"another, and its lack": {"other", "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newSetup(t)
			filled := strings.NewReplacer("KEY", s.consumer.Key, "SECRET", s.consumer.Secret)
			content := strings.Replace(s.connection("bitbucket", s.tokenDir), s.consumer.Key, filled.Replace(tt.key), 1)
			args := []string{"--config", writeFile(t, t.TempDir(), "a.spc", content), "--consumer-key", s.consumer.Key}
			if tt.stdin != "" {
				args = append(args, "--consumer-secret-stdin")
			}
			got := s.login(t, filled.Replace(tt.stdin), follow, args...)
			if tt.want == "" {
				if got.code != exitUsage {
					t.Errorf("exit code %d: the secret of another consumer was used\n%s", got.code, got.err)
				}
				return
			}
			if got.code != exitOK || !strings.Contains(got.out, `# consumer_secret = "..."  # `+tt.want+", or in") {
				t.Errorf("exit code %d, %s%s; want the secret %s", got.code, got.out, got.err, tt.want)
			}
		})
	}
}

// The block of a login keeps every argument that the connection can have, but the credentials.
func TestLoginBlockKeepsArguments(t *testing.T) {
	t.Parallel()
	credentials := []string{"consumer_key", "consumer_secret", "refresh_token", "grant_type", "access_token", "email", "api_token"}
	c := connection{texts: map[string]string{}}
	for field := range reflect.TypeFor[bitbucket.Config]().Fields() {
		name, _, _ := strings.Cut(field.Tag.Get("hcl"), ",")
		if name == "" {
			continue
		}
		c.texts[name] = name + ` = "kept"`
	}
	block := target{connection: c}.block()
	for name := range c.texts {
		kept := regexp.MustCompile(`(?m)^ +` + name + ` += "kept"$`).MatchString(block)
		if want := !slices.Contains(credentials, name); kept != want {
			t.Errorf("the block keeps %s: %t, want %t", name, kept, want)
		}
	}
}

// What the connection has of another way in doesn't hide the environment, nor does the environment what it has of this one.
func TestLoginDeclaredAndEnvironment(t *testing.T) {
	for name, tt := range map[string]struct {
		key, secret string // of the environment
		declared    string
		args        []string
	}{
		"another way in":             {key: "KEY", secret: "SECRET", declared: "access_token = \"hush\""},
		"another consumer's refresh": {key: "KEY", secret: "SECRET", declared: "refresh_token = \"hush\""},
		"its own secret": {
			key: "other", secret: "hush", declared: "consumer_key = \"KEY\"\nconsumer_secret = \"SECRET\"", args: []string{"--consumer-key", "KEY"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := newSetup(t)
			filled := strings.NewReplacer("KEY", s.consumer.Key, "SECRET", s.consumer.Secret)
			t.Setenv("BITBUCKET_OAUTH_CLIENT_ID", filled.Replace(tt.key))
			t.Setenv("BITBUCKET_OAUTH_CLIENT_SECRET", filled.Replace(tt.secret))
			t.Setenv("BITBUCKET_OAUTH_URL", s.OAuthURL())
			t.Setenv("BITBUCKET_API_BASE_URL", s.URL())
			t.Setenv("BITBUCKET_TOKEN_DIR", s.tokenDir)
			args := []string{"--config", writeFile(t, t.TempDir(), "a.spc", "connection \"bitbucket\" {\nplugin = \"bitbucket\"\n"+filled.Replace(tt.declared)+"\n}\n")}
			for _, arg := range tt.args {
				args = append(args, filled.Replace(arg))
			}
			got := s.login(t, "", follow, args...)
			if got.code != exitOK || strings.Contains(got.out+got.err, "hush") || strings.Contains(got.err, "has a refresh token") {
				t.Errorf("exit code %d, %s%s", got.code, got.out, got.err)
			}
		})
	}
}
