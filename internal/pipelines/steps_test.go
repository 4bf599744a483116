package pipelines

import (
	"errors"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// nothing is a workspace without other files.
func nothing(Source) ([]byte, bool, error) { return nil, false, nil }

func stepsOf(t *testing.T, text string) []Step {
	t.Helper()
	steps, err := Steps([]byte(text), nothing)
	if err != nil {
		t.Fatal(err)
	}
	return steps
}

// A file with everything in the reference.
func TestSteps(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("testdata/all.yml")
	if err != nil {
		t.Fatal(err)
	}
	digest := "sha256:" + strings.Repeat("0f", 32)
	global := &Image{Name: "golang", Tag: "1.26", Digest: digest, IsPinned: true}
	node := &Image{Name: "registry.example.com:5000/ci/node"}
	build := Step{
		Position: 1, Line: 14, Name: "Build", Image: global, Commands: 2, Programs: []string{"go", "make"}, Caches: []string{"go", "docker"},
		Artifacts: []string{"dist/**"}, Size: "2x", MaxTime: 30,
	}
	of := func(s Step, trigger, pattern string) Step {
		s.Trigger, s.Pattern = trigger, pattern
		return s
	}
	changes := &Condition{}
	changes.Changesets.IncludePaths = []string{"web/**"}
	lint := build
	lint.Name, lint.Line, lint.MaxTime = "Lint", 68, 5
	want := []Step{
		of(build, Default, ""),
		of(build, Branch, "main"),
		{
			Trigger: Branch, Pattern: "main", Position: 2, Line: 33, Name: "Unit", Parallel: 1, Image: node, Commands: 1, Programs: []string{"npm"},
			Services:  []Service{{Name: "postgres", Image: &Image{Name: "postgres", Tag: "17"}}, {Name: "docker"}},
			Condition: changes, Size: "2x", MaxTime: 30, RunsOn: []string{"self.hosted", "linux"},
			Secrets: []Secret{{Written, "POSTGRES_PASSWORD", "service", 11}},
		},
		{Trigger: Branch, Pattern: "main", Position: 3, Line: 43, Name: "Web", Parallel: 1, Image: global, Commands: 1, Programs: []string{"true"}, Size: "2x", MaxTime: 30},
		{
			Trigger: Branch, Pattern: "main", Position: 4, Line: 51, Name: "Deploy", Stage: "Production", Image: global, Commands: 3,
			Pipes: []Pipe{
				{Name: "atlassian/aws-s3-deploy", Version: "1.1.0", IsPinned: true, Line: 55},
				{Name: "docker://ci/notify", Version: "2", Line: 61},
			},
			Programs: []string{"deploy.sh"}, Variables: []string{"AWS_ROLE", "BITBUCKET_COMMIT", "BUCKET"},
			Deployment: "production", Size: "4x", MaxTime: 30, OIDC: true, IsManual: true, IsGated: true,
		},
		{Trigger: Branch, Pattern: "main", Position: 5, Line: 63, Name: "After", Stage: "Production", Image: global, Commands: 1, Programs: []string{"true"}, Deployment: "production", Size: "2x", MaxTime: 30, IsManual: true, IsGated: true},
		of(lint, Tag, "v*"),
		of(build, PullRequest, "**"),
		{
			Trigger: Custom, Pattern: "nightly", Events: []Event{{"repository-push", `BITBUCKET_BRANCH == "main"`}}, Position: 1, Line: 77, Child: "release",
			Image: global, Size: "2x", MaxTime: 30, Artifacts: []string{"a", "b"},
		},
		of(build, Export, "shared"),
	}
	if diff := cmp.Diff(want, stepsOf(t, string(text))); diff != "" {
		t.Errorf("steps (-want +got):\n%s", diff)
	}
}

// A file that can't be parsed is one step with the reason, which does not quote the file.
func TestStepsOfFilesThatAreNone(t *testing.T) {
	t.Parallel()
	const hidden = "s3cr3tvalue"
	for name, test := range map[string]struct{ text, want string }{
		"empty":         {"", "The file has no pipelines."},
		"a text":        {hidden, "Line 1 has a value of the wrong kind."},
		"a list":        {"- " + hidden, "Line 1 has a value of the wrong kind."},
		"no pipelines":  {"image: a\npipelines:\n", "The file has no pipelines."},
		"a tab":         {"pipelines:\n\tdefault: " + hidden, "Line 2 is not valid YAML: found character that cannot start any token."},
		"unfinished":    {"pipelines: {default: [" + hidden, "Line 1 is not valid YAML."},
		"twice":         {"image: a\nimage: " + hidden, "Line 2 has a key for the second time."},
		"no anchor":     {"image: *" + hidden, "The file is not valid YAML."},
		"a number":      {"pipelines:\n  default:\n    - step:\n        max-time: " + hidden, "Line 4 has a value of the wrong kind."},
		"a step":        {"pipelines:\n  default:\n    - step: " + hidden, "Line 3 has a value of the wrong kind."},
		"merged":        {"pipelines:\n  <<: " + hidden, "The file is not valid YAML: map merge requires map or sequence of maps as the value."},
		"itself":        {"a: &a [*a]", "The file is not valid YAML."},
		"without end":   {bomb, "The file is not valid YAML: document contains excessive aliasing."},
		"a binary":      {"\x00\x01", "The file is not valid YAML: control characters are not allowed."},
		"not in UTF-8":  {"a: \xff", "The file is not valid YAML."},
		"secret inside": {"pipelines: [\n# AKIA" + "ABCDEFGHIJKLMNOP\n", "Line 2 is not valid YAML: did not find expected node content."},
	} {
		steps := stepsOf(t, test.text)
		if len(steps) != 1 || steps[0].Error != test.want {
			t.Errorf("%s: %+v, want the error %q", name, steps, test.want)
		}
		if strings.Contains(steps[0].Error, hidden) {
			t.Errorf("%s: the error has the value", name)
		}
	}
}

// bomb grows tenfold with each line.
var bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n" + func() string {
	var b strings.Builder
	for i := range 8 {
		before := "*a" + string(rune('0'+i))
		b.WriteString("a" + string(rune('1'+i)) + ": &a" + string(rune('1'+i)) + " [" + strings.Repeat(before+", ", 9) + before + "]\n")
	}
	return b.String()
}()

