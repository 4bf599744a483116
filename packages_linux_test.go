package main

import (
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"
	"gopkg.in/yaml.v2"

	"github.com/kindor/steampipe-plugin-bitbucket/internal/programtest"
)

// A packager is a program that installs packages into a root folder, which replaces %s.
type packager struct {
	format  string   // of its packages
	files   []string // in packages for it alone
	install []string // before the package's file
	remove  []string // before the package's name
}

var packagers = []packager{
	{
		format: "deb",
		files: []string{
			"/usr/share/doc/steampipe-plugin-bitbucket/copyright",
			"/usr/share/zsh/vendor-completions/_steampipe-plugin-bitbucket",
		},
		install: []string{"dpkg", "--root=%s", "--install"},
		remove:  []string{"dpkg", "--root=%s", "--purge"},
	},
	{
		format: "rpm",
		files: []string{
			"/usr/share/doc/steampipe-plugin-bitbucket/LICENSE",
			"/usr/share/zsh/site-functions/_steampipe-plugin-bitbucket",
		},
		install: []string{"rpm", "--root=%s", "--dbpath=/var/lib/rpm", "--install"},
		remove:  []string{"rpm", "--root=%s", "--dbpath=/var/lib/rpm", "--erase"},
	},
}

// packaged lists the files in the packages for all packagers.
var packaged = []string{
	"/usr/bin/steampipe-plugin-bitbucket",
	"/usr/share/bash-completion/completions/steampipe-plugin-bitbucket",
	"/usr/share/doc/steampipe-plugin-bitbucket/CHANGELOG.md",
	"/usr/share/doc/steampipe-plugin-bitbucket/README.md",
	"/usr/share/doc/steampipe-plugin-bitbucket/bitbucket.spc",
	"/usr/share/fish/vendor_completions.d/steampipe-plugin-bitbucket.fish",
}

// smokeCommands are the arguments of commands that work in an empty root.
var smokeCommands = map[string][]string{"version": {"version"}, "demo": {"query", "--demo", "select count(*) from bitbucket_repository"}}

// A package of the release can be installed in an empty root, works there, and leaves no files behind.
func TestPackages(t *testing.T) {
	program := programtest.Path(t)
	needs(t, "make")
	folder := t.TempDir()
	commandOutput(t, exec.Command("make", "completions", "COMPLETIONS="+filepath.Join(folder, "completions")))
	config, formats := packageConfig(t, folder, program)
	var installed []string
	for _, p := range packagers {
		installed = append(installed, p.format)
	}
	if diff := cmp.Diff(formats, installed); diff != "" {
		t.Errorf("formats (-released +installed):\n%s", diff)
	}
	want := map[string]string{} // what the program prints
	for command, arguments := range smokeCommands {
		want[command] = commandOutput(t, exec.Command(program, arguments...))
	}
	nfpm := programtest.Tool(t, "tools/release", "nfpm")
	for _, p := range packagers {
		t.Run(p.format, func(t *testing.T) {
			needs(t, p.install[0])
			file := filepath.Join(folder, pluginName+"."+p.format)
			commandOutput(t, exec.Command(nfpm, "package", "--config", config, "--packager", p.format, "--target", file))
			p.test(t, file, want)
		})
	}
}

// packageConfig writes nfpm's configuration: that of .goreleaser.yml with GoReleaser's additions. The completions are in the
// folder, and the other files are in the repository. Nothing is made smaller, which would take long.
func packageConfig(t *testing.T, folder, binary string) (file string, formats []string) {
	t.Helper()
	var release struct {
		Packages []struct {
			Name     string              `yaml:"package_name"`
			FileName string              `yaml:"file_name_template"`
			Formats  []string            `yaml:"formats"`
			Bindir   string              `yaml:"bindir"`
			Contents []map[string]string `yaml:"contents"`
			Rest     map[string]any      `yaml:",inline"` // has the same meaning for both
		} `yaml:"nfpms"`
	}
	if err := yaml.Unmarshal([]byte(contents(t, ".goreleaser.yml")), &release); err != nil {
		t.Fatal(err)
	}
	if len(release.Packages) != 1 {
		t.Fatalf("%d packages, want 1", len(release.Packages))
	}
	p := release.Packages[0]
	config := p.Rest
	program := map[string]any{"src": binary, "dst": p.Bindir + "/" + pluginName, "file_info": map[string]any{"mode": 0o755}}
	all := []any{program}
	for _, c := range p.Contents {
		if strings.HasPrefix(c["src"], "completions/") {
			c["src"] = filepath.Join(folder, c["src"])
		}
		all = append(all, c)
	}
	config["name"], config["contents"], config["version"], config["arch"] = p.Name, all, "1.2.3", runtime.GOARCH
	for _, format := range p.Formats {
		config[format] = map[string]string{"compression": "gzip:0"}
	}
	text, err := yaml.Marshal(config)
	if err != nil {
		t.Fatal(err)
	}
	file = filepath.Join(folder, "nfpm.yaml")
	if err := os.WriteFile(file, text, 0o600); err != nil {
		t.Fatal(err)
	}
	return file, p.Formats
}

