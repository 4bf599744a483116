package pipelines

import (
	"regexp"
	"strings"
)

// An Image is a container image by the name that a file has for it.
type Image struct {
	Name     string `json:"name"` // without tag and digest
	Tag      string `json:"tag,omitempty"`
	Digest   string `json:"digest,omitempty"`
	IsPinned bool   `json:"is_pinned"` // by a digest, so that it is always the same
}

// newImage returns the image with a reference such as registry.example.com:5000/ci/base:2@sha256:….
func newImage(reference string) *Image {
	i := &Image{}
	rest, digest, _ := strings.Cut(reference, "@")
	i.Name, i.Digest, i.IsPinned = rest, digest, digestForm.MatchString(digest)
	if colon := strings.LastIndexByte(rest, ':'); colon > strings.LastIndexByte(rest, '/') {
		i.Name, i.Tag = rest[:colon], rest[colon+1:]
	}
	return i
}

var digestForm = regexp.MustCompile(`^sha256:[0-9a-f]{64}$`)

// A Pipe is a ready-made command that runs in a container of its own.
type Pipe struct {
	Name     string `json:"name"`              // as in atlassian/aws-s3-deploy, or of an image after docker://
	Version  string `json:"version,omitempty"` // a tag or a digest
	IsPinned bool   `json:"is_pinned"`         // by a full version or a digest
	Line     int    `json:"line"`
}

var fullVersion = regexp.MustCompile(`^v?\d+\.\d+\.\d+([-+].+)?$`)

// newPipe returns the pipe with a reference such as atlassian/aws-s3-deploy:1.1.0 or docker://ci/deploy@sha256:….
func newPipe(reference string, line int) Pipe {
	scheme := ""
	if after, ok := strings.CutPrefix(reference, "docker://"); ok {
		scheme, reference = "docker://", after
	}
	i := newImage(reference)
	p := Pipe{Name: scheme + i.Name, Version: i.Tag, Line: line}
	p.IsPinned = i.IsPinned || scheme == "" && fullVersion.MatchString(i.Tag)
	if i.Digest != "" {
		p.Version = i.Digest
	}
	return p
}
