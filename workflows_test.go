package main

import (
	"archive/tar"
	"compress/gzip"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"gopkg.in/yaml.v2"

	"github.com/kindor/steampipe-plugin-bitbucket/internal/fakebitbucket"
	"github.com/kindor/steampipe-plugin-bitbucket/internal/programtest"
)

// A workflowStep is a step of a job in a workflow.
type workflowStep struct {
	Uses string            `yaml:"uses"`
	Run  string            `yaml:"run"`
	Env  map[string]string `yaml:"env"`
}

// A workflow is a workflow of GitHub Actions.
type workflow struct {
	Permissions map[string]string `yaml:"permissions"`
	Jobs        map[string]struct {
		Uses        string            `yaml:"uses"`
		Needs       string            `yaml:"needs"`
		Permissions map[string]string `yaml:"permissions"`
		Steps       []workflowStep    `yaml:"steps"`
	} `yaml:"jobs"`
}

func parse(t *testing.T, file string, to any) {
	t.Helper()
	if err := yaml.Unmarshal([]byte(contents(t, file)), to); err != nil {
		t.Fatalf("%s: %v", file, err)
	}
}

// Each job only has the permissions that it needs, and the release starts with the tests.
func TestWorkflows(t *testing.T) {
	var test, release workflow
	parse(t, ".github/workflows/test.yml", &test)
	parse(t, ".github/workflows/release.yml", &release)
	reading := map[string]string{"contents": "read"}
	for name, w := range map[string]workflow{"test": test, "release": release} {
		if diff := cmp.Diff(reading, w.Permissions); diff != "" {
			t.Errorf("%s: permissions (-want +got):\n%s", name, diff)
		}
	}
	permissions := map[string]map[string]string{
		"test":     nil,
		"packages": {"contents": "write"},
		"image":    {"contents": "read", "packages": "write"},
	}
	got, after := map[string]map[string]string{}, map[string]string{}
	for name, job := range release.Jobs {
		got[name], after[name] = job.Permissions, job.Needs
	}
	if diff := cmp.Diff(permissions, got); diff != "" {
		t.Errorf("permissions of the release's jobs (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(map[string]string{"test": "", "packages": "test", "image": "packages"}, after); diff != "" {
		t.Errorf("order of the release's jobs (-want +got):\n%s", diff)
	}
	if release.Jobs["test"].Uses != "./.github/workflows/test.yml" {
		t.Errorf("a release is tested by %q", release.Jobs["test"].Uses)
	}
	runs := func(steps []workflowStep, command string) bool {
		return slices.ContainsFunc(steps, func(s workflowStep) bool { return s.Run == command })
	}
	if !runs(test.Jobs["all"].Steps, ".ci/run") {
		t.Error("the test job does not run .ci/run")
	}
	for job, commands := range map[string][]string{"packages": {"make release"}, "image": {"make image", "make push-image"}} {
		for _, command := range commands {
			if !runs(release.Jobs[job].Steps, command) {
				t.Errorf("job %s does not run %q", job, command)
			}
		}
	}
}

// The secrets of the release have the names in GoReleaser's configuration.
func TestReleaseSecrets(t *testing.T) {
	var release workflow
	parse(t, ".github/workflows/release.yml", &release)
	needed := map[string]bool{"GITHUB_TOKEN": true}
	for _, name := range regexp.MustCompile(`(?:envOrDefault|isEnvSet) "(\w+)"`).FindAllStringSubmatch(contents(t, ".goreleaser.yml"), -1) {
		needed[name[1]] = true
	}
	given := map[string]bool{}
	for _, s := range release.Jobs["packages"].Steps {
		for name := range s.Env {
			given[name] = true
		}
	}
	if diff := cmp.Diff(needed, given); diff != "" {
		t.Errorf("secrets (-needed +given):\n%s", diff)
	}
}

// Dependabot looks after every module.
func TestDependabot(t *testing.T) {
	var config struct {
		Updates []struct {
			Ecosystem   string   `yaml:"package-ecosystem"`
			Directories []string `yaml:"directories"`
		} `yaml:"updates"`
	}
	parse(t, ".github/dependabot.yml", &config)
	modules, err := filepath.Glob("tools/*/go.mod")
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"/"}
	for _, module := range modules {
		want = append(want, "/"+filepath.ToSlash(filepath.Dir(module)))
	}
	for _, update := range config.Updates {
		if update.Ecosystem != "gomod" {
			continue
		}
		if diff := cmp.Diff(want, update.Directories); diff != "" {
			t.Errorf("modules (-want +got):\n%s", diff)
		}
		return
	}
	t.Error("no module is looked after")
}

