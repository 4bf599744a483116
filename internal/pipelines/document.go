package pipelines

import (
	"errors"
	"fmt"
	"regexp"
	"strings"

	"go.yaml.in/yaml/v3"
)

// A document is a file as YAML has it. Aliases and merges are resolved, and everything that does not matter to steps is
// left out.
type document struct {
	Image       *image `yaml:"image"`
	Export      bool   `yaml:"export"`
	Options     limits `yaml:"options"`
	Definitions struct {
		Services  map[string]service  `yaml:"services"`
		Pipelines map[string]pipeline `yaml:"pipelines"`
		Imports   map[string]string   `yaml:"imports"`
	} `yaml:"definitions"`
	Pipelines struct {
		Default      pipeline            `yaml:"default"`
		Branches     map[string]pipeline `yaml:"branches"`
		Tags         map[string]pipeline `yaml:"tags"`
		Bookmarks    map[string]pipeline `yaml:"bookmarks"`
		PullRequests map[string]pipeline `yaml:"pull-requests"`
		Custom       map[string]pipeline `yaml:"custom"`
	} `yaml:"pipelines"`
	Triggers map[string][]struct {
		Condition string `yaml:"condition"`
		Pipelines texts  `yaml:"pipelines"`
	} `yaml:"triggers"`
}

// limits are options of the whole file or of a step.
type limits struct {
	Size    string `yaml:"size"`
	MaxTime int    `yaml:"max-time"`
}

// A service is the definition of a service.
type service struct {
	Image     *image            `yaml:"image"`
	Variables map[string]scalar `yaml:"variables"`
}

// A pipeline is a list of steps and groups of steps, or the import of one.
type pipeline struct {
	line   int
	source string // what it imports
	items  []item
}

func (p *pipeline) UnmarshalYAML(n *yaml.Node) error {
	p.line = n.Line
	if n.Kind != yaml.MappingNode {
		return n.Decode(&p.items)
	}
	form := struct {
		Import string `yaml:"import"`
	}{}
	err := n.Decode(&form)
	p.source = form.Import
	return err
}

// isNone reports whether the file has no such pipeline.
func (p pipeline) isNone() bool { return p.source == "" && len(p.items) == 0 }

// An item is a step, a group of steps, or the variables that a person may set.
type item struct {
	Step      *step      `yaml:"step"`
	Parallel  *group     `yaml:"parallel"`
	Stage     *group     `yaml:"stage"`
	Variables []variable `yaml:"variables"`
}

// A group is a stage, or steps that run in parallel.
type group struct {
	Name       string     `yaml:"name"`
	Deployment string     `yaml:"deployment"`
	Trigger    string     `yaml:"trigger"`
	Condition  *Condition `yaml:"condition"`
	Steps      []item     `yaml:"steps"`
}

func (g *group) UnmarshalYAML(n *yaml.Node) error {
	if n.Kind == yaml.SequenceNode {
		return n.Decode(&g.Steps)
	}
	type plain group
	return n.Decode((*plain)(g))
}

// A variable is one that a person may set before a custom pipeline starts.
type variable struct {
	Name    string `yaml:"name"`
	Default scalar `yaml:"default"`
}

type step struct {
	line        int
	Name        string     `yaml:"name"`
	Type        string     `yaml:"type"`
	Custom      string     `yaml:"custom"`
	Image       *image     `yaml:"image"`
	Trigger     string     `yaml:"trigger"`
	Deployment  string     `yaml:"deployment"`
	OIDC        bool       `yaml:"oidc"`
	RunsOn      texts      `yaml:"runs-on"`
	Services    texts      `yaml:"services"`
	Caches      texts      `yaml:"caches"`
	Artifacts   artifacts  `yaml:"artifacts"`
	Condition   *Condition `yaml:"condition"`
	Script      []command  `yaml:"script"`
	AfterScript []command  `yaml:"after-script"`
	Limits      limits     `yaml:",inline"`
}

