package generate

import (
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/kindor/steampipe-plugin-bitbucket/internal/fakebitbucket/organization"
)

const (
	// BusyRuns is the number of pipelines of one repository in the first workspace. They fill more than a page.
	BusyRuns = 130
	// BusyAt is the position of that repository in the workspace.
	BusyAt = 2
)

// A pipelineMaker makes the data of Bitbucket Pipelines.
type pipelineMaker struct {
	*generator
	commits  []*organization.Commit // of the repository, newest first
	branches []*organization.Branch
}

// Pipelines returns the data of a repository in Bitbucket Pipelines.
func (g *generator) Pipelines(r *organization.Repository) *organization.Pipelines {
	return (&pipelineMaker{generator: g}).pipelines(r)
}

// WorkspacePipelines returns the data of a workspace in Bitbucket Pipelines that all its repositories share.
func (g *generator) WorkspacePipelines() *organization.WorkspacePipelines {
	m := &pipelineMaker{generator: g}
	return &organization.WorkspacePipelines{Variables: m.variables(14), Runners: m.runners(3)}
}

// pipelines returns the data of a repository in Bitbucket Pipelines. It depends on the repository's position in the
// workspace.
func (m *pipelineMaker) pipelines(r *organization.Repository) *organization.Pipelines {
	at := max(0, slices.Index(m.org.RepositoriesOf(r.Workspace), r))
	p := &organization.Pipelines{}
	if r.MainBranch == "" || at%6 == 1 {
		return p // never turned on
	}
	p.Known, p.Enabled = true, at%9 != 5
	m.commits, m.branches = m.org.Commits(r), m.org.Branches(r)
	p.Environments = m.environments(at)
	p.Variables = m.variables(3 + at%3*5)
	p.Runs = m.runs(r, p, at == BusyAt && r.Workspace == m.org.Workspaces[0])
	p.Deployments = m.deployments(r, p)
	p.Schedules = m.schedules(r, p, at)
	p.Caches = m.caches(p)
	if at%4 == 0 {
		p.PublicKey = "ssh-rsa " + m.base64(60) + " pipelines@" + r.Slug
	}
	for _, host := range [][]string{nil, {"git.example.com"}, {"git.example.com", "deploy.example.net:2222"}}[at%3] {
		p.KnownHosts = append(p.KnownHosts, m.knownHost(host))
	}
	if at%7 == 2 {
		p.Runners = m.runners(1 + at%3)
	}
	return p
}

// runs returns the pipelines of a repository, the oldest first.
func (m *pipelineMaker) runs(r *organization.Repository, p *organization.Pipelines, busy bool) []*organization.Pipeline {
	n, days := 1+m.IntN(3), 200.0
	if busy {
		n, days = BusyRuns, 60
	}
	newest := m.now.Add(-time.Minute)
	if !p.Enabled {
		newest = m.now.AddDate(-1, 0, 0) // the day on which it was turned off
	}
	oldest := newest.Add(-time.Duration(days * 24 * float64(time.Hour)))
	if oldest.Before(r.CreatedOn) {
		oldest = r.CreatedOn
	}
	if !oldest.Before(newest) {
		return nil // the repository is younger than that
	}
	users := m.usersOf(r.Workspace)
	runs := make([]*organization.Pipeline, n)
	for i := range runs {
		between := (float64(i) + m.Float64()) / float64(n)
		created := oldest.Add(time.Duration(between * float64(newest.Sub(oldest)))).Truncate(time.Microsecond)
		if i%5 == 2 {
			created = created.Truncate(time.Millisecond) // as in all older answers
		}
		runs[i] = m.run(r, i, n, created, users)
		m.steps(runs[i], busy)
	}
	return runs
}

// run returns the i-th of n pipelines.
func (m *pipelineMaker) run(
	r *organization.Repository, i, n int, created time.Time, users []*organization.User,
) *organization.Pipeline {
	p := &organization.Pipeline{
		UUID: m.UUID(), BuildNumber: i + 1, CreatedOn: created, RunNumber: 1, Creator: pick(m.generator, users),
		Trigger: []string{"PUSH", "PUSH", "MANUAL", "PUSH", "SCHEDULE"}[m.IntN(5)],
		Target:  m.target(r, m.IntN(12), created),
		State:   m.state(i, n, users),
		Expired: m.now.Sub(created) > 100*24*time.Hour,
	}
	if m.IntN(10) == 0 {
		p.RunNumber = 2
	}
	switch m.IntN(15) {
	case 0:
		p.Creator = nil
	case 1:
		p.Trigger = ""
	}
	if p.State.Name == "COMPLETED" {
		seconds := 5 + m.IntN(900)
		if p.State.Result == "ERROR" {
			seconds = 0
		}
		completed := created.Add(time.Duration(seconds)*time.Second + time.Duration(m.IntN(1e6))*time.Microsecond)
		if p.State.Result == "ERROR" {
			completed = created.Add(-16 * time.Millisecond) // the time of another clock
		}
		if completed.After(m.now) {
			completed = m.now
		}
		used := seconds * (1 + m.IntN(3))
		p.CompletedOn, p.DurationInSeconds, p.BuildSecondsUsed = &completed, &seconds, &used
	} else if m.IntN(2) == 0 {
		zero := 0
		p.DurationInSeconds = &zero
	}
	return p
}

