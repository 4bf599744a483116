package pipelines

import "strings"

// A Source is a file that pipelines are imported from.
type Source struct {
	Repository string // slug of a repository in the same workspace; "" for the repository that imports
	Ref        string // branch or tag; "" for the revision that imports
	Path       string
}

// String returns the source as a file writes it.
func (s Source) String() string {
	if s.Repository == "" {
		return s.Path
	}
	return s.Repository + ":" + s.Ref + ":" + s.Path
}

// A Load reads a file that pipelines are imported from. found is false if there is no such file.
type Load func(Source) (text []byte, found bool, err error)

// An imported is a pipeline of another file, or the problem with it.
type imported struct {
	from     string
	document *document
	pipeline pipeline
	problem  string
}

// imported reads the pipeline that an import names, as in shared:build or shared-pipelines:main:build. An imported
// pipeline does not import another.
// https://support.atlassian.com/bitbucket-cloud/docs/share-pipelines-configurations/
func (r *reader) imported(name string) (imported, error) {
	source, pipelineName, ok := r.source(name)
	if !ok {
		return imported{problem: wrong(name, "the file does not define that source")}, nil
	}
	found := imported{from: source.String()}
	text, exists, err := r.load(source)
	switch {
	case err != nil:
		return found, err
	case !exists:
		found.problem = wrong(name, "there is no file %s that the connected user can see", source)
		return found, nil
	}
	d, invalid := parse(text)
	if invalid != nil {
		found.problem = wrong(name, "%s of %s", invalid, source)
		return found, nil
	}
	found.document, found.pipeline = d, d.Definitions.Pipelines[pipelineName]
	switch {
	case source.Repository != "" && !d.Export:
		found.problem = wrong(name, "%s does not export its pipelines", source)
	case found.pipeline.source != "":
		found.problem = wrong(name, "that pipeline imports another")
	case found.pipeline.isNone():
		found.problem = wrong(name, "%s has no such pipeline", source)
	}
	return found, nil
}

// source returns the file and the name of the pipeline in it that an import names.
func (r *reader) source(name string) (s Source, pipelineName string, ok bool) {
	parts := strings.Split(name, ":")
	switch len(parts) {
	case 2:
		s, ok = newSource(r.document.Definitions.Imports[parts[0]])
		return s, parts[1], ok
	case 3:
		return Source{parts[0], parts[1], Path}, parts[2], true
	}
	return Source{}, "", false
}

// newSource reads the definition of a source: a path, or a repository and a branch or tag with or without a path.
func newSource(definition string) (Source, bool) {
	parts := strings.Split(definition, ":")
	switch {
	case definition == "":
		return Source{}, false
	case len(parts) == 1:
		return Source{Path: definition}, true
	case len(parts) == 2:
		return Source{parts[0], parts[1], Path}, true
	case len(parts) == 3:
		return Source{parts[0], parts[1], parts[2]}, true
	}
	return Source{}, false
}
