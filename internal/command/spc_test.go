package command

import (
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/kindor/steampipe-plugin-bitbucket/internal/fakebitbucket"
	"github.com/kindor/steampipe-plugin-bitbucket/internal/sqlhost"
)

func TestReadConnections(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		files map[string]string
		want  []sqlhost.Connection
	}{
		"no files": {},
		"other plugins, other blocks and other files are passed over": {
			files: map[string]string{
				"aws.spc": "connection \"cloud\" {\n  plugin = \"aws\"\n  regions = [\"*\"]\n  mystery = var.nothing\n}\n",
				"default.spc": "options \"database\" {\n  port = 9193\n}\n" +
					"workspace \"x\" {}\n",
				"notes.txt":     "not HCL at all {{{",
				"bitbucket.spc": "connection \"bitbucket\" {\n  plugin = \"bitbucket\"\n}\n",
			},
			want: []sqlhost.Connection{{Name: "bitbucket", Plugin: "bitbucket"}},
		},
		"the plugin gets its own arguments as they are written": {
			files: map[string]string{"a.spc": `
connection "work" {
  plugin          = "local/bitbucket" # ours
  import_schema   = "enabled"
  type            = "plugin"
  consumer_secret = "a \"quoted\" one"
  consumer_key    = "k" // a comment
  workspaces = [
    "one",
    "two-*",
  ]
  max_concurrency = 4
  options "connection" {
    cache = true
  }
}`},
			want: []sqlhost.Connection{{Name: "work", Plugin: "local/bitbucket", Config: `consumer_secret = "a \"quoted\" one"
consumer_key    = "k"
workspaces = [
    "one",
    "two-*",
  ]
max_concurrency = 4
`}},
		},
		"sorted by name over all files": {
			files: map[string]string{
				"1.spc": `connection "c" { plugin = "bitbucket" }` + "\n" + `connection "a" { plugin = "bitbucket" }`,
				"2.spc": `connection "b" { plugin = "bitbucket" }`,
			},
			want: []sqlhost.Connection{{Name: "a", Plugin: "bitbucket"}, {Name: "b", Plugin: "bitbucket"}, {Name: "c", Plugin: "bitbucket"}},
		},
		"an aggregator's patterns are resolved": {
			files: map[string]string{"a.spc": `
connection "all" {
  plugin      = "bitbucket"
  type        = "aggregator"
  connections = ["team_*", "solo", "cloud"]
}
connection "team_a" { plugin = "bitbucket" }
connection "team_b" { plugin = "bitbucket" }
connection "solo"   { plugin = "bitbucket" }
connection "other"  { plugin = "bitbucket" }
connection "cloud"  { plugin = "aws" }
connection "others" {
  plugin      = "aws"
  type        = "aggregator"
  connections = ["*"]
}`},
			want: []sqlhost.Connection{
				{Name: "all", Plugin: "bitbucket", Type: "aggregator", Connections: []string{"solo", "team_a", "team_b"}},
				{Name: "other", Plugin: "bitbucket"}, {Name: "solo", Plugin: "bitbucket"}, {Name: "team_a", Plugin: "bitbucket"}, {Name: "team_b", Plugin: "bitbucket"},
			},
		},
		"a plugin block names its source": {
			files: map[string]string{
				"a.spc": `connection "x" { plugin = plugin.mine }` + "\n" + `connection "y" { plugin = plugin.cloud }` + "\n" + `connection "z" { plugin = plugin.bitbucket }`,
				"b.spc": "plugin \"mine\" {\n  source = \"local/bitbucket\"\n  memory_max_mb = 100\n}\nplugin \"cloud\" {\n  source = \"aws\"\n}\n",
			},
			want: []sqlhost.Connection{{Name: "x", Plugin: "local/bitbucket"}, {Name: "z", Plugin: "bitbucket"}},
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			for name, content := range tt.files {
				writeFile(t, dir, name, content)
			}
			connections, err := readConnections(dir)
			if err != nil {
				t.Fatal(err)
			}
			var got []sqlhost.Connection
			for _, c := range connections {
				got = append(got, c.Connection)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("connections (-want +got):\n%s", diff)
			}
		})
	}
}

