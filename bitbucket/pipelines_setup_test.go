package bitbucket

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/turbot/steampipe-plugin-sdk/v5/grpc/proto"

	"github.com/kindor/steampipe-plugin-bitbucket/internal/fakebitbucket"
	"github.com/kindor/steampipe-plugin-bitbucket/internal/fakebitbucket/organization"
)

func variableTruth(v *organization.PipelineVariable) map[string]any {
	return map[string]any{"uuid": v.UUID, "key": v.Key, "title": v.Key, "secured": v.Secured, "type": "pipeline_variable"}
}

func runnerTruth(x *organization.PipelineRunner) map[string]any {
	r := map[string]any{
		"uuid": x.UUID, "name": x.Name, "title": x.Name, "type": "pipeline_runner", "created_on": micro(x.CreatedOn), "updated_on": micro(x.UpdatedOn),
		"labels": jsonArray(x.Labels), "oauth_client_id": x.ClientID, "state_cordoned": x.Cordoned, "state_status": x.Status,
		"state_updated_on": micro(x.StateOn), "state_version": orNil(x.Version), "state_version_current": nil,
	}
	if x.Version != "" {
		r["state_version_current"] = "3.2.0"
	}
	return r
}

// rowsOf returns the rows of a list.
func rowsOf[T any](all []T, rowOf func(T) map[string]any) []map[string]any {
	var rows []map[string]any
	for _, x := range all {
		rows = append(rows, rowOf(x))
	}
	return rows
}

func scheduleTruth(s *organization.PipelineSchedule) map[string]any {
	return map[string]any{
		"uuid": s.UUID, "enabled": s.Enabled, "cron_pattern": s.CronPattern, "title": s.CronPattern, "type": "pipeline_schedule",
		"created_on": micro(s.CreatedOn), "updated_on": micro(s.UpdatedOn), "target_commit_hash": s.Target.Commit,
		"target_ref_name": s.Target.RefName, "target_ref_type": s.Target.RefType,
		"target_selector_pattern": s.Target.SelectorPattern, "target_selector_type": s.Target.SelectorType,
	}
}

func executionTruth(s *organization.PipelineSchedule) []map[string]any {
	number := int64(0)
	return rowsOf(s.Executions, func(e *organization.ScheduleExecution) map[string]any {
		number++
		r := map[string]any{
			"number":        number,
			"schedule_uuid": s.UUID, "schedule_cron_pattern": s.CronPattern, "schedule_enabled": s.Enabled,
			"pipeline_uuid": nil, "error_key": orNil(e.ErrorKey), "error_message": orNil(e.Error),
			"title": e.ErrorKey, "type": "pipeline_schedule_execution_errored",
		}
		if e.Pipeline != nil {
			r["pipeline_uuid"], r["title"], r["type"] = e.Pipeline.UUID, e.Pipeline.UUID, "pipeline_schedule_execution_executed"
		}
		return r
	})
}

func environmentTruth(e *organization.DeploymentEnvironment) map[string]any {
	lock := "OPEN"
	if e.Locked {
		lock = "LOCKED"
	}
	return map[string]any{
		"uuid": e.UUID, "name": e.Name, "title": e.Name, "slug": e.Slug, "type": "deployment_environment", "category_name": e.Kind,
		"deployment_gate_enabled": e.Gated, "environment_lock_enabled": true, "environment_type_name": e.Kind, "hidden": e.Hidden,
		"lock_name": lock, "rank": int64(e.Rank), "restrictions_admin_only": e.AdminOnly,
	}
}

