package pipelines

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Steps returns the steps of a file, pipeline by pipeline. load reads the files that pipelines are imported from; its
// error is the only one.
func Steps(text []byte, load Load) ([]Step, error) {
	d, err := parse(text)
	if err != nil {
		return []Step{{Error: sentence(err), Secrets: secretsByForm(text)}}, nil
	}
	r := reader{document: d, load: load}
	for _, s := range d.sections() {
		for _, pattern := range slices.Sorted(maps.Keys(s.pipelines)) {
			if err := r.read(s.trigger, pattern, s.pipelines[pattern]); err != nil {
				return nil, err
			}
		}
	}
	if len(r.steps) == 0 {
		r.steps = []Step{{Error: "The file has no pipelines."}}
	}
	addRest(r.steps, secretsByForm(text))
	return r.steps, nil
}

// sentence returns an error as a sentence.
func sentence(err error) string {
	text := err.Error()
	return strings.ToUpper(text[:1]) + text[1:] + "."
}

// A section is a part of the file that has pipelines by their patterns or names.
type section struct {
	trigger   string
	pipelines map[string]pipeline
}

func (d *document) sections() []section {
	p := d.Pipelines
	return []section{
		{Default, map[string]pipeline{"": p.Default}}, {Branch, p.Branches}, {Tag, p.Tags}, {Bookmark, p.Bookmarks},
		{PullRequest, p.PullRequests}, {Custom, p.Custom}, {Export, d.Definitions.Pipelines},
	}
}

// events returns what starts a custom pipeline besides people and schedules.
func (d *document) events(name string) []Event {
	var all []Event
	for _, event := range slices.Sorted(maps.Keys(d.Triggers)) {
		for _, t := range d.Triggers[event] {
			if slices.Contains(t.Pipelines, name) {
				all = append(all, Event{event, t.Condition})
			}
		}
	}
	return all
}

// A reader collects the steps of a file.
type reader struct {
	document *document
	load     Load
	steps    []Step
}

// read adds the steps of a pipeline, or of the one that it imports.
func (r *reader) read(trigger, pattern string, p pipeline) error {
	if p.isNone() {
		return nil
	}
	first := Step{Trigger: trigger, Pattern: pattern, Line: p.line}
	if trigger == Custom {
		first.Events = r.document.events(pattern)
	}
	from := r.document
	if p.source != "" {
		found, err := r.imported(p.source)
		if err != nil {
			return err
		}
		first.ImportedFrom = found.from
		if found.problem != "" {
			first.Error = found.problem
			r.steps = append(r.steps, first)
			return nil
		}
		from, p = found.document, found.pipeline
	}
	f := flow{document: from, first: first}
	f.addAll(p.items, group{})
	r.steps = append(r.steps, f.steps...)
	return nil
}

// A flow is the steps of one pipeline.
type flow struct {
	document *document
	first    Step // what all of them have
	steps    []Step
	groups   int      // number of groups of parallel steps
	isGated  bool     // a step waits for a person
	secrets  []Secret // in the variables that a person may set
}

func (f *flow) addAll(items []item, stage group) {
	for _, i := range items {
		switch {
		case i.Step != nil:
			f.add(i.Step, stage, 0)
		case i.Parallel != nil:
			f.groups++
			for _, one := range i.Parallel.Steps {
				if one.Step != nil {
					f.add(one.Step, stage, f.groups)
				}
			}
		case i.Stage != nil:
			f.addAll(i.Stage.Steps, *i.Stage)
		}
		for _, v := range i.Variables {
			f.secrets = append(f.secrets, secretsIn("variable", map[string]scalar{v.Name: v.Default})...)
		}
	}
}

