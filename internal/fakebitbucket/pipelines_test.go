package fakebitbucket

import (
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/kindor/steampipe-plugin-bitbucket/internal/fakebitbucket/generate"
	"github.com/kindor/steampipe-plugin-bitbucket/internal/fakebitbucket/organization"
)

// theBusy returns the repository with many pipelines, in the workspace that the connected user administers.
func theBusy(s *Server) *organization.Repository {
	o := s.Organization()
	return o.RepositoriesOf(o.Workspaces[0])[generate.BusyAt]
}

// administeredRepositories returns the repositories of the workspace that the connected user administers.
func administeredRepositories(o *organization.Organization) []*organization.Repository {
	return o.RepositoriesOf(o.Workspaces[0])
}

// addressIn returns a path below a repository. It escapes the pieces.
func addressIn(r *organization.Repository, pieces ...string) string {
	path := "/2.0/repositories/" + r.FullName()
	for _, piece := range pieces {
		for part := range strings.SplitSeq(piece, "/") {
			path += "/" + url.PathEscape(part)
		}
	}
	return path
}

// everywhere returns the values of a list in all administered repositories that have pipelines.
func everywhere(t *testing.T, s *Server, pieces ...string) []map[string]any {
	t.Helper()
	c := connected(t, s)
	var all []map[string]any
	for _, r := range administeredRepositories(s.Organization()) {
		if s.Organization().PipelinesOf(r).Known {
			values, _ := c.all(addressIn(r, pieces...) + "?pagelen=100")
			all = append(all, values...)
		}
	}
	return all
}

func TestPipelineFilters(t *testing.T) {
	t.Parallel()
	s := startUnchanged(t, Options{})
	r := theBusy(s)
	runs := s.Organization().PipelinesOf(r).Runs
	some := func(satisfied func(*organization.Pipeline) bool) *organization.Pipeline {
		at := slices.IndexFunc(runs, satisfied)
		if at < 0 {
			t.Fatal("no pipeline has this property")
		}
		return runs[at]
	}
	is := func(status string) func(*organization.Pipeline) bool {
		return func(p *organization.Pipeline) bool { return p.State.Status() == status }
	}
	by := some(func(p *organization.Pipeline) bool { return p.Creator != nil }).Creator
	feature := some(func(p *organization.Pipeline) bool {
		return p.Target.RefType == "branch" && p.Target.RefName != r.MainBranch
	}).Target.RefName
	reviewed := some(func(p *organization.Pipeline) bool { return p.Target.PullRequest > 0 })
	tests := map[string]struct {
		query string
		want  func(*organization.Pipeline) bool
	}{
		"everything":            {"", func(*organization.Pipeline) bool { return true }},
		"passed":                {"status=PASSED", func(p *organization.Pipeline) bool { return p.State.Result == "SUCCESSFUL" }},
		"failed":                {"status=FAILED", func(p *organization.Pipeline) bool { return p.State.Result == "FAILED" }},
		"failed or stopped":     {"status=FAILED&status=STOPPED", func(p *organization.Pipeline) bool { return p.State.Result == "FAILED" || p.State.Result == "STOPPED" }},
		"error":                 {"status=ERROR", is("ERROR")},
		"building":              {"status=BUILDING", is("BUILDING")},
		"paused":                {"status=PAUSED", is("PAUSED")},
		"halted":                {"status=HALTED", is("HALTED")},
		"pending":               {"status=PENDING", is("PENDING")},
		"unknown":               {"status=UNKNOWN", func(p *organization.Pipeline) bool { return p.State.Result == "EXPIRED" }},
		"result for a status":   {"status=SUCCESSFUL", nil},
		"status in lower case":  {"status=failed", nil},
		"by hand":               {"trigger_type=MANUAL", func(p *organization.Pipeline) bool { return p.Trigger == "MANUAL" }},
		"by schedule":           {"trigger_type=SCHEDULED", func(p *organization.Pipeline) bool { return p.Trigger == "SCHEDULE" }},
		"trigger in lower case": {"trigger_type=manual", nil},
		"creator":               {"creator.uuid=" + url.QueryEscape(by.UUID), func(p *organization.Pipeline) bool { return p.Creator == by }},
		"ref name":              {"target.ref_name=" + url.QueryEscape(feature), func(p *organization.Pipeline) bool { return p.Target.RefName == feature }},
		"branch": {"target.branch=" + url.QueryEscape(reviewed.Target.Source), func(p *organization.Pipeline) bool {
			return p.Target.RefType != "tag" && (p.Target.RefName == reviewed.Target.Source || p.Target.Source == reviewed.Target.Source)
		}},
		"tags":                   {"target.ref_type=TAG", func(p *organization.Pipeline) bool { return p.Target.RefType == "tag" }},
		"ref type in lower case": {"target.ref_type=tag", nil},
		"pull requests":          {"target.selector.type=PULLREQUESTS", func(p *organization.Pipeline) bool { return p.Target.SelectorType == "pull-requests" }},
		"custom": {"target.selector.type=CUSTOM&target.selector.pattern=release", func(p *organization.Pipeline) bool {
			return p.Target.SelectorType == "custom" && p.Target.SelectorPattern == "release"
		}},
		"commit":         {"target.commit.hash=" + reviewed.Target.Commit, func(p *organization.Pipeline) bool { return p.Target.Commit == reviewed.Target.Commit }},
		"part of a hash": {"target.commit.hash=" + reviewed.Target.Commit[:12], nil},
		"created":        {"created_on=" + url.QueryEscape(reviewed.CreatedOn.Format(time.RFC3339Nano)), func(p *organization.Pipeline) bool { return p == reviewed }},
		"both":           {"status=PASSED&trigger_type=PUSH", func(p *organization.Pipeline) bool { return p.State.Result == "SUCCESSFUL" && p.Trigger == "PUSH" }},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			want := []string{}
			for _, p := range runs {
				if test.want != nil && test.want(p) {
					want = append(want, p.UUID)
				}
			}
			if test.want != nil && len(want) == 0 {
				t.Error("no pipeline has this property")
			}
			values, _ := connected(t, s).all(addressIn(r, "pipelines") + "?pagelen=100&" + test.query)
			if diff := cmp.Diff(want, column(values, "uuid")); diff != "" {
				t.Errorf("pipelines (-want +got):\n%s", diff)
			}
		})
	}
}

