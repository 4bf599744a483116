package fakebitbucket

import (
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/kindor/steampipe-plugin-bitbucket/internal/fakebitbucket/organization"
)

// The paths of Bitbucket Pipelines and Deployments. The service does not spell their names in one way.
const (
	ofRepository = "/2.0/repositories/{workspace}/{repo_slug}"
	ofWorkspace  = "/2.0/workspaces/{workspace}/pipelines-config"
	ofSteps      = ofRepository + "/pipelines/{pipeline_uuid}/steps"
	ofTests      = ofSteps + "/{step_uuid}/test_reports"
	ofSchedules  = ofRepository + "/pipelines_config/schedules"
)

const (
	readPipelines = "read:pipeline:bitbucket"
	readRunners   = "read:runner:bitbucket"
)

// pipelineEndpoints return pipelines, their settings and their deployments. The documentation does not name the roles
// that they need. As in the web interface, everybody who sees a repository sees its pipelines, schedules, caches,
// environments and deployments. Only administrators see variables, SSH keys, known hosts and runners.
// https://developer.atlassian.com/cloud/bitbucket/rest/api-group-pipelines/
// https://developer.atlassian.com/cloud/bitbucket/rest/api-group-deployments/
var pipelineEndpoints = []endpoint{
	{
		path: ofRepository + "/pipelines", scopes: "pipeline", tokenScopes: readPipelines, needs: pipelinesOf(aRepository),
		params: strings.Join(slices.Sorted(maps.Keys(pipelineFilters)), " ") + " page pagelen",
		list: &listing{
			of:   filteredPipelines,
			sort: fieldsOf(map[fieldKind]string{datetimeKind: "created_on run_creation_date=created_on", textKind: "creator.uuid"}),
		},
	},
	{
		path: ofRepository + "/pipelines/{pipeline_uuid}", scopes: "pipeline", tokenScopes: readPipelines, needs: aPipeline,
		get: func(c *call) (any, error) { return pipelineObject(c.repository, c.pipeline), nil },
	},
	{
		path: ofSteps, scopes: "pipeline", tokenScopes: readPipelines, needs: aPipeline,
		list: &listing{whole: true, of: func(c *call) collection {
			return collect(c.pipeline.Steps, func(s *organization.PipelineStep) object { return stepObject(c.pipeline, s) })
		}},
	},
	{
		path: ofSteps + "/{step_uuid}", scopes: "pipeline", tokenScopes: readPipelines, needs: aStep,
		get: func(c *call) (any, error) { return stepObject(c.pipeline, c.step), nil },
	},
	{
		path: ofTests, scopes: "pipeline", tokenScopes: readPipelines, needs: aTestedStep,
		get: func(c *call) (any, error) { return testReportObject(c.step), nil },
	},
	{
		path: ofTests + "/test_cases", scopes: "pipeline", tokenScopes: readPipelines, needs: aTestedStep,
		list: &listing{of: func(c *call) collection { return collect(c.step.Report.Cases, testCaseObject) }},
	},
	{
		path:   ofTests + "/test_cases/{test_case_uuid}/test_case_reasons",
		scopes: "pipeline", tokenScopes: readPipelines, needs: aTestCase,
		list: &listing{of: func(c *call) collection { return collect([]*organization.TestCase{c.testCase}, testCaseReasonObject) }},
	},
	{
		path:   ofRepository + "/pipelines_config",
		scopes: "repository:admin", tokenScopes: "admin:repository:bitbucket", needs: pipelinesOf(anAdminsRepository),
		get: func(c *call) (any, error) {
			return object{
				{name: "type", value: "repository_pipelines_configuration"},
				{name: "enabled", value: c.pipelines.Enabled},
				{name: "repository", value: lazy(func() any { return embeddedRepository(c.repository) })},
			}, nil
		},
	},
	{
		path: ofSchedules, scopes: "pipeline", tokenScopes: readPipelines, needs: pipelinesOf(aRepository),
		list: &listing{of: func(c *call) collection {
			return collect(c.pipelines.Schedules, func(s *organization.PipelineSchedule) object { return scheduleObject(c.repository, s) })
		}},
	},
	{
		path: ofSchedules + "/{schedule_uuid}", scopes: "pipeline", tokenScopes: readPipelines, needs: aSchedule,
		get: func(c *call) (any, error) { return scheduleObject(c.repository, c.schedule), nil },
	},
	{
		path: ofSchedules + "/{schedule_uuid}/executions", scopes: "pipeline", tokenScopes: readPipelines, needs: aSchedule,
		list: &listing{of: func(c *call) collection { return collect(c.schedule.Executions, executionObject) }},
	},
	{
		path: ofRepository + "/pipelines_config/variables", scopes: "pipeline", tokenScopes: readPipelines,
		needs: pipelinesOf(anAdminsRepository),
		list:  &listing{of: func(c *call) collection { return collect(c.pipelines.Variables, variableObject) }},
	},
	{
		path: ofRepository + "/pipelines_config/variables/{variable_uuid}", scopes: "pipeline", tokenScopes: readPipelines,
		needs: pipelinesOf(anAdminsRepository),
		get:   func(c *call) (any, error) { return c.variable(c.pipelines.Variables) },
	},
	{
		path: ofRepository + "/pipelines_config/ssh/key_pair", scopes: "pipeline", tokenScopes: readPipelines,
		needs: pipelinesOf(anAdminsRepository), get: sshKeyPair,
	},
	{
		path: ofRepository + "/pipelines_config/ssh/known_hosts", scopes: "pipeline", tokenScopes: readPipelines,
		needs: pipelinesOf(anAdminsRepository),
		list:  &listing{of: func(c *call) collection { return collect(c.pipelines.KnownHosts, knownHostObject) }},
	},
	{
		path: ofRepository + "/pipelines_config/ssh/known_hosts/{known_host_uuid}", scopes: "pipeline", tokenScopes: readPipelines,
		needs: pipelinesOf(anAdminsRepository),
		get: func(c *call) (any, error) {
			return renderByID(c.pipelines.KnownHosts, c.path["known_host_uuid"], noSuchInPipelines("Known host"), knownHostObject)
		},
	},
	{
		path: ofRepository + "/pipelines-config/caches", scopes: "pipeline", tokenScopes: readPipelines, needs: pipelinesOf(aRepository),
		list: &listing{of: func(c *call) collection { return collect(c.pipelines.Caches, cacheObject) }},
	},
	{
		path: ofRepository + "/pipelines-config/runners", scopes: "runner", tokenScopes: readRunners,
		needs: pipelinesOf(anAdminsRepository),
		list:  &listing{of: func(c *call) collection { return collect(c.pipelines.Runners, runnerObject) }},
	},
	{
		path: ofRepository + "/pipelines-config/runners/{runner_uuid}", scopes: "runner", tokenScopes: readRunners,
		needs: pipelinesOf(anAdminsRepository),
		get:   func(c *call) (any, error) { return c.runner(c.pipelines.Runners) },
	},
	{
		path: ofWorkspace + "/variables", scopes: "pipeline", tokenScopes: readPipelines, needs: anOwnersWorkspace,
		list: &listing{of: func(c *call) collection {
			return collect(c.org.WorkspacePipelinesOf(c.workspace).Variables, variableObject)
		}},
	},
	{
		path: ofWorkspace + "/variables/{variable_uuid}", scopes: "pipeline", tokenScopes: readPipelines, needs: anOwnersWorkspace,
		get: func(c *call) (any, error) { return c.variable(c.org.WorkspacePipelinesOf(c.workspace).Variables) },
	},
	{
		path: ofWorkspace + "/runners", scopes: "runner", tokenScopes: readRunners, needs: anOwnersWorkspace,
		list: &listing{of: func(c *call) collection {
			return collect(c.org.WorkspacePipelinesOf(c.workspace).Runners, runnerObject)
		}},
	},
	{
		path: ofWorkspace + "/runners/{runner_uuid}", scopes: "runner", tokenScopes: readRunners, needs: anOwnersWorkspace,
		get: func(c *call) (any, error) { return c.runner(c.org.WorkspacePipelinesOf(c.workspace).Runners) },
	},
	{
		path: ofRepository + "/deployments", scopes: "pipeline", tokenScopes: readPipelines, needs: deploymentsOf(aRepository),
		list: &listing{of: func(c *call) collection {
			return collect(c.pipelines.Deployments, func(d *organization.Deployment) object { return deploymentObject(c.repository, d) })
		}},
	},
	{
		path: ofRepository + "/deployments/{deployment_uuid}", scopes: "pipeline", tokenScopes: readPipelines,
		needs: deploymentsOf(aRepository),
		get: func(c *call) (any, error) {
			render := func(d *organization.Deployment) object { return deploymentObject(c.repository, d) }
			return renderByID(c.pipelines.Deployments, c.path["deployment_uuid"], noSuchInPipelines("Deployment"), render)
		},
	},
	{
		path: ofRepository + "/environments", scopes: "pipeline", tokenScopes: readPipelines, needs: deploymentsOf(aRepository),
		list: &listing{of: func(c *call) collection { return collect(c.pipelines.Environments, environmentObject) }},
	},
	{
		path: ofRepository + "/environments/{environment_uuid}", scopes: "pipeline", tokenScopes: readPipelines, needs: anEnvironment(aRepository),
		get: func(c *call) (any, error) { return environmentObject(c.environment), nil },
	},
	{
		path:   ofRepository + "/deployments_config/environments/{environment_uuid}/variables",
		scopes: "pipeline", tokenScopes: readPipelines, needs: anEnvironment(anAdminsRepository),
		list: &listing{of: func(c *call) collection { return collect(c.environment.Variables, variableObject) }},
	},
}

