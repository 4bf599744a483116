package organization

import (
	"cmp"
	"strconv"
	"time"
)

// Pipelines holds the data of a repository in Bitbucket Pipelines and Deployments.
type Pipelines struct {
	// Known is set once Pipelines was turned on. For a repository that is not known, the service answers every
	// request with 404.
	Known bool
	// Enabled is false if Pipelines was turned off later. The earlier data can still be read.
	Enabled      bool
	Runs         []*Pipeline // oldest first
	Schedules    []*PipelineSchedule
	Variables    []*PipelineVariable
	Caches       []*PipelineCache
	KnownHosts   []*PipelineKnownHost
	PublicKey    string // of the repository's SSH key pair; "" if it has no key pair
	Runners      []*PipelineRunner
	Environments []*DeploymentEnvironment
	Deployments  []*Deployment
}

// WorkspacePipelines holds the data of a workspace in Bitbucket Pipelines that all its repositories share.
type WorkspacePipelines struct {
	Variables []*PipelineVariable
	Runners   []*PipelineRunner
}

// A Pipeline is one run of a repository's pipelines.
type Pipeline struct {
	UUID        string
	BuildNumber int
	Creator     *User // nil: left out
	State       RunState
	Target      PipelineTarget
	Trigger     string // PUSH, MANUAL or SCHEDULE; left out if ""
	CreatedOn   time.Time
	CompletedOn *time.Time // left out until the end
	// DurationInSeconds and BuildSecondsUsed may be left out until the end.
	DurationInSeconds, BuildSecondsUsed *int
	RunNumber                           int
	Expired                             bool
	Steps                               []*PipelineStep
}

// A RunState is the progress of a pipeline or a step.
type RunState struct {
	Name   string // PENDING, READY, IN_PROGRESS or COMPLETED
	Stage  string // until it is completed; left out if ""
	Result string // once it is completed
	// ErrorKey and Error explain the result ERROR.
	ErrorKey, Error string
	// Terminator is the user who stopped it.
	Terminator *User
}

// A PipelineTarget is the branch, tag, pull request or plain commit that a pipeline runs on.
type PipelineTarget struct {
	Type             string // pipeline_ref_target, pipeline_pullrequest_target or pipeline_commit_target
	RefType, RefName string // for a ref: branch or tag
	Commit           string // hash
	// SelectorType and SelectorPattern name the definition in the configuration file.
	SelectorType, SelectorPattern string
	// Source, Destination, DestinationCommit and PullRequest are set for a pull request.
	Source, Destination, DestinationCommit string
	PullRequest                            int
}

// A PipelineStep is a step of a pipeline.
type PipelineStep struct {
	UUID      string
	Name      string // left out if ""
	State     RunState
	Image     string
	Password  string     // for the registry of the image
	StartedOn *time.Time // left out before the start
	// CompletedOn, DurationInSeconds and BuildSecondsUsed are left out before the end.
	CompletedOn                         *time.Time
	DurationInSeconds, BuildSecondsUsed *int
	MaxTime                             int // minutes
	RunNumber                           int
	Trigger                             string // automatic or manual
	Script                              []string
	Report                              *TestReport // nil: no report
}

// A TestReport counts the tests of a step. The service lists only the cases that did not pass.
type TestReport struct {
	Successful, Failed, Errors, Skipped int
	Cases                               []*TestCase
}

// A TestCase is a test that failed.
type TestCase struct {
	UUID, Name, ClassName string
	Status                string // FAILED or ERROR
	Duration              string // ISO 8601
	Message, Output       string
}

// A PipelineSchedule starts pipelines at certain times.
type PipelineSchedule struct {
	UUID                 string
	Enabled              bool
	CronPattern          string
	Target               PipelineTarget
	CreatedOn, UpdatedOn time.Time
	Executions           []*ScheduleExecution // oldest first
}

// A ScheduleExecution started a pipeline, or failed to.
type ScheduleExecution struct {
	Pipeline        *Pipeline
	ErrorKey, Error string // if it failed
}

// A PipelineVariable is a variable of a workspace, a repository or a deployment environment.
type PipelineVariable struct {
	UUID, Key string
	Value     string // secret; served only if the variable is not secured
	Secured   bool
}