func TestPipelineOrder(t *testing.T) {
	t.Parallel()
	s := startUnchanged(t, Options{})
	r := theBusy(s)
	c := connected(t, s)
	var oldestFirst []string
	for _, p := range s.Organization().PipelinesOf(r).Runs {
		oldestFirst = append(oldestFirst, p.UUID)
	}
	newestFirst := slices.Clone(oldestFirst)
	slices.Reverse(newestFirst)
	for query, want := range map[string][]string{"": oldestFirst, "&sort=created_on": oldestFirst, "&sort=-created_on": newestFirst, "&sort=-run_creation_date": newestFirst} {
		values, _ := c.all(addressIn(r, "pipelines") + "?pagelen=100" + query)
		if diff := cmp.Diff(want, column(values, "uuid")); diff != "" {
			t.Errorf("%s (-want +got):\n%s", query, diff)
		}
	}
	if a := c.get(addressIn(r, "pipelines") + "?sort=status"); a.status != http.StatusBadRequest {
		t.Errorf("sorted by another field: %d %s", a.status, a.body)
	}
	if a := c.get(addressIn(r, "pipelines") + "?pagelen=101"); a.status != http.StatusBadRequest {
		t.Errorf("a page of 101: %d %s", a.status, a.body)
	}
}

func TestPipelinesIgnoreBBQL(t *testing.T) {
	t.Parallel()
	s := serve(t, Options{})
	values, _ := connected(t, s).all(addressIn(theBusy(s), "pipelines") + "?pagelen=100" + `&q=build_number%3D1`)
	if len(values) != generate.BusyRuns || !strings.Contains(strings.Join(s.Violations(), "\n"), "parameter q is unknown") {
		t.Errorf("%d pipelines, violations %q", len(values), s.Violations())
	}
}

