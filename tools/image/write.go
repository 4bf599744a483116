package main

import (
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
	"golang.org/x/mod/semver"
	"oras.land/oras-go/v2"
	"oras.land/oras-go/v2/content/file"
	"oras.land/oras-go/v2/content/oci"
)

// Media types that Steampipe looks for. Its installer takes the one layer of its own platform, and the others if there are any.
// https://github.com/turbot/pipe-fittings/tree/develop/ociinstaller
const (
	binaryType  = "application/vnd.turbot.steampipe.plugin.%s.layer.v1+gzip" // of <os>-<arch>
	docsType    = "application/vnd.turbot.steampipe.plugin.docs.layer.v1+tar"
	spcType     = "application/vnd.turbot.steampipe.plugin.spc.layer.v1+tar"
	licenseType = "application/vnd.turbot.steampipe.plugin.license.layer.v1+text"
	configType  = "application/vnd.turbot.steampipe.config.v1+json"
)

// write writes the image as an OCI layout, for platforms such as linux/amd64.
func (p project) write(ctx context.Context, version, binaries, layout string, platforms []string) (err error) {
	tags, err := tagsOf(version)
	if err != nil {
		return err
	}
	folder, err := os.MkdirTemp("", p.program)
	if err != nil {
		return err
	}
	defer os.RemoveAll(folder)
	store, err := file.New(folder)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, store.Close()) }()
	store.TarReproducible = true
	manifest, err := p.pack(ctx, store, folder, version, binaries, platforms)
	if err != nil {
		return err
	}
	to, err := oci.New(layout)
	if err != nil {
		return err
	}
	if err := oras.CopyGraph(ctx, store, to, manifest, oras.DefaultCopyGraphOptions); err != nil {
		return err
	}
	for _, tag := range tags {
		if err := to.Tag(ctx, manifest, tag); err != nil {
			return err
		}
	}
	return nil
}

// tagsOf returns the tags of a version. The latest is what is installed where nobody names one, and so no prerelease.
func tagsOf(version string) ([]string, error) {
	if v := "v" + version; semver.Canonical(v) != v { // which leaves out what a tag can't have
		return nil, fmt.Errorf("%q is no version such as 1.2.3 or 1.2.3-dev; Steampipe can't list plugins with another", version)
	}
	if semver.Prerelease("v"+version) != "" {
		return []string{version}, nil
	}
	return []string{version, "latest"}, nil
}

// pack lays out what the image has, in a folder, and returns its manifest.
func (p project) pack(ctx context.Context, store *file.Store, folder, version, binaries string, platforms []string) (ocispec.Descriptor, error) {
	var layers []ocispec.Descriptor
	add := func(name, mediaType string) error {
		layer, err := store.Add(ctx, name, mediaType, filepath.Join(folder, name))
		layers = append(layers, layer)
		return err
	}
	for _, platform := range platforms {
		name := p.program + "_" + strings.ReplaceAll(platform, "/", "_")
		if err := compress(filepath.Join(binaries, name), filepath.Join(folder, name+".gz"), p.program+".plugin"); err != nil {
			return ocispec.Descriptor{}, err
		}
		if err := add(name+".gz", fmt.Sprintf(binaryType, strings.ReplaceAll(platform, "/", "-"))); err != nil {
			return ocispec.Descriptor{}, err
		}
	}
	err := errors.Join(
		copyDocs(filepath.Join(folder, "docs")),
		p.copyConfig(filepath.Join(folder, "config")),
		copyFile(filepath.Join(root, "LICENSE"), filepath.Join(folder, "LICENSE")),
	)
	if err != nil {
		return ocispec.Descriptor{}, err
	}
	if err := errors.Join(add("docs", docsType), add("config", spcType), add("LICENSE", licenseType)); err != nil {
		return ocispec.Descriptor{}, err
	}
	config, err := p.pushConfig(ctx, store, version)
	if err != nil {
		return ocispec.Descriptor{}, err
	}
	return oras.PackManifest(ctx, store, oras.PackManifestVersion1_1, "", oras.PackManifestOptions{
		ConfigDescriptor: &config,
		Layers:           layers,
		ManifestAnnotations: map[string]string{
			ocispec.AnnotationVersion:  version,
			ocispec.AnnotationSource:   "https://" + p.module,
			ocispec.AnnotationLicenses: "Apache-2.0",
		},
	})
}

// pushConfig pushes what Steampipe reads of the plugin as a whole.
func (p project) pushConfig(ctx context.Context, store *file.Store, version string) (ocispec.Descriptor, error) {
	config, err := json.Marshal(map[string]any{
		"schemaVersion": "2020-11-18",
		"plugin":        map[string]string{"name": p.name, "organization": p.owner, "version": version},
	})
	if err != nil {
		return ocispec.Descriptor{}, err
	}
	return oras.PushBytes(ctx, store, configType, config)
}

// compress makes a gzip file, whose header names what it is of. Steampipe gives the plugin that name, and finds it only if that
// ends in .plugin.
func compress(from, to, name string) error {
	in, err := os.Open(from)
	if err != nil {
		return fmt.Errorf("a binary is missing; `make cross` builds all: %w", err)
	}
	defer in.Close()
	out, err := os.Create(to)
	if err != nil {
		return err
	}
	w := gzip.NewWriter(out)
	w.Name = name
	_, err = io.Copy(w, in)
	return errors.Join(err, w.Close(), out.Close())
}

// copyDocs copies the pages of the documentation.
func copyDocs(to string) error {
	from := filepath.Join(root, "docs")
	return filepath.WalkDir(from, func(file string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || filepath.Ext(file) == ".go" {
			return err
		}
		name, err := filepath.Rel(from, file)
		if err != nil {
			return err
		}
		return copyFile(file, filepath.Join(to, name))
	})
}

// copyConfig copies the example connection, which becomes one to the plugin that is installed from the image.
func (p project) copyConfig(to string) error {
	from := filepath.Join(root, "config", p.name+".spc")
	text, err := os.ReadFile(from)
	if err != nil {
		return err
	}
	local := fmt.Sprintf("plugin = %q", "local/"+p.name)
	if strings.Count(string(text), local) != 1 {
		return fmt.Errorf("%s does not say %s once", from, local)
	}
	text = []byte(strings.Replace(string(text), local, fmt.Sprintf("plugin = %q", p.repository()), 1))
	return writeFile(filepath.Join(to, p.name+".spc"), text)
}

func copyFile(from, to string) error {
	text, err := os.ReadFile(from)
	if err != nil {
		return err
	}
	return writeFile(to, text)
}

func writeFile(file string, content []byte) error {
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		return err
	}
	return os.WriteFile(file, content, 0o644)
}