// pipeline returns the step of CI in docs/audit.md.
func pipeline(t *testing.T) (image string, script []string) {
	t.Helper()
	block := regexp.MustCompile("(?s)```yaml\n(pipelines:.*?)```").FindStringSubmatch(contents(t, "docs/audit.md"))
	if block == nil {
		t.Fatal("docs/audit.md shows no pipeline")
	}
	var config struct {
		Pipelines struct {
			Custom map[string][]struct {
				Step struct {
					Image  string   `yaml:"image"`
					Script []string `yaml:"script"`
				} `yaml:"step"`
			} `yaml:"custom"`
		} `yaml:"pipelines"`
	}
	if err := yaml.Unmarshal([]byte(block[1]), &config); err != nil {
		t.Fatal(err)
	}
	step := config.Pipelines.Custom["audit"][0].Step
	return step.Image, step.Script
}

// The test runs the audit in CI as documented, with a local archive instead of a download.
func TestAuditInCI(t *testing.T) {
	needs(t, "sh")
	image, script := pipeline(t)
	if certain := []string{"buildpack-deps:curl"}; !slices.Contains(certain, image) {
		t.Errorf("the image is %s; only %v surely have a shell, curl and CA certificates", image, certain)
	}
	var release struct {
		Archives []struct {
			Formats []string `yaml:"formats"`
			Name    string   `yaml:"name_template"`
		} `yaml:"archives"`
	}
	parse(t, ".goreleaser.yml", &release)
	archive := release.Archives[0]
	name := strings.NewReplacer("{{ .ProjectName }}", pluginName, "{{ .Os }}", "linux", "{{ .Arch }}", "amd64").Replace(archive.Name)
	address := "https://github.com/kindor/" + pluginName + "/releases/latest/download/" + name + "." + archive.Formats[0]
	if !strings.Contains(script[0], " "+address) {
		t.Errorf("the first line is %q, and the release has %s", script[0], address)
	}
	tools, dir := downloaded(t), t.TempDir()
	fake := fakebitbucket.Start(t, fakebitbucket.Options{})
	out, err := runInCI(t, fake, tools, dir, script)
	var exit *exec.ExitError
	if !errors.As(err, &exit) || exit.ExitCode() != 1 { // the audit alarms
		t.Errorf("the step ends with %v, want an alarm, and says\n%s", err, out)
	}
	report, err := os.ReadFile(filepath.Join(dir, "test-results", "audit.xml"))
	if err != nil || !strings.Contains(string(report), "<testsuite ") {
		t.Errorf("no report: %v\n%s", err, report)
	}
}

// downloaded returns a folder with a curl that only downloads an archive with the program.
func downloaded(t *testing.T) string {
	t.Helper()
	tools := t.TempDir()
	pack(t, filepath.Join(tools, "released"))
	writeFile(t, filepath.Join(tools, "curl"), "#!/bin/sh\nwhile [ \"$1\" != --output ]; do shift; done\ncp \"$(dirname \"$0\")/released\" \"$2\"\n")
	return tools
}