// state returns the state of the i-th of n pipelines. The last ones are in progress. A pipeline that waits for a user
// can wait forever.
func (m *pipelineMaker) state(i, n int, users []*organization.User) organization.RunState {
	if n == BusyRuns {
		switch n - i {
		case 1:
			return organization.RunState{Name: "PENDING", Stage: "PENDING"}
		case 2:
			return organization.RunState{Name: "IN_PROGRESS", Stage: "RUNNING"}
		case 3:
			return organization.RunState{Name: "IN_PROGRESS"}
		}
	}
	done := organization.RunState{Name: "COMPLETED", Result: "SUCCESSFUL"}
	switch m.IntN(16) {
	case 0, 1, 2:
		done.Result = "FAILED"
	case 3:
		done.Result, done.Terminator = "STOPPED", pick(m.generator, users)
	case 4:
		done.Result = "ERROR"
		done.ErrorKey, done.Error = "result-service.plan.invalid", `There is an error in your bitbucket-pipelines.yml at [pipelines > default > 0].`
	case 5:
		done.Result = "EXPIRED"
	case 6:
		return organization.RunState{Name: "IN_PROGRESS", Stage: "PAUSED"}
	case 7:
		return organization.RunState{Name: "IN_PROGRESS", Stage: "HALTED"}
	}
	return done
}

// target returns the target of a pipeline, of a kind from 0 to 11.
func (m *pipelineMaker) target(r *organization.Repository, kind int, created time.Time) organization.PipelineTarget {
	t := organization.PipelineTarget{
		Type: "pipeline_ref_target", RefType: "branch", RefName: r.MainBranch, Commit: m.commit(created),
		SelectorType: "branches", SelectorPattern: r.MainBranch,
	}
	feature := pick(m.generator, m.branches).Name
	switch kind {
	case 0, 1:
		t.RefName, t.SelectorType, t.SelectorPattern = feature, "default", ""
	case 2:
		t.RefType, t.RefName = "tag", fmt.Sprintf("v1.%d.0", m.IntN(30))
		t.SelectorType, t.SelectorPattern = "tags", "v*"
	case 3:
		t.SelectorType, t.SelectorPattern = "custom", "nightly \"full\" build"
	case 4, 5:
		return organization.PipelineTarget{
			Type: "pipeline_pullrequest_target", Commit: t.Commit, Source: feature, Destination: r.MainBranch,
			DestinationCommit: m.commit(created), PullRequest: 1 + m.IntN(60), SelectorType: "pull-requests", SelectorPattern: "**",
		}
	case 6:
		return organization.PipelineTarget{
			Type: "pipeline_commit_target", Commit: t.Commit, SelectorType: "custom", SelectorPattern: "release",
		}
	}
	return t
}

// steps adds the steps of a pipeline. Their progress follows from the pipeline's.
func (m *pipelineMaker) steps(p *organization.Pipeline, few bool) {
	names := []string{"Build", "Test", "", "Deploy to staging"}[:1+m.IntN(4)]
	if few {
		names = []string{"Build and test"}
	}
	if p.State.Result == "ERROR" {
		return // a configuration with an error has no steps
	}
	started := p.CreatedOn.Add(time.Duration(500+m.IntN(9000)) * time.Millisecond).Add(time.Duration(m.IntN(999_000)))
	for i, name := range names {
		s := &organization.PipelineStep{
			UUID: m.UUID(), Name: name, Image: pick(m.generator, stepImages), MaxTime: 120, RunNumber: p.RunNumber,
			Trigger: "automatic", Script: []string{"make " + pick(m.generator, []string{"build", "lint", "all"}), `./ci/run --label "` + name + `"`},
		}
		if m.IntN(8) == 0 {
			s.Image, s.Password = "registry.example.com/ci/base:2", m.secret()
		}
		last := i == len(names)-1
		if last && i > 1 {
			s.Trigger = "manual"
		}
		s.State = stepState(p.State, last)
		switch {
		case s.State.Name == "COMPLETED" && s.State.Result != "NOT_RUN":
			seconds := 1 + m.IntN(200)
			begun, ended := started, started.Add(time.Duration(seconds)*time.Second)
			if ended.After(m.now) {
				begun, ended, seconds = p.CreatedOn, m.now, 0
			}
			used := seconds + m.IntN(10)
			s.StartedOn, s.CompletedOn, s.DurationInSeconds, s.BuildSecondsUsed = &begun, &ended, &seconds, &used
			started = ended
			if strings.Contains(strings.ToLower(name), "test") {
				s.Report = m.testReport(s.State.Result)
			}
		case s.State.Name == "IN_PROGRESS":
			begun := p.CreatedOn
			s.StartedOn = &begun
		}
		p.Steps = append(p.Steps, s)
	}
}