func TestReadConnectionsRefuses(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		content string
		want    string // after the file's path
	}{
		"a syntax error": {
			content: "connection \"a\" {\n  plugin = \"bitbucket\n}\n",
			want:    ":2: ",
		},
		"a missing brace": {
			content: "connection \"a\" {\n  plugin = \"bitbucket\"\n",
			want:    ":1: ",
		},
		"no plugin": {
			content: "\n\nconnection \"a\" {\n  consumer_key = \"k\"\n}\n",
			want:    `:3: Missing required argument: The argument "plugin" is required, but no definition was found.`,
		},
		"no name": {
			content: "connection {\n  plugin = \"bitbucket\"\n}\n",
			want:    ":1: Missing name for connection",
		},
		"an unknown type": {
			content: "connection \"a\" {\n  plugin = \"bitbucket\"\n  type = \"group\"\n}\n",
			want:    `:1: connection a has the unknown type "group": the only type is "aggregator"`,
		},
		"an aggregator of nothing": {
			content: "connection \"a\" {\n  plugin = \"bitbucket\"\n  type = \"aggregator\"\n  connections = [\"b*\", \"[\"]\n}\n",
			want:    `:1: aggregator a has no connections`,
		},
		"a name that SQLite has": {
			content: "\nconnection \"main\" {\n  plugin = \"bitbucket\"\n  access_token = \"hush\"\n}\n",
			want:    ":2: connection main: SQLite has its own schema with this name",
		},
		"a name twice": {
			content: "connection \"a\" { plugin = \"bitbucket\" }\nconnection \"A\" { plugin = \"bitbucket\" }\n",
			want:    ":2: connection a exists already, at ",
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			path := writeFile(t, t.TempDir(), "bitbucket.spc", tt.content)
			got := runCommand(t, "", "query", "--config", path, "select 1")
			if want := "Error: " + path + tt.want; got.code != exitUsage || !strings.HasPrefix(got.err, want) {
				t.Errorf("exit code %d and %q, want %d and %q", got.code, got.err, exitUsage, want)
			}
			if strings.Contains(got.err, "hush") || strings.Count(got.err, "\n") != 1 || got.out != "" {
				t.Errorf("not one line without a secret, on standard error alone: %q, %q", got.err, got.out)
			}
		})
	}
}

// An error in the arguments of one connection only concerns queries of that connection.
func TestArgumentsOfOneConnection(t *testing.T) {
	t.Parallel()
	fake := fakebitbucket.Start(t, fakebitbucket.Options{})
	token := fake.AccessToken(fake.Organization().Connected.UUID, fakebitbucket.AllScopes()...)
	good := fmt.Sprintf("connection %%q {\n  plugin = \"local/bitbucket\"\n  base_url = %q\n  access_token = %q\n}\n", fake.URL(), token)
	for name, tt := range map[string]struct {
		body string
		want string
	}{
		"an unknown argument":         {`consumerkey = "hush"`, `An argument named "consumerkey" is not expected here. Did you mean "consumer_key"?`},
		"the arguments of before":     {"username = \"hush\"\n  password = \"hush\"", "App passwords no longer work: see https://github.com/kindor/steampipe-plugin-bitbucket/blob/main/docs/migration.md"},
		"an argument of another type": {`consumer_secret = ["hush"]`, "consumer_secret has a wrong value: Unsuitable value: string required"},
		"a variable":                  {`consumer_secret = hush`, "consumer_secret has a wrong value: Variables may not be used here"},
		"an unknown block":            {"retry {}", `Blocks of type "retry" are not expected here`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			path := writeFile(t, t.TempDir(), "bitbucket.spc", fmt.Sprintf(good, "first")+
				"connection \"middle\" {\n  plugin = \"local/bitbucket\"\n  "+tt.body+"\n}\n"+fmt.Sprintf(good, "last"))
			for _, connection := range []string{"first", "last"} {
				if got := runCommand(t, "", "query", "--config", path, "select uuid from "+connection+".bitbucket_user"); got.code != exitOK {
					t.Errorf("%s: exit code %d and %q", connection, got.code, got.err)
				}
			}
			got := runCommand(t, "", "query", "--config", path, "select uuid from middle.bitbucket_user")
			if got.code != exitUsage || !strings.HasPrefix(got.err, "Error: middle: ") || !strings.Contains(got.err, tt.want) {
				t.Errorf("exit code %d and %q, want %d and %q", got.code, got.err, exitUsage, tt.want)
			}
			if strings.Contains(strings.ReplaceAll(got.err, path, ""), "hush") || strings.Count(got.err, "\n") != 1 || got.out != "" {
				t.Errorf("not one line without a secret, on standard error alone: %q, %q", got.err, got.out)
			}
			login := runCommand(t, "", "login", "--config", path, "--connection", "middle")
			if login.code != exitUsage || !strings.HasPrefix(login.err, "Error: "+path+":6: connection middle: ") || !strings.Contains(login.err, tt.want) {
				t.Errorf("login: exit code %d and %q", login.code, login.err)
			}
		})
	}
}