// A PipelineCache is a version of a cache that steps share.
type PipelineCache struct {
	UUID, Name, Path, KeyHash string
	Size                      int64 // bytes
	CreatedOn                 time.Time
	Pipeline                  *Pipeline
}

// A PipelineKnownHost is a host that steps may connect to by SSH.
type PipelineKnownHost struct {
	UUID, Hostname, KeyType, Key, MD5, SHA256 string
}

// A PipelineRunner is a self-hosted machine that runs steps.
type PipelineRunner struct {
	UUID, Name             string
	Labels                 []string
	Status                 string // UNREGISTERED, ONLINE, OFFLINE, DISABLED, ENABLED or UNHEALTHY
	Version                string // "" before the first start
	Cordoned               bool
	CreatedOn, UpdatedOn   time.Time
	StateOn                time.Time // when the status was last reported
	ClientID, ClientSecret string    // of its OAuth client; only a new one shows the secret
}

// A DeploymentEnvironment is a place to which steps deploy.
type DeploymentEnvironment struct {
	UUID, Name, Slug string
	Kind             string // Test, Staging or Production
	Rank             int
	AdminOnly        bool // only administrators may deploy there
	Locked, Hidden   bool
	Gated            bool
	Variables        []*PipelineVariable
}

// A Deployment is a release on its way to an environment.
type Deployment struct {
	UUID, ReleaseUUID      string
	Environment            *DeploymentEnvironment
	Pipeline               *Pipeline
	Step                   *PipelineStep
	State                  string // UNDEPLOYED, IN_PROGRESS or COMPLETED
	Status                 string // once it is completed: SUCCESSFUL, FAILED or STOPPED
	Deployer               *User  // nil: left out
	StartedOn, CompletedOn *time.Time
	LastUpdate             *time.Time
	Version                int
}

// PipelinesOf returns the data of a repository in Bitbucket Pipelines.
func (o *Organization) PipelinesOf(r *Repository) *Pipelines {
	return once(o, "pipelines", r.UUID, func(g Generator) *Pipelines { return g.Pipelines(r) })
}

// WorkspacePipelinesOf returns the data of a workspace in Bitbucket Pipelines that all its repositories share.
func (o *Organization) WorkspacePipelinesOf(w *Workspace) *WorkspacePipelines {
	return once(o, "pipelines", w.UUID, Generator.WorkspacePipelines)
}

// Run returns the pipeline with a UUID or a build number, or nil.
func (p *Pipelines) Run(id string) *Pipeline {
	for _, x := range p.Runs {
		if x.UUID == id || strconv.Itoa(x.BuildNumber) == id {
			return x
		}
	}
	return nil
}

// Identifier returns the id that addresses use.
func (s *PipelineStep) Identifier() string { return s.UUID }

// Identifier returns the id that addresses use.
func (c *TestCase) Identifier() string { return c.UUID }

// Identifier returns the id that addresses use.
func (s *PipelineSchedule) Identifier() string { return s.UUID }

// Identifier returns the id that addresses use.
func (v *PipelineVariable) Identifier() string { return v.UUID }

// Identifier returns the id that addresses use.
func (h *PipelineKnownHost) Identifier() string { return h.UUID }

// Identifier returns the id that addresses use.
func (r *PipelineRunner) Identifier() string { return r.UUID }

// Identifier returns the id that addresses use.
func (e *DeploymentEnvironment) Identifier() string { return e.UUID }

// Identifier returns the id that addresses use.
func (d *Deployment) Identifier() string { return d.UUID }

// Status returns one word for the state, the stage and the result of a pipeline, as in the status parameter.
func (s RunState) Status() string {
	switch s.Name {
	case "COMPLETED":
		statuses := map[string]string{"SUCCESSFUL": "PASSED", "FAILED": "FAILED", "ERROR": "ERROR", "STOPPED": "STOPPED"}
		return cmp.Or(statuses[s.Result], "UNKNOWN")
	case "IN_PROGRESS":
		if s.Stage == "" || s.Stage == "RUNNING" {
			return "BUILDING"
		}
		return s.Stage
	}
	return s.Name
}