func TestImports(t *testing.T) {
	t.Parallel()
	files := map[string]string{
		"shared:main:" + Path:          "image: shared:1\nexport: true\ndefinitions:\n  pipelines:\n    build:\n      - step:\n          script: [make]\n    again:\n      import: a:b:c\n",
		"shared:v1:ci/pipelines.yml":   "export: true\ndefinitions:\n  pipelines:\n    build:\n      - step:\n          script: [make old]\n",
		".bitbucket/own-pipelines.yml": "definitions:\n  pipelines:\n    build:\n      - step:\n          script: [make own]\n",
		"closed:main:" + Path:          "definitions:\n  pipelines:\n    build:\n      - step:\n          script: [make]\n",
		"broken:main:" + Path:          "export: [",
	}
	const head = "definitions:\n  imports:\n    own: .bitbucket/own-pipelines.yml\n    main: shared:main\n    old: shared:v1:ci/pipelines.yml\npipelines:\n  default:\n    import: "
	for name, want := range map[string]Step{
		"shared:main:build": {ImportedFrom: "shared:main:" + Path, Position: 1, Line: 7, Image: &Image{Name: "shared", Tag: "1"}, Commands: 1, Programs: []string{"make"}},
		"main:build":        {ImportedFrom: "shared:main:" + Path, Position: 1, Line: 7, Image: &Image{Name: "shared", Tag: "1"}, Commands: 1, Programs: []string{"make"}},
		"old:build":         {ImportedFrom: "shared:v1:ci/pipelines.yml", Position: 1, Line: 6, Commands: 1, Programs: []string{"make"}},
		"own:build":         {ImportedFrom: ".bitbucket/own-pipelines.yml", Position: 1, Line: 5, Commands: 1, Programs: []string{"make"}},
		"main:test":         {ImportedFrom: "shared:main:" + Path, Line: 8, Error: "The pipeline imports main:test, but shared:main:" + Path + " has no such pipeline."},
		"main:again":        {ImportedFrom: "shared:main:" + Path, Line: 8, Error: "The pipeline imports main:again, but that pipeline imports another."},
		"none:build":        {Line: 8, Error: "The pipeline imports none:build, but the file does not define that source."},
		"build":             {Line: 8, Error: "The pipeline imports build, but the file does not define that source."},
		"gone:main:build":   {ImportedFrom: "gone:main:" + Path, Line: 8, Error: "The pipeline imports gone:main:build, but there is no file gone:main:" + Path + " that the connected user can see."},
		"closed:main:build": {ImportedFrom: "closed:main:" + Path, Line: 8, Error: "The pipeline imports closed:main:build, but closed:main:" + Path + " does not export its pipelines."},
		"broken:main:build": {ImportedFrom: "broken:main:" + Path, Line: 8, Error: "The pipeline imports broken:main:build, but line 1 is not valid YAML: did not find expected node content of broken:main:" + Path + "."},
	} {
		steps, err := Steps([]byte(head+name+"\n"), func(s Source) ([]byte, bool, error) {
			text, ok := files[s.String()]
			return []byte(text), ok, nil
		})
		want.Trigger = Default
		if diff := cmp.Diff([]Step{want}, steps); err != nil || diff != "" {
			t.Errorf("%s: error %v, steps (-want +got):\n%s", name, err, diff)
		}
	}
	failure := errors.New("no answer")
	_, err := Steps([]byte(head+"main:build"), func(Source) ([]byte, bool, error) { return nil, false, failure })
	if !errors.Is(err, failure) {
		t.Errorf("error %v, want that of the other file", err)
	}
}

