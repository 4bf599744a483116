package bitbucket

import (
	"context"
	"slices"

	"github.com/kindor/steampipe-plugin-bitbucket/internal/api"
	"github.com/kindor/steampipe-plugin-bitbucket/internal/cache"
	"github.com/kindor/steampipe-plugin-bitbucket/internal/jsontree"
	"github.com/kindor/steampipe-plugin-bitbucket/internal/pipelines"
)

// tablePipelineDefinition returns the table bitbucket_pipeline_definition. A row is a step that the file
// bitbucket-pipelines.yml of a repository defines, at the head of the main branch or at the revision that the query
// names.
// https://support.atlassian.com/bitbucket-cloud/docs/bitbucket-pipelines-configuration-reference/
func tablePipelineDefinition() *table {
	return &table{
		name:        "bitbucket_pipeline_definition",
		description: "A step of a pipeline, as bitbucket-pipelines.yml defines it at the head of the main branch or at another revision. A file that can't be read is a row with the error. Costs two requests per repository with the file.",
		scopes:      []string{"account", "repository"},
		columns: slices.Concat([]column{
			positionColumn("Position of the row among those of the file, from 1, with the imported ones."),
			text("trigger_type", "What starts the pipeline: default (a push that no other pipeline matches), branch, tag, bookmark, pull_request or custom; or export, for import by other files."),
			text("trigger_pattern", "Pattern of the names of branches or tags that start the pipeline, or the name of a custom or exported one. Null for the default pipeline."),
			document("trigger_events", "Events that start a custom pipeline, each with its condition."),
			document("schedules", "Schedules that start the pipeline, each with its cron_pattern, enabled and ref_name. Costs one more request per repository with the file.").in(explanationPart, "schedules").needing("pipeline"),
			integer("position", "Number of the step in its pipeline, from 1. Null if the row is only an error."),
			text("name", "Name of the step."),
			text("stage", "Name of the stage that the step is in."),
			integer("parallel", "Number of the group of steps that run in parallel, from 1, in the pipeline. Null if the step runs alone."),
			text("child", "Name of the custom pipeline that the step starts, if it starts one."),
			text("image", "Name of the image that the step runs in, without tag and digest. Null for Bitbucket's default image.").at("image.name"),
			text("image_tag", "Tag of the image. Null without one, which means latest.").at("image.tag"),
			text("image_digest", "Digest of the image. Null without one: the tag can then move to another image.").at("image.digest"),
			boolean("image_is_pinned", "True if the image has a digest, so that it is always the same. Null for Bitbucket's default image.").at("image.is_pinned"),
			document("services", "Services that run beside the step, each with its name and its image."),
			document("pipes", "Pipes of the script, each with its name, version and line, and is_pinned: whether the version is full or a digest."),
			integer("script_length", "Number of commands and pipes in the script."),
			document("programs", "Names of the programs that the script starts."),
			document("variables", "Names of the variables that the step needs to be given."),
			document("secrets", "Secrets that the file gives away, each with its kind (written or echoed), name, place and line, but never the value. Those outside of steps are in the first row of the file."),
			document("caches", "Names of the caches of the step."),
			document("artifacts", "Patterns of the paths that the step keeps for later steps."),
			document("runs_on", "Labels of the self-hosted runner that the step needs. Null if it runs at Bitbucket."),
			document("condition", "Changes that the step runs for."),
			text("deployment", "Name of the environment that the step deploys to."),
			text("size", "Size of the step, such as 2x. Null if the file does not set it."),
			integer("max_time", "Minutes after which the step is stopped. Null if the file does not set it, which means 120."),
			boolean("oidc", "True if the step gets a token that proves its identity to other services."),
			boolean("is_manual", "True if the step waits until a person starts it."),
			boolean("is_gated", "True if this step, or an earlier one of its pipeline, waits until a person starts it."),
			integer("line", "Line of the step in the file that defines it. For an alias, this is the line of its anchor."),
			text("imported_from", "File that the pipeline is imported from, as in shared:main:bitbucket-pipelines.yml. Null if it is in the repository's own file."),
			text("error", "Why the file or the imported pipeline can't be read."),
			text("commit_hash", "Hash of the commit at which the repository was read.").in(parentPart, "commit.hash"),
			text("ref", "Branch, tag or commit that was read, from the query's condition. Null without a condition, which means the head of the main branch.").in(queryPart, "revision"),
			text("title", "Title of the step: its name, or else the trigger of its pipeline.").at("name").at("trigger_pattern").at("trigger_type").in(parentPart, "path"),
		}, inRepositoryColumns()),
		keyColumns: append(inRepositoryKeyColumns(), named("ref")),
		copying:    touched("number"),
		rows: func(ctx context.Context, s *scan) rowSeq {
			return s.perFile(ctx, []string{pipelines.Path}, stepsIn)
		},
	}
}

