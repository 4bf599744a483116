package command

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const otherConnection = "connection \"home\" {\n  plugin       = \"bitbucket\"\n  access_token = \"hush\"\n}\n"

// The first run: a login writes the connection and suggests a query, which works. Existing files keep their comments and other
// connections, and a second login changes nothing.
func TestFirstRun(t *testing.T) {
	if testing.Short() {
		t.Skip("takes long")
	}
	example, err := os.ReadFile("../../config/bitbucket.spc")
	if err != nil {
		t.Fatal(err)
	}
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
	const fullWritten = `
connection "bitbucket" {
  plugin        = plugin.ours
  import_schema = "enabled"
  max_wait      = "5m"
  workspaces = [
    "harbor-labs", # and no other
  ]
  token_dir       = "<TOKENS>"
  max_concurrency = 3
  consumer_key    = "<KEY>"
  consumer_secret = "<SECRET>"
  base_url        = "<API>"
  oauth_url       = "<OAUTH>"
}
plugin "ours" {
  source = "local/bitbucket"
}
`
	const added = `connection "bitbucket" {
  plugin          = "local/bitbucket"
  consumer_key    = "<KEY>"
  consumer_secret = "<SECRET>"
  base_url        = "<API>"
  oauth_url       = "<OAUTH>"
}
`
	const declared = `  consumer_key    = "<KEY>"
  consumer_secret = "<SECRET>"
  base_url        = "<API>"
  oauth_url       = "<OAUTH>"
}
`
	const seed = "connection \"bitbucket\" {\n  plugin        = \"bitbucket\"\n  consumer_key  = \"<KEY>\" # ours\n  refresh_token = \"hush\"\n  grant_type    = \"\"\n}\n"
	tests := map[string]struct {
		files map[string]string // in Steampipe's config folder; nil for no folder
		file  string            // to be written
		want  string
	}{
		"no config folder":           {nil, "bitbucket.spc", added},
		"an empty config folder":     {map[string]string{}, "bitbucket.spc", added},
		"the example as installed":   {map[string]string{"bitbucket.spc": string(example)}, "bitbucket.spc", strings.TrimSuffix(string(example), "}\n") + declared},
		"another connection":         {map[string]string{"bitbucket.spc": otherConnection}, "bitbucket.spc", otherConnection + "\n" + added},
		"without an end of the line": {map[string]string{"bitbucket.spc": "# ours"}, "bitbucket.spc", "# ours\n\n" + added},
		"in another file": {
			map[string]string{"bitbucket.spc": otherConnection, "team.spc": "# ours\n\n" + string(example)},
			"team.spc", "# ours\n\n" + strings.TrimSuffix(string(example), "}\n") + declared,
		},
		"with much else": {map[string]string{"bitbucket.spc": otherConnection + full}, "bitbucket.spc", otherConnection + fullWritten},
		"a seed": {
			map[string]string{"bitbucket.spc": seed}, "bitbucket.spc",
			"connection \"bitbucket\" {\n  plugin          = \"bitbucket\"\n  consumer_key    = \"<KEY>\" # ours\n" + strings.SplitN(declared, "\n", 2)[1],
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			s := newSetup(t)
			install := s.inEnvironment(t)
			filled := strings.NewReplacer("<KEY>", s.consumer.Key, "<SECRET>", s.consumer.Secret, "<TOKENS>", s.tokenDir, "<API>", s.URL(), "<OAUTH>", s.OAuthURL())
			folder := filepath.Join(install, "config")
			if tt.files != nil {
				if err := os.Mkdir(folder, 0o755); err != nil {
					t.Fatal(err)
				}
			}
			for file, content := range tt.files {
				if err := os.WriteFile(filepath.Join(folder, file), []byte(filled.Replace(content)), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			stdin := s.consumer.Key + "\n" + s.consumer.Secret + "\n"
			if strings.Contains(tt.files[tt.file], "<KEY>") {
				stdin = s.consumer.Secret + "\n"
			}

			got := s.login(t, stdin, follow, "--write")
			file := filepath.Join(folder, tt.file)
			if got.code != exitOK || strings.Contains(got.out+got.err, "hush") ||
				!strings.Contains(got.out, fmt.Sprintf("\nThe connection \"bitbucket\" is in %s, which only you can read.\n", file)) {
				t.Fatalf("exit code %d, %s%s", got.code, got.out, got.err)
			}
			checkPrivate(t, file)
			wasOpen := tt.files[tt.file] != "" && runtime.GOOS != "windows"
			if said := strings.Contains(got.err, "could be read by others until now (mode 0644)"); said != wasOpen {
				t.Errorf("said that the file was open: %t, want %t: %s", said, wasOpen, got.err)
			}
			content := readFile(t, file)
			if diff := cmp.Diff(filled.Replace(tt.want), content); diff != "" {
				t.Errorf("file (-want +got):\n%s", diff)
			}
			if rows := try(t, got.out); len(rows) < 10 {
				t.Errorf("%d repositories", len(rows))
			}

			again := s.login(t, "", follow, "--write")
			if again.code != exitOK || !strings.Contains(again.out, "\nThere is nothing to change in the connection \"bitbucket\" at "+file+":") || readFile(t, file) != content {
				t.Errorf("a second login: exit code %d, %s%s", again.code, again.out, again.err)
			}
			left, err := os.ReadDir(folder)
			if err != nil || len(left) != max(len(tt.files), 1) {
				t.Errorf("files in the folder: %v, %v", left, err)
			}
		})
	}
}

func readFile(t *testing.T, file string) string {
	t.Helper()
	content, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return string(content)
}

// checkPrivate fails the test if others than the user can read a file.
func checkPrivate(t *testing.T, file string) {
	t.Helper()
	info, err := os.Stat(file)
	if err != nil || runtime.GOOS != "windows" && info.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v; want the mode 0600", info, err)
	}
}