func deploymentTruth(r *fakeRepository, d *organization.Deployment) map[string]any {
	name := fmt.Sprint("#", d.Pipeline.BuildNumber)
	url := fmt.Sprintf("https://bitbucket.org/%s/addon/pipelines/home#!/results/%d", r.FullName(), d.Pipeline.BuildNumber)
	want := map[string]any{
		"uuid": d.UUID, "title": name, "type": "deployment", "key": "steps-" + d.Step.UUID, "version": int64(d.Version),
		"commit_hash": d.Pipeline.Target.Commit, "pipeline_uuid": d.Pipeline.UUID, "step_uuid": d.Step.UUID,
		"environment_uuid": d.Environment.UUID, "environment_name": d.Environment.Name, "environment_type": d.Environment.Kind,
		"release_created_on": micro(d.Pipeline.CreatedOn), "release_name": name, "release_url": url, "release_uuid": d.ReleaseUUID,
		"started_on": microOrNil(d.StartedOn), "completed_on": microOrNil(d.CompletedOn), "last_update_time": microOrNil(d.LastUpdate),
		"state_name": d.State, "state_status_name": orNil(d.Status), "state_url": nil, "deployer_display_name": nil, "deployer_uuid": nil,
	}
	if d.State != "UNDEPLOYED" {
		want["state_url"] = url + "/steps/" + strings.NewReplacer("{", "%7B", "}", "%7D").Replace(d.Step.UUID)
	}
	if d.Deployer != nil {
		want["deployer_display_name"], want["deployer_uuid"] = d.Deployer.DisplayName, d.Deployer.UUID
	}
	return want
}

func TestWhatIsSetUpForPipelines(t *testing.T) {
	for name, options := range map[string]fakebitbucket.Options{
		"as it is":     {},
		"without next": {OmitNext: true},
		"another seed": {Seed: 9, Repositories: 60},
	} {
		t.Run(name, func(t *testing.T) {
			fake := fakebitbucket.Start(t, options)
			h := connected(t, fake)
			o := fake.Organization()
			visible, own := covered(o, o.Connected), (accessTruth{o, o.Connected}).repositories()
			if len(own) == len(visible) {
				t.Fatal("the connected user administers everything")
			}
			for tableName, test := range map[string]struct {
				repositories []*fakeRepository
				rows         func(*fakeRepository, *fakePipelines) []map[string]any
				but          []string
			}{
				"bitbucket_pipeline_schedule": {visible, func(_ *fakeRepository, p *fakePipelines) []map[string]any {
					return rowsOf(p.Schedules, scheduleTruth)
				}, []string{"target"}},
				"bitbucket_pipeline_schedule_execution": {visible, func(_ *fakeRepository, p *fakePipelines) []map[string]any {
					var rows []map[string]any
					for _, s := range p.Schedules {
						rows = append(rows, executionTruth(s)...)
					}
					return rows
				}, nil},
				"bitbucket_pipeline_cache": {visible, func(_ *fakeRepository, p *fakePipelines) []map[string]any {
					return rowsOf(p.Caches, func(c *organization.PipelineCache) map[string]any {
						return map[string]any{
							"uuid": c.UUID, "name": c.Name, "title": c.Name, "type": "pipeline_cache", "path": c.Path, "key_hash": orNil(c.KeyHash),
							"file_size_bytes": c.Size, "created_on": micro(c.CreatedOn), "pipeline_uuid": c.Pipeline.UUID, "step_uuid": c.Pipeline.Steps[0].UUID,
						}
					})
				}, nil},
				"bitbucket_pipeline_config": {own, func(r *fakeRepository, p *fakePipelines) []map[string]any {
					if !p.Known {
						return nil
					}
					return []map[string]any{{"enabled": p.Enabled, "title": r.FullName(), "type": "repository_pipelines_configuration"}}
				}, nil},
				"bitbucket_pipeline_ssh_key": {own, func(r *fakeRepository, p *fakePipelines) []map[string]any {
					if p.PublicKey == "" {
						return nil
					}
					return []map[string]any{{"public_key": p.PublicKey, "title": r.FullName(), "type": "pipeline_ssh_key_pair"}}
				}, nil},
				"bitbucket_pipeline_ssh_known_host": {own, func(_ *fakeRepository, p *fakePipelines) []map[string]any {
					return rowsOf(p.KnownHosts, func(k *organization.PipelineKnownHost) map[string]any {
						return map[string]any{
							"uuid": k.UUID, "hostname": k.Hostname, "title": k.Hostname, "type": "pipeline_known_host", "public_key_key": k.Key,
							"public_key_key_type": k.KeyType, "public_key_md5_fingerprint": k.MD5, "public_key_sha256_fingerprint": k.SHA256,
						}
					})
				}, nil},
				"bitbucket_repository_variable": {own, func(_ *fakeRepository, p *fakePipelines) []map[string]any {
					return rowsOf(p.Variables, variableTruth)
				}, nil},
				"bitbucket_repository_runner": {own, func(_ *fakeRepository, p *fakePipelines) []map[string]any {
					return rowsOf(p.Runners, runnerTruth)
				}, nil},
				"bitbucket_deployment": {visible, func(r *fakeRepository, p *fakePipelines) []map[string]any {
					return rowsOf(p.Deployments, func(d *organization.Deployment) map[string]any { return deploymentTruth(r, d) })
				}, nil},
				"bitbucket_deployment_environment": {visible, func(_ *fakeRepository, p *fakePipelines) []map[string]any {
					return rowsOf(p.Environments, environmentTruth)
				}, nil},
				"bitbucket_deployment_variable": {own, func(_ *fakeRepository, p *fakePipelines) []map[string]any {
					var rows []map[string]any
					for _, e := range p.Environments {
						for _, v := range e.Variables {
							r := variableTruth(v)
							r["environment_name"], r["environment_type"], r["environment_uuid"] = e.Name, e.Kind, e.UUID
							rows = append(rows, r)
						}
					}
					return rows
				}, nil},
			} {
				t.Run(tableName, func(t *testing.T) {
					var want []map[string]any
					for _, r := range test.repositories {
						want = append(want, wantRows(o, []*fakeRepository{r}, func(p *fakePipelines) []map[string]any { return test.rows(r, p) })...)
					}
					covers(t, tableName, want, test.but...)
					sameRows(t, want, h.rows(tableQuery{table: tableName}))
				})
			}
			for tableName, rows := range map[string]func(*organization.WorkspacePipelines) []map[string]any{
				"bitbucket_workspace_variable": func(p *organization.WorkspacePipelines) []map[string]any { return rowsOf(p.Variables, variableTruth) },
				"bitbucket_workspace_runner":   func(p *organization.WorkspacePipelines) []map[string]any { return rowsOf(p.Runners, runnerTruth) },
			} {
				t.Run(tableName, func(t *testing.T) {
					var want []map[string]any
					for _, w := range o.Workspaces {
						if !o.Administers(w, o.Connected) {
							continue
						}
						for _, r := range rows(o.WorkspacePipelinesOf(w)) {
							r["workspace_slug"], r["workspace_uuid"] = w.Slug, w.UUID
							want = append(want, r)
						}
					}
					covers(t, tableName, want)
					sameRows(t, want, h.rows(tableQuery{table: tableName}))
				})
			}
		})
	}
}