// TestOmitNext reads lists without links to the next page.
func TestOmitNext(t *testing.T) {
	t.Parallel()
	s := startUnchanged(t, Options{OmitNext: true})
	c := connected(t, s)
	seen := 0
	for page := 1; page <= 2; page++ {
		var p listPage
		c.get(fmt.Sprintf("%s?pagelen=100&page=%d", addressIn(theBusy(s), "pipelines"), page)).decode(&p)
		seen += len(p.Values)
		if p.Next != "" || *p.Size != generate.BusyRuns || *p.Page != page {
			t.Errorf("page %d: next %q, size %d, page %d", page, p.Next, *p.Size, *p.Page)
		}
	}
	if seen != generate.BusyRuns {
		t.Errorf("%d pipelines", seen)
	}
	if _, pages := connected(t, startUnchanged(t, Options{OmitNext: true, NextForm: NextToken})).all("/2.0/repositories/harbor-labs"); len(pages) < 2 {
		t.Error("links with a text instead of a page number were left out")
	}
}

func TestSteps(t *testing.T) {
	t.Parallel()
	takesLong(t)
	s := startUnchanged(t, Options{})
	c := connected(t, s)
	some := 0
	for _, r := range administeredRepositories(s.Organization()) {
		for _, p := range s.Organization().PipelinesOf(r).Runs {
			if len(p.Steps) < 3 {
				continue
			}
			var want []string
			for _, x := range p.Steps {
				want = append(want, x.UUID)
			}
			for _, id := range []string{p.UUID, fmt.Sprint(p.BuildNumber)} {
				values, pages := c.all(addressIn(r, "pipelines", id, "steps") + "?pagelen=1")
				if diff := cmp.Diff(want, column(values, "uuid")); diff != "" || len(pages) != 1 || *pages[0].Size != len(want) {
					t.Errorf("%d pages, size %d (-want +got):\n%s", len(pages), *pages[0].Size, diff)
				}
				if a := c.get(addressIn(r, "pipelines", id, "steps", want[2])); a.status != 200 || a.object()["uuid"] != want[2] {
					t.Errorf("one step: %d %s", a.status, a.body)
				}
			}
			some++
		}
	}
	if some == 0 {
		t.Error("no pipeline has three steps")
	}
}

func TestTestReports(t *testing.T) {
	t.Parallel()
	takesLong(t)
	s := startUnchanged(t, Options{})
	r := theBusy(s)
	c := connected(t, s)
	var passed, failed bool
	for _, p := range s.Organization().PipelinesOf(r).Runs {
		for _, x := range p.Steps {
			at := []string{"pipelines", p.UUID, "steps", x.UUID, "test_reports"}
			if x.Report == nil {
				a := c.get(addressIn(r, at...))
				if a.status != http.StatusNotFound || !strings.Contains(a.body, x.UUID) {
					t.Errorf("no report: %d %s", a.status, a.body)
				}
				continue
			}
			passed, failed = passed || x.Report.Failed == 0, failed || x.Report.Failed > 0
			if len(x.Report.Cases) != x.Report.Failed+x.Report.Errors {
				t.Errorf("%d cases of %+v", len(x.Report.Cases), x.Report)
			}
			o := c.get(addressIn(r, at...)).object()
			want := map[string]any{
				"step_uuid":                       x.UUID,
				"number_of_test_cases":            float64(x.Report.Successful + x.Report.Failed + x.Report.Errors + x.Report.Skipped),
				"number_of_successful_test_cases": float64(x.Report.Successful), "number_of_failed_test_cases": float64(x.Report.Failed),
				"number_of_error_test_cases": float64(x.Report.Errors), "number_of_skipped_test_cases": float64(x.Report.Skipped),
			}
			if diff := cmp.Diff(want, o); diff != "" {
				t.Errorf("report (-want +got):\n%s", diff)
			}
			cases, _ := c.all(addressIn(r, append(at, "test_cases")...) + "?pagelen=100")
			if len(cases) != len(x.Report.Cases) {
				t.Errorf("%d cases, want %d", len(cases), len(x.Report.Cases))
			}
			for i, k := range x.Report.Cases {
				if cases[i]["uuid"] != k.UUID || cases[i]["status"] != k.Status || !strings.HasPrefix(cases[i]["duration"].(string), "PT") {
					t.Errorf("case %v, want %+v", cases[i], k)
				}
			}
			if len(cases) > 0 {
				reasons, _ := c.all(addressIn(r, append(at, "test_cases", x.Report.Cases[0].UUID, "test_case_reasons")...))
				if len(reasons) != 1 || reasons[0]["message"] != x.Report.Cases[0].Message {
					t.Errorf("reasons %v", reasons)
				}
			}
		}
	}
	if !passed || !failed {
		t.Error("the repositories do not have reports of both kinds")
	}
}

