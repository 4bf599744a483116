package fakebitbucket

import (
	"fmt"
	"net/url"
	"strings"
	"time"

	"github.com/kindor/steampipe-plugin-bitbucket/internal/fakebitbucket/organization"
)

// The formats of timestamps in Bitbucket Pipelines, without zeros at the end of the fraction.
const (
	layoutRun  = "2006-01-02T15:04:05.999999Z"
	layoutStep = "2006-01-02T15:04:05.999999999Z"
)

// linkPipelines is the address of the pipelines service in links. Clients cannot reach it.
const linkPipelines = "http://bitbucket-pipelines.prod.public.atl-paas.net//rest/1.0/accounts/"

func runTime(t time.Time) timestamp { return timestamp{t, layoutRun} }

// optional appends a member if its value is known.
func (o object) optional(name string, isPresent bool, value func() any) object {
	if !isPresent {
		return o
	}
	return append(o, jsonMember{name: name, value: lazy(value)})
}

func pipelineObject(r *organization.Repository, p *organization.Pipeline) object {
	o := object{
		{name: "type", value: "pipeline"},
		{name: "uuid", value: p.UUID},
		{name: "repository", value: lazy(func() any { return embeddedRepository(r) })},
		{name: "state", value: lazy(func() any { return stateObject("pipeline_state", p.State) })},
		{name: "build_number", value: p.BuildNumber},
		{name: "created_on", value: runTime(p.CreatedOn)},
		{name: "target", value: lazy(func() any { return targetObject(r, p.Target) })},
		{name: "run_number", value: p.RunNumber},
		{name: "first_successful", value: p.BuildNumber == 1 && p.State.Result == "SUCCESSFUL"},
		{name: "expired", value: p.Expired},
		{name: "has_variables", value: false},
		{name: "links", value: lazy(func() any {
			self := linkPipelines + r.Workspace.UUID + "/repositories/" + r.UUID + "/pipelines/" + p.UUID
			return linksOf("self", self, "steps", self+"/steps")
		})},
	}
	o = o.optional("creator", p.Creator != nil, func() any { return embeddedUser(p.Creator) })
	o = o.optional("trigger", p.Trigger != "", func() any {
		return object{{name: "name", value: p.Trigger}, {name: "type", value: "pipeline_trigger_" + strings.ToLower(p.Trigger)}}
	})
	o = o.optional("completed_on", p.CompletedOn != nil, func() any { return runTime(*p.CompletedOn) })
	o = o.optional("duration_in_seconds", p.DurationInSeconds != nil, func() any { return *p.DurationInSeconds })
	return o.optional("build_seconds_used", p.BuildSecondsUsed != nil, func() any { return *p.BuildSecondsUsed })
}

func embeddedPipeline(p *organization.Pipeline) object {
	return object{{name: "type", value: "pipeline"}, {name: "uuid", value: p.UUID}}
}

// stateObject renders the state of a pipeline or a step. of is the prefix of its type.
func stateObject(of string, s organization.RunState) object {
	kind := of + "_" + strings.ToLower(s.Name)
	o := object{{name: "name", value: s.Name}, {name: "type", value: kind}}
	o = o.optional("stage", s.Stage != "", func() any { return typedName(kind, s.Stage) })
	return o.optional("result", s.Result != "", func() any {
		result := typedName(kind, s.Result)
		result = result.optional("error", s.Error != "", func() any { return errorObject(of, s.ErrorKey, s.Error) })
		return result.optional("terminator", s.Terminator != nil, func() any { return embeddedUser(s.Terminator) })
	})
}

// typedName returns a name with its type, which consists of the kind and the name.
func typedName(kind, name string) object {
	return object{{name: "name", value: name}, {name: "type", value: kind + "_" + strings.ToLower(name)}}
}

func errorObject(of, key, message string) object {
	return object{
		{name: "type", value: strings.TrimSuffix(of, "_state") + "_error"}, {name: "key", value: key}, {name: "message", value: message},
	}
}