// TestPipelineTablesTakeFewRequests counts the requests of scans of one workspace.
func TestPipelineTablesTakeFewRequests(t *testing.T) {
	fake := fakebitbucket.Start(t, fakebitbucket.Options{Repositories: 30})
	h := connected(t, fake)
	o := fake.Organization()
	home := o.Workspaces[0]
	var known, all, schedules, enabled, environments, production int
	for _, r := range o.RepositoriesOf(home) {
		p := o.PipelinesOf(r)
		all++
		if p.Known {
			known++
		}
		schedules += len(p.Schedules)
		for _, s := range p.Schedules {
			if s.Enabled {
				enabled++
			}
		}
		environments += len(p.Environments)
		for _, e := range p.Environments {
			if e.Kind == "Production" {
				production++
			}
		}
	}
	var some *fakeRepository
	for _, r := range o.RepositoriesOf(home) {
		if p := o.PipelinesOf(r); len(p.Schedules) > 1 && len(p.Schedules[1].Executions) > 0 && len(p.Deployments) > 0 {
			some = r
		}
	}
	p := o.PipelinesOf(some)
	const (
		repo         = "/repositories/{workspace}/{repo_slug}"
		config       = repo + "/pipelines_config"
		hyphen       = repo + "/pipelines-config"
		schedulePath = config + "/schedules"
		deployed     = repo + "/deployments"
		variables    = repo + "/deployments_config/environments/{environment_uuid}/variables"
	)
	ofHome, ofSome := where("workspace_slug", "=", home.Slug), where("repository_full_name", "=", some.FullName())
	h.rows(tableQuery{table: "bitbucket_pipeline_cache", columns: "uuid"}) // reads the inventory
	for name, test := range map[string]struct {
		table string
		where []*proto.Qual
		limit int64
		rows  int // -1 for any number
		want  map[string]int
	}{
		"schedules":                  {"bitbucket_pipeline_schedule", []*proto.Qual{ofHome}, 0, schedules, map[string]int{schedulePath: all}},
		"executions":                 {"bitbucket_pipeline_schedule_execution", []*proto.Qual{ofHome}, 0, -1, map[string]int{schedulePath: all, schedulePath + "/{schedule_uuid}/executions": schedules}},
		"executions in force":        {"bitbucket_pipeline_schedule_execution", []*proto.Qual{ofHome, where("schedule_enabled", "=", true)}, 0, -1, map[string]int{schedulePath: all, schedulePath + "/{schedule_uuid}/executions": enabled}},
		"executions of one":          {"bitbucket_pipeline_schedule_execution", []*proto.Qual{ofSome, where("schedule_uuid", "=", p.Schedules[1].UUID)}, 0, len(p.Schedules[1].Executions), map[string]int{schedulePath: 1, schedulePath + "/{schedule_uuid}/executions": 1}},
		"caches":                     {"bitbucket_pipeline_cache", []*proto.Qual{ofHome}, 0, -1, map[string]int{hyphen + "/caches": all}},
		"caches of one":              {"bitbucket_pipeline_cache", []*proto.Qual{ofSome}, 0, -1, map[string]int{hyphen + "/caches": 1}},
		"configurations":             {"bitbucket_pipeline_config", []*proto.Qual{ofHome}, 0, known, map[string]int{config: all}},
		"keys":                       {"bitbucket_pipeline_ssh_key", []*proto.Qual{ofHome}, 0, -1, map[string]int{config + "/ssh/key_pair": all}},
		"hosts":                      {"bitbucket_pipeline_ssh_known_host", []*proto.Qual{ofHome}, 0, -1, map[string]int{config + "/ssh/known_hosts": all}},
		"variables":                  {"bitbucket_repository_variable", []*proto.Qual{ofHome}, 0, -1, map[string]int{config + "/variables": all}},
		"runners":                    {"bitbucket_repository_runner", []*proto.Qual{ofHome}, 0, -1, map[string]int{hyphen + "/runners": all}},
		"runners of the workspace":   {"bitbucket_workspace_runner", []*proto.Qual{ofHome}, 0, 3, map[string]int{"/workspaces/{workspace}/pipelines-config/runners": 1}},
		"variables of the workspace": {"bitbucket_workspace_variable", nil, 0, 14, map[string]int{"/workspaces/{workspace}/pipelines-config/variables": 1}},
		"a variable of the same":     {"bitbucket_workspace_variable", nil, 1, 1, map[string]int{"/workspaces/{workspace}/pipelines-config/variables": 1}},
		"environments":               {"bitbucket_deployment_environment", []*proto.Qual{ofHome}, 0, environments, map[string]int{repo + "/environments": all}},
		"variables of environments":  {"bitbucket_deployment_variable", []*proto.Qual{ofHome}, 0, -1, map[string]int{repo + "/environments": all, variables: environments}},
		"variables of production":    {"bitbucket_deployment_variable", []*proto.Qual{ofHome, where("environment_type", "=", "Production")}, 0, -1, map[string]int{repo + "/environments": all, variables: production}},
		"variables of one":           {"bitbucket_deployment_variable", []*proto.Qual{ofSome, where("environment_uuid", "=", p.Environments[1].UUID)}, 0, len(p.Environments[1].Variables), map[string]int{repo + "/environments": 1, variables: 1}},
		"variables of one by name":   {"bitbucket_deployment_variable", []*proto.Qual{ofSome, where("environment_name", "=", "Staging")}, 0, len(p.Environments[1].Variables), map[string]int{repo + "/environments": 1, variables: 1}},
		"a deployment":               {"bitbucket_deployment", []*proto.Qual{ofSome, where("uuid", "=", p.Deployments[0].UUID)}, 0, 1, map[string]int{deployed + "/{deployment_uuid}": 1}},
		"no deployment":              {"bitbucket_deployment", []*proto.Qual{ofSome, where("uuid", "=", "{00000000-0000-4000-8000-000000000000}")}, 0, 0, map[string]int{deployed + "/{deployment_uuid}": 1}},
		"deployments":                {"bitbucket_deployment", []*proto.Qual{ofSome}, 0, len(p.Deployments), map[string]int{deployed: 1}},
	} {
		t.Run(name, func(t *testing.T) {
			fake.ResetJournal()
			rows := h.rows(tableQuery{table: test.table, where: test.where, limit: test.limit})
			if len(rows) != test.rows && test.rows >= 0 || len(rows) == 0 && test.rows != 0 {
				t.Errorf("%d rows, want %d", len(rows), test.rows)
			}
			if diff := cmp.Diff(test.want, requested(fake)); diff != "" {
				t.Errorf("requests mismatch (-want +got):\n%s", diff)
			}
			for _, e := range fake.Journal() {
				if p := e.Query.Get("pagelen"); p != "" && p != "100" && test.limit == 0 {
					t.Errorf("a request for pages of %s", p)
				}
			}
		})
	}
}