// TestPipelineQuirks checks that each special case of real answers occurs in the default organization.
func TestPipelineQuirks(t *testing.T) {
	t.Parallel()
	takesLong(t)
	s := startUnchanged(t, Options{})
	o := s.Organization()
	runs := everywhere(t, s, "pipelines")
	deployments := everywhere(t, s, "deployments")
	environments := everywhere(t, s, "environments")
	variables := everywhere(t, s, "pipelines_config", "variables")
	runners := everywhere(t, s, "pipelines-config", "runners")
	schedules := everywhere(t, s, "pipelines_config", "schedules")
	hosts := everywhere(t, s, "pipelines_config", "ssh", "known_hosts")
	caches := everywhere(t, s, "pipelines-config", "caches")
	c := connected(t, s)
	var steps, executions []map[string]any
	for _, r := range administeredRepositories(o) {
		for _, p := range o.PipelinesOf(r).Runs {
			values, _ := c.all(addressIn(r, "pipelines", p.UUID, "steps"))
			steps = append(steps, values...)
		}
		for _, x := range o.PipelinesOf(r).Schedules {
			values, _ := c.all(addressIn(r, "pipelines_config", "schedules", x.UUID, "executions"))
			executions = append(executions, values...)
		}
	}
	is := func(path string, want any) func(map[string]any) bool {
		return func(o map[string]any) bool { got, ok := valueAt(o, path); return ok && got == want }
	}
	has := func(path string) func(map[string]any) bool {
		return func(o map[string]any) bool { _, ok := valueAt(o, path); return ok }
	}
	lacks := func(path string) func(map[string]any) bool {
		return func(o map[string]any) bool { _, ok := valueAt(o, path); return !ok }
	}
	all := func(of ...func(map[string]any) bool) func(map[string]any) bool {
		return func(o map[string]any) bool {
			return !slices.ContainsFunc(of, func(f func(map[string]any) bool) bool { return !f(o) })
		}
	}
	like := func(path, pattern string) func(map[string]any) bool {
		re := regexp.MustCompile(pattern)
		return func(o map[string]any) bool {
			got, _ := valueAt(o, path)
			text, _ := got.(string)
			return re.MatchString(text)
		}
	}
	tests := map[string]struct {
		among []map[string]any
		holds func(map[string]any) bool
	}{
		"result of a completed one": {runs, all(is("state.name", "COMPLETED"), has("state.result.name"), lacks("state.stage"))},
		"stage of a running one":    {runs, all(is("state.name", "IN_PROGRESS"), is("state.stage.name", "RUNNING"), lacks("state.result"), lacks("completed_on"))},
		"running without a stage":   {runs, all(is("state.name", "IN_PROGRESS"), lacks("state.stage"))},
		"paused":                    {runs, is("state.stage.type", "pipeline_state_in_progress_paused")},
		"halted":                    {runs, is("state.stage.type", "pipeline_state_in_progress_halted")},
		"pending":                   {runs, is("state.type", "pipeline_state_pending")},
		"stopped by somebody":       {runs, all(is("state.result.name", "STOPPED"), has("state.result.terminator.uuid"))},
		"error with a reason":       {runs, all(is("state.result.name", "ERROR"), has("state.result.error.message"))},
		"failed":                    {runs, is("state.result.type", "pipeline_state_completed_failed")},
		"successful":                {runs, is("state.result.name", "SUCCESSFUL")},
		"expired result":            {runs, is("state.result.name", "EXPIRED")},
		"no creator":                {runs, lacks("creator")},
		"no trigger":                {runs, lacks("trigger")},
		"trigger by schedule":       {runs, is("trigger.name", "SCHEDULE")},
		"no duration":               {runs, lacks("duration_in_seconds")},
		"no build seconds":          {runs, lacks("build_seconds_used")},
		"duration 0":                {runs, is("duration_in_seconds", 0.0)},
		"target branch":             {runs, is("target.ref_type", "branch")},
		"target tag":                {runs, is("target.ref_type", "tag")},
		"target commit":             {runs, all(is("target.type", "pipeline_commit_target"), lacks("target.ref_name"))},
		"target pull request":       {runs, all(is("target.type", "pipeline_pullrequest_target"), has("target.pullrequest.id"), lacks("target.ref_name"))},
		"a branch with a slash":     {runs, like("target.ref_name", "/")},
		"run again":                 {runs, is("run_number", 2.0)},
		"internal links":            {runs, like("links.self.href", `^http://bitbucket-pipelines\.prod\.public\.atl-paas\.net//`)},
		"time with 6 digits":        {runs, like("created_on", `\.\d{6}Z$`)},
		"time with 5 digits":        {runs, like("created_on", `\.\d{5}Z$`)},
		"time with 3 digits":        {runs, like("created_on", `\.\d{3}Z$`)},
		"old":                       {runs, is("expired", true)},
		"step with 9 digits":        {steps, like("started_on", `\.\d{9}Z$`)},
		"step without a name":       {steps, lacks("name")},
		"step that didn't start":    {steps, all(is("state.name", "PENDING"), lacks("started_on"))},
		"step that waits":           {steps, all(is("state.stage.name", "PAUSED"), is("trigger.type", "pipeline_step_trigger_manual"))},
		"step that didn't run":      {steps, is("state.result.name", "NOT_RUN")},
		"step on its way":           {steps, all(is("state.name", "IN_PROGRESS"), has("started_on"), lacks("completed_on"))},
		"step with a password":      {steps, has("image.password")},
		"deployed":                  {deployments, all(is("state.name", "COMPLETED"), is("state.status.name", "SUCCESSFUL"))},
		"failed to deploy":          {deployments, is("state.status.name", "FAILED")},
		"deploying":                 {deployments, all(is("state.name", "IN_PROGRESS"), lacks("state.status"))},
		"not deployed":              {deployments, all(is("state.name", "UNDEPLOYED"), has("state.status"), lacks("state.status.name"), lacks("last_update_time"))},
		"release twice":             {deployments, func(o map[string]any) bool { return o["release"] != nil && cmp.Equal(o["release"], o["deployable"]) }},
		"environment by id alone": {deployments, func(o map[string]any) bool {
			e, _ := o["environment"].(map[string]any)
			return len(e) == 1 && e["uuid"] != nil
		}},
		"deployer":                      {deployments, has("state.deployer.uuid")},
		"no deployer":                   {deployments, all(is("state.name", "COMPLETED"), lacks("state.deployer"))},
		"production for anybody":        {environments, all(is("environment_type.name", "Production"), is("restrictions.admin_only", false))},
		"production for administrators": {environments, all(is("environment_type.name", "Production"), is("restrictions.admin_only", true))},
		"locked":                        {environments, is("lock.name", "LOCKED")},
		"hidden":                        {environments, is("hidden", true)},
		"secured variable":              {variables, all(is("secured", true), lacks("value"))},
		"open variable":                 {variables, all(is("secured", false), has("value"))},
		"open secret":                   {variables, all(is("secured", false), is("key", "AWS_SECRET_ACCESS_KEY"))},
		"secured secret":                {variables, all(is("secured", true), is("key", "AWS_SECRET_ACCESS_KEY"))},
		"runner with a secret":          {runners, all(has("oauth_client.secret"), lacks("state.version"))},
		"runner out of date": {runners, func(o map[string]any) bool {
			v, _ := valueAt(o, "state.version.version")
			w, _ := valueAt(o, "state.version.current")
			return v != w
		}},
		"cordoned runner":       {runners, is("state.cordoned", true)},
		"schedule turned off":   {schedules, is("enabled", false)},
		"schedule":              {schedules, all(is("enabled", true), like("cron_pattern", `^0 0 12 `), has("target.ref_name"))},
		"execution":             {executions, has("pipeline.uuid")},
		"execution that failed": {executions, all(lacks("pipeline"), has("error.key"))},
		"known host":            {hosts, all(has("hostname"), has("public_key.sha256_fingerprint"))},
		"cache":                 {caches, all(has("key_hash"), has("file_size_bytes"))},
		"cache without a key":   {caches, lacks("key_hash")},
	}
	for name, test := range tests {
		if !slices.ContainsFunc(test.among, test.holds) {
			t.Errorf("%s: none of %d", name, len(test.among))
		}
	}
	recent := func(days int) (n int) {
		for _, p := range o.PipelinesOf(theBusy(s)).Runs {
			if s.now().Sub(p.CreatedOn) < time.Duration(days)*24*time.Hour {
				n++
			}
		}
		return n
	}
	if week := recent(7); week == 0 || week > 60 {
		t.Errorf("%d pipelines of %d are of the last week", week, generate.BusyRuns)
	}
	for _, r := range o.Repositories {
		p := o.PipelinesOf(r)
		for i, x := range p.Runs {
			if x.CreatedOn.After(s.now()) || x.CompletedOn != nil && x.CompletedOn.After(s.now()) || i > 0 && !x.CreatedOn.After(p.Runs[i-1].CreatedOn) {
				t.Errorf("%s #%d is out of time: %v", r.FullName(), x.BuildNumber, x.CreatedOn)
			}
			for _, step := range x.Steps {
				if step.CompletedOn != nil && (step.CompletedOn.After(s.now()) || step.CompletedOn.Before(*step.StartedOn)) {
					t.Errorf("%s #%d: a step ran from %v to %v", r.FullName(), x.BuildNumber, step.StartedOn, step.CompletedOn)
				}
			}
		}
	}
}

