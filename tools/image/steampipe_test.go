package main

import (
	"fmt"
	"io"
	"log"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/hashicorp/go-hclog"
	goplugin "github.com/hashicorp/go-plugin"
	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsimple"
	"github.com/turbot/pipe-fittings/v2/app_specific"
	"github.com/turbot/pipe-fittings/v2/filepaths"
	"github.com/turbot/pipe-fittings/v2/ociinstaller"
	"github.com/turbot/pipe-fittings/v2/plugin"
	"github.com/turbot/pipe-fittings/v2/versionfile"
	sdkgrpc "github.com/turbot/steampipe-plugin-sdk/v5/grpc"
	"github.com/turbot/steampipe-plugin-sdk/v5/grpc/proto"
	"github.com/turbot/steampipe-plugin-sdk/v5/grpc/shared"
)

// A steampipe is Steampipe's own installer of plugins, with a home of its own.
type steampipe struct {
	t    *testing.T
	home string
}

// newSteampipe sets what Steampipe sets for its installer, which has it in variables of its own.
func newSteampipe(t *testing.T) steampipe {
	t.Helper()
	s := steampipe{t, t.TempDir()}
	app_specific.AppName = "steampipe"
	app_specific.InstallDir = filepath.Join(s.home, ".steampipe")
	app_specific.PluginHub = "hub.steampipe.io"
	app_specific.DefaultImageRepoActualURL = hubImages
	app_specific.DefaultImageRepoDisplayURL = "hub.steampipe.io"
	log.SetOutput(io.Discard) // where the installer tells what it does
	t.Cleanup(func() { log.SetOutput(os.Stderr) })
	return s
}

// hubImages is where Steampipe's hub has its images.
const hubImages = "ghcr.io/turbot/steampipe"

// mediaTypes are those of plugins that Steampipe asks for.
type mediaTypes struct{}

func (mediaTypes) MediaTypeForPlatform(ociinstaller.ImageType) ([]string, error) {
	return []string{fmt.Sprintf("application/vnd.turbot.steampipe.plugin.%s-%s.layer.v1+gzip", runtime.GOOS, runtime.GOARCH)}, nil
}

func (mediaTypes) SharedMediaTypes(ociinstaller.ImageType) []string {
	return []string{ociinstaller.MediaTypePluginSpcLayer(), ociinstaller.MediaTypePluginLicenseLayer()}
}

func (mediaTypes) ConfigMediaTypes() []string {
	return []string{ociinstaller.MediaTypeConfig(), ociinstaller.MediaTypePluginConfig()}
}

// install is `steampipe plugin install IMAGE`, or IMAGE@VERSION. It returns the folder of the plugin.
func (s steampipe) install(image, version string) (folder string, config *ociinstaller.PluginImageConfig) {
	s.t.Helper()
	reference := image
	if version != "latest" {
		reference += "@" + version
	}
	progress := make(chan struct{}, 100)
	installed, err := ociinstaller.InstallPlugin(s.t.Context(), reference, version, progress, hubImages, mediaTypes{})
	if err != nil {
		s.t.Fatalf("steampipe plugin install %s: %v", reference, err)
	}
	return filepaths.PluginInstallDir(image + "@" + version), installed.Config
}

// list is what `steampipe plugin list` says of the versions of all plugins. It fails for all if one has none.
func (s steampipe) list() map[string]string {
	s.t.Helper()
	file, err := versionfile.LoadPluginVersionFile(s.t.Context())
	if err != nil {
		s.t.Fatal(err)
	}
	versions := map[string]string{}
	for name, installed := range file.Plugins {
		version, err := plugin.NewPluginVersionString(installed.Version)
		if err != nil || !version.IsSemver() {
			s.t.Errorf("steampipe plugin list: %s has version %q: %v", name, installed.Version, err)
		}
		versions[name] = installed.Version
	}
	return versions
}

// connections reads the file of connections that the installation has left: name and plugin of each.
func (s steampipe) connections(file string) map[string]string {
	s.t.Helper()
	var read struct {
		Connections []struct {
			Name   string   `hcl:"name,label"`
			Plugin string   `hcl:"plugin"`
			Rest   hcl.Body `hcl:",remain"`
		} `hcl:"connection,block"`
	}
	path := filepath.Join(s.home, ".steampipe", "config", file)
	text, err := os.ReadFile(path)
	if err != nil {
		s.t.Fatal(err)
	}
	if err := hclsimple.Decode(file+".hcl", text, nil, &read); err != nil {
		s.t.Fatal(err)
	}
	plugins := map[string]string{}
	for _, c := range read.Connections {
		plugins[c.Name] = c.Plugin
	}
	return plugins
}

// tables starts the plugin of a connection, found as Steampipe finds it, and returns how many tables it serves.
func (s steampipe) tables(connected string) int {
	s.t.Helper()
	path, err := filepaths.GetPluginPath(plugin.ResolvePluginImageRef(connected), connected)
	if err != nil {
		s.t.Fatal(err)
	}
	const name = "steampipe-plugin-bitbucket"
	cmd := exec.Command(path)
	cmd.Env = append(os.Environ(), "HOME="+s.home, "STEAMPIPE_LOG_LEVEL=OFF")
	client := goplugin.NewClient(&goplugin.ClientConfig{
		HandshakeConfig:  shared.Handshake,
		Plugins:          map[string]goplugin.Plugin{name: &shared.WrapperPlugin{}},
		Cmd:              cmd,
		AllowedProtocols: []goplugin.Protocol{goplugin.ProtocolGRPC},
		Logger:           hclog.NewNullLogger(),
	})
	s.t.Cleanup(client.Kill)
	served, err := sdkgrpc.NewPluginClient(client, name)
	if err != nil {
		s.t.Fatalf("starting %s: %v", path, err)
	}
	config := &proto.ConnectionConfig{Connection: "bitbucket", Plugin: connected, PluginShortName: "bitbucket", PluginInstance: connected}
	if _, err := served.SetAllConnectionConfigs(&proto.SetAllConnectionConfigsRequest{Configs: []*proto.ConnectionConfig{config}}); err != nil {
		s.t.Fatal(err)
	}
	schema, err := served.GetSchema("bitbucket")
	if err != nil {
		s.t.Fatal(err)
	}
	return len(schema.Schema)
}

// shell runs commands of the documentation at home, where programs are found on a usual PATH.
func (s steampipe) shell(commands string) string {
	s.t.Helper()
	cmd := exec.CommandContext(s.t.Context(), "sh", "-euc", commands)
	cmd.Env = []string{"HOME=" + s.home, "PATH=" + filepath.Join(s.home, ".local/bin") + ":" + os.Getenv("PATH")}
	out, err := cmd.CombinedOutput()
	if err != nil {
		s.t.Fatalf("%s: %v\n%s", strings.TrimSpace(commands), err, out)
	}
	return string(out)
}