// TestPipelineTablesRefused names workspaces and repositories that the connected user does not administer.
func TestPipelineTablesRefused(t *testing.T) {
	fake := fakebitbucket.Start(t, fakebitbucket.Options{Repositories: 40})
	h := connected(t, fake)
	o := fake.Organization()
	var reader *fakeRepository
	for _, r := range covered(o, o.Connected) {
		if o.EffectivePermission(r, o.Connected) == "write" && o.PipelinesOf(r).Known {
			reader = r
		}
	}
	away := o.Workspaces[1]
	for tableName, qual := range map[string]*proto.Qual{
		"bitbucket_pipeline_config":         where("repository_full_name", "=", reader.FullName()),
		"bitbucket_pipeline_ssh_key":        where("repository_full_name", "=", reader.FullName()),
		"bitbucket_pipeline_ssh_known_host": where("repository_full_name", "=", reader.FullName()),
		"bitbucket_repository_variable":     where("repository_full_name", "=", reader.FullName()),
		"bitbucket_repository_runner":       where("repository_full_name", "=", reader.FullName()),
		"bitbucket_deployment_variable":     where("repository_full_name", "=", reader.FullName()),
		"bitbucket_workspace_variable":      where("workspace_slug", "=", away.Slug),
		"bitbucket_workspace_runner":        where("workspace_slug", "=", away.Slug),
	} {
		if rows := h.rows(tableQuery{table: tableName, where: []*proto.Qual{qual}}); len(rows) > 0 {
			t.Errorf("%s: %d rows of what the user does not administer", tableName, len(rows))
		}
		if !slices.ContainsFunc(h.Server.Omissions(time.Time{}), func(o Omission) bool { return o.Table == tableName && o.Reason == ReasonNotAdministered }) {
			t.Errorf("%s: no omission says that the user does not administer it", tableName)
		}
	}
	for _, tableName := range []string{"bitbucket_pipeline", "bitbucket_deployment", "bitbucket_pipeline_schedule", "bitbucket_pipeline_cache", "bitbucket_deployment_environment"} {
		rows := h.rows(tableQuery{table: tableName, columns: "repository_full_name", where: []*proto.Qual{where("repository_full_name", "=", reader.FullName())}})
		if i := slices.IndexFunc(rows, func(r map[string]any) bool { return r["repository_full_name"] != reader.FullName() }); i >= 0 {
			t.Errorf("%s has a row of %v", tableName, rows[i])
		}
	}
}