// setups returns paths of pipelines and their settings. Each name begins with the permission that the path requires.
func setups(s *Server) map[string]string {
	r := theBusy(s)
	p := s.Organization().PipelinesOf(r)
	run := p.Runs[0]
	w := "/2.0/workspaces/" + r.Workspace.Slug + "/pipelines-config/"
	of := s.Organization().WorkspacePipelinesOf(r.Workspace)
	return map[string]string{
		"read pipelines":      addressIn(r, "pipelines"),
		"read pipeline":       addressIn(r, "pipelines", run.UUID),
		"read steps":          addressIn(r, "pipelines", run.UUID, "steps"),
		"read step":           addressIn(r, "pipelines", run.UUID, "steps", run.Steps[0].UUID),
		"read report":         addressIn(r, "pipelines", run.UUID, "steps", run.Steps[0].UUID, "test_reports"),
		"read cases":          addressIn(r, "pipelines", run.UUID, "steps", run.Steps[0].UUID, "test_reports", "test_cases"),
		"read schedules":      addressIn(r, "pipelines_config", "schedules"),
		"read schedule":       addressIn(r, "pipelines_config", "schedules", p.Schedules[0].UUID),
		"read executions":     addressIn(r, "pipelines_config", "schedules", p.Schedules[0].UUID, "executions"),
		"read caches":         addressIn(r, "pipelines-config", "caches"),
		"read deployments":    addressIn(r, "deployments"),
		"read deployment":     addressIn(r, "deployments", p.Deployments[0].UUID),
		"read environments":   addressIn(r, "environments"),
		"read environment":    addressIn(r, "environments", p.Environments[1].UUID),
		"admin config":        addressIn(r, "pipelines_config"),
		"admin variables":     addressIn(r, "pipelines_config", "variables"),
		"admin variable":      addressIn(r, "pipelines_config", "variables", p.Variables[0].UUID),
		"admin key pair":      addressIn(r, "pipelines_config", "ssh", "key_pair"),
		"admin known hosts":   addressIn(r, "pipelines_config", "ssh", "known_hosts"),
		"admin known host":    addressIn(r, "pipelines_config", "ssh", "known_hosts", p.KnownHosts[0].UUID),
		"admin runners":       addressIn(r, "pipelines-config", "runners"),
		"admin runner":        addressIn(r, "pipelines-config", "runners", p.Runners[0].UUID),
		"admin environment's": addressIn(r, "deployments_config", "environments", p.Environments[1].UUID, "variables"),
		"owner variables":     w + "variables",
		"owner variable":      w + "variables/" + url.PathEscape(of.Variables[0].UUID),
		"owner runners":       w + "runners",
		"owner runner":        w + "runners/" + url.PathEscape(of.Runners[0].UUID),
	}
}