// stepState returns the state of a step in a pipeline with a state.
func stepState(p organization.RunState, last bool) organization.RunState {
	switch {
	case p.Name == "PENDING":
		return organization.RunState{Name: "PENDING"}
	case p.Stage == "PAUSED" && last, p.Stage == "HALTED" && last:
		return organization.RunState{Name: "PENDING", Stage: p.Stage}
	case p.Name == "IN_PROGRESS" && last:
		return organization.RunState{Name: "IN_PROGRESS"}
	case p.Name == "IN_PROGRESS":
		return organization.RunState{Name: "COMPLETED", Result: "SUCCESSFUL"}
	case p.Result == "EXPIRED" && last:
		return organization.RunState{Name: "COMPLETED", Result: "NOT_RUN"}
	case p.Result == "EXPIRED", !last:
		return organization.RunState{Name: "COMPLETED", Result: "SUCCESSFUL"}
	}
	return organization.RunState{Name: "COMPLETED", Result: p.Result}
}

// testReport returns the tests of a step with a result.
func (m *pipelineMaker) testReport(result string) *organization.TestReport {
	t := &organization.TestReport{Successful: 20 + m.IntN(400), Skipped: m.IntN(5)}
	if result == "SUCCESSFUL" {
		return t
	}
	t.Failed, t.Errors = 1+m.IntN(12), m.IntN(2)
	for i := range t.Failed + t.Errors {
		class := titleCase([]string{pick(m.generator, domains)}) + "Test"
		c := &organization.TestCase{
			UUID: m.UUID(), Name: fmt.Sprintf("test_%s_%d", pick(m.generator, repositoryKinds), i), ClassName: "com.example." + class, Status: "FAILED",
			Duration: fmt.Sprintf("PT%.7fS", m.Float64()*3), Message: "expected: <3> but was: <4>",
			Output: "Traceback\n  at " + class + ".java:42\n  \"quoted\" <xml/>",
		}
		if i >= t.Failed {
			c.Status = "ERROR"
		}
		t.Cases = append(t.Cases, c)
	}
	return t
}

func (m *pipelineMaker) environments(at int) []*organization.DeploymentEnvironment {
	kinds := []string{"Test", "Staging", "Production"}
	all := make([]*organization.DeploymentEnvironment, 0, 4)
	for rank, name := range kinds {
		all = append(all, &organization.DeploymentEnvironment{UUID: m.UUID(), Name: name, Slug: slugify(name), Kind: name, Rank: rank})
	}
	all[0].Hidden = at%3 == 0
	all[2].AdminOnly, all[2].Locked, all[2].Gated = at%3 == 0, at%8 == 3, at%8 == 6
	if at%5 == 2 {
		name := "Live (EU) & more"
		all = append(all, &organization.DeploymentEnvironment{
			UUID: m.UUID(), Name: name, Slug: slugify(name), Kind: "Production", Rank: 2, AdminOnly: true,
		})
	}
	for i, e := range all {
		if i > 0 {
			e.Variables = m.variables(i + at%2)
		}
	}
	return all
}

// deployments returns a deployment for every other pipeline. It deploys from the last step, and pipelines without
// steps are skipped.
func (m *pipelineMaker) deployments(r *organization.Repository, p *organization.Pipelines) []*organization.Deployment {
	users := m.usersOf(r.Workspace)
	var all []*organization.Deployment
	for i, run := range p.Runs {
		if i%2 == 1 || len(run.Steps) == 0 {
			continue
		}
		s := run.Steps[len(run.Steps)-1]
		d := &organization.Deployment{
			UUID: m.UUID(), ReleaseUUID: m.UUID(), Environment: pick(m.generator, p.Environments), Pipeline: run, Step: s,
			State: "UNDEPLOYED", Version: 1 + m.IntN(6), StartedOn: s.StartedOn, CompletedOn: s.CompletedOn,
		}
		switch {
		case s.State.Name == "IN_PROGRESS":
			d.State, d.LastUpdate = "IN_PROGRESS", s.StartedOn
		case s.CompletedOn != nil:
			d.State, d.Status, d.LastUpdate = "COMPLETED", s.State.Result, s.CompletedOn
		}
		if d.State != "UNDEPLOYED" && m.IntN(2) == 0 {
			d.Deployer = pick(m.generator, users)
		}
		all = append(all, d)
	}
	return all
}