// A connection that can't be used is an error even if no table is read, unless another connection can be used.
func TestNoUsableConnection(t *testing.T) {
	t.Parallel()
	const (
		wrong  = "connection \"work\" {\n  plugin = \"local/bitbucket\"\n  consumerkey = \"hush\"\n}\n"
		empty  = "connection \"bare\" {\n  plugin = \"local/bitbucket\"\n}\n"
		usable = "connection \"usable\" {\n  plugin = \"local/bitbucket\"\n  access_token = \"hush\"\n}\n"
	)
	selectOne := []string{"query", "select 1"}
	for name, tt := range map[string]struct {
		spc  string
		args []string
		want []string // with the file in place of %; none if the command succeeds
	}{
		"an unknown argument":        {wrong, selectOne, []string{`Error: %:1: connection work: An argument named "consumerkey" is not expected here. Did you mean`}},
		"no credentials":             {empty, selectOne, []string{"Error: %:1: connection bare: no credentials: set consumer_key"}},
		"none of two":                {wrong + empty, selectOne, []string{"Error: %:5: connection bare: ", "; %:1: connection work: "}},
		"one of two":                 {wrong + usable, selectOne, nil},
		"the other":                  {wrong + usable, append(selectOne, "--connection", "usable"), nil},
		"the one that was chosen":    {usable + wrong, append(selectOne, "--connection", "work"), []string{"Error: %:5: connection work: "}},
		"one error and not 47 of it": {wrong, []string{"audit"}, []string{"Error: %:1: connection work: "}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			path := writeFile(t, t.TempDir(), "bitbucket.spc", tt.spc)
			got := runCommand(t, "", append(slices.Clone(tt.args), "--config", path)...)
			if tt.want == nil {
				if got.code != exitOK || got.err != "" {
					t.Errorf("exit code %d and %q", got.code, got.err)
				}
				return
			}
			if got.code != exitUsage || got.out != "" || strings.Count(got.err, "\n") != 1 || strings.Contains(got.err, "hush") {
				t.Errorf("exit code %d, %q and %q, want %d and one line on standard error without a secret", got.code, got.out, got.err, exitUsage)
			}
			for _, want := range tt.want {
				if want = strings.ReplaceAll(want, "%", path); !strings.Contains(got.err, want) {
					t.Errorf("%q does not say %q", got.err, want)
				}
			}
		})
	}
}

func TestReadConnectionsWithoutFiles(t *testing.T) {
	t.Parallel()
	missing := filepath.Join(t.TempDir(), "nowhere")
	if _, err := readConnections(missing); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("readConnections(%s) = %v, want that it doesn't exist", missing, err)
	}
}

func TestIsOurs(t *testing.T) {
	t.Parallel()
	tests := map[string]bool{
		"bitbucket":               true,
		"local/bitbucket":         true,
		"turbot/bitbucket@latest": true,
		"kindor/bitbucket":        true,
		"hub.steampipe.io/plugins/turbot/bitbucket@1.2":  true,
		"ghcr.io/turbot/steampipe/plugins/bitbucket:1.2": true,
		"aws":                     false,
		"turbot/bitbucketserver":  false,
		"bitbucket/aws":           false,
		"turbot/aws@bitbucket":    false,
		"":                        false,
		"hub.steampipe.io/github": false,
	}
	for plugin, want := range tests {
		if got := isOurs(plugin); got != want {
			t.Errorf("isOurs(%q) = %t, want %t", plugin, got, want)
		}
	}
}