// Without --write and without a terminal, the login writes nothing. With the changes that it asks for, its query works. It does
// not print the secret.
func TestLoginSaysWhatToWrite(t *testing.T) {
	for name, before := range map[string]string{
		"a new file":             "",
		"an empty connection":    "connection \"bitbucket\" {\n  plugin = \"bitbucket\"\n}\n",
		"another method":         "connection \"bitbucket\" {\n  plugin = \"bitbucket\"\n  access_token = \"hush\"\n}\n",
		"another consumer":       "connection \"bitbucket\" {\n  plugin = \"bitbucket\"\n  consumer_key = \"other\"\n  consumer_secret = \"hush\"\n}\n",
		"a key without a secret": "connection \"bitbucket\" {\n  plugin = \"bitbucket\"\n  consumer_key = \"KEY\"\n}\n",
	} {
		t.Run(name, func(t *testing.T) {
			s := newSetup(t)
			folder := filepath.Join(s.inEnvironment(t), "config")
			if err := os.Mkdir(folder, 0o700); err != nil {
				t.Fatal(err)
			}
			before = strings.ReplaceAll(before, "KEY", s.consumer.Key)
			file := filepath.Join(folder, "bitbucket.spc")
			if before != "" {
				writeFile(t, folder, "bitbucket.spc", before)
			}
			got := s.login(t, s.consumer.Secret+"\n", follow, "--consumer-key", s.consumer.Key, "--no-write")
			if got.code != exitOK || strings.Contains(got.out+got.err, "hush") {
				t.Fatalf("exit code %d, %s%s", got.code, got.out, got.err)
			}
			if before == "" {
				if _, err := os.Stat(file); err == nil {
					t.Error("the file was written")
				}
				_, block, _ := strings.Cut(got.out, "add this to "+file+", and close the file to others (chmod 600):\n\n")
				block, _, _ = strings.Cut(block, "\n\nThen try:")
				writeFile(t, folder, "bitbucket.spc", strings.Replace(block, "\"...\"", "\""+s.consumer.Secret+"\"", 1)+"\n")
			} else {
				if readFile(t, file) != before {
					t.Error("the file was written")
				}
				_, instructions, _ := strings.Cut(got.out, "change the connection \"bitbucket\" at "+file+":1:\n\n")
				instructions, _, _ = strings.Cut(instructions, "\n\nThen try:")
				obey(t, file, instructions, s.consumer.Secret)
			}
			if rows := try(t, got.out); len(rows) < 10 {
				t.Errorf("%d repositories", len(rows))
			}
			if again := s.login(t, "", follow); again.code != exitOK || !strings.Contains(again.out, "There is nothing to change") {
				t.Errorf("a second login: exit code %d, %s%s", again.code, again.out, again.err)
			}
		})
	}
}

