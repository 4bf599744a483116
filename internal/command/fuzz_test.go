package command

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// Reading a configuration succeeds, or returns an error of one line without any of the secrets.
func FuzzConfig(f *testing.F) {
	for _, content := range []string{
		"connection \"work\" {\n  plugin = \"bitbucket\"\n  access_token = \"mark-of-a-secret\"\n  workspaces = [\"acme\", \"*\"]\n  max_wait = \"5m\"\n}\n",
		"connection \"all\" {\n  plugin = \"local/bitbucket@1\"\n  type = \"aggregator\"\n  connections = [\"w*\"]\n}\nconnection \"w\" { plugin = \"bitbucket\" }\n",
		"plugin \"bitbucket\" { source = \"x\" }\nconnection \"a\" {\n  plugin = plugin.bitbucket\n  consumer_secret = mark-of-a-secret\n}\n",
		"connection \"a\" {\n  plugin = \"bitbucket\"\n  refresh_token = \"mark-of-a-secret\n}\n",
		"connection \"a\" {\n  plugin = \"bitbucket\"\n  api_token = [\"mark-of-a-secret\"]\n  max_concurrency = \"many\"\n}\n",
		"connection {", "", "\xff", "connection \"a\" \"b\" { plugin = 3 }",
	} {
		f.Add([]byte(content))
	}
	path := filepath.Join(f.TempDir(), "fuzz.spc")
	f.Fuzz(func(t *testing.T, content []byte) {
		if err := os.WriteFile(path, content, 0o600); err != nil {
			t.Fatal(err)
		}
		connections, err := readConnections(path)
		check := func(err error) {
			if err == nil {
				return
			}
			if text := oneLine(err.Error()); strings.Contains(text, "mark-of-a-secret") {
				t.Errorf("an error shows a secret: %s", text)
			}
		}
		check(err)
		for _, c := range connections {
			if c.Name == "" {
				t.Errorf("a connection without a name in %q", content)
			}
			_, err := c.config.Settings()
			check(err)
		}
	})
}
