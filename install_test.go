package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/kindor/steampipe-plugin-bitbucket/internal/programtest"
)

// After `make install`, Steampipe finds the plugin and the shell finds the program. If the folder is not on the PATH, make says so.
func TestMakeInstall(t *testing.T) {
	program := programtest.Path(t)
	if _, err := exec.LookPath("make"); err != nil {
		t.Skip("make is not installed")
	}
	sources, home := t.TempDir(), t.TempDir()
	if err := os.Symlink(program, filepath.Join(sources, pluginName)); err != nil {
		t.Fatal(err)
	}
	for _, file := range []string{"Makefile", "config/bitbucket.spc"} {
		writeFile(t, filepath.Join(sources, file), contents(t, file))
	}
	bin := filepath.Join(home, ".local", "bin")
	run := func(path, name string, arguments ...string) string {
		t.Helper()
		cmd := exec.Command("sh", append([]string{"-c", `exec "$@"`, "sh", name}, arguments...)...)
		cmd.Dir = sources
		cmd.Env = []string{"HOME=" + home, "PATH=" + path}
		out, err := cmd.CombinedOutput()
		if err != nil {
			t.Fatalf("%s: %v\n%s", name, err, out)
		}
		return string(out)
	}
	usual := os.Getenv("PATH")
	const warning = "is not on the PATH"
	if said := run(usual, "make", "install", "--old-file=build", "VERSION=1.2.3"); !strings.Contains(said, bin+" "+warning) {
		t.Errorf("make install does not say that %s %s:\n%s", bin, warning, said)
	}
	for range 2 { // the second time replaces the files
		if said := run(bin+":"+usual, "make", "install", "--old-file=build", "VERSION=1.2.3"); strings.Contains(said, "\n"+bin+" "+warning) {
			t.Errorf("make install says that %s %s:\n%s", bin, warning, said)
		}
	}
	if said := run(bin+":"+usual, pluginName, "version"); !strings.HasPrefix(said, pluginName+" ") {
		t.Errorf("version says %s", said)
	}
	plugin := filepath.Join(home, ".steampipe", "plugins", "local", "bitbucket", "bitbucket.plugin")
	if linked, err := os.Readlink(filepath.Join(bin, pluginName)); err != nil || linked != plugin {
		t.Errorf("the program is %q, error %v; want a link to %s", linked, err, plugin)
	}
	if config := filepath.Join(home, ".steampipe", "config", "bitbucket.spc"); contents(t, config) != contents(t, "config/bitbucket.spc") {
		t.Errorf("%s is not the example", config)
	}
}