// obey changes the only connection in a file as the login asks for.
func obey(t *testing.T, file, instructions, secret string) {
	t.Helper()
	lines := strings.Split(strings.TrimSuffix(readFile(t, file), "}\n"), "\n")
	for line := range strings.Lines(instructions) {
		line = strings.TrimSpace(line)
		name, deleted := strings.CutPrefix(line, "delete ")
		if !deleted {
			name = strings.Fields(line)[0]
		}
		lines = slices.DeleteFunc(lines, func(l string) bool { return strings.HasPrefix(strings.TrimSpace(l), name+" ") })
		if !deleted {
			lines = append(lines, strings.Replace(line, "\"...\"", "\""+secret+"\"", 1))
		}
	}
	writeFile(t, filepath.Dir(file), filepath.Base(file), strings.Join(lines, "\n")+"\n}\n")
}

// If the environment configures the connection, the login writes nothing.
func TestLoginInEnvironment(t *testing.T) {
	s := newSetup(t)
	s.inEnvironment(t)
	t.Setenv("BITBUCKET_TOKEN_DIR", s.tokenDir)
	t.Setenv("BITBUCKET_OAUTH_CLIENT_ID", s.consumer.Key)
	t.Setenv("BITBUCKET_OAUTH_CLIENT_SECRET", s.consumer.Secret)
	got := s.login(t, "", follow)
	if got.code != exitOK || !strings.Contains(got.out, "\nThere is nothing to configure: the environment has the key and the secret.\n") {
		t.Errorf("exit code %d, %s%s", got.code, got.out, got.err)
	}
	if rows := try(t, got.out); len(rows) < 10 {
		t.Errorf("%d repositories", len(rows))
	}
}

// --config sets the file or folder of a new connection. A link to the file remains a link.
func TestLoginNewFile(t *testing.T) {
	s := newSetup(t)
	s.inEnvironment(t)
	t.Setenv("BITBUCKET_TOKEN_DIR", s.tokenDir)
	empty, blank := t.TempDir(), filepath.Join(t.TempDir(), "it is", "empty.spc")
	linked := filepath.Join(t.TempDir(), "linked.spc")
	if err := os.Symlink(s.config, linked); err != nil {
		t.Skip(err)
	}
	for config, want := range map[string]string{s.config: s.config, empty: filepath.Join(empty, "bitbucket.spc"), blank: blank, linked: linked} {
		if config == blank {
			if err := os.MkdirAll(filepath.Dir(blank), 0o700); err != nil {
				t.Fatal(err)
			}
			writeFile(t, filepath.Dir(blank), filepath.Base(blank), "")
		}
		got := s.login(t, s.consumer.Secret+"\n", follow, "--config", config, "--consumer-key", s.consumer.Key, "--write")
		if got.code != exitOK || !strings.Contains(got.out, " is in "+want+", ") && !strings.Contains(got.out, "nothing to change in the connection \"bitbucket\" at "+want+":") {
			t.Errorf("exit code %d, %s%s; want the connection in %s", got.code, got.out, got.err, want)
		}
		checkPrivate(t, want)
	}
	if info, err := os.Lstat(linked); err != nil || info.Mode()&os.ModeSymlink == 0 {
		t.Errorf("the link is %v, %v", info, err)
	}
}

