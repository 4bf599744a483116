package organization

import (
	"cmp"
	"strconv"
	"time"
)

// Pipelines is what a repository has in Bitbucket Pipelines and Deployments.
type Pipelines struct {
	// Known to the service: it was turned on at least once. To any question about a repository that it doesn't know
	// the service answers 404.
	Known bool
	// Enabled is false again where it was turned off later; what there was before can still be read.
	Enabled      bool
	Runs         []*Pipeline // oldest first
	Schedules    []*PipelineSchedule
	Variables    []*PipelineVariable
	Caches       []*PipelineCache
	KnownHosts   []*PipelineKnownHost
	PublicKey    string // of the repository's own SSH key pair; "" if it has none
	Runners      []*PipelineRunner
	Environments []*DeploymentEnvironment
	Deployments  []*Deployment
}

// WorkspacePipelines is what a workspace has in Bitbucket Pipelines for all its repositories.
type WorkspacePipelines struct {
	Variables []*PipelineVariable
	Runners   []*PipelineRunner
}

// A Pipeline is one run of a repository's pipelines.
type Pipeline struct {
	UUID        string
	BuildNumber int
	Creator     *User // nil: not told
	State       RunState
	Target      PipelineTarget
	Trigger     string // PUSH, MANUAL or SCHEDULE; "" is not told
	CreatedOn   time.Time
	CompletedOn *time.Time // not told before
	// DurationInSeconds and BuildSecondsUsed are not told by every run that hasn't ended.
	DurationInSeconds, BuildSecondsUsed *int
	RunNumber                           int
	Expired                             bool
	Steps                               []*PipelineStep
}

// A RunState says how far a pipeline or a step has got.
type RunState struct {
	Name   string // PENDING, READY, IN_PROGRESS or COMPLETED
	Stage  string // of one that is not completed; "" is not told
	Result string // of a completed one
	// ErrorKey and Error say why the result is ERROR.
	ErrorKey, Error string
	// Terminator is who stopped it.
	Terminator *User
}

// A PipelineTarget is what a pipeline runs on: a branch or tag, a pull request, or only a commit.
type PipelineTarget struct {
	Type             string // pipeline_ref_target, pipeline_pullrequest_target or pipeline_commit_target
	RefType, RefName string // of a ref: branch or tag
	Commit           string // hash
	// SelectorType and SelectorPattern name the definition in the configuration file.
	SelectorType, SelectorPattern string
	// Source, Destination, DestinationCommit and PullRequest are of a pull request.
	Source, Destination, DestinationCommit string
	PullRequest                            int
}

// A PipelineStep is a step of a pipeline.
type PipelineStep struct {
	UUID      string
	Name      string // "" is not told
	State     RunState
	Image     string
	Password  string     // for the registry that the image comes from
	StartedOn *time.Time // not told before
	// CompletedOn, DurationInSeconds and BuildSecondsUsed are not told before the end.
	CompletedOn                         *time.Time
	DurationInSeconds, BuildSecondsUsed *int
	MaxTime                             int // minutes
	RunNumber                           int
	Trigger                             string // automatic or manual
	Script                              []string
	Report                              *TestReport // nil: nothing was reported
}

// A TestReport counts the tests of a step. Of the cases themselves the service only lists those that didn't pass.
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
	ErrorKey, Error string // of one that failed
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

// A PipelineKnownHost is a host that steps may reach by SSH.
type PipelineKnownHost struct {
	UUID, Hostname, KeyType, Key, MD5, SHA256 string
}

// A PipelineRunner is a machine of one's own that runs steps.
type PipelineRunner struct {
	UUID, Name             string
	Labels                 []string
	Status                 string // UNREGISTERED, ONLINE, OFFLINE, DISABLED, ENABLED or UNHEALTHY
	Version                string // "" before it was ever started
	Cordoned               bool
	CreatedOn, UpdatedOn   time.Time
	StateOn                time.Time // when the status was last reported
	ClientID, ClientSecret string    // of its OAuth client; the secret is served for a new one only
}

// A DeploymentEnvironment is a place that steps deploy to.
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
	Status                 string // of a completed one: SUCCESSFUL, FAILED or STOPPED
	Deployer               *User  // nil: not told
	StartedOn, CompletedOn *time.Time
	LastUpdate             *time.Time
	Version                int
}

// PipelinesOf is what a repository has in Bitbucket Pipelines.
func (o *Organization) PipelinesOf(r *Repository) *Pipelines {
	return once(o, "pipelines", r.UUID, func(g Generator) *Pipelines { return g.Pipelines(r) })
}

// WorkspacePipelinesOf is what a workspace has in Bitbucket Pipelines for all its repositories.
func (o *Organization) WorkspacePipelinesOf(w *Workspace) *WorkspacePipelines {
	return once(o, "pipelines", w.UUID, Generator.WorkspacePipelines)
}

// Run is the pipeline that a path names, by its UUID or its build number, or nil.
func (p *Pipelines) Run(id string) *Pipeline {
	for _, x := range p.Runs {
		if x.UUID == id || strconv.Itoa(x.BuildNumber) == id {
			return x
		}
	}
	return nil
}

// Identifier is what an address names it by.
func (s *PipelineStep) Identifier() string { return s.UUID }

// Identifier is what an address names it by.
func (c *TestCase) Identifier() string { return c.UUID }

// Identifier is what an address names it by.
func (s *PipelineSchedule) Identifier() string { return s.UUID }

// Identifier is what an address names it by.
func (v *PipelineVariable) Identifier() string { return v.UUID }

// Identifier is what an address names it by.
func (h *PipelineKnownHost) Identifier() string { return h.UUID }

// Identifier is what an address names it by.
func (r *PipelineRunner) Identifier() string { return r.UUID }

// Identifier is what an address names it by.
func (e *DeploymentEnvironment) Identifier() string { return e.UUID }

// Identifier is what an address names it by.
func (d *Deployment) Identifier() string { return d.UUID }

// Status is what the status parameter calls the state, the stage and the result of a pipeline in one word.
func (s RunState) Status() string {
	switch s.Name {
	case "COMPLETED":
		known := map[string]string{"SUCCESSFUL": "PASSED", "FAILED": "FAILED", "ERROR": "ERROR", "STOPPED": "STOPPED"}
		return cmp.Or(known[s.Result], "UNKNOWN")
	case "IN_PROGRESS":
		if s.Stage == "" || s.Stage == "RUNNING" {
			return "BUILDING"
		}
		return s.Stage
	}
	return s.Name
}
