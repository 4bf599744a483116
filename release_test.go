package main

import (
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"testing"
	"text/template"

	"github.com/google/go-cmp/cmp"
	"gopkg.in/yaml.v2"

	"github.com/kindor/steampipe-plugin-bitbucket/bitbucket"
)

// The release, the image and make build the binary. The variables that they set must exist in the program, because the linker
// ignores unknown ones.

// .goreleaser.yml lists the targets. The tests compare the Makefile, the workflows and the pages with it.

// A releaseBuild is a build of .goreleaser.yml.
type releaseBuild struct {
	Binary  string   `yaml:"binary"`
	Env     []string `yaml:"env"`
	GOOS    []string `yaml:"goos"`
	GOArch  []string `yaml:"goarch"`
	LDFlags []string `yaml:"ldflags"`
}

func readReleaseBuild(t *testing.T) releaseBuild {
	t.Helper()
	var config struct {
		Builds []releaseBuild `yaml:"builds"`
	}
	if err := yaml.Unmarshal([]byte(contents(t, ".goreleaser.yml")), &config); err != nil {
		t.Fatal(err)
	}
	if len(config.Builds) != 1 {
		t.Fatalf("%d builds, want 1", len(config.Builds))
	}
	return config.Builds[0]
}

func contents(t *testing.T, file string) string {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func writeFile(t *testing.T, file, content string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, []byte(content), 0o700); err != nil {
		t.Fatal(err)
	}
}

// needs skips a test if a program is missing. CI on Linux must have it.
func needs(t *testing.T, program string) {
	t.Helper()
	if _, err := exec.LookPath(program); err == nil {
		return
	}
	if os.Getenv("CI") != "" && runtime.GOOS == "linux" {
		t.Fatalf("%s is not installed", program)
	}
	t.Skipf("%s is not installed", program)
}

// made returns the commands that make would run for a target.
func made(t *testing.T, target string, arguments ...string) string {
	t.Helper()
	needs(t, "make")
	out, err := exec.Command("make", append([]string{"-n", target}, arguments...)...).CombinedOutput()
	if err != nil {
		t.Fatalf("make -n %s: %v\n%s", target, err, out)
	}
	return string(out)
}

var (
	quotedFlags = regexp.MustCompile(`CGO_ENABLED=0 .*go build -tags disable_grpc_modules -trimpath -ldflags "([^"]*)"`)
	stamp       = regexp.MustCompile(`-X ` + regexp.QuoteMeta("github.com/kindor/steampipe-plugin-bitbucket/bitbucket.") + `(\w+)=(\S*)`)
)

// stamps matches the variables that linker flags set.
func stamps(ldflags string) map[string]string {
	set := map[string]string{}
	for _, s := range stamp.FindAllStringSubmatch(ldflags, -1) {
		set[s[1]] = s[2]
	}
	return set
}

// stampsOf returns the variables of the only build in a text.
func stampsOf(t *testing.T, text string) map[string]string {
	t.Helper()
	found := quotedFlags.FindAllStringSubmatch(text, -1)
	if len(found) != 1 {
		t.Fatalf("%d static builds, want 1, in\n%s", len(found), text)
	}
	return stamps(found[0][1])
}

func TestReleaseTargets(t *testing.T) {
	b := readReleaseBuild(t)
	if !slices.Contains(b.Env, "CGO_ENABLED=0") {
		t.Errorf("env = %v, want no cgo", b.Env)
	}
	if b.Binary != pluginName {
		t.Errorf("binary = %q, want %q", b.Binary, pluginName)
	}
	want := []string{"darwin/amd64", "darwin/arm64", "linux/amd64", "linux/arm64", "windows/amd64", "windows/arm64"}
	var released []string
	for _, system := range b.GOOS {
		for _, arch := range b.GOArch {
			released = append(released, system+"/"+arch)
		}
	}
	slices.Sort(released)
	if diff := cmp.Diff(want, released); diff != "" {
		t.Errorf("released targets (-want +got):\n%s", diff)
	}
	line := regexp.MustCompile(`(?m)^TARGETS := (.*)$`).FindStringSubmatch(contents(t, "Makefile"))
	if line == nil {
		t.Fatal("the Makefile has no TARGETS")
	}
	crossed := slices.Sorted(slices.Values(strings.Fields(line[1])))
	if diff := cmp.Diff(want, crossed); diff != "" {
		t.Errorf("targets of make cross (-want +got):\n%s", diff)
	}
}