// The consumer of --consumer-key replaces the key and the secret in the connection.
func TestLoginOtherConsumer(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		key, stdin string
		written    bool
		code       int
	}{
		"the same":              {"KEY", "", false, exitOK},
		"the same, new secret":  {"KEY", "SECRET\n", false, exitOK},
		"another":               {"other", "SECRET\n", true, exitOK},
		"another, and its lack": {"other", "", false, exitUsage},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newSetup(t)
			filled := strings.NewReplacer("KEY", s.consumer.Key, "SECRET", s.consumer.Secret)
			content := strings.Replace(s.connection("bitbucket", s.tokenDir), s.consumer.Key, filled.Replace(tt.key), 1)
			if tt.key == "other" {
				content = strings.Replace(content, s.consumer.Secret, "hush", 1)
			}
			file := writeFile(t, t.TempDir(), "a.spc", content)
			args := []string{"--config", file, "--consumer-key", s.consumer.Key, "--write"}
			if tt.stdin != "" {
				args = append(args, "--consumer-secret-stdin")
			}
			got := s.login(t, filled.Replace(tt.stdin), follow, args...)
			if got.code != tt.code {
				t.Fatalf("exit code %d, want %d: %s%s", got.code, tt.code, got.out, got.err)
			}
			if written := readFile(t, file) != content; written != tt.written {
				t.Errorf("written: %t, want %t", written, tt.written)
			}
			if tt.code == exitOK {
				try(t, got.out)
			}
		})
	}
}

// The first query notices a wrong secret in the connection, before the access token expires.
func TestWrongSecretIsNoticed(t *testing.T) {
	t.Parallel()
	s := newSetup(t)
	if got := s.login(t, "", follow, "--config", s.config); got.code != exitOK {
		t.Fatal(got.err)
	}
	wrong := writeFile(t, t.TempDir(), "wrong.spc", strings.Replace(readFile(t, s.config), s.consumer.Secret, "WRONGSECRET", 1))
	got := runCommand(t, "", "query", "--config", wrong, "select slug from bitbucket_my_workspace")
	if got.code != exitUsage || got.out != "" || !strings.Contains(got.err, "is not the secret that OAuth consumer "+s.consumer.Key+" got its token with") ||
		!strings.Contains(got.err, program+" login") || strings.Contains(got.err, "WRONGSECRET") {
		t.Errorf("exit code %d, %s%s", got.code, got.out, got.err)
	}
}

// Arguments of one authentication method don't hide the environment's values for another, and vice versa.
func TestLoginDeclaredAndEnvironment(t *testing.T) {
	for name, tt := range map[string]struct {
		key, secret string // of the environment
		declared    string
		args        []string
	}{
		"another method":             {key: "KEY", secret: "SECRET", declared: "access_token = \"hush\""},
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

// A new connection names the plugin as Steampipe does: by the folder that it is installed in.
func TestNewConnectionNamesInstalledPlugin(t *testing.T) {
	t.Parallel()
	plugins := filepath.Join(t.TempDir(), "plugins")
	for folder, want := range map[string]string{
		"plugins/ghcr.io/kindor/bitbucket@latest": "ghcr.io/kindor/bitbucket",
		"plugins/ghcr.io/kindor/bitbucket@0.1":    "ghcr.io/kindor/bitbucket@0.1",
		"plugins/local/bitbucket":                 "local/bitbucket",
		"plugins/local/other":                     localPlugin,
		"bin":                                     localPlugin,
	} {
		if got := pluginIn(plugins, filepath.Join(filepath.Dir(plugins), filepath.FromSlash(folder), program)); got != want {
			t.Errorf("in %s: %s, want %s", folder, got, want)
		}
	}
}