// pipelineFilters maps each filter parameter to a function that returns the matching values of a pipeline. Lists of
// pipelines have no q. An unknown value is not an error: nothing is found.
var pipelineFilters = map[string]func(*organization.Pipeline) []string{
	"creator.uuid": func(p *organization.Pipeline) []string {
		if p.Creator == nil {
			return nil
		}
		return []string{p.Creator.UUID}
	},
	"target.ref_type": func(p *organization.Pipeline) []string { return []string{strings.ToUpper(p.Target.RefType)} },
	"target.ref_name": func(p *organization.Pipeline) []string { return []string{p.Target.RefName} },
	"target.branch": func(p *organization.Pipeline) []string {
		if p.Target.RefType == "tag" {
			return nil
		}
		return []string{p.Target.RefName, p.Target.Source}
	},
	"target.commit.hash":      func(p *organization.Pipeline) []string { return []string{p.Target.Commit} },
	"target.selector.pattern": func(p *organization.Pipeline) []string { return []string{p.Target.SelectorPattern} },
	"target.selector.type": func(p *organization.Pipeline) []string {
		return []string{map[string]string{
			"branches": "BRANCH", "tags": "TAG", "custom": "CUSTOM", "pull-requests": "PULLREQUESTS", "default": "DEFAULT",
		}[p.Target.SelectorType]}
	},
	"created_on": func(p *organization.Pipeline) []string {
		return []string{p.CreatedOn.UTC().Format(layoutRun), p.CreatedOn.UTC().Format(time.RFC3339Nano)}
	},
	"trigger_type": func(p *organization.Pipeline) []string {
		if p.Trigger == "SCHEDULE" {
			return []string{"SCHEDULED"}
		}
		return []string{p.Trigger}
	},
	"status": func(p *organization.Pipeline) []string { return []string{p.State.Status()} },
}