func TestImages(t *testing.T) {
	t.Parallel()
	digest := "sha256:" + strings.Repeat("a1", 32)
	for reference, want := range map[string]Image{
		"golang":                              {Name: "golang"},
		"golang:1.26":                         {Name: "golang", Tag: "1.26"},
		"golang@" + digest:                    {Name: "golang", Digest: digest, IsPinned: true},
		"golang:1.26@" + digest:               {Name: "golang", Tag: "1.26", Digest: digest, IsPinned: true},
		"golang@sha256:12":                    {Name: "golang", Digest: "sha256:12"},
		"registry.example.com:5000/ci/base":   {Name: "registry.example.com:5000/ci/base"},
		"registry.example.com:5000/ci/base:2": {Name: "registry.example.com:5000/ci/base", Tag: "2"},
		"$IMAGE":                              {Name: "$IMAGE"},
		"":                                    {},
	} {
		if diff := cmp.Diff(&want, newImage(reference)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", reference, diff)
		}
	}
	for reference, want := range map[string]Pipe{
		"atlassian/slack-notify:2.3.1":       {Name: "atlassian/slack-notify", Version: "2.3.1", IsPinned: true},
		"atlassian/slack-notify:2":           {Name: "atlassian/slack-notify", Version: "2"},
		"atlassian/slack-notify":             {Name: "atlassian/slack-notify"},
		"docker://ci/deploy:1.2.3":           {Name: "docker://ci/deploy", Version: "1.2.3"},
		"docker://ci/deploy:1.2.3@" + digest: {Name: "docker://ci/deploy", Version: digest, IsPinned: true},
	} {
		if diff := cmp.Diff(want, newPipe(reference, 0)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", reference, diff)
		}
	}
}