// A release prints its version. The test builds it without -trimpath and with go run, so that Go's cache can be used.
func TestReleaseSaysWhatItIs(t *testing.T) {
	if testing.Short() {
		t.Skip("takes long")
	}
	b := readReleaseBuild(t)
	var flags strings.Builder
	err := template.Must(template.New("ldflags").Option("missingkey=error").Parse(strings.Join(b.LDFlags, " "))).
		Execute(&flags, map[string]string{"Version": "1.2.3", "ShortCommit": "abc1234", "CommitDate": "2026-01-02T03:04:05Z"})
	if err != nil {
		t.Fatal(err)
	}
	version := exec.Command("go", "run", "-ldflags", flags.String(), ".", "version")
	version.Env = append(os.Environ(), b.Env...)
	out, err := version.CombinedOutput()
	if err != nil {
		t.Fatalf("version: %v\n%s", err, out)
	}
	if want := pluginName + " 1.2.3\ncommit abc1234\ndate 2026-01-02T03:04:05Z\n"; !strings.HasPrefix(string(out), want) {
		t.Errorf("version says\n%swant\n%s", out, want)
	}
}

// The image and make set the same variables as the release.
func TestEveryBuildSaysWhatItIs(t *testing.T) {
	all := slices.Sorted(maps.Keys(stamps(strings.Join(readReleaseBuild(t).LDFlags, " "))))
	if diff := cmp.Diff([]string{"Commit", "Date", "Version"}, all); diff != "" {
		t.Errorf("the release sets (-want +got):\n%s", diff)
	}
	t.Run("image", func(t *testing.T) {
		want := map[string]string{"Version": "${VERSION}", "Commit": "${COMMIT}", "Date": "${DATE}"}
		file := contents(t, "Dockerfile")
		if diff := cmp.Diff(want, stampsOf(t, file)); diff != "" {
			t.Errorf("-want +got:\n%s", diff)
		}
		for name := range want {
			if argument := "\nARG " + strings.ToUpper(name) + "="; strings.Count(file, argument) != 1 {
				t.Errorf("no argument%s", argument)
			}
			if argument := "--build-arg " + strings.ToUpper(name) + `="`; !strings.Contains(made(t, "container", versioned), argument) {
				t.Errorf("make container does not give %s", argument)
			}
		}
	})
	for _, target := range []string{"build", "cross"} {
		t.Run("make "+target, func(t *testing.T) {
			set := stampsOf(t, made(t, target, versioned))
			if diff := cmp.Diff(all, slices.Sorted(maps.Keys(set))); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
			for name, value := range set {
				if value == "" || name == "Version" && versioned != "VERSION="+value {
					t.Errorf("%s is %q", name, value)
				}
			}
		})
	}
}

// versioned sets the version for make.
const versioned = "VERSION=1.2.3"