func filteredPipelines(c *call) collection {
	var kept []*organization.Pipeline
	for _, p := range c.pipelines.Runs {
		matches := true
		for name, values := range pipelineFilters {
			is := func(requested string) bool { return requested != "" && slices.Contains(values(p), requested) }
			matches = matches && (!c.query.Has(name) || slices.ContainsFunc(c.query[name], is))
		}
		if matches {
			kept = append(kept, p)
		}
	}
	return collect(kept, func(p *organization.Pipeline) object { return pipelineObject(c.repository, p) })
}

func sshKeyPair(c *call) (any, error) {
	if c.pipelines.PublicKey == "" {
		return nil, notInPipelines("SSH key pair not found in repository %s", c.repository.UUID)
	}
	return object{{name: "type", value: "pipeline_ssh_key_pair"}, {name: "public_key", value: c.pipelines.PublicKey}}, nil
}

func (c *call) variable(all []*organization.PipelineVariable) (any, error) {
	return renderByID(all, c.path["variable_uuid"], noSuchInPipelines("Variable"), variableObject)
}

func (c *call) runner(all []*organization.PipelineRunner) (any, error) {
	return renderByID(all, c.path["runner_uuid"], noSuchInPipelines("Runner"), runnerObject)
}

// noSuchInPipelines is noSuch for what belongs to Bitbucket Pipelines.
func noSuchInPipelines(kind string) func(id string) error {
	return func(id string) error { return notInPipelines("%s %s does not exist.", kind, id) }
}

