package bitbucket

import (
	"context"
	"slices"
	"time"

	"github.com/kindor/steampipe-plugin-bitbucket/internal/jsontree"
	"github.com/kindor/steampipe-plugin-bitbucket/internal/streams"
)

// tableCommit returns the table bitbucket_commit. A row is a commit of a repository.
// https://developer.atlassian.com/cloud/bitbucket/rest/api-group-commits/#api-repositories-workspace-repo-slug-commits-get
// https://developer.atlassian.com/cloud/bitbucket/rest/api-group-commits/#api-repositories-workspace-repo-slug-commit-commit-get
func tableCommit() *table {
	author := signatureColumns("author", "author", "the author")
	return &table{
		name:        "bitbucket_commit",
		description: "A commit of a repository: of all branches and tags, or of the history that the query selects by revision. Bitbucket lists a hundred with each request, newest first, and can't filter them by date.",
		scopes:      []string{"account", "repository"},
		columns: slices.Concat([]column{
			text("hash", "Hash of the commit: 40 hexadecimal digits. A commit that the query names costs one request for each repository that the query covers."),
			timestamp("date", "Date of the commit. It may be earlier than the dates of the commits before it, as a rebase keeps old dates."),
			text("message", "Message of the commit."),
		}, author[:4], []column{
			text("author_self_link", "Address of the author's account in the API.").at("author.user.links.self.href"),
			text("author_type", "What the author's account is: user, app_user or team.").at("author.user.type"),
		}, author[4:], signatureColumns("committer", "committer", "the committer"), []column{
			boolean("dates_in_order", "Value of the query's condition. With a lower bound on date, a scan stops after a hundred older commits in a row, so the last days do not cost the whole history. With dates_in_order = false it reads the whole history, for repositories where a hundred commits rebased with old dates may come before a newer one; null without a condition.").in(queryPart, "dates_in_order"),
			text("excluded_revision", "Branch, tag or hash from the query's condition: its commits are left out. Null without a condition with = or IN.").in(queryPart, "excluded_revision"),
			text("html_url", "Address of the commit in the browser.").at("links.html.href"),
			document("parents", "Parents of the commit: none for the first commit, two or more for a merge."),
			document("participants", "Who approved the commit. Only complete for a commit that the query names by its hash, as Bitbucket may leave this out of lists."),
			text("path", "File or directory from the query's condition: only commits that changed it are listed. Null without a condition with = or IN.").in(queryPart, "path"),
			text("repository_name", "Name of the repository as shown in the interface.").in(repositoryPart, "name"),
			text("repository_self_link", "Address of the repository in the API.").at("repository.links.self.href"),
			text("revision", "Branch, tag or hash from the query's condition: only its commits are listed, and a repository without it has none. Null without a condition with = or IN.").in(queryPart, "revision"),
			text("self_link", "Address of the commit in the API.").at("links.self.href"),
			document("summary", "Message of the commit as text and as HTML."),
			text("title", "Title of the commit: its hash.").at("hash"),
			text("type", "Type of the object: commit."),
		}, inRepositoryColumns()),
		keyColumns: append(inRepositoryKeyColumns(),
			named("hash").wider(),
			named("revision"),
			named("excluded_revision"),
			named("path"),
			named("dates_in_order"),
			keyColumn{column: "date", operators: orderOperators},
		),
		ids:     map[string]string{"hash": "repository_full_name"},
		alone:   []string{"participants"},
		copying: newHeads("hash"),
		rows:    commitRows,
	}
}

func commitRows(ctx context.Context, s *scan) rowSeq {
	hashes, byHash := s.conditions.texts("hash")
	walks := s.commitRanges()
	return s.perRepository(ctx, func(ctx context.Context, r repositoryScope) rowSeq {
		return combine(ctx, s, streams.Each(walks...), func(ctx context.Context, w commitRange) rowSeq {
			r := r.asked(w)
			if byHash && w.isWhole() { // the commit by itself does not show what leads to it
				return single(ctx, s, streams.Each(hashes...), func(ctx context.Context, s *scan, hash string) (*row, error) {
					return commitByHash(ctx, s, r, hash)
				})
			}
			return s.unlessMissing(r, ReasonUnknownRevision, "which has no such revision or path", commitsOf(ctx, s, r, w))
		})
	})
}

// commitByHash requests one commit. A hash comes from other rows, and most repositories do not have the commit.
func commitByHash(ctx context.Context, s *scan, r repositoryScope, hash string) (*row, error) {
	if !hashForm.MatchString(hash) {
		return nil, nil
	}
	item, err := s.getPart(ctx, newCommitScope(r, hash).path(""), objectPart)
	if isUnknown(err) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return r.row(item), nil
}

// A commitRange is the part of a history to read: where it begins, what it leaves out, and the path that its commits
// changed. An empty text is no condition.
type commitRange struct {
	Revision string `json:"revision,omitempty"`
	Excluded string `json:"excluded_revision,omitempty"`
	Path     string `json:"path,omitempty"`
	InOrder  *bool  `json:"dates_in_order,omitempty"` // nil without a condition
}

// isWhole reports whether this is the whole history of a repository.
func (w commitRange) isWhole() bool { return w.Revision == "" && w.Excluded == "" && w.Path == "" }

// asked returns the repository with the values of the query's conditions, which its rows repeat.
func (r repositoryScope) asked(w commitRange) repositoryScope {
	r.query = jsontree.Of(w)
	return r
}

// commitRanges returns one range for each combination of values in the query's conditions.
func (q *query) commitRanges() []commitRange {
	or := func(columnName string) []string {
		if values, ok := q.conditions.texts(columnName); ok {
			return values
		}
		return []string{""}
	}
	inOrders := []*bool{nil}
	if asked, ok := q.conditions.booleans("dates_in_order"); ok {
		inOrders = nil
		for _, is := range asked {
			inOrders = append(inOrders, &is)
		}
	}
	var all []commitRange
	for _, revision := range or("revision") {
		for _, excluded := range or("excluded_revision") {
			for _, path := range or("path") {
				for _, inOrder := range inOrders {
					all = append(all, commitRange{revision, excluded, path, inOrder})
				}
			}
		}
	}
	return all
}

// commitsOf lists the commits of a history.
func commitsOf(ctx context.Context, s *scan, r repositoryScope, w commitRange) rowSeq {
	l := s.collection(r.path("/commits"), 100)
	for parameter, value := range map[string]string{"include": w.Revision, "exclude": w.Excluded, "path": w.Path} {
		if value != "" {
			l.Query.Set(parameter, value)
		}
	}
	if len(s.conditions.on("date")) > 0 {
		l.Wanted = 0 // Bitbucket can't filter by date, so the number of commits to read is unknown
	}
	rows := s.rowsIn(ctx, r, l)
	if w.InOrder == nil || *w.InOrder {
		rows = s.untilOlder(rows, s.earliest("date"))
	}
	return s.accepted(rows)
}

// untilOlder ends after a hundred older commits in a row. One is not enough: a history is sorted by topology before
// date, and a rebase keeps old dates.
func (q *query) untilOlder(rows rowSeq, since time.Time) rowSeq {
	const enough = 100
	date := q.table.column("date")
	return func(yield func(*row, error) bool) {
		older := 0
		for r, err := range rows {
			if !yield(r, err) || err != nil {
				return
			}
			if at, ok := date.value(r).(time.Time); ok && at.Before(since) {
				older++
			} else {
				older = 0
			}
			if older == enough {
				return
			}
		}
	}
}