func TestPipelineRolesAndScopes(t *testing.T) {
	t.Parallel()
	s := Start(t, Options{})
	r := theBusy(s)
	s.ChangePipelines(r.FullName(), func(p *organization.Pipelines) { p.PublicKey = "ssh-rsa AAAA" })
	o := s.Organization()
	var plain *organization.User
	for _, m := range o.MembersOf(r.Workspace) {
		if m.Permission == "member" && o.EffectivePermission(r, m.User) == "" && m.User.Type == "user" {
			plain = m.User
		}
	}
	if plain == nil {
		t.Fatal("every member has a permission on the repository")
	}
	paths := setups(s)
	names := func(satisfied func(name string) bool) []string {
		var all []string
		for name := range paths {
			if satisfied(name) {
				all = append(all, name)
			}
		}
		slices.Sort(all)
		return all
	}
	begins := func(prefixes ...string) func(string) bool {
		return func(name string) bool {
			return slices.ContainsFunc(prefixes, func(p string) bool { return strings.HasPrefix(name, p) })
		}
	}
	runner := func(name string) bool { return strings.Contains(name, "runner") }
	tests := map[string]struct {
		user   *organization.User
		level  string // given on the repository
		scopes []string
		want   []string
	}{
		"nobody":        {plain, "none", nil, nil},
		"reader":        {plain, "read", nil, names(begins("read"))},
		"writer":        {plain, "write", nil, names(begins("read"))},
		"administrator": {plain, "admin", nil, names(begins("read", "admin"))},
		"owner":         {o.Connected, "", nil, names(begins(""))},
		"pipeline": {o.Connected, "", []string{"pipeline"}, names(func(name string) bool {
			return !runner(name) && name != "admin config"
		})},
		"runner":     {o.Connected, "", []string{"runner"}, names(runner)},
		"repository": {o.Connected, "", []string{"repository", "account"}, nil},
		"admin":      {o.Connected, "", []string{"repository:admin"}, []string{"admin config"}},
	}
	for name, test := range tests {
		if test.level != "" {
			s.GrantRepository(r.FullName(), test.user.UUID, test.level)
		}
		c := bearer(t, s, s.AccessToken(test.user.UUID, test.scopes...))
		got := names(func(name string) bool { return c.get(paths[name]).status == http.StatusOK })
		if diff := cmp.Diff(test.want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

func TestPipelineRefusals(t *testing.T) {
	t.Parallel()
	s := serve(t, Options{})
	o := s.Organization()
	never := administeredRepositories(o)[1]
	busy := theBusy(s)
	some := o.PipelinesOf(busy)
	empty := administeredRepositories(o)[slices.IndexFunc(administeredRepositories(o), func(r *organization.Repository) bool { return r.MainBranch == "" })]
	none := "{00000000-0000-4000-8000-000000000000}"
	off := "Pipelines is not enabled for repository "
	tests := map[string]struct{ path, wantDetail string }{
		"off":              {addressIn(never, "pipelines"), off + never.UUID},
		"off, one":         {addressIn(never, "pipelines", "1"), off + never.UUID},
		"off, config":      {addressIn(never, "pipelines_config"), off + never.UUID},
		"off, variables":   {addressIn(never, "pipelines_config", "variables"), off + never.UUID},
		"off, runners":     {addressIn(never, "pipelines-config", "runners"), off + never.UUID},
		"empty repository": {addressIn(empty, "pipelines"), off + empty.UUID},
		"no build":         {addressIn(busy, "pipelines", "9999"), "Pipeline with build number '9999' not found in repository " + busy.UUID},
		"no steps":         {addressIn(busy, "pipelines", "9999", "steps"), "Pipeline with build number '9999' not found in repository " + busy.UUID},
		"no step":          {addressIn(busy, "pipelines", "1", "steps", none), "Step " + none + " does not exist."},
		"no schedule":      {addressIn(busy, "pipelines_config", "schedules", none, "executions"), "Schedule " + none + " does not exist."},
		"no variable":      {addressIn(busy, "pipelines_config", "variables", none), "Variable " + none + " does not exist."},
		"no host":          {addressIn(busy, "pipelines_config", "ssh", "known_hosts", none), "Known host " + none + " does not exist."},
		"no runner":        {addressIn(busy, "pipelines-config", "runners", none), "Runner " + none + " does not exist."},
		"no deployment":    {addressIn(busy, "deployments", none), "Deployment " + none + " does not exist."},
		"no environment":   {addressIn(busy, "environments", none), "Environment " + none + " does not exist."},
		"no variables":     {addressIn(busy, "deployments_config", "environments", none, "variables"), "Environment " + none + " does not exist."},
		"no key pair":      {addressIn(busy, "pipelines_config", "ssh", "key_pair"), "SSH key pair not found in repository " + busy.UUID},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			a := connected(t, s).get(test.path)
			want := map[string]any{"error": map[string]any{"message": "Not found", "detail": test.wantDetail}}
			if diff := cmp.Diff(want, a.object()); diff != "" || a.status != http.StatusNotFound {
				t.Errorf("status %d, body (-want +got):\n%s", a.status, diff)
			}
		})
	}
	for _, list := range []string{"environments", "deployments"} {
		if values, pages := connected(t, s).all(addressIn(never, list)); len(values) != 0 || *pages[0].Size != 0 {
			t.Errorf("%s of a repository without pipelines: %v", list, values)
		}
	}
	if a := connected(t, s).get(addressIn(administeredRepositories(o)[5], "pipelines_config")); a.object()["enabled"] != false {
		t.Errorf("turned off later: %s", a.body)
	}
	r, err := http.NewRequest(http.MethodGet, s.URL()+addressIn(busy, "pipelines"), nil)
	if err != nil {
		t.Fatal(err)
	}
	r.URL.Opaque = r.URL.Path + "/" + some.Runs[0].UUID
	a := connected(t, s).send(r)
	want := map[string]any{"error": map[string]any{"message": "Bad request", "detail": "Unexpected response body"}}
	if diff := cmp.Diff(want, a.object()); diff != "" || a.status != http.StatusBadRequest {
		t.Errorf("braces: status %d, body (-want +got):\n%s", a.status, diff)
	}
}

// TestPipelinesRunOnCommits looks for the commits of pipelines in the history of their repository.
func TestPipelinesRunOnCommits(t *testing.T) {
	t.Parallel()
	takesLong(t)
	o := unchanged()
	for _, r := range o.Repositories {
		for _, p := range o.PipelinesOf(r).Runs {
			c := o.Commit(r, p.Target.Commit)
			if c == nil || c.Date.After(p.CreatedOn) && p.CreatedOn.After(o.Commits(r)[len(o.Commits(r))-1].Date) {
				t.Errorf("%s #%d of %v ran on %v", r.FullName(), p.BuildNumber, p.CreatedOn, c)
			}
			for _, name := range []string{p.Target.Source, p.Target.RefName} {
				if p.Target.RefType != "tag" && name != "" && o.Branch(r, name) == nil {
					t.Errorf("%s #%d ran on the branch %s, which does not exist", r.FullName(), p.BuildNumber, name)
				}
			}
		}
	}
}

// TestExpandEnvironment requests more fields of a deployment's environment than its id.
func TestExpandEnvironment(t *testing.T) {
	t.Parallel()
	s := startUnchanged(t, Options{})
	r := theBusy(s)
	fields := "?pagelen=100&fields=" + url.QueryEscape("next,values.uuid,values.environment.name,values.environment.environment_type.name")
	values, _ := connected(t, s).all(addressIn(r, "deployments") + fields)
	for i, d := range s.Organization().PipelinesOf(r).Deployments {
		want := map[string]any{"uuid": d.UUID, "environment": map[string]any{
			"name": d.Environment.Name, "environment_type": map[string]any{"name": d.Environment.Kind},
		}}
		if diff := cmp.Diff(want, values[i]); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
	}
}

func TestChangePipelines(t *testing.T) {
	t.Parallel()
	s := Start(t, Options{})
	r := theBusy(s)
	before := s.Organization().PipelinesOf(r)
	first := before.Runs[0]
	s.ChangePipelines(r.FullName(), func(p *organization.Pipelines) {
		p.Runs = slices.Delete(p.Runs, 0, 1)
		p.Runs = append(p.Runs, &organization.Pipeline{UUID: "{new}", BuildNumber: generate.BusyRuns + 1, State: organization.RunState{Name: "PENDING"}, CreatedOn: s.now()})
	})
	values, _ := connected(t, s).all(addressIn(r, "pipelines") + "?pagelen=100&sort=-created_on")
	if len(values) != generate.BusyRuns || values[0]["uuid"] != "{new}" || slices.Contains(column(values, "uuid"), first.UUID) {
		t.Errorf("%d pipelines, the newest is %v", len(values), values[0])
	}
	if before.Runs[0] != first || len(before.Runs) != generate.BusyRuns {
		t.Error("the change modified the organization from before it")
	}
}