func (s *step) UnmarshalYAML(n *yaml.Node) error {
	s.line = n.Line
	type plain step
	return n.Decode((*plain)(s))
}

// A command is a command of a script, or a pipe.
type command struct {
	text      string
	line      int               // of its first line
	Pipe      string            `yaml:"pipe"`
	Variables map[string]scalar `yaml:"variables"`
}

func (c *command) UnmarshalYAML(n *yaml.Node) error {
	c.line = n.Line
	switch {
	case n.Kind == yaml.MappingNode:
		type plain command
		return n.Decode((*plain)(c))
	case n.Style&(yaml.LiteralStyle|yaml.FoldedStyle) != 0:
		c.line++ // the text begins below the sign
	}
	return n.Decode(&c.text)
}

// An image is the name of an image, with or without the credentials of its registry.
type image struct {
	Name     string `yaml:"name"`
	Password scalar `yaml:"password"`
	AWS      struct {
		SecretKey scalar `yaml:"secret-key"`
	} `yaml:"aws"`
}

func (i *image) UnmarshalYAML(n *yaml.Node) error {
	if n.Kind == yaml.ScalarNode {
		return n.Decode(&i.Name)
	}
	type plain image
	return n.Decode((*plain)(i))
}

// A scalar is a text that may be a secret, with its line. What is no text is "".
type scalar struct {
	text string
	line int
}

func (v *scalar) UnmarshalYAML(n *yaml.Node) error {
	if n.Kind == yaml.ScalarNode {
		v.text, v.line = n.Value, n.Line
	}
	return nil
}

// artifacts are patterns of paths. The file lists them in one of three forms.
type artifacts []string

func (a *artifacts) UnmarshalYAML(n *yaml.Node) error {
	if n.Kind == yaml.SequenceNode {
		return n.Decode((*[]string)(a))
	}
	form := struct {
		Paths  []string `yaml:"paths"`
		Upload []struct {
			Paths []string `yaml:"paths"`
		} `yaml:"upload"`
	}{}
	err := n.Decode(&form)
	*a = form.Paths
	for _, upload := range form.Upload {
		*a = append(*a, upload.Paths...)
	}
	return err
}

// texts are texts, or a single one without a list around it.
type texts []string

func (t *texts) UnmarshalYAML(n *yaml.Node) error {
	if n.Kind == yaml.ScalarNode {
		var one string
		err := n.Decode(&one)
		*t = texts{one}
		return err
	}
	return n.Decode((*[]string)(t))
}

// parse reads a file. Its errors don't repeat what the file has, which may be a secret.
func parse(text []byte) (*document, error) {
	var all any // finds what the parts alone don't show: aliases that grow without end
	if err := yaml.Unmarshal(text, &all); err != nil {
		return nil, redacted(err)
	}
	d := &document{}
	if err := yaml.Unmarshal(text, d); err != nil {
		return nil, redacted(err)
	}
	return d, nil
}

var (
	atLine = regexp.MustCompile(`line \d+`)
	broken = regexp.MustCompile(`^yaml: (?:(line \d+): )?([a-z ]+)$`) // words of the parser, and none of the file
)

// redacted returns the error of the parser in words that have nothing of the file.
func redacted(err error) error {
	if typed, ok := errors.AsType[*yaml.TypeError](err); ok && len(typed.Errors) > 0 {
		if strings.Contains(typed.Errors[0], "already defined") {
			return fmt.Errorf("%s has a key for the second time", atLine.FindString(typed.Errors[0]))
		}
		return fmt.Errorf("%s has a value of the wrong kind", atLine.FindString(typed.Errors[0]))
	}
	if words := broken.FindStringSubmatch(err.Error()); words != nil && words[1] != "" {
		return fmt.Errorf("%s is not valid YAML: %s", words[1], words[2])
	} else if words != nil {
		return fmt.Errorf("the file is not valid YAML: %s", words[2])
	}
	if line := atLine.FindString(err.Error()); line != "" {
		return fmt.Errorf("%s is not valid YAML", line)
	}
	return errors.New("the file is not valid YAML")
}