// runInCI runs the script of a job like a CI system, in a folder, with some tools and as the connected user.
func runInCI(t *testing.T, fake *fakebitbucket.Server, tools, dir string, script []string) ([]byte, error) {
	t.Helper()
	token := fake.AccessToken(fake.Organization().Connected.UUID, fakebitbucket.AllScopes()...)
	cmd := exec.Command("sh", "-e", "-c", strings.Join(script, "\n"))
	cmd.Dir = dir
	cmd.Env = []string{"PATH=" + tools + ":" + os.Getenv("PATH"), "HOME=" + dir, "BITBUCKET_API_BASE_URL=" + fake.URL(), "BITBUCKET_OAUTH_TOKEN=" + token}
	return cmd.CombinedOutput()
}

// jobCommands returns the commands of a job in order: the scripts of GitLab and Bitbucket, and the steps of GitHub.
func jobCommands(node any) []string {
	var all []string
	switch node := node.(type) {
	case []any:
		for _, item := range node {
			all = append(all, jobCommands(item)...)
		}
	case yaml.MapSlice:
		for _, item := range node {
			switch item.Key {
			case "run":
				all = append(all, item.Value.(string))
			case "script":
				for _, line := range item.Value.([]any) {
					all = append(all, line.(string))
				}
			default:
				all = append(all, jobCommands(item.Value)...)
			}
		}
	}
	return all
}

// The reports in CI are only made as the expected account.
func TestReportsInCI(t *testing.T) {
	needs(t, "sh")
	const expected = "{3c15d4d6-4e1c-4f0a-8f54-5d3f1f0f6a11}" // from the page
	_, ci, _ := strings.Cut(contents(t, "docs/schedule.md"), "\n## CI\n")
	blocks := regexp.MustCompile("(?s)\n### ([^\n]+)\n.*?```yaml\n(.*?)```").FindAllStringSubmatch(ci, -1)
	if len(blocks) != 3 {
		t.Fatalf("docs/schedule.md has %d jobs for CI, want 3", len(blocks))
	}
	tools := downloaded(t)
	fake := fakebitbucket.Start(t, fakebitbucket.Options{Repositories: 5, Users: 5})
	for _, block := range blocks {
		var job yaml.MapSlice
		if err := yaml.Unmarshal([]byte(block[2]), &job); err != nil {
			t.Fatalf("%s: %v", block[1], err)
		}
		script := jobCommands(job)
		for name, account := range map[string]string{"the expected account": fake.Organization().Connected.UUID, "another account": expected} {
			t.Run(block[1]+" as "+name, func(t *testing.T) {
				dir := t.TempDir()
				writeFile(t, filepath.Join(dir, "public.sql"), "select full_name from bitbucket_repository")
				out, err := runInCI(t, fake, tools, dir, []string{strings.ReplaceAll(strings.Join(script, "\n"), expected, account)})
				report, _ := os.ReadFile(filepath.Join(dir, "public.csv")) // there must be none for another account
				if account != expected && (err != nil || strings.Count(string(report), "\n") < 2) {
					t.Errorf("the job ends with %v, reports %q and says\n%s", err, report, out)
				}
				if account == expected && (err == nil || len(report) > 0) {
					t.Errorf("the job ends with %v, reports %q and says\n%s; want a failure without a report", err, report, out)
				}
			})
		}
	}
}

// pack writes an archive with the program, which is not made smaller: that would take long.
func pack(t *testing.T, file string) {
	t.Helper()
	program, err := os.ReadFile(programtest.Path(t))
	if err != nil {
		t.Fatal(err)
	}
	f, err := os.Create(file)
	if err != nil {
		t.Fatal(err)
	}
	zipped, err := gzip.NewWriterLevel(f, gzip.NoCompression)
	if err != nil {
		t.Fatal(err)
	}
	archive := tar.NewWriter(zipped)
	errs := []error{archive.WriteHeader(&tar.Header{Name: pluginName, Mode: 0o755, Size: int64(len(program))})}
	_, err = archive.Write(program)
	errs = append(errs, err, archive.Close(), zipped.Close(), f.Close())
	if err := errors.Join(errs...); err != nil {
		t.Fatal(err)
	}
}