// notInPipelines returns an error in the form that the services of Bitbucket Pipelines use. The helpful text is in
// the detail, and the type is missing.
func notInPipelines(format string, a ...any) error {
	return &apiError{status: http.StatusNotFound, message: "Not found", detail: fmt.Sprintf(format, a...), untyped: true}
}

// pipelinesOf finds a repository that Bitbucket Pipelines knows. repository checks the caller's role.
func pipelinesOf(repository func(*call) error) func(*call) error {
	findRepository := deploymentsOf(repository)
	return func(c *call) error {
		if err := findRepository(c); err != nil {
			return err
		}
		if !c.pipelines.Known {
			return notInPipelines("Pipelines is not enabled for repository %s", c.repository.UUID)
		}
		return nil
	}
}

// deploymentsOf finds any repository. repository checks the caller's role. Deployments are a separate service, in
// which a repository without pipelines has no deployments, without an error. Both services refuse unescaped braces.
func deploymentsOf(repository func(*call) error) func(*call) error {
	return func(c *call) error {
		if err := repository(c); err != nil {
			return err
		}
		if strings.ContainsAny(c.request.RequestURI, "{}") {
			return &apiError{status: http.StatusBadRequest, message: "Bad request", detail: "Unexpected response body", untyped: true}
		}
		c.pipelines = c.org.PipelinesOf(c.repository)
		return nil
	}
}

// aPipeline finds a pipeline of a repository by its UUID or its build number.
func aPipeline(c *call) error {
	if err := pipelinesOf(aRepository)(c); err != nil {
		return err
	}
	if c.pipeline = c.pipelines.Run(c.path["pipeline_uuid"]); c.pipeline == nil {
		return notInPipelines("Pipeline with build number '%s' not found in repository %s", c.path["pipeline_uuid"], c.repository.UUID)
	}
	return nil
}

func aStep(c *call) (err error) {
	if err = aPipeline(c); err == nil {
		c.step, err = findByID(c.pipeline.Steps, c.path["step_uuid"], noSuchInPipelines("Step"))
	}
	return err
}

// aTestedStep finds a step that reported tests.
func aTestedStep(c *call) error {
	if err := aStep(c); err != nil {
		return err
	}
	if c.step.Report == nil {
		return notInPipelines("Test reports of step %s do not exist.", c.step.UUID)
	}
	return nil
}

func aTestCase(c *call) (err error) {
	if err = aTestedStep(c); err == nil {
		c.testCase, err = findByID(c.step.Report.Cases, c.path["test_case_uuid"], noSuchInPipelines("Test case"))
	}
	return err
}

func aSchedule(c *call) (err error) {
	if err = pipelinesOf(aRepository)(c); err == nil {
		c.schedule, err = findByID(c.pipelines.Schedules, c.path["schedule_uuid"], noSuchInPipelines("Schedule"))
	}
	return err
}

// anEnvironment finds an environment of a repository.
func anEnvironment(repository func(*call) error) func(*call) error {
	return func(c *call) (err error) {
		if err = deploymentsOf(repository)(c); err == nil {
			c.environment, err = findByID(c.pipelines.Environments, c.path["environment_uuid"], noSuchInPipelines("Environment"))
		}
		return err
	}
}