// stepsIn returns the rows of the steps that a file defines.
func stepsIn(ctx context.Context, s *scan, t treeScope, f textFile) ([]*row, error) {
	steps := []pipelines.Step{{Error: "The file is no text, or too large to be read."}}
	if f.isText {
		var err error
		steps, err = pipelines.Steps([]byte(f.text), func(from pipelines.Source) ([]byte, bool, error) { return t.imported(ctx, s.connection, from) })
		if err != nil {
			return nil, err
		}
	}
	schedules, err := t.schedules(ctx, s)
	if err != nil {
		return nil, err
	}
	var rows []*row
	for i, step := range steps {
		r := t.row(jsontree.Of(step)).numbered(i + 1)
		r.set(parentPart, f.file)
		var own []schedule
		for _, x := range schedules {
			if x.starts(step) {
				own = append(own, x)
			}
		}
		r.set(explanationPart, jsontree.Of(map[string][]schedule{"schedules": own}))
		rows = append(rows, r)
	}
	return rows, nil
}

// A sharedText is a file that several repositories import.
type sharedText struct {
	text  []byte
	found bool
}

// Size returns the size of the file in bytes, for the cache.
func (t sharedText) Size() int { return len(t.text) }

// imported reads a file that pipelines are imported from, of the same repository or of another one in the workspace.
func (t treeScope) imported(ctx context.Context, c *connection, from pipelines.Source) ([]byte, bool, error) {
	if from.Repository != "" {
		t.repository = jsontree.Of(map[string]string{"full_name": t.slug() + "/" + from.Repository})
	} else {
		from.Ref = t.asked.Revision
	}
	if !isSlug(from.Repository) && from.Repository != "" || !isPath(from.Path) {
		return nil, false, nil
	}
	key := "import " + t.fullName() + " " + from.Ref + " " + from.Path
	shared, err := cache.Get(ctx, c.answers, key, func(ctx context.Context) (sharedText, error) {
		ref, err := t.resolveRevision(ctx, c, from.Ref)
		if err != nil || ref == "" {
			return sharedText{}, err
		}
		t.ref = ref
		f, err := t.file(ctx, c, from.Path)
		if isRefused(err) {
			return sharedText{}, nil
		}
		return sharedText{[]byte(f.text), f.isText}, err
	})
	return shared.text, shared.found, err
}

// A schedule starts a pipeline.
type schedule struct {
	CronPattern string `json:"cron_pattern"`
	Enabled     bool   `json:"enabled"`
	RefName     string `json:"ref_name,omitempty"`

	selector, pattern string // name the pipeline
}

// starts reports whether the schedule starts the pipeline of a step.
func (x schedule) starts(step pipelines.Step) bool {
	selectors := map[string]string{"default": pipelines.Default, "branches": pipelines.Branch, "custom": pipelines.Custom}
	return step.Trigger != "" && selectors[x.selector] == step.Trigger && x.pattern == step.Pattern
}

// schedules returns the schedules of a repository, if the query reads them.
func (r repositoryScope) schedules(ctx context.Context, s *scan) ([]schedule, error) {
	if !s.wants("schedules") {
		return nil, nil
	}
	var all []schedule
	l := api.List{Path: r.path("/pipelines_config/schedules"), PageLen: 100,
		Fields: []string{"cron_pattern", "enabled", "target.ref_name", "target.selector.type", "target.selector.pattern"}}
	for x, err := range s.List(ctx, l) {
		if isUnknown(err) { // pipelines were never turned on
			return nil, nil
		}
		if err != nil {
			return nil, err
		}
		all = append(all, schedule{
			CronPattern: x.Get("cron_pattern").String(), Enabled: x.Get("enabled").Bool(), RefName: x.Get("target.ref_name").String(),
			selector: x.Get("target.selector.type").String(), pattern: x.Get("target.selector.pattern").String(),
		})
	}
	return all, nil
}
