package powerpipe

import (
	"cmp"
	"fmt"
	"slices"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"

	"github.com/kindor/steampipe-plugin-bitbucket/internal/fakebitbucket/organization"
)

// figures compares what needs more than one table with the truth: the sizes of pull requests, and flaky tests.
func (d demo) figures(t *testing.T, values map[string]any) {
	for query, want := range map[string][]string{
		"review_sizes":         d.sizes(values["workspace_slug"], values["sized_pull_requests"].(int)),
		"pipeline_flaky_tests": d.flakyTests(values["workspace_slug"], values["rerun_pipelines"].(int)),
	} {
		found, err := d.ask(t.Context(), query, values)
		if err != nil {
			t.Errorf("%s: %v", query, err)
			continue
		}
		shown := map[string]int{}
		for i, column := range found.columns {
			shown[column] = i
		}
		var got []string
		for _, row := range found.rows {
			switch query {
			case "review_sizes":
				got = append(got, fmt.Sprintf("%s %s: %s lines in %s files", row[shown["Repository"]], row[shown["Number"]], row[shown["Lines changed"]], row[shown["Files changed"]]))
			default:
				got = append(got, fmt.Sprintf("%s in %s of %s: %s", row[shown["Test"]], row[shown["Step"]], row[shown["Repository"]], row[shown["Failed and passed"]]))
			}
		}
		slices.Sort(want)
		slices.Sort(got)
		if diff := gocmp.Diff(want, got); diff != "" || len(want) == 0 {
			t.Errorf("%s of %d (-truth +found):\n%s", query, len(want), diff)
		}
	}
}

// inWorkspace are the visible repositories of a workspace.
func (d demo) inWorkspace(slug any) []*repository {
	return slices.DeleteFunc(d.repositories(), func(r *repository) bool { return r.Workspace.Slug != slug })
}

// sizes are the lines and files that the newest merged pull requests of a workspace change, without those whose fork was deleted:
// Bitbucket shows none of theirs.
func (d demo) sizes(slug any, newest int) []string {
	type merged struct {
		r *repository
		p *organization.PullRequest
	}
	var all []merged
	for _, r := range d.inWorkspace(slug) {
		for _, p := range d.PullRequests(r) {
			if p.State == "MERGED" && !p.ForkDeleted {
				all = append(all, merged{r, p})
			}
		}
	}
	slices.SortFunc(all, func(a, b merged) int { return b.p.UpdatedOn.Compare(a.p.UpdatedOn) })
	var texts []string
	for _, m := range all[:min(newest, len(all))] {
		lines := 0
		for _, f := range m.p.Files {
			lines += f.LinesAdded + f.LinesRemoved
		}
		if len(m.p.Files) > 0 {
			texts = append(texts, fmt.Sprintf("%s %d: %d lines in %d files", m.r.FullName(), m.p.ID, lines, len(m.p.Files)))
		}
	}
	return texts
}

// flakyTests are the tests that failed in a pipeline and not in another of the same commit and definition, with the number of such
// commits, for the newest failed pipelines.
func (d demo) flakyTests(slug any, newest int) []string {
	type rerun struct {
		r              *repository
		failed, passed *organization.Pipeline
	}
	var all []rerun
	for _, r := range d.inWorkspace(slug) {
		last := map[string]map[string]*organization.Pipeline{} // by result and what ran
		for _, p := range d.PipelinesOf(r).Runs {
			if last[p.State.Result] == nil {
				last[p.State.Result] = map[string]*organization.Pipeline{}
			}
			last[p.State.Result][p.Target.Commit+p.Target.SelectorType+p.Target.SelectorPattern] = p
		}
		for what, failed := range last["FAILED"] {
			if passed := last["SUCCESSFUL"][what]; passed != nil {
				all = append(all, rerun{r, failed, passed})
			}
		}
	}
	slices.SortFunc(all, func(a, b rerun) int {
		return cmp.Or(b.failed.CreatedOn.Compare(a.failed.CreatedOn), cmp.Compare(a.r.FullName(), b.r.FullName()))
	})
	times := map[string]int{}
	for _, one := range all[:min(newest, len(all))] {
		for _, s := range one.failed.Steps {
			passes := func(other *organization.PipelineStep) bool {
				return other.Name == s.Name && other.Report != nil && other.Report.Successful > 0 && other.Report.Failed+other.Report.Errors == 0
			}
			if s.Report == nil || !slices.ContainsFunc(one.passed.Steps, passes) {
				continue
			}
			for _, c := range s.Report.Cases {
				times[fmt.Sprintf("%s.%s in %s of %s", c.ClassName, c.Name, s.Name, one.r.FullName())]++
			}
		}
	}
	var texts []string
	for test, n := range times {
		texts = append(texts, fmt.Sprintf("%s: %d", test, n))
	}
	return texts
}