// Without a given version, make uses that of the tag, or else that of the code.
func TestMakeKnowsTheVersion(t *testing.T) {
	if _, err := exec.LookPath("git"); err != nil {
		t.Skip("git is not installed")
	}
	folder := t.TempDir()
	t.Setenv("GIT_CEILING_DIRECTORIES", filepath.Dir(folder))
	t.Setenv("GIT_CONFIG_GLOBAL", os.DevNull)
	for _, file := range []string{"Makefile", "bitbucket/plugin.go"} {
		writeFile(t, filepath.Join(folder, file), contents(t, file))
	}
	repository := func(arguments ...string) {
		t.Helper()
		git := exec.Command("git", append([]string{"-C", folder, "-c", "user.name=test", "-c", "user.email=test@example.com"}, arguments...)...)
		if out, err := git.CombinedOutput(); err != nil {
			t.Fatalf("%v: %v\n%s", git.Args, err, out)
		}
	}
	check := func(when, want string) {
		t.Helper()
		if got := stampsOf(t, made(t, "build", "--directory", folder, "--no-print-directory"))["Version"]; got != want {
			t.Errorf("%s make builds version %q, want %q", when, got, want)
		}
	}
	check("without git", bitbucket.Version)
	repository("init", "--quiet")
	repository("commit", "--quiet", "--allow-empty", "--message", "Begin")
	check("between releases", bitbucket.Version)
	repository("tag", "v3.2.1")
	check("for a release", "3.2.1")
}

// The labels of the image have its version and its source.
func TestImageSaysWhatItIs(t *testing.T) {
	stages := strings.Split(contents(t, "Dockerfile"), "\nFROM ")
	if argument := "\nARG VERSION=" + bitbucket.Version + "\n"; !strings.Contains(stages[0]+"\n", argument) {
		t.Errorf("without an argument the image does not carry version %s, that of the code", bitbucket.Version)
	}
	for i, stage := range stages[1:] { // an argument before the first stage is empty in a stage that does not declare it
		if !strings.Contains(stage, "\nARG VERSION\n") {
			t.Errorf("stage %d does not take the version", i+1)
		}
	}
	got := map[string]string{}
	for _, label := range regexp.MustCompile(`org\.opencontainers\.image\.(\w+)=(\S+)`).FindAllStringSubmatch(stages[len(stages)-1], -1) {
		got[label[1]] = label[2]
	}
	want := map[string]string{"version": "${VERSION}", "source": "https://github.com/kindor/" + pluginName, "licenses": "Apache-2.0"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("labels (-want +got):\n%s", diff)
	}
}

// Steampipe's image has the platforms of Steampipe, in the version that was built.
func TestMakeImage(t *testing.T) {
	commands := made(t, "image", versioned)
	want := regexp.MustCompile(`(?m) run \. write "1\.2\.3" "\S+" "\S+" linux/amd64 linux/arm64 darwin/amd64 darwin/arm64$`)
	if !want.MatchString(commands) {
		t.Errorf("make image does\n%s\nwant %s", commands, want)
	}
}

// The token file must outlive the container and belong to its user. Otherwise the first token is the last one.
func TestImageKeepsTheToken(t *testing.T) {
	file := contents(t, "Dockerfile")
	stages := regexp.MustCompile(`(?m)^FROM `).FindAllStringIndex(file, -1)
	last := file[stages[len(stages)-1][0]:]
	find := func(pattern string) string {
		t.Helper()
		found := regexp.MustCompile(`(?m)` + pattern).FindStringSubmatch(last)
		if found == nil {
			t.Fatalf("the image has no %s", pattern)
		}
		return found[1]
	}
	folder, owner := find(`^ENV .*\bBITBUCKET_TOKEN_DIR=(\S+)`), find(`^USER (\d+:\d+)$`)
	if volume := find(`^VOLUME (\S+)$`); volume != folder {
		t.Errorf("the volume is %s, and the token files are in %s", volume, folder)
	}
	if owner == "0:0" {
		t.Error("the image runs as root")
	}
	if given := find(`^COPY --from=build --chown=(\S+) /rootfs/ /$`); given != owner {
		t.Errorf("%s belongs to %s, and the image runs as %s", folder, given, owner)
	}
	if !strings.Contains(file, "chmod 700 /rootfs"+folder+" ") {
		t.Errorf("%s is open to others", folder)
	}
	if entry := find(`^ENTRYPOINT \["(\S+)"\]$`); entry != "/usr/local/bin/"+pluginName {
		t.Errorf("the image starts %s", entry)
	}
}
