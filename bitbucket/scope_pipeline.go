package bitbucket

import (
	"context"
	"fmt"
	"iter"
	"net/url"
	"slices"

	"github.com/kindor/steampipe-plugin-bitbucket/internal/api"
	"github.com/kindor/steampipe-plugin-bitbucket/internal/jsontree"
)

// A pipelineParameter is one of the parameters by which Bitbucket narrows a list of pipelines, as the list has no filters.
// https://developer.atlassian.com/cloud/bitbucket/rest/api-group-pipelines/#api-repositories-workspace-repo-slug-pipelines-get
type pipelineParameter struct {
	column, name string
	// words are what the parameter calls the column's values. There is no error for a word that Bitbucket doesn't know, but
	// no pipeline either, so only those are sent that it is known to take. Without words it takes the values themselves.
	words map[string]string
}

// pipelineParameters are those by which a condition can be told. For the pipelines that are not completed there is no word,
// but six of which each may be one's, and a parameter has one value.
var pipelineParameters = []pipelineParameter{
	{column: "creator_uuid", name: "creator.uuid"},
	{column: "target_ref_name", name: "target.ref_name"},
	{column: "target_ref_type", name: "target.ref_type", words: map[string]string{"branch": "BRANCH"}},
	{column: "target_commit_hash", name: "target.commit.hash"},
	{column: "target_selector_type", name: "target.selector.type", words: map[string]string{
		"branches": "BRANCH", "custom": "CUSTOM", "pull-requests": "PULLREQUESTS",
	}},
	{column: "trigger_name", name: "trigger_type", words: map[string]string{"PUSH": "PUSH", "MANUAL": "MANUAL"}},
	{column: "trigger_type", name: "trigger_type", words: map[string]string{
		"pipeline_trigger_push": "PUSH", "pipeline_trigger_manual": "MANUAL",
	}},
	{column: "result_name", name: "status", words: map[string]string{
		"SUCCESSFUL": "PASSED", "FAILED": "FAILED", "ERROR": "ERROR", "STOPPED": "STOPPED",
	}},
}

// pipelineList describes the list of a repository's pipelines as far as the query wants them, but for their dates.
func (q *query) pipelineList(r repositoryScope) api.List {
	l := q.collection(r.path("/pipelines"), 100)
	if exact := q.setPipelineParameters(l.Query); !exact && l.Wanted > 0 {
		l.Wanted = int64(l.PageLen)
	}
	return l
}

// setPipelineParameters sets the parameters for the conditions of the query, each with one value. exact says that these
// leave no pipeline that the query does not want, but for its date.
func (q *query) setPipelineParameters(parameters url.Values) (exact bool) {
	exact = true
	for _, c := range q.conditions.in(objectPart) {
		at := slices.IndexFunc(pipelineParameters, func(p pipelineParameter) bool { return p.column == c.column.name })
		if at < 0 {
			exact = exact && c.column.name == "created_on"
			continue
		}
		p := pipelineParameters[at]
		word, ok := p.word(q.equals(p.column))
		if !ok || parameters.Has(p.name) {
			exact = false
			continue
		}
		parameters.Set(p.name, word)
	}
	return exact
}

// word is what the parameter calls the values that a query names, if that is one word.
func (p pipelineParameter) word(values []string, ok bool) (string, bool) {
	if !ok || len(values) != 1 {
		return "", false
	}
	if p.words == nil {
		return values[0], true
	}
	word, ok := p.words[values[0]]
	return word, ok
}

const pipelinePath = "/pipelines/{pipeline_uuid}"

// pipelinesIn reads a list of pipelines, or asks for those that the query names, if they are a few.
func (s *scan) pipelinesIn(ctx context.Context, r repositoryScope, l api.List) rowSeq {
	if ids, ok := s.fewIDs("uuid", "build_number"); ok {
		return s.sorted(s.getByID(ctx, r, pipelinePath, ids...))
	}
	return s.unlessOff(r, s.listByTime(ctx, r, l, "created_on"))
}

// perPipeline lists the children of every pipeline that the scan covers. The conditions on what a table says of the
// pipelines narrow the list of them as they would in bitbucket_pipeline.
func (s *scan) perPipeline(ctx context.Context, children func(context.Context, childScope) rowSeq) rowSeq {
	pipelines := s.parentScan(tablePipeline())
	return s.perRepository(ctx, func(ctx context.Context, r repositoryScope) rowSeq {
		return s.accepted(combine(ctx, s, s.pipelineScopes(ctx, r, pipelines), func(ctx context.Context, p childScope) rowSeq {
			return unlessUnknown(children(ctx, p))
		}))
	})
}