func targetObject(r *organization.Repository, t organization.PipelineTarget) object {
	o := object{{name: "type", value: t.Type}, {name: "commit", value: lazy(func() any { return targetCommit(r, t.Commit) })}}
	selector := object{{name: "type", value: t.SelectorType}}
	if t.SelectorPattern != "" {
		selector = append(selector, jsonMember{name: "pattern", value: t.SelectorPattern})
	}
	o = append(o, jsonMember{name: "selector", value: selector})
	switch t.Type {
	case "pipeline_ref_target":
		o = append(o, jsonMember{name: "ref_type", value: t.RefType}, jsonMember{name: "ref_name", value: t.RefName})
	case "pipeline_pullrequest_target":
		o = append(o, jsonMember{name: "source", value: t.Source}, jsonMember{name: "destination", value: t.Destination},
			jsonMember{name: "destination_commit", value: lazy(func() any { return targetCommit(r, t.DestinationCommit) })},
			jsonMember{name: "pullrequest", value: object{{name: "id", value: t.PullRequest}, {name: "draft", value: false}}})
	}
	return o
}

// targetCommit returns a commit with only its hash and its links.
func targetCommit(r *organization.Repository, hash string) object {
	return object{
		{name: "type", value: "commit"}, {name: "hash", value: hash},
		{name: "links", value: linksOf(
			"self", linkAPI+"/repositories/"+r.FullName()+"/commit/"+hash, "html", linkSite+"/"+r.FullName()+"/commits/"+hash)},
	}
}

func stepObject(p *organization.Pipeline, s *organization.PipelineStep) object {
	image := object{{name: "name", value: s.Image}}
	if s.Password != "" {
		image = append(image, jsonMember{name: "username", value: "builder"}, jsonMember{name: "password", value: s.Password})
	}
	o := object{
		{name: "type", value: "pipeline_step"},
		{name: "uuid", value: s.UUID},
		{name: "pipeline", value: embeddedPipeline(p)},
		{name: "run_number", value: s.RunNumber},
		{name: "maxTime", value: s.MaxTime},
		{name: "image", value: image},
		{name: "state", value: lazy(func() any { return stateObject("pipeline_step_state", s.State) })},
		{name: "trigger", value: object{{name: "type", value: "pipeline_step_trigger_" + s.Trigger}}},
		{name: "setup_commands", value: commands("user", "umask 000", "git config user.name bitbucket-pipelines")},
		{name: "script_commands", value: commands("user", s.Script...)},
		{name: "teardown_commands", value: commands("system", `echo "Processing test reports"`)},
	}
	o = o.optional("name", s.Name != "", func() any { return s.Name })
	o = o.optional("started_on", s.StartedOn != nil, func() any { return timestamp{*s.StartedOn, layoutStep} })
	o = o.optional("completed_on", s.CompletedOn != nil, func() any { return timestamp{*s.CompletedOn, layoutStep} })
	o = o.optional("duration_in_seconds", s.DurationInSeconds != nil, func() any { return *s.DurationInSeconds })
	return o.optional("build_seconds_used", s.BuildSecondsUsed != nil, func() any { return *s.BuildSecondsUsed })
}

func commands(kind string, script ...string) []object {
	all := make([]object, len(script))
	for i, line := range script {
		all[i] = object{{name: "commandType", value: kind}, {name: "name", value: line}, {name: "command", value: line}}
	}
	return all
}

func testReportObject(s *organization.PipelineStep) object {
	t := s.Report
	return object{
		{name: "step_uuid", value: s.UUID},
		{name: "number_of_test_cases", value: t.Successful + t.Failed + t.Errors + t.Skipped},
		{name: "number_of_successful_test_cases", value: t.Successful},
		{name: "number_of_failed_test_cases", value: t.Failed},
		{name: "number_of_error_test_cases", value: t.Errors},
		{name: "number_of_skipped_test_cases", value: t.Skipped},
	}
}

