// Package pipelines reads the configuration of Bitbucket Pipelines, the file bitbucket-pipelines.yml: its steps, with
// everything that the file says about each of them.
// https://support.atlassian.com/bitbucket-cloud/docs/bitbucket-pipelines-configuration-reference/
package pipelines

// Path is where a repository has its configuration.
const Path = "bitbucket-pipelines.yml"

// The triggers: the sections of the file that a pipeline can be in.
const (
	Default     = "default"
	Branch      = "branch"
	Tag         = "tag"
	Bookmark    = "bookmark"
	PullRequest = "pull_request"
	Custom      = "custom"
	Export      = "export" // the pipeline is for the import by other files
)

// A Step is a step of a pipeline. What the step itself does not say comes from its stage and from the whole file. A
// file or an import that can't be read is a step with nothing but an Error.
type Step struct {
	Trigger string  `json:"trigger_type,omitempty"`    // one of the constants
	Pattern string  `json:"trigger_pattern,omitempty"` // of the names of branches or tags, or the pipeline's own name
	Events  []Event `json:"trigger_events,omitempty"`  // that start a custom pipeline

	Position int    `json:"position,omitempty"` // among the steps of its pipeline, from 1
	Line     int    `json:"line,omitempty"`     // in the file, from 1; that of the anchor if the step is an alias
	Name     string `json:"name,omitempty"`
	Stage    string `json:"stage,omitempty"`    // name of the stage
	Parallel int    `json:"parallel,omitempty"` // number of the group of steps that run together, from 1; 0 for none
	Child    string `json:"child,omitempty"`    // the custom pipeline that the step starts, if that is what it does

	Image     *Image     `json:"image,omitempty"` // nil for the default image
	Services  []Service  `json:"services,omitempty"`
	Pipes     []Pipe     `json:"pipes,omitempty"`
	Commands  int        `json:"script_length"`      // number of commands and pipes in the script
	Programs  []string   `json:"programs,omitempty"` // that the script starts
	Variables []string   `json:"variables,omitempty"`
	Secrets   []Secret   `json:"secrets,omitempty"`
	Caches    []string   `json:"caches,omitempty"`
	Artifacts []string   `json:"artifacts,omitempty"` // patterns of paths
	RunsOn    []string   `json:"runs_on,omitempty"`   // labels of the runner; none for one of Bitbucket's
	Condition *Condition `json:"condition,omitempty"`

	Deployment string `json:"deployment,omitempty"` // name of the environment
	Size       string `json:"size,omitempty"`
	MaxTime    int    `json:"max_time,omitempty"` // in minutes; 0 if the file has no limit
	OIDC       bool   `json:"oidc"`
	IsManual   bool   `json:"is_manual"` // the step waits until a person starts it
	IsGated    bool   `json:"is_gated"`  // it or an earlier step of its pipeline does

	ImportedFrom string `json:"imported_from,omitempty"` // the file that has the step, if it is not this one
	Error        string `json:"error,omitempty"`
}

// An Event starts a custom pipeline, if its condition holds.
type Event struct {
	Event     string `json:"event"`
	Condition string `json:"condition,omitempty"`
}

// A Service is a container that runs beside a step.
type Service struct {
	Name  string `json:"name"`
	Image *Image `json:"image,omitempty"` // nil for one that Bitbucket defines
}

// A Condition says which changes a step runs for.
type Condition struct {
	Changesets struct {
		IncludePaths []string `yaml:"includePaths" json:"include_paths,omitempty"`
		ExcludePaths []string `yaml:"excludePaths" json:"exclude_paths,omitempty"`
	} `yaml:"changesets" json:"changesets"`
}

// A Secret is one that the file gives away.
type Secret struct {
	Kind  string `json:"kind"`  // Written or Echoed
	Name  string `json:"name"`  // of the variable or option, or of the kind of secret; never the value
	Place string `json:"place"` // script, pipe, service, image, variable or file
	Line  int    `json:"line"`
}

// The kinds of secrets.
const (
	Written = "written" // the file has its value
	Echoed  = "echoed"  // the script prints it to the log
)
