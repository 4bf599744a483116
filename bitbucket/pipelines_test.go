package bitbucket

import (
	"context"
	"encoding/json"
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

type (
	fakeRepository = organization.Repository
	fakePipeline   = organization.Pipeline
	fakePipelines  = organization.Pipelines
	fakeStep       = organization.PipelineStep
)

// busy is the repository with many pipelines.
func busy(t *testing.T, o *organization.Organization) *fakeRepository {
	t.Helper()
	for _, r := range o.Repositories {
		if len(o.PipelinesOf(r).Runs) > 100 {
			return r
		}
	}
	t.Fatal("the organization has no repository with many pipelines")
	return nil
}

// wantRows returns the expected rows of a table, for what each of the repositories has in Bitbucket Pipelines.
func wantRows(o *organization.Organization, repositories []*fakeRepository, rows func(*fakePipelines) []map[string]any) []map[string]any {
	var all []map[string]any
	for _, r := range repositories {
		for _, got := range rows(o.PipelinesOf(r)) {
			got["repository_full_name"], got["repository_uuid"] = r.FullName(), r.UUID
			got["workspace_slug"], got["workspace_uuid"] = r.Workspace.Slug, r.Workspace.UUID
			all = append(all, got)
		}
	}
	return all
}

// sameRows compares rows, in any order, by the columns of the expected ones.
func sameRows(t *testing.T, want, got []map[string]any) {
	t.Helper()
	if len(want) == 0 {
		t.Fatal("the test expects no rows")
	}
	columns := []string{}
	for c := range want[0] {
		columns = append(columns, c)
	}
	slices.Sort(columns)
	asTexts := func(rows []map[string]any) []string {
		var all []string
		for _, r := range rows {
			var b strings.Builder
			for _, c := range columns {
				fmt.Fprintf(&b, "%s=%#v\n", c, r[c])
			}
			all = append(all, b.String())
		}
		return sorted(all)
	}
	if diff := cmp.Diff(asTexts(want), asTexts(got)); diff != "" {
		t.Errorf("rows mismatch (-want +got):\n%s", diff)
	}
}

// covers fails the test unless the expected rows have all columns of the table, except for the named ones.
func covers(t *testing.T, tableName string, want []map[string]any, but ...string) {
	t.Helper()
	for _, c := range (tableQuery{table: tableName}).columnNames() {
		if _, ok := want[0][c]; !ok && !slices.Contains(but, c) {
			t.Errorf("the test has no value for the column %s", c)
		}
	}
}

func micro(t time.Time) time.Time { return t.UTC().Truncate(time.Microsecond) }

func microOrNil(t *time.Time) any {
	if t == nil {
		return nil
	}
	return micro(*t)
}

func intOrNil(n *int) any {
	if n == nil {
		return nil
	}
	return int64(*n)
}

func numberOrNil(n int) any {
	if n == 0 {
		return nil
	}
	return int64(n)
}

func pipelineTruth(p *fakePipeline) map[string]any {
	r := map[string]any{
		"uuid": p.UUID, "build_number": int64(p.BuildNumber), "title": fmt.Sprint(p.BuildNumber), "type": "pipeline",
		"build_seconds_used": intOrNil(p.BuildSecondsUsed), "duration_in_seconds": intOrNil(p.DurationInSeconds),
		"completed_on": microOrNil(p.CompletedOn), "created_on": micro(p.CreatedOn),
		"creator_account_id": nil, "creator_display_name": nil, "creator_type": nil, "creator_uuid": nil, "creator_nickname": nil,
		"error_key": orNil(p.State.ErrorKey), "error_message": orNil(p.State.Error),
		"expired": p.Expired, "first_successful": p.BuildNumber == 1 && p.State.Result == "SUCCESSFUL", "has_variables": false,
		"result_name": orNil(p.State.Result), "stage_name": orNil(p.State.Stage), "state_name": p.State.Name, "run_number": int64(p.RunNumber),
		"target_commit_hash": p.Target.Commit, "target_destination": orNil(p.Target.Destination), "target_source": orNil(p.Target.Source),
		"target_pullrequest_id": numberOrNil(p.Target.PullRequest), "target_ref_name": orNil(p.Target.RefName), "target_ref_type": orNil(p.Target.RefType),
		"target_selector_pattern": orNil(p.Target.SelectorPattern), "target_selector_type": p.Target.SelectorType, "target_type": p.Target.Type,
		"terminator_display_name": nil, "terminator_uuid": nil, "trigger_name": orNil(p.Trigger), "trigger_type": nil,
	}
	if u := p.Creator; u != nil {
		r["creator_account_id"], r["creator_display_name"], r["creator_type"], r["creator_uuid"] = orNil(u.AccountID), u.DisplayName, u.Type, u.UUID
		r["creator_nickname"] = orNil(u.Nickname)
	}
	if u := p.State.Terminator; u != nil {
		r["terminator_display_name"], r["terminator_uuid"] = u.DisplayName, u.UUID
	}
	if p.Trigger != "" {
		r["trigger_type"] = "pipeline_trigger_" + strings.ToLower(p.Trigger)
	}
	return r
}

func pipelinesTruth(p *fakePipelines) []map[string]any {
	var rows []map[string]any
	for _, run := range p.Runs {
		rows = append(rows, pipelineTruth(run))
	}
	return rows
}

func TestPipeline(t *testing.T) {
	for name, options := range map[string]fakebitbucket.Options{
		"as it is":     {},
		"without next": {OmitNext: true},
		"short pages":  {ShortPages: true},
		"another seed": {Seed: 5, Repositories: 40},
	} {
		t.Run(name, func(t *testing.T) {
			fake := fakebitbucket.Start(t, options)
			o := fake.Organization()
			want := wantRows(o, covered(o, o.Connected), pipelinesTruth)
			covers(t, "bitbucket_pipeline", want, "state", "target", "configuration_sources")
			sameRows(t, want, connected(t, fake).rows(tableQuery{table: "bitbucket_pipeline"}))
		})
	}
}

// sentValues returns the different values of a parameter in the requests for an endpoint.
func sentValues(fake *fakebitbucket.Server, endpoint, parameter string) []string {
	var all []string
	for _, e := range fake.Journal() {
		if strings.TrimPrefix(e.Endpoint, "/2.0") == endpoint {
			all = append(all, strings.Join(e.Query[parameter], " "))
		}
	}
	slices.Sort(all)
	return slices.Compact(all)
}

const pipelinesPath = "/repositories/{workspace}/{repo_slug}/pipelines"

func TestPipelineConditions(t *testing.T) {
	fake := fakebitbucket.Start(t, fakebitbucket.Options{Repositories: 40})
	h := connected(t, fake)
	o := fake.Organization()
	repo := busy(t, o)
	history := o.PipelinesOf(repo).Runs
	some := func(satisfied func(*fakePipeline) bool) *fakePipeline {
		i := slices.IndexFunc(history, satisfied)
		if i < 0 {
			t.Fatal("the organization has no such pipeline")
		}
		return history[i]
	}
	first := some(func(p *fakePipeline) bool { return p.Creator != nil })
	middle := history[len(history)/2]
	for name, test := range map[string]struct {
		where     []*proto.Qual
		parameter string
		sent      string // the values of the parameter; "" if it is not sent
		want      func(r *fakeRepository, p *fakePipeline) bool
	}{
		"failed":     {[]*proto.Qual{where("result_name", "=", "FAILED")}, "status", "FAILED", func(_ *fakeRepository, p *fakePipeline) bool { return p.State.Result == "FAILED" }},
		"successful": {[]*proto.Qual{where("result_name", "=", "SUCCESSFUL")}, "status", "PASSED", func(_ *fakeRepository, p *fakePipeline) bool { return p.State.Result == "SUCCESSFUL" }},
		"failed in some way": {[]*proto.Qual{where("result_name", "=", []string{"FAILED", "ERROR"})}, "status", "", func(_ *fakeRepository, p *fakePipeline) bool {
			return p.State.Result == "FAILED" || p.State.Result == "ERROR"
		}},
		"stopped":            {[]*proto.Qual{where("result_name", "=", "STOPPED")}, "status", "STOPPED", func(_ *fakeRepository, p *fakePipeline) bool { return p.State.Result == "STOPPED" }},
		"expired":            {[]*proto.Qual{where("result_name", "=", "EXPIRED")}, "status", "", func(_ *fakeRepository, p *fakePipeline) bool { return p.State.Result == "EXPIRED" }},
		"no such result":     {[]*proto.Qual{where("result_name", "=", "PASSED")}, "status", "", func(*fakeRepository, *fakePipeline) bool { return false }},
		"no result":          {[]*proto.Qual{where("result_name", "=", nil)}, "status", "", func(_ *fakeRepository, p *fakePipeline) bool { return p.State.Result == "" }},
		"completed":          {[]*proto.Qual{where("state_name", "=", "COMPLETED")}, "status", "", func(_ *fakeRepository, p *fakePipeline) bool { return p.State.Name == "COMPLETED" }},
		"in progress":        {[]*proto.Qual{where("state_name", "=", "IN_PROGRESS")}, "status", "", func(_ *fakeRepository, p *fakePipeline) bool { return p.State.Name == "IN_PROGRESS" }},
		"pending":            {[]*proto.Qual{where("state_name", "=", "PENDING")}, "status", "", func(_ *fakeRepository, p *fakePipeline) bool { return p.State.Name == "PENDING" }},
		"paused":             {[]*proto.Qual{where("stage_name", "=", "PAUSED")}, "status", "", func(_ *fakeRepository, p *fakePipeline) bool { return p.State.Stage == "PAUSED" }},
		"completed, and how": {[]*proto.Qual{where("state_name", "=", "COMPLETED"), where("result_name", "=", "STOPPED")}, "status", "STOPPED", func(_ *fakeRepository, p *fakePipeline) bool { return p.State.Result == "STOPPED" }},
		"in progress, and stage": {[]*proto.Qual{where("state_name", "=", "IN_PROGRESS"), where("stage_name", "=", []string{"PAUSED", "HALTED"})}, "status", "", func(_ *fakeRepository, p *fakePipeline) bool {
			return p.State.Stage == "PAUSED" || p.State.Stage == "HALTED"
		}},
		"two that never meet": {[]*proto.Qual{where("state_name", "=", "PENDING"), where("result_name", "=", "FAILED")}, "status", "FAILED", func(*fakeRepository, *fakePipeline) bool { return false }},
		"by hand":             {[]*proto.Qual{where("trigger_name", "=", "MANUAL")}, "trigger_type", "MANUAL", func(_ *fakeRepository, p *fakePipeline) bool { return p.Trigger == "MANUAL" }},
		"by hand, as a type":  {[]*proto.Qual{where("trigger_type", "=", "pipeline_trigger_manual")}, "trigger_type", "MANUAL", func(_ *fakeRepository, p *fakePipeline) bool { return p.Trigger == "MANUAL" }},
		"by hand or push":     {[]*proto.Qual{where("trigger_name", "=", []string{"MANUAL", "PUSH"})}, "trigger_type", "", func(_ *fakeRepository, p *fakePipeline) bool { return p.Trigger == "MANUAL" || p.Trigger == "PUSH" }},
		"by schedule":         {[]*proto.Qual{where("trigger_name", "=", "SCHEDULE")}, "trigger_type", "", func(_ *fakeRepository, p *fakePipeline) bool { return p.Trigger == "SCHEDULE" }},
		"ref":                 {[]*proto.Qual{where("target_ref_name", "=", "main")}, "target.ref_name", "main", func(_ *fakeRepository, p *fakePipeline) bool { return p.Target.RefName == "main" }},
		"one of two refs": {[]*proto.Qual{where("target_ref_name", "=", []string{"main", "master"})}, "target.ref_name", "", func(_ *fakeRepository, p *fakePipeline) bool {
			return p.Target.RefName == "main" || p.Target.RefName == "master"
		}},
		"an empty ref":  {[]*proto.Qual{where("target_ref_name", "=", "")}, "target.ref_name", "", func(*fakeRepository, *fakePipeline) bool { return false }},
		"branches":      {[]*proto.Qual{where("target_ref_type", "=", "branch")}, "target.ref_type", "BRANCH", func(_ *fakeRepository, p *fakePipeline) bool { return p.Target.RefType == "branch" }},
		"tags":          {[]*proto.Qual{where("target_ref_type", "=", "tag")}, "target.ref_type", "", func(_ *fakeRepository, p *fakePipeline) bool { return p.Target.RefType == "tag" }},
		"custom":        {[]*proto.Qual{where("target_selector_type", "=", "custom")}, "target.selector.type", "CUSTOM", func(_ *fakeRepository, p *fakePipeline) bool { return p.Target.SelectorType == "custom" }},
		"pull requests": {[]*proto.Qual{where("target_selector_type", "=", "pull-requests")}, "target.selector.type", "PULLREQUESTS", func(_ *fakeRepository, p *fakePipeline) bool { return p.Target.SelectorType == "pull-requests" }},
		"commit":        {[]*proto.Qual{where("target_commit_hash", "=", middle.Target.Commit)}, "target.commit.hash", middle.Target.Commit, func(_ *fakeRepository, p *fakePipeline) bool { return p.Target.Commit == middle.Target.Commit }},
		"creator":       {[]*proto.Qual{where("creator_uuid", "=", first.Creator.UUID)}, "creator.uuid", first.Creator.UUID, func(_ *fakeRepository, p *fakePipeline) bool { return p.Creator == first.Creator }},
		"since":         {[]*proto.Qual{where("created_on", ">=", middle.CreatedOn)}, "sort", "-created_on", func(_ *fakeRepository, p *fakePipeline) bool { return !p.CreatedOn.Before(middle.CreatedOn) }},
		"after":         {[]*proto.Qual{where("created_on", ">", middle.CreatedOn)}, "sort", "-created_on", func(_ *fakeRepository, p *fakePipeline) bool { return p.CreatedOn.After(middle.CreatedOn) }},
		"before":        {[]*proto.Qual{where("created_on", "<", middle.CreatedOn)}, "sort", "created_on", func(_ *fakeRepository, p *fakePipeline) bool { return p.CreatedOn.Before(middle.CreatedOn) }},
		"until":         {[]*proto.Qual{where("created_on", "<=", middle.CreatedOn)}, "sort", "created_on", func(_ *fakeRepository, p *fakePipeline) bool { return !p.CreatedOn.After(middle.CreatedOn) }},
		"then":          {[]*proto.Qual{where("created_on", "=", middle.CreatedOn)}, "sort", "-created_on", func(_ *fakeRepository, p *fakePipeline) bool { return p == middle }},
		"not then":      {[]*proto.Qual{where("created_on", "<>", middle.CreatedOn)}, "sort", "-created_on", func(_ *fakeRepository, p *fakePipeline) bool { return p != middle }},
		"between": {[]*proto.Qual{where("created_on", ">=", history[20].CreatedOn), where("created_on", "<", middle.CreatedOn)}, "sort", "-created_on", func(_ *fakeRepository, p *fakePipeline) bool {
			return !p.CreatedOn.Before(history[20].CreatedOn) && p.CreatedOn.Before(middle.CreatedOn)
		}},
		"of a workspace":          {[]*proto.Qual{where("workspace_slug", "=", o.Workspaces[1].Slug)}, "sort", "-created_on", func(r *fakeRepository, _ *fakePipeline) bool { return r.Workspace == o.Workspaces[1] }},
		"of a repository":         {[]*proto.Qual{where("repository_full_name", "=", repo.FullName())}, "sort", "-created_on", func(r *fakeRepository, _ *fakePipeline) bool { return r == repo }},
		"by number":               {[]*proto.Qual{where("build_number", "=", 2)}, "sort", "", func(_ *fakeRepository, p *fakePipeline) bool { return p.BuildNumber == 2 }},
		"by number in repository": {[]*proto.Qual{where("build_number", "=", 7), where("repository_full_name", "=", repo.FullName())}, "sort", "", func(r *fakeRepository, p *fakePipeline) bool { return r == repo && p.BuildNumber == 7 }},
		"by id":                   {[]*proto.Qual{where("uuid", "=", middle.UUID)}, "sort", "", func(_ *fakeRepository, p *fakePipeline) bool { return p == middle }},
		"by ids":                  {[]*proto.Qual{where("uuid", "=", []string{middle.UUID, history[0].UUID, "{none}", ".."})}, "sort", "", func(_ *fakeRepository, p *fakePipeline) bool { return p == middle || p == history[0] }},
		"by id, and another":      {[]*proto.Qual{where("uuid", "=", middle.UUID), where("build_number", "=", middle.BuildNumber+1)}, "sort", "", func(*fakeRepository, *fakePipeline) bool { return false }},
		"a number as an id":       {[]*proto.Qual{where("uuid", "=", "7")}, "sort", "", func(*fakeRepository, *fakePipeline) bool { return false }},
	} {
		t.Run(name, func(t *testing.T) {
			want := map[string]bool{}
			for _, r := range covered(o, o.Connected) {
				for _, p := range o.PipelinesOf(r).Runs {
					if test.want(r, p) {
						want[p.UUID] = true
					}
				}
			}
			got := map[string]bool{}
			fake.ResetJournal()
			for _, uuid := range columnValues(h.rows(tableQuery{table: "bitbucket_pipeline", columns: "uuid", where: test.where}), "uuid") {
				got[uuid] = true
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("pipelines mismatch (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(test.sent, strings.Join(sentValues(fake, pipelinesPath, test.parameter), ", ")); diff != "" {
				t.Errorf("%s mismatch (-want +got):\n%s", test.parameter, diff)
			}
		})
	}
}

// requestedPages returns the numbers and lengths of the pages of pipelines that were requested.
func requestedPages(fake *fakebitbucket.Server) []string {
	var all []string
	for _, e := range fake.Journal() {
		if e.Endpoint == "/2.0"+pipelinesPath {
			all = append(all, fmt.Sprintf("%s of %s by %s", max("1", e.Query.Get("page")), e.Query.Get("pagelen"), e.Query.Get("sort")))
		}
	}
	return all
}

func TestPipelineReadsNoMoreThanTheRange(t *testing.T) {
	fake := fakebitbucket.Start(t, fakebitbucket.Options{})
	h := connected(t, fake)
	o := fake.Organization()
	repo := busy(t, o)
	history := slices.Clone(o.PipelinesOf(repo).Runs)
	for i := range 400 { // a long history
		old := *history[0]
		old.UUID, old.BuildNumber = fmt.Sprintf("{old-%d}", i), -i
		old.CreatedOn = history[0].CreatedOn.Add(-time.Duration(i+1) * time.Hour)
		history = slices.Insert(history, 0, &old)
	}
	fake.ChangePipelines(repo.FullName(), func(p *fakePipelines) { p.Runs = history })
	week := time.Now().Add(-7 * 24 * time.Hour)
	asc, desc := &proto.SortColumn{Column: "created_on", Order: proto.SortOrder_Asc}, &proto.SortColumn{Column: "created_on", Order: proto.SortOrder_Desc}
	for name, test := range map[string]struct {
		query tableQuery
		want  []string // pages
		rows  func(*fakePipeline) bool
	}{
		"the last seven days":               {tableQuery{where: []*proto.Qual{where("created_on", ">", week)}}, []string{"1 of 100 by -created_on"}, func(p *fakePipeline) bool { return p.CreatedOn.After(week) }},
		"the last seven days, newest first": {tableQuery{where: []*proto.Qual{where("created_on", ">", week)}, order: desc}, []string{"1 of 100 by -created_on"}, func(p *fakePipeline) bool { return p.CreatedOn.After(week) }},
		"the last seven days, oldest first": {tableQuery{where: []*proto.Qual{where("created_on", ">", week)}, order: asc}, []string{"1 of 100 by -created_on"}, func(p *fakePipeline) bool { return p.CreatedOn.After(week) }},
		"the five oldest of seven days":     {tableQuery{where: []*proto.Qual{where("created_on", ">", week)}, order: asc, limit: 5}, []string{"1 of 100 by -created_on"}, nil},
		"to the end of a page":              {tableQuery{where: []*proto.Qual{where("created_on", ">=", history[len(history)-99].CreatedOn)}}, []string{"1 of 100 by -created_on"}, func(p *fakePipeline) bool { return !p.CreatedOn.Before(history[len(history)-99].CreatedOn) }},
		"over the end of a page":            {tableQuery{where: []*proto.Qual{where("created_on", ">=", history[len(history)-101].CreatedOn)}}, []string{"1 of 100 by -created_on", "2 of 100 by -created_on"}, func(p *fakePipeline) bool { return !p.CreatedOn.Before(history[len(history)-101].CreatedOn) }},
		"the beginning":                     {tableQuery{where: []*proto.Qual{where("created_on", "<", history[50].CreatedOn)}}, []string{"1 of 100 by created_on"}, func(p *fakePipeline) bool { return p.CreatedOn.Before(history[50].CreatedOn) }},
		"the newest five":                   {tableQuery{order: desc, limit: 5}, []string{"1 of 10 by -created_on"}, nil},
		"the oldest five":                   {tableQuery{order: asc, limit: 5}, []string{"1 of 10 by created_on"}, nil},
		"any five":                          {tableQuery{limit: 5}, []string{"1 of 10 by -created_on"}, nil},
		"five failed":                       {tableQuery{where: []*proto.Qual{where("result_name", "=", "FAILED")}, limit: 5}, []string{"1 of 10 by -created_on"}, nil},
		"five completed":                    {tableQuery{where: []*proto.Qual{where("state_name", "=", "COMPLETED")}, limit: 5}, []string{"1 of 100 by -created_on"}, nil},
		"five of an old time, newest first": {tableQuery{where: []*proto.Qual{where("created_on", "<", history[399].CreatedOn)}, order: desc, limit: 5}, []string{"1 of 100 by -created_on", "2 of 100 by -created_on"}, nil},
		"just then":                         {tableQuery{where: []*proto.Qual{where("created_on", "=", history[len(history)-3].CreatedOn)}}, []string{"1 of 100 by -created_on"}, func(p *fakePipeline) bool { return p == history[len(history)-3] }},
	} {
		t.Run(name, func(t *testing.T) {
			q := test.query
			q.table, q.columns = "bitbucket_pipeline", "uuid created_on result_name state_name"
			q.where = append(q.where, where("repository_full_name", "=", repo.FullName()))
			fake.ResetJournal()
			rows := h.rows(q)
			if diff := cmp.Diff(test.want, requestedPages(fake)); diff != "" {
				t.Errorf("pages mismatch (-want +got):\n%s", diff)
			}
			if test.rows != nil {
				var want []string
				for _, p := range history {
					if test.rows(p) {
						want = append(want, p.UUID)
					}
				}
				if diff := cmp.Diff(sorted(want), sorted(columnValues(rows, "uuid"))); diff != "" {
					t.Errorf("rows mismatch (-want +got):\n%s", diff)
				}
			} else if len(rows) != 5 {
				t.Errorf("%d rows, want 5", len(rows))
			}
			if q.order == nil {
				return
			}
			var times []time.Time
			for _, r := range rows {
				times = append(times, r["created_on"].(time.Time))
			}
			if q.order.Order == proto.SortOrder_Desc {
				slices.Reverse(times)
			}
			if !slices.IsSortedFunc(times, time.Time.Compare) {
				t.Error("the rows are not in order")
			}
		})
	}
	oldest := h.rows(tableQuery{table: "bitbucket_pipeline", columns: "uuid", order: asc, limit: 5, where: []*proto.Qual{where("created_on", ">", week), where("repository_full_name", "=", repo.FullName())}})
	at := slices.IndexFunc(history, func(p *fakePipeline) bool { return p.CreatedOn.After(week) })
	var want []string
	for _, p := range history[at : at+5] {
		want = append(want, p.UUID)
	}
	if diff := cmp.Diff(want, columnValues(oldest, "uuid")); diff != "" {
		t.Errorf("the five oldest of seven days (-want +got):\n%s", diff)
	}
}

func TestPipelineOrderOverRepositories(t *testing.T) {
	fake := fakebitbucket.Start(t, fakebitbucket.Options{Repositories: 40})
	h := connected(t, fake)
	o := fake.Organization()
	var all []*fakePipeline
	for _, r := range covered(o, o.Connected) {
		all = append(all, o.PipelinesOf(r).Runs...)
	}
	slices.SortFunc(all, func(a, b *fakePipeline) int { return b.CreatedOn.Compare(a.CreatedOn) })
	var want []string
	for _, p := range all[:12] {
		want = append(want, p.UUID)
	}
	rows := h.rows(tableQuery{table: "bitbucket_pipeline", columns: "uuid created_on", limit: 12, order: &proto.SortColumn{Column: "created_on", Order: proto.SortOrder_Desc}})
	if diff := cmp.Diff(want, columnValues(rows, "uuid")); diff != "" {
		t.Errorf("the newest pipelines mismatch (-want +got):\n%s", diff)
	}
	// A few named ones come in order, too.
	uuids := []string{all[3].UUID, all[0].UUID, all[9].UUID, all[5].UUID}
	rows = h.rows(tableQuery{table: "bitbucket_pipeline", columns: "uuid created_on", limit: 2, where: []*proto.Qual{where("uuid", "=", uuids)}, order: &proto.SortColumn{Column: "created_on", Order: proto.SortOrder_Desc}})
	if diff := cmp.Diff([]string{all[0].UUID, all[3].UUID}, columnValues(rows, "uuid")); diff != "" {
		t.Errorf("the newest of some mismatch (-want +got):\n%s", diff)
	}
}

// tablesOfPipelines are the tables of what belongs to Bitbucket Pipelines in repositories.
var tablesOfPipelines = []string{
	"bitbucket_pipeline", "bitbucket_pipeline_step", "bitbucket_pipeline_test_report", "bitbucket_pipeline_test_case",
	"bitbucket_pipeline_schedule", "bitbucket_pipeline_schedule_execution", "bitbucket_pipeline_cache", "bitbucket_pipeline_config",
	"bitbucket_pipeline_ssh_key", "bitbucket_pipeline_ssh_known_host", "bitbucket_repository_variable", "bitbucket_repository_runner",
	"bitbucket_deployment", "bitbucket_deployment_environment", "bitbucket_deployment_variable",
}

func TestPipelinesThatAreOff(t *testing.T) {
	fake := fakebitbucket.Start(t, fakebitbucket.Options{Repositories: 16})
	h := connected(t, fake)
	o := fake.Organization()
	all := (accessTruth{o, o.Connected}).repositories()
	off := all[slices.IndexFunc(all, func(r *fakeRepository) bool { return !o.PipelinesOf(r).Known })]
	for _, tableName := range tablesOfPipelines {
		t.Run(tableName, func(t *testing.T) {
			rows, err := h.try(context.Background(), tableQuery{table: tableName, where: []*proto.Qual{where("repository_full_name", "=", off.FullName())}})
			switch tableName {
			case "bitbucket_deployment", "bitbucket_deployment_environment", "bitbucket_deployment_variable", "bitbucket_pipeline_ssh_key":
				if err != nil || len(rows) != 0 { // another service, or something that doesn't exist in any case
					t.Errorf("%d rows, error %v", len(rows), err)
				}
			default:
				if err != nil || len(rows) != 0 {
					t.Errorf("%d rows, error %v", len(rows), err)
				}
				h.wantOmission(Omission{Table: tableName, Workspace: off.Workspace.Slug, Repository: off.FullName(), Reason: ReasonFeatureOff})
			}
			rows = h.rows(tableQuery{table: tableName, where: []*proto.Qual{where("workspace_slug", "=", off.Workspace.Slug)}})
			if len(rows) == 0 || slices.Contains(columnValues(rows, "repository_full_name"), off.FullName()) {
				t.Errorf("%d rows of the workspace", len(rows))
			}
		})
	}
}

func TestPipelinesOfRepositoryThatVanished(t *testing.T) {
	for _, tableName := range tablesOfPipelines {
		t.Run(tableName, func(t *testing.T) {
			fake := fakebitbucket.Start(t, fakebitbucket.Options{Repositories: 16})
			h := connected(t, fake)
			o := fake.Organization()
			h.rows(tableQuery{table: tableName, columns: "title"}) // reads the inventory
			gone := busy(t, o)
			fake.RemoveRepository(gone.FullName())
			rows := h.rows(tableQuery{table: tableName})
			if len(rows) == 0 || slices.Contains(columnValues(rows, "repository_full_name"), gone.FullName()) {
				t.Errorf("%d rows, or some of a repository that is gone", len(rows))
			}
		})
	}
}

func TestPipelinesOfEmptyOrganization(t *testing.T) {
	fake := fakebitbucket.Start(t, fakebitbucket.Options{Repositories: 1, OneWorkspace: true})
	r := fake.Organization().Repositories[0]
	fake.ChangePipelines(r.FullName(), func(p *fakePipelines) { *p = fakePipelines{Known: true} })
	h := connected(t, fake)
	for _, tableName := range tablesOfPipelines {
		if rows := h.rows(tableQuery{table: tableName}); len(rows) != 0 && tableName != "bitbucket_pipeline_config" {
			t.Errorf("%s: %v", tableName, rows)
		}
	}
}

// TestPipelineSecrets reads all columns of the tables that could show a secret, and checks the fields of the requests.
func TestPipelineSecrets(t *testing.T) {
	fake := fakebitbucket.Start(t, fakebitbucket.Options{Repositories: 16})
	h := connected(t, fake)
	o := fake.Organization()
	secrets := 0
	for _, r := range (accessTruth{o, o.Connected}).repositories() {
		p := o.PipelinesOf(r)
		for _, x := range p.Runners {
			if x.Version == "" {
				secrets++
			}
		}
		for _, v := range p.Variables {
			if !v.Secured {
				secrets++
			}
		}
	}
	if secrets < 10 {
		t.Fatalf("the organization has only %d secrets", secrets)
	}
	for _, tableName := range append([]string{"bitbucket_workspace_variable", "bitbucket_workspace_runner"}, tablesOfPipelines...) {
		for _, columns := range []string{"", "workspace_slug", "title"} {
			fake.ResetJournal()
			rows := h.rows(tableQuery{table: tableName, columns: columns})
			b, err := json.Marshal(rows)
			if err != nil || len(rows) == 0 {
				t.Fatalf("%s: %d rows, error %v", tableName, len(rows), err)
			}
			if strings.Contains(string(b), "secret-") {
				t.Errorf("%s shows a secret: %s", tableName, b)
			}
			for _, e := range fake.Journal() {
				if !strings.Contains(e.Endpoint, "variables") && !strings.Contains(e.Endpoint, "runners") && !strings.Contains(e.Endpoint, "key_pair") {
					continue
				}
				fields := strings.Split(e.Query.Get("fields"), ",")
				for _, secret := range []string{"", "*", "values", "values.*", "values.value", "values.oauth_client", "private_key"} {
					if slices.Contains(fields, secret) {
						t.Errorf("%s with %q sent fields=%s", tableName, columns, e.Query.Get("fields"))
					}
				}
			}
		}
	}
}

// stepsTruth returns the expected rows of a table of steps, or of what belongs to them.
func stepsTruth(rows func(*fakePipeline, *fakeStep) []map[string]any) func(*fakePipelines) []map[string]any {
	return func(p *fakePipelines) []map[string]any {
		var all []map[string]any
		for _, run := range p.Runs {
			for _, s := range run.Steps {
				for _, r := range rows(run, s) {
					r["pipeline_uuid"], r["build_number"], r["pipeline_created_on"] = run.UUID, int64(run.BuildNumber), micro(run.CreatedOn)
					r["pipeline_result_name"], r["pipeline_target_ref_name"] = orNil(run.State.Result), orNil(run.Target.RefName)
					all = append(all, r)
				}
			}
		}
		return all
	}
}

func stepTruth(_ *fakePipeline, s *fakeStep) []map[string]any {
	title := any(s.Name)
	if s.Name == "" {
		title = s.UUID
	}
	return []map[string]any{{
		"uuid": s.UUID, "name": orNil(s.Name), "title": title, "type": "pipeline_step", "image_name": s.Image,
		"build_seconds_used": intOrNil(s.BuildSecondsUsed), "duration_in_seconds": intOrNil(s.DurationInSeconds),
		"completed_on": microOrNil(s.CompletedOn), "started_on": microOrNil(s.StartedOn),
		"error_key": nil, "error_message": nil, "max_time": int64(s.MaxTime), "run_number": int64(s.RunNumber),
		"result_name": orNil(s.State.Result), "stage_name": orNil(s.State.Stage), "state_name": s.State.Name,
		"trigger_type": "pipeline_step_trigger_" + s.Trigger,
	}}
}

func reportTruth(_ *fakePipeline, s *fakeStep) []map[string]any {
	if s.Report == nil {
		return nil
	}
	title := any(s.Name)
	if s.Name == "" {
		title = s.UUID
	}
	return []map[string]any{{
		"step_uuid": s.UUID, "step_name": orNil(s.Name), "title": title,
		"number_of_error_test_cases": int64(s.Report.Errors), "number_of_failed_test_cases": int64(s.Report.Failed),
		"number_of_skipped_test_cases": int64(s.Report.Skipped), "number_of_successful_test_cases": int64(s.Report.Successful),
		"number_of_test_cases": int64(s.Report.Successful + s.Report.Failed + s.Report.Errors + s.Report.Skipped),
	}}
}

func caseTruth(_ *fakePipeline, s *fakeStep) []map[string]any {
	var rows []map[string]any
	if s.Report == nil {
		return nil
	}
	for _, c := range s.Report.Cases {
		rows = append(rows, map[string]any{
			"uuid": c.UUID, "name": c.Name, "title": c.Name, "class_name": c.ClassName, "fully_qualified_name": c.ClassName + "." + c.Name,
			"status": c.Status, "duration": c.Duration, "message": c.Message, "step_uuid": s.UUID, "step_name": orNil(s.Name),
			"reasons": []any{map[string]any{"message": c.Message, "stack_trace": c.Output}},
		})
	}
	return rows
}

func TestPipelineStepsAndTests(t *testing.T) {
	fake := fakebitbucket.Start(t, fakebitbucket.Options{Repositories: 40})
	h := connected(t, fake)
	o := fake.Organization()
	all := covered(o, o.Connected)
	repo := busy(t, o)
	history := o.PipelinesOf(repo).Runs
	run := history[slices.IndexFunc(history, func(p *fakePipeline) bool {
		return len(p.Steps) > 0 && p.Steps[0].Report != nil && len(p.Steps[0].Report.Cases) > 1
	})]
	since := history[len(history)-20].CreatedOn
	const (
		onePath     = pipelinesPath + "/{pipeline_uuid}"
		stepsPath   = onePath + "/steps"
		reportsPath = stepsPath + "/{step_uuid}/test_reports"
		casesPath   = reportsPath + "/test_cases"
	)
	inRepository := where("repository_full_name", "=", repo.FullName())
	for tableName, test := range map[string]struct {
		truth func(*fakePipeline, *fakeStep) []map[string]any
		but   []string
		path  string // of the reports, if the table shows these
	}{
		"bitbucket_pipeline_step":        {stepTruth, []string{"state", "script_commands", "setup_commands", "teardown_commands"}, ""},
		"bitbucket_pipeline_test_report": {reportTruth, nil, reportsPath},
		"bitbucket_pipeline_test_case":   {caseTruth, nil, casesPath},
	} {
		t.Run(tableName, func(t *testing.T) {
			want := wantRows(o, all, stepsTruth(test.truth))
			covers(t, tableName, want, test.but...)
			sameRows(t, want, h.rows(tableQuery{table: tableName}))
			const title, number = "title pipeline_uuid", "title pipeline_uuid build_number pipeline_created_on"
			for name, filter := range map[string]struct {
				columns string
				where   []*proto.Qual
				want    func(*fakePipeline) bool
				first   map[string]int // requests before those for the steps
			}{
				"by pipeline":                  {title, []*proto.Qual{where("pipeline_uuid", "=", run.UUID)}, func(p *fakePipeline) bool { return p == run }, nil},
				"by pipeline, with its number": {number, []*proto.Qual{where("pipeline_uuid", "=", run.UUID)}, func(p *fakePipeline) bool { return p == run }, map[string]int{onePath: 1}},
				"by number":                    {title, []*proto.Qual{where("build_number", "=", run.BuildNumber)}, func(p *fakePipeline) bool { return p == run }, map[string]int{onePath: 1}},
				"of recent ones":               {number, []*proto.Qual{where("pipeline_created_on", ">=", since)}, func(p *fakePipeline) bool { return !p.CreatedOn.Before(since) }, map[string]int{pipelinesPath: 1}},
				"of failed ones":               {title, []*proto.Qual{where("pipeline_result_name", "=", "FAILED")}, func(p *fakePipeline) bool { return p.State.Result == "FAILED" }, map[string]int{pipelinesPath: 1}},
				"of a branch, recently": {title, []*proto.Qual{where("pipeline_target_ref_name", "=", "main"), where("pipeline_created_on", ">=", since)}, func(p *fakePipeline) bool {
					return p.Target.RefName == "main" && !p.CreatedOn.Before(since)
				}, map[string]int{pipelinesPath: 1}},
				"two that never meet": {title, []*proto.Qual{where("pipeline_uuid", "=", run.UUID), where("build_number", "=", run.BuildNumber+1)}, func(*fakePipeline) bool { return false }, map[string]int{onePath: 1}},
			} {
				t.Run(name, func(t *testing.T) {
					fake.ResetJournal()
					got := h.rows(tableQuery{table: tableName, columns: filter.columns, where: append(filter.where, inRepository)})
					wantLines, wantRequests := []string{}, map[string]int{}
					for endpoint, n := range filter.first {
						wantRequests[endpoint] = n
					}
					for _, p := range history {
						if !filter.want(p) {
							continue
						}
						wantRequests[stepsPath]++
						for _, s := range p.Steps {
							if test.path != "" && s.StartedOn != nil {
								wantRequests[test.path]++
							}
							for _, r := range test.truth(p, s) {
								wantLines = append(wantLines, joinFields(p.UUID, r["title"]))
							}
						}
					}
					if diff := cmp.Diff(sorted(wantLines), lines(got, "pipeline_uuid", "title")); diff != "" {
						t.Errorf("rows mismatch (-want +got):\n%s", diff)
					}
					requests := requested(fake)
					delete(requests, "/repositories/{workspace}/{repo_slug}")
					if diff := cmp.Diff(wantRequests, requests); diff != "" {
						t.Errorf("requests mismatch (-want +got):\n%s", diff)
					}
				})
			}
			if test.path == "" {
				return
			}
			t.Run("by step", func(t *testing.T) {
				fake.ResetJournal()
				step := run.Steps[0].UUID
				got := h.rows(tableQuery{table: tableName, columns: "step_uuid pipeline_uuid", where: []*proto.Qual{inRepository, where("pipeline_uuid", "=", run.UUID), where("step_uuid", "=", step)}})
				if diff := cmp.Diff(slices.Repeat([]string{step}, len(test.truth(run, run.Steps[0]))), columnValues(got, "step_uuid")); diff != "" {
					t.Errorf("rows mismatch (-want +got):\n%s", diff)
				}
				if diff := cmp.Diff(map[string]int{test.path: 1}, requested(fake)); diff != "" {
					t.Errorf("requests mismatch (-want +got):\n%s", diff)
				}
			})
		})
	}
	for _, qual := range []*proto.Qual{where("pipeline_uuid", "=", "{none}"), where("build_number", "=", 9999), where("step_uuid", "=", "{none}")} {
		if rows := h.rows(tableQuery{table: "bitbucket_pipeline_test_report", where: []*proto.Qual{inRepository, qual}}); len(rows) != 0 {
			t.Errorf("%d reports of what does not exist", len(rows))
		}
	}
}

// TestPipelineStepLimit checks that a query with a limit requests as few pipelines as its rows need.
func TestPipelineStepLimit(t *testing.T) {
	fake := fakebitbucket.Start(t, fakebitbucket.Options{Repositories: 40})
	h := connected(t, fake)
	repo := busy(t, fake.Organization())
	h.rows(tableQuery{table: "bitbucket_pipeline_step", columns: "uuid", limit: 1, where: []*proto.Qual{where("repository_full_name", "=", repo.FullName())}})
	fake.ResetJournal()
	rows := h.rows(tableQuery{table: "bitbucket_pipeline_step", columns: "uuid", limit: 5, where: []*proto.Qual{where("repository_full_name", "=", repo.FullName())}})
	requests := requested(fake)
	if len(rows) != 5 || requests[pipelinesPath] != 1 || requests[pipelinesPath+"/{pipeline_uuid}/steps"] > 20 {
		t.Errorf("%d rows took %v", len(rows), requests)
	}
}

// TestPipelineReasonsCostRequests checks that the plugin requests the output of the tests in the query, and of no others.
func TestPipelineReasonsCostRequests(t *testing.T) {
	fake := fakebitbucket.Start(t, fakebitbucket.Options{Repositories: 40})
	h := connected(t, fake)
	repo := busy(t, fake.Organization())
	fake.ResetJournal()
	rows := h.rows(tableQuery{table: "bitbucket_pipeline_test_case", columns: "reasons", limit: 3, where: []*proto.Qual{where("repository_full_name", "=", repo.FullName())}})
	const reasons = pipelinesPath + "/{pipeline_uuid}/steps/{step_uuid}/test_reports/test_cases/{test_case_uuid}/test_case_reasons"
	if n := requested(fake)[reasons]; len(rows) != 3 || n < 3 || n > 12 {
		t.Errorf("%d rows took %d requests for reasons", len(rows), n)
	}
}