// test installs a package. Its program prints what it should.
func (p packager) test(t *testing.T, file string, prints map[string]string) {
	root := t.TempDir()
	if err := os.Mkdir(filepath.Join(root, "tmp"), 0o700); err != nil { // SQLite needs it, and it is not in a package
		t.Fatal(err)
	}
	manage := func(commandLine []string, of string) {
		t.Helper()
		var line []string
		for _, argument := range append(slices.Clone(commandLine), of) {
			line = append(line, strings.Replace(argument, "%s", root, 1))
		}
		commandOutput(t, asRoot(exec.Command(line[0], line[1:]...), ""))
	}
	manage(p.install, file)
	want := slices.Sorted(slices.Values(slices.Concat(packaged, p.files)))
	if diff := cmp.Diff(want, below(t, root)); diff != "" {
		t.Errorf("installed (-want +got):\n%s", diff)
	}
	program := func(arguments ...string) string {
		t.Helper()
		return commandOutput(t, asRoot(exec.Command("/usr/bin/"+pluginName, arguments...), root))
	}
	for command, arguments := range smokeCommands {
		if diff := cmp.Diff(prints[command], program(arguments...)); diff != "" {
			t.Errorf("%s (-built +installed):\n%s", command, diff)
		}
	}
	complete := contents(t, filepath.Join(root, "/usr/share/bash-completion/completions", pluginName))
	if !strings.Contains(complete, "complete -o default -F __start_"+pluginName+" "+pluginName) {
		t.Errorf("bash would not complete:\n%s", complete)
	}
	manage(p.remove, pluginName)
	if left := below(t, root); len(left) > 0 {
		t.Errorf("left: %v", left)
	}
	if _, err := os.Stat(filepath.Join(root, "/usr/share/doc", pluginName)); err == nil {
		t.Error("the folder of the documentation is left")
	}
}

// below returns the files of a root, except for those in /var, where the packager keeps its records.
func below(t *testing.T, root string) []string {
	t.Helper()
	var files []string
	err := fs.WalkDir(os.DirFS(root), ".", func(path string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case path == "var":
			return fs.SkipDir
		case !entry.IsDir():
			files = append(files, "/"+path)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

// asRoot makes a command run as root, in a root folder if that is not empty. Other users become root in a user namespace.
func asRoot(cmd *exec.Cmd, root string) *exec.Cmd {
	cmd.Env = []string{"PATH=/usr/sbin:/usr/bin:/sbin:/bin", "HOME=/"}
	cmd.SysProcAttr = &syscall.SysProcAttr{Chroot: root}
	if root != "" {
		cmd.Dir = "/"
	}
	if os.Geteuid() != 0 {
		cmd.SysProcAttr.Cloneflags = syscall.CLONE_NEWUSER
		cmd.SysProcAttr.UidMappings = []syscall.SysProcIDMap{{HostID: os.Geteuid(), Size: 1}}
		cmd.SysProcAttr.GidMappings = []syscall.SysProcIDMap{{HostID: os.Getegid(), Size: 1}}
	}
	return cmd
}

// commandOutput returns the standard output of a command.
func commandOutput(t *testing.T, cmd *exec.Cmd) string {
	t.Helper()
	var said strings.Builder
	cmd.Stderr = &said
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%s: %v\n%s%s", cmd, err, out, said.String())
	}
	return string(out)
}
