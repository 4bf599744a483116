package main

import (
	"encoding/json"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
	"oras.land/oras-go/v2/content"
	"oras.land/oras-go/v2/content/oci"
)

// published is what the image is called for everybody, and not what the code makes of the module's path.
const published = "ghcr.io/kindor/bitbucket"

// build builds the plugin of a version for this machine, without -trimpath, under which nothing that is compiled could be used
// again.
func build(t *testing.T, version string) (folder string) {
	t.Helper()
	folder = t.TempDir()
	cmd := exec.Command("go", "build", "-ldflags", "-s -w -X github.com/kindor/steampipe-plugin-bitbucket/bitbucket.Version="+version,
		"-o", filepath.Join(folder, "steampipe-plugin-bitbucket_"+runtime.GOOS+"_"+runtime.GOARCH), ".")
	cmd.Dir = root
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("go build: %v\n%s", err, out)
	}
	return folder
}

// runImage runs this program.
func runImage(t *testing.T, arguments ...string) {
	t.Helper()
	if err := run(t.Context(), arguments); err != nil {
		t.Fatalf("image %s: %v", strings.Join(arguments, " "), err)
	}
}

// writeLayout writes an image for this machine.
func writeLayout(t *testing.T, version, binaries string) string {
	t.Helper()
	to := filepath.Join(t.TempDir(), "image")
	runImage(t, "write", version, binaries, to, runtime.GOOS+"/"+runtime.GOARCH)
	return to
}

// What is written is pushed, and installed by Steampipe's own installer, and the plugin starts from there.
func TestInstall(t *testing.T) {
	const version = "1.2.3"
	startRegistry(t)
	runImage(t, "push", writeLayout(t, version, build(t, version)))

	s := newSteampipe(t)
	folder, config := s.install(published, "latest")
	if config.SchemaVersion != "2020-11-18" || config.Plugin.Name != "bitbucket" || config.Plugin.Organization != "kindor" || config.Plugin.Version != version {
		t.Errorf("config = %+v", config)
	}
	if diff := cmp.Diff(map[string]string{published + "@latest": version}, s.list()); diff != "" {
		t.Errorf("plugin list (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(map[string]string{"bitbucket": published}, s.connections("bitbucket.spc")); diff != "" {
		t.Errorf("connections (-want +got):\n%s", diff)
	}
	if tables := s.tables(published); tables != pages(t, root) {
		t.Errorf("the plugin that is installed serves %d tables, want %d", tables, pages(t, root))
	}
	if diff := cmp.Diff(files(t, filepath.Join(root, "docs"), ".go"), files(t, filepath.Join(folder, "docs"), "")); diff != "" {
		t.Errorf("docs (-want +got):\n%s", diff)
	}
	t.Run("on the PATH", func(t *testing.T) {
		s := steampipe{t, s.home}
		s.shell(documented(t))
		if said := s.shell("steampipe-plugin-bitbucket version"); !strings.HasPrefix(said, "steampipe-plugin-bitbucket "+version+"\n") {
			t.Errorf("version says %s", said)
		}
	})
	t.Run("by version", func(t *testing.T) {
		s := newSteampipe(t)
		s.install(published, version)
		if diff := cmp.Diff(map[string]string{"bitbucket": published + "@" + version}, s.connections("bitbucket.spc")); diff != "" {
			t.Errorf("connections (-want +got):\n%s", diff)
		}
		if s.tables(published+"@"+version) == 0 {
			t.Error("no tables")
		}
	})
}

// documented is what the documentation says to run after the installation.
func documented(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(root, "docs", "index.md"))
	if err != nil {
		t.Fatal(err)
	}
	_, after, installs := strings.Cut(string(text), "\n```sh\nsteampipe plugin install "+published+"\n")
	link := regexp.MustCompile(`(?m)^ln .*$`).FindString(after)
	if !installs || link == "" {
		t.Fatal("index.md does not say how to install the plugin, and then how to have the program on the PATH")
	}
	return "mkdir -p ~/.local/bin; " + link
}

// files are those below a folder, by content, without those of a kind.
func files(t *testing.T, folder, without string) map[string]string {
	t.Helper()
	all := map[string]string{}
	err := filepath.WalkDir(folder, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || without != "" && strings.HasSuffix(path, without) {
			return err
		}
		text, err := os.ReadFile(path)
		all[strings.TrimPrefix(path, folder)] = string(text)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(all) == 0 {
		t.Fatalf("%s is empty", folder)
	}
	return all
}

// pages is how many tables have a page.
func pages(t *testing.T, of string) int {
	t.Helper()
	found, err := filepath.Glob(filepath.Join(of, "docs", "tables", "*.md"))
	if err != nil {
		t.Fatal(err)
	}
	return len(found)
}

// Steampipe asks for these types and no others, and for one manifest.
func TestManifest(t *testing.T) {
	binaries := t.TempDir()
	for _, platform := range []string{"linux_amd64", "linux_arm64", "darwin_amd64", "darwin_arm64"} {
		standIn := filepath.Join(binaries, "steampipe-plugin-bitbucket_"+platform)
		if err := os.WriteFile(standIn, []byte("stands in for a binary of "+platform), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	layout := filepath.Join(t.TempDir(), "image")
	runImage(t, "write", "1.2.3", binaries, layout, "linux/amd64", "linux/arm64", "darwin/amd64", "darwin/arm64")
	store, err := oci.New(layout)
	if err != nil {
		t.Fatal(err)
	}
	descriptor, err := store.Resolve(t.Context(), "latest")
	if err != nil {
		t.Fatal(err)
	}
	if descriptor.MediaType != "application/vnd.oci.image.manifest.v1+json" {
		t.Errorf("the image is a %s, want one plain manifest", descriptor.MediaType)
	}
	text, err := content.FetchAll(t.Context(), store, descriptor)
	if err != nil {
		t.Fatal(err)
	}
	var manifest ocispec.Manifest
	if err := json.Unmarshal(text, &manifest); err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, layer := range append(manifest.Layers, manifest.Config) {
		got = append(got, strings.TrimPrefix(layer.MediaType, "application/vnd.turbot.steampipe."))
	}
	want := []string{
		"plugin.linux-amd64.layer.v1+gzip", "plugin.linux-arm64.layer.v1+gzip",
		"plugin.darwin-amd64.layer.v1+gzip", "plugin.darwin-arm64.layer.v1+gzip",
		"plugin.docs.layer.v1+tar", "plugin.spc.layer.v1+tar", "plugin.license.layer.v1+text", "config.v1+json",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("media types (-want +got):\n%s", diff)
	}
}

// The latest is no prerelease, and no tag starts with v.
func TestTags(t *testing.T) {
	for version, want := range map[string][]string{
		"1.2.3":       {"1.2.3", "latest"},
		"1.2.3-rc.1":  {"1.2.3-rc.1"},
		"0.1.0-dev":   {"0.1.0-dev"},
		"v1.2.3":      nil,
		"1.2":         nil,
		"1.2.3+linux": nil,
		"dev":         nil,
		"":            nil,
	} {
		if got, err := tagsOf(version); !slices.Equal(got, want) || (err != nil) != (want == nil) {
			t.Errorf("%s has the tags %v, error %v; want %v", version, got, err, want)
		}
	}
}