func testCaseObject(c *organization.TestCase) object {
	return object{
		{name: "uuid", value: c.UUID},
		{name: "name", value: c.Name},
		{name: "class_name", value: c.ClassName},
		{name: "fully_qualified_name", value: c.ClassName + "." + c.Name},
		{name: "status", value: c.Status},
		{name: "duration", value: c.Duration},
		{name: "reason", value: object{{name: "message", value: c.Message}}},
	}
}

func testCaseReasonObject(c *organization.TestCase) object {
	return object{{name: "message", value: c.Message}, {name: "stack_trace", value: c.Output}}
}

func scheduleObject(r *organization.Repository, s *organization.PipelineSchedule) object {
	return object{
		{name: "type", value: "pipeline_schedule"},
		{name: "uuid", value: s.UUID},
		{name: "enabled", value: s.Enabled},
		{name: "cron_pattern", value: s.CronPattern},
		{name: "target", value: lazy(func() any { return targetObject(r, s.Target) })},
		{name: "created_on", value: runTime(s.CreatedOn)},
		{name: "updated_on", value: runTime(s.UpdatedOn)},
	}
}

func executionObject(e *organization.ScheduleExecution) object {
	if e.Pipeline == nil {
		return object{
			{name: "type", value: "pipeline_schedule_execution_errored"},
			{name: "error", value: errorObject("pipeline", e.ErrorKey, e.Error)},
		}
	}
	return object{
		{name: "type", value: "pipeline_schedule_execution_executed"},
		{name: "pipeline", value: embeddedPipeline(e.Pipeline)},
	}
}

// variableObject shows the value of a variable only if it is not secured.
func variableObject(v *organization.PipelineVariable) object {
	o := object{
		{name: "type", value: "pipeline_variable"}, {name: "uuid", value: v.UUID}, {name: "key", value: v.Key}, {name: "secured", value: v.Secured},
	}
	return o.optional("value", !v.Secured, func() any { return v.Value })
}

func cacheObject(c *organization.PipelineCache) object {
	o := object{
		{name: "type", value: "pipeline_cache"},
		{name: "uuid", value: c.UUID},
		{name: "pipeline_uuid", value: c.Pipeline.UUID},
		{name: "step_uuid", value: c.Pipeline.Steps[0].UUID},
		{name: "name", value: c.Name},
		{name: "path", value: c.Path},
		{name: "file_size_bytes", value: c.Size},
		{name: "created_on", value: runTime(c.CreatedOn)},
	}
	return o.optional("key_hash", c.KeyHash != "", func() any { return c.KeyHash })
}

func knownHostObject(h *organization.PipelineKnownHost) object {
	return object{
		{name: "type", value: "pipeline_known_host"},
		{name: "uuid", value: h.UUID},
		{name: "hostname", value: h.Hostname},
		{name: "public_key", value: object{
			{name: "type", value: "pipeline_ssh_public_key"}, {name: "key_type", value: h.KeyType}, {name: "key", value: h.Key},
			{name: "md5_fingerprint", value: h.MD5}, {name: "sha256_fingerprint", value: h.SHA256},
		}},
	}
}

func runnerObject(x *organization.PipelineRunner) object {
	client := object{
		{name: "id", value: x.ClientID}, {name: "token_endpoint", value: "https://auth.atlassian.com/oauth/token"},
		{name: "audience", value: "api.atlassian.com"},
	}
	state := object{{name: "status", value: x.Status}, {name: "updated_on", value: runTime(x.StateOn)}, {name: "cordoned", value: x.Cordoned}}
	if x.Version == "" {
		client = append(client, jsonMember{name: "secret", value: x.ClientSecret}) // returned only once, to set up the runner
	} else {
		state = append(state, jsonMember{name: "version", value: object{{name: "version", value: x.Version}, {name: "current", value: "3.2.0"}}})
	}
	return object{
		{name: "type", value: "pipeline_runner"},
		{name: "uuid", value: x.UUID},
		{name: "name", value: x.Name},
		{name: "labels", value: x.Labels},
		{name: "state", value: state},
		{name: "created_on", value: runTime(x.CreatedOn)},
		{name: "updated_on", value: runTime(x.UpdatedOn)},
		{name: "oauth_client", value: client},
	}
}