// pipelineScopes lists the pipelines of a repository as parents, which pipelines is a scan of.
func (s *scan) pipelineScopes(ctx context.Context, r repositoryScope, pipelines *scan) iter.Seq2[childScope, error] {
	if uuids, ok := pipelines.fewIDs("uuid"); ok && len(pipelines.wanted) == 1 && areUUIDs(uuids) {
		return func(yield func(childScope, error) bool) { // no more of them need be known
			for _, uuid := range uuids {
				if !yield(childScope{r, pipelinePath, jsontree.Of(map[string]string{"uuid": uuid})}, nil) {
					return
				}
			}
		}
	}
	l := pipelines.pipelineList(r)
	if s.limit >= 0 {
		l.Wanted = int64(l.PageLen)
	}
	return func(yield func(childScope, error) bool) {
		for p, err := range pipelines.accepted(pipelines.pipelinesIn(ctx, r, l)) {
			h := childScope{repositoryScope: r, at: pipelinePath}
			if err == nil {
				h.parent = p.part(objectPart)
			}
			if !yield(h, err) || err != nil {
				return
			}
		}
	}
}

// parentScan is a scan of another table for what this one says of its parents, which are rows of that: with the same conditions on
// them, and without limit.
func (s *scan) parentScan(parents *table) *scan {
	over := *s
	over.table, over.limit, over.order = parents, -1, nil
	over.wanted = map[string]bool{"uuid": true}
	over.conditions = nil
	for _, path := range s.fields(parentPart) {
		over.wanted[parents.columnAt(path).name] = true
	}
	for _, c := range s.conditions.in(parentPart) {
		c.column = parents.columnAt(c.column.from()[0].path)
		over.conditions = append(over.conditions, c)
	}
	return &over
}

// columnAt is the column whose value stands in the object at a path.
func (t *table) columnAt(path string) column {
	for _, c := range t.columns {
		if from := c.from()[0]; from.part == objectPart && from.path == path {
			return c
		}
	}
	panic(fmt.Sprintf("table %s has no column of %s", t.name, path)) // a mistake in a declaration, which the tests find
}

// perStep lists the children of every step that the scan covers and that was started.
func (s *scan) perStep(ctx context.Context, children func(context.Context, stepScope) rowSeq) rowSeq {
	return s.perPipeline(ctx, func(ctx context.Context, p childScope) rowSeq {
		return s.accepted(combine(ctx, s, s.stepsOf(ctx, p), func(ctx context.Context, of stepScope) rowSeq {
			return unlessUnknown(children(ctx, of))
		}))
	})
}

// stepsOf lists the steps of a pipeline as parents.
func (s *scan) stepsOf(ctx context.Context, p childScope) iter.Seq2[stepScope, error] {
	return func(yield func(stepScope, error) bool) {
		if uuids, ok := s.fewIDs("step_uuid"); ok && len(s.fields(stepPart)) == 1 && areUUIDs(uuids) {
			for _, uuid := range uuids {
				if !yield(stepScope{p, jsontree.Of(map[string]string{"uuid": uuid})}, nil) {
					return
				}
			}
			return
		}
		l := api.List{Path: p.path("/steps"), Fields: append(s.fields(stepPart), "uuid", "started_on")}
		for item, err := range s.List(ctx, l) {
			of := stepScope{p, item}
			if err == nil && (!item.Get("started_on").Exists() || !s.acceptsIn(stepPart, of.row(jsontree.Value{}))) {
				continue
			}
			if !yield(of, err) || err != nil {
				return
			}
		}
	}
}

// A stepScope is a step of a pipeline, which holds what it reported.
type stepScope struct {
	childScope
	step jsontree.Value
}

func (h stepScope) path(rest string, values ...string) string {
	return h.childScope.path("/steps/{step_uuid}"+rest, append([]string{h.step.Get("uuid").String()}, values...)...)
}

func (h stepScope) row(item jsontree.Value) *row {
	r := h.childScope.row(item)
	r.set(stepPart, h.step)
	return r
}
