package bitbucket

import "slices"

// A Copying says how a table is copied into a warehouse: what identifies a row, and which rows a run has to read again.
type Copying struct {
	// Key are the columns that identify a row among all rows of a connection. They are never null.
	Key []string
	// Reading is how a run finds the rows that may have changed since the last one.
	Reading Reading
	// Since is the column of ReadSince, a timestamp with a condition that Bitbucket can filter by.
	Since string
	// Unfinished is a column that is null as long as a row of ReadSince may change without a change of Since; empty if
	// there is none.
	Unfinished string
	// Parent is the table of ReadChildren, and Links are the columns of this table that name the parent, with the
	// columns of the parent that have their values. The first one is the repository or the workspace.
	Parent string
	Links  []Link
	// Depends are tables whose changes may change rows of ReadTouched in any repository.
	Depends []string
	// Elsewhere are the rows of ReadTouched that belong to no repository. Each run reads them.
	Elsewhere Values
	// HasHistory says that the copy keeps what a row was before: for all that gives, shows or protects access.
	HasHistory bool
	// Ignored are the columns whose changes the history leaves out.
	Ignored []string
}

// A Link is a column that names a parent, and the parent's column with the same value.
type Link struct{ Own, Parent string }

// Values are the values that a column has in some rows, and in no others. Without a column there are no such rows.
type Values struct {
	Column string
	Values []string
}

// A Reading is how a run finds the rows of a table that may have changed.
type Reading string

// The readings.
const (
	ReadWhole    Reading = "whole"    // each run reads the table
	ReadTouched  Reading = "touched"  // those of repositories that were touched since the last run
	ReadSince    Reading = "since"    // those that changed since the last run, by a column
	ReadChildren Reading = "children" // those of parents that changed since the last run
	ReadHeads    Reading = "heads"    // commits that lead to a branch or tag that has moved
)

// CopyingOf returns how a table is copied, and the columns that copies leave out, because their values depend on the
// query or on the time. ok is false for a table that is not copied, or that does not exist.
func CopyingOf(tableName string) (c Copying, left []string, ok bool) {
	at := slices.IndexFunc(tables, func(t *table) bool { return t.name == tableName })
	if at < 0 || tables[at].copying.Reading == "" {
		return Copying{}, nil, false
	}
	t := tables[at]
	c = t.copying
	c.Ignored = slices.Clone(c.Ignored)
	for _, col := range t.columns {
		isOfKey := slices.Contains(c.Key, col.name)
		if !isOfKey && (col.uncopied || col.isOfQuery()) {
			left = append(left, col.name)
		}
		if c.HasHistory && !isOfKey && slices.Contains(repeated, col.name) && !slices.Contains(c.Ignored, col.name) {
			c.Ignored = append(c.Ignored, col.name)
		}
	}
	return c, left, true
}

// isOfQuery reports whether the column only repeats a condition of the query.
func (c column) isOfQuery() bool {
	return !slices.ContainsFunc(c.from(), func(s source) bool { return s.part != queryPart })
}

// repeated are columns that every history ignores: names and addresses of what another column of the row identifies.
var repeated = []string{
	"avatar_url", "display_name", "environment_name", "group_name", "html_url", "nickname", "owner_display_name", "project_key", "project_name",
	"repository_full_name", "repository_name", "self_link", "title", "user_display_name", "user_nickname", "workspace_name", "workspace_slug",
}

// whole declares a table that each run reads.
func whole(key ...string) Copying { return Copying{Key: key, Reading: ReadWhole} }

// touched declares a table of what belongs to repositories. The key is in addition to the repository.
func touched(key ...string) Copying { return Copying{Key: ofRepository(key...), Reading: ReadTouched} }

// changedSince declares a table of what belongs to repositories, and of which Bitbucket can list what changed. The key is in
// addition to the repository.
func changedSince(columnName string, key ...string) Copying {
	return Copying{Key: ofRepository(key...), Reading: ReadSince, Since: columnName}
}

// newHeads declares a table of commits. The key is in addition to the repository.
func newHeads(key ...string) Copying { return Copying{Key: ofRepository(key...), Reading: ReadHeads} }

// ofPullRequest declares a table of what belongs to pull requests. The key is in addition to the pull request.
func ofPullRequest(key ...string) Copying {
	return childrenOf("bitbucket_pull_request", Link{"pull_request_id", "id"}, key)
}

// ofPipeline declares a table of what belongs to pipelines. The key is in addition to the pipeline.
func ofPipeline(key ...string) Copying {
	return childrenOf("bitbucket_pipeline", Link{"pipeline_uuid", "uuid"}, key)
}

func childrenOf(parent string, link Link, key []string) Copying {
	return Copying{
		Key: ofRepository(append([]string{link.Own}, key...)...), Reading: ReadChildren,
		Parent: parent, Links: []Link{{"repository_full_name", "repository_full_name"}, link},
	}
}

func ofRepository(key ...string) []string { return append([]string{"repository_uuid"}, key...) }

// unfinished declares a column that is null as long as a row may change without a change of the column Since.
func (c Copying) unfinished(columnName string) Copying {
	c.Unfinished = columnName
	return c
}

// dependingOn declares that a change in one of these tables may change rows of any repository.
func (c Copying) dependingOn(tableNames ...string) Copying {
	c.Depends = tableNames
	return c
}

// withHistory declares that copies keep what a row was before, unless only these columns or names have changed.
func (c Copying) withHistory(ignored ...string) Copying {
	c.HasHistory, c.Ignored = true, ignored
	return c
}