func environmentObject(e *organization.DeploymentEnvironment) object {
	lock := "OPEN"
	if e.Locked {
		lock = "LOCKED"
	}
	return object{
		{name: "type", value: "deployment_environment"},
		{name: "uuid", value: e.UUID},
		{name: "name", value: e.Name},
		{name: "slug", value: e.Slug},
		{name: "rank", value: e.Rank},
		{name: "hidden", value: e.Hidden},
		{name: "environment_type", value: object{
			{name: "type", value: "deployment_environment_type"}, {name: "name", value: e.Kind}, {name: "rank", value: e.Rank},
		}},
		{name: "category", value: object{{name: "name", value: e.Kind}}},
		{name: "restrictions", value: object{
			{name: "type", value: "deployment_restrictions_configuration"}, {name: "admin_only", value: e.AdminOnly},
		}},
		{name: "environment_lock_enabled", value: true},
		{name: "lock", value: typedName("deployment_environment_lock", lock)},
		{name: "deployment_gate_enabled", value: e.Gated},
	}
}

// deploymentObject renders a deployment. The release appears twice. The environment has only its UUID unless more is
// requested.
func deploymentObject(r *organization.Repository, d *organization.Deployment) object {
	site := fmt.Sprintf("%s/%s/addon/pipelines/home#!/results/%d", linkSite, r.FullName(), d.Pipeline.BuildNumber)
	release := func() any {
		return object{
			{name: "type", value: "deployment_release"},
			{name: "uuid", value: d.ReleaseUUID},
			{name: "pipeline", value: embeddedPipeline(d.Pipeline)},
			{name: "key", value: "pipelines-" + d.Pipeline.UUID},
			{name: "name", value: fmt.Sprintf("#%d", d.Pipeline.BuildNumber)},
			{name: "url", value: site},
			{name: "commit", value: targetCommit(r, d.Pipeline.Target.Commit)},
			{name: "created_on", value: runTime(d.Pipeline.CreatedOn)},
		}
	}
	state := typedName("deployment_state", d.State)
	status := object{}
	if d.Status != "" {
		status = typedName("deployment_state_completed", d.Status)
	}
	if d.State != "IN_PROGRESS" {
		state = append(state, jsonMember{name: "status", value: status})
	}
	if d.State != "UNDEPLOYED" {
		state = append(state, jsonMember{name: "url", value: site + "/steps/" + url.PathEscape(d.Step.UUID)})
		state = state.optional("started_on", d.StartedOn != nil, func() any { return runTime(*d.StartedOn) })
		state = state.optional("completed_on", d.CompletedOn != nil, func() any { return runTime(*d.CompletedOn) })
		state = state.optional("deployer", d.Deployer != nil, func() any { return embeddedUser(d.Deployer) })
	}
	o := object{
		{name: "type", value: "deployment"},
		{name: "uuid", value: d.UUID},
		{name: "environment", value: lazy(func() any { return environmentObject(d.Environment).condensed("uuid") })},
		{name: "step", value: object{{name: "uuid", value: d.Step.UUID}}},
		{name: "commit", value: targetCommit(r, d.Pipeline.Target.Commit)},
		{name: "key", value: "steps-" + d.Step.UUID},
		{name: "state", value: state},
		{name: "version", value: d.Version},
		{name: "deployable", value: lazy(release)},
		{name: "release", value: lazy(release)},
	}
	return o.optional("last_update_time", d.LastUpdate != nil, func() any { return runTime(*d.LastUpdate) })
}