func (m *pipelineMaker) schedules(
	r *organization.Repository, p *organization.Pipelines, at int,
) []*organization.PipelineSchedule {
	var all []*organization.PipelineSchedule
	for i := range at % 3 {
		created := m.after(r.CreatedOn)
		s := &organization.PipelineSchedule{
			UUID: m.UUID(), Enabled: i == 0, CronPattern: []string{"0 0 12 * * ? *", "0 30 2 ? * MON *"}[i],
			Target: m.target(r, 3, created), CreatedOn: created, UpdatedOn: m.after(created),
		}
		for j, run := range p.Runs {
			if run.Trigger != "SCHEDULE" {
				continue
			}
			e := &organization.ScheduleExecution{Pipeline: run}
			if j%4 == 3 {
				e = &organization.ScheduleExecution{
					ErrorKey: "pipelines.schedule.target-missing",
					Error:    "Could not find last reference for branch " + r.MainBranch,
				}
			}
			s.Executions = append(s.Executions, e)
		}
		all = append(all, s)
	}
	return all
}

func (m *pipelineMaker) caches(p *organization.Pipelines) []*organization.PipelineCache {
	var all []*organization.PipelineCache
	for i, run := range p.Runs {
		if i%3 != 0 || len(all) == 12 || len(run.Steps) == 0 || run.CompletedOn == nil {
			continue
		}
		c := &organization.PipelineCache{
			UUID: m.UUID(), Name: []string{"node", "docker", "maven", "pip"}[len(all)%4], Path: "/root/.m2/repository",
			Size: 20 + int64(m.ExpFloat64()*400e6), CreatedOn: *run.CompletedOn, Pipeline: run,
		}
		if len(all)%2 == 0 {
			c.KeyHash = m.hash()
		}
		all = append(all, c)
	}
	return all
}

// variables returns n variables. Some are secured. The others contain secrets, too, as often happens.
func (m *pipelineMaker) variables(n int) []*organization.PipelineVariable {
	var all []*organization.PipelineVariable
	for i := range n {
		all = append(all, &organization.PipelineVariable{
			UUID: m.UUID(), Key: variableKeys[i%len(variableKeys)], Value: m.secret(), Secured: m.IntN(3) > 0,
		})
	}
	return all
}

func (m *pipelineMaker) knownHost(hostname string) *organization.PipelineKnownHost {
	return &organization.PipelineKnownHost{
		UUID: m.UUID(), Hostname: hostname, KeyType: pick(m.generator, []string{"ssh-rsa", "ssh-ed25519"}), Key: m.base64(40),
		MD5: strings.Trim(strings.ReplaceAll(m.UUID(), "-", ":"), "{}"), SHA256: m.base64(24),
	}
}

func (m *pipelineMaker) runners(n int) []*organization.PipelineRunner {
	var all []*organization.PipelineRunner
	for i := range n {
		created := m.ago(700)
		x := &organization.PipelineRunner{
			UUID: m.UUID(), Name: pick(m.generator, repositoryKinds) + " builder " + fmt.Sprint(i+1), Labels: []string{"self.hosted", "linux"},
			Status: []string{"ONLINE", "OFFLINE", "UNREGISTERED"}[i%3], Version: "3.2.0", Cordoned: i == 1, CreatedOn: created, UpdatedOn: m.after(created),
			ClientID: m.base64(12), ClientSecret: m.secret(),
		}
		x.StateOn = x.UpdatedOn
		switch x.Status {
		case "UNREGISTERED":
			x.Version = ""
		case "OFFLINE":
			x.Version = "1.450.0" // very old
		}
		all = append(all, x)
	}
	return all
}

// commit returns the hash of the newest commit at a time.
func (m *pipelineMaker) commit(at time.Time) string {
	for _, c := range m.commits {
		if !c.Date.After(at) {
			return c.Hash
		}
	}
	return m.commits[len(m.commits)-1].Hash
}

// hash returns a hash as long as a commit's.
func (m *pipelineMaker) hash() string { return hex.EncodeToString(m.bytes(20)) }

func (m *pipelineMaker) base64(n int) string { return base64.StdEncoding.EncodeToString(m.bytes(n)) }

// secret returns a value that must appear only where it is served.
func (m *pipelineMaker) secret() string { return "secret-" + hex.EncodeToString(m.bytes(8)) }

var (
	stepImages   = []string{"atlassian/default-image:4", "node:22", "golang:1.25", "python:3.13-slim"}
	variableKeys = []string{
		"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "DOCKER_PASSWORD", "NPM_TOKEN", "SONAR_TOKEN", "DEPLOY_URL", "SENTRY_DSN",
		"KUBE_CONFIG", "SLACK_WEBHOOK", "TF_VAR_region", "DB_PASSWORD", "FEATURE_FLAGS", "REGISTRY", "CACHE_BUST",
	}
)
