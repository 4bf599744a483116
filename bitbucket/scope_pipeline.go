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

// A pipelineParameter is a parameter that narrows a list of pipelines. The list has no filters.
// https://developer.atlassian.com/cloud/bitbucket/rest/api-group-pipelines/#api-repositories-workspace-repo-slug-pipelines-get
type pipelineParameter struct {
	column, name string
	// words maps the column's values to the parameter's. For a word that it doesn't know, Bitbucket returns no error
	// and no pipelines, so only words that it is known to take are sent. Without words the parameter takes the column's
	// values.
	words map[string]string
}

// pipelineParameters are the parameters that a condition can be translated to. There is no word for "not completed",
// only six words that each match a part of it, and a parameter takes one value.
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

// pipelineList describes the list of a repository's pipelines for the query, without its dates.
func (q *query) pipelineList(r repositoryScope) api.List {
	l := q.collection(r.path("/pipelines"), 100)
	if exact := q.setPipelineParameters(l.Query); !exact && l.Wanted > 0 {
		l.Wanted = int64(l.PageLen)
	}
	return l
}

// setPipelineParameters sets the parameters for the conditions that name one value. exact reports whether the list then
// has only pipelines that the query wants, apart from its dates.
func (q *query) setPipelineParameters(parameters url.Values) (exact bool) {
	exact = true
	for _, c := range q.conditions.in(objectPart) {
		at := slices.IndexFunc(pipelineParameters, func(p pipelineParameter) bool { return p.column == c.column.name })
		if at < 0 {
			exact = exact && c.column.name == "created_on"
			continue
		}
		p := pipelineParameters[at]
		word, ok := p.word(q.conditions.texts(p.column))
		if !ok || parameters.Has(p.name) {
			exact = false
			continue
		}
		parameters.Set(p.name, word)
	}
	return exact
}

// word returns the parameter's word for the values that a query names, if that is one value with a word.
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

// pipelineRows reads a list of pipelines, or requests the pipelines one by one if the query names a few.
func (r repositoryScope) pipelineRows(ctx context.Context, s *scan, l api.List) rowSeq {
	if ids, ok := s.fewIDs("uuid", "build_number"); ok {
		return s.sorted(s.getByID(ctx, r, pipelinePath, ids...))
	}
	return s.unlessOff(r, s.listByTime(ctx, r, l, "created_on"))
}

// pipelines lists the pipelines of the repository as parents. The scan over reads them, and s their children.
func (r repositoryScope) pipelines(ctx context.Context, s, over *scan) iter.Seq2[childScope, error] {
	if uuids, ok := over.fewIDs("uuid"); ok && len(over.wanted) == 1 && areUUIDs(uuids) {
		return func(yield func(childScope, error) bool) { // no more of them are needed
			for _, uuid := range uuids {
				if !yield(childScope{r, pipelinePath, jsontree.Of(map[string]string{"uuid": uuid})}, nil) {
					return
				}
			}
		}
	}
	l := over.pipelineList(r)
	if s.limit >= 0 {
		l.Wanted = int64(l.PageLen)
	}
	return func(yield func(childScope, error) bool) {
		for p, err := range over.accepted(r.pipelineRows(ctx, over, l)) {
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

// columnAt returns the column that has its value at a path in the object.
func (t *table) columnAt(path string) column {
	for _, c := range t.columns {
		if from := c.from()[0]; from.part == objectPart && from.path == path {
			return c
		}
	}
	panic(fmt.Sprintf("table %s has no column of %s", t.name, path)) // a mistake in a declaration, which the tests find
}

// steps lists the steps of a pipeline as parents.
func (p childScope) steps(ctx context.Context, s *scan) iter.Seq2[stepScope, error] {
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

// A stepScope is a step of a pipeline, for the tables of what the step reported.
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