// add adds a step, with what its stage and the whole file say about it.
func (f *flow) add(s *step, stage group, parallel int) {
	d, one := f.document, f.first
	one.Position, one.Line, one.Name, one.Stage, one.Parallel = len(f.steps)+1, s.line, s.Name, stage.Name, parallel
	if s.Type == "pipeline" {
		one.Child = s.Custom
	}
	one.Deployment = cmp.Or(s.Deployment, stage.Deployment)
	one.Size, one.MaxTime = cmp.Or(s.Limits.Size, d.Options.Size), cmp.Or(s.Limits.MaxTime, d.Options.MaxTime)
	one.Condition = s.Condition
	if one.Condition == nil {
		one.Condition = stage.Condition
	}
	one.OIDC, one.RunsOn, one.Caches, one.Artifacts = s.OIDC, s.RunsOn, s.Caches, s.Artifacts
	one.IsManual = s.Trigger == "manual" || stage.Trigger == "manual"
	f.isGated = f.isGated || one.IsManual
	one.IsGated = f.isGated

	run := script{own: map[string]bool{}}
	if i := cmp.Or(s.Image, d.Image); i != nil {
		one.Image = newImage(i.Name)
		run.uses(i.Name)
		run.secrets = append(run.secrets, secretsIn("image", map[string]scalar{"password": i.Password})...)
		run.secrets = append(run.secrets, secretsIn("image", map[string]scalar{"secret-key": i.AWS.SecretKey})...)
	}
	one.Services = f.services(s.Services, &run)
	for _, c := range slices.Concat(s.Script, s.AfterScript) {
		one.Commands++
		if c.Pipe != "" {
			one.Pipes = append(one.Pipes, run.pipe(c))
			continue
		}
		run.add(c.text, c.line)
	}
	one.Programs, one.Variables = distinct(run.programs), run.variables()
	one.Secrets = slices.Concat(f.secrets, run.secrets)
	f.secrets = nil
	slices.SortFunc(one.Secrets, compareSecrets)
	one.Secrets = slices.Compact(one.Secrets)
	f.steps = append(f.steps, one)
}

func (f *flow) services(names []string, run *script) []Service {
	var all []Service
	for _, name := range names {
		defined, one := f.document.Definitions.Services[name], Service{Name: name}
		if defined.Image != nil {
			one.Image = newImage(defined.Image.Name)
			run.secrets = append(run.secrets, secretsIn("image", map[string]scalar{"password": defined.Image.Password})...)
		}
		run.secrets = append(run.secrets, secretsIn("service", defined.Variables)...)
		for _, v := range defined.Variables {
			run.uses(v.text)
		}
		all = append(all, one)
	}
	return all
}

// pipe adds what a script gives to a pipe, and returns the pipe.
func (s *script) pipe(c command) Pipe {
	for _, v := range c.Variables {
		s.uses(v.text)
	}
	s.secrets = append(s.secrets, secretsIn("pipe", c.Variables)...)
	return newPipe(c.Pipe, c.line)
}

// variables returns the variables that the step needs to be given.
func (s *script) variables() []string {
	return slices.DeleteFunc(distinct(s.used), func(name string) bool { return s.own[name] })
}

// distinct returns texts sorted, each once.
func distinct(all []string) []string {
	return slices.Compact(slices.Sorted(slices.Values(all)))
}

func compareSecrets(a, b Secret) int {
	return cmp.Or(cmp.Compare(a.Line, b.Line), cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.Name, b.Name), cmp.Compare(a.Place, b.Place))
}

// addRest adds the secrets that are known by their form to the first step, unless one is known in their line already.
func addRest(steps []Step, secrets []Secret) {
	known := map[int]bool{}
	for _, s := range steps {
		if s.ImportedFrom == "" {
			for _, secret := range s.Secrets {
				known[secret.Line] = known[secret.Line] || secret.Kind == Written
			}
		}
	}
	for _, secret := range secrets {
		if !known[secret.Line] {
			steps[0].Secrets = append(steps[0].Secrets, secret)
		}
	}
}

// wrong returns the sentence about an import that can't be resolved.
func wrong(source, format string, args ...any) string {
	return fmt.Sprintf("The pipeline imports %s, but %s.", source, fmt.Sprintf(format, args...))
}
