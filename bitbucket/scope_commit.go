package bitbucket

import (
	"context"
	"iter"
	"regexp"
	"strings"

	"github.com/kindor/steampipe-plugin-bitbucket/internal/cache"
	"github.com/kindor/steampipe-plugin-bitbucket/internal/jsontree"
)

// A commitScope is a commit that a scan covers, for the tables of what Bitbucket keeps for a commit.
type commitScope struct {
	repositoryScope
	hash   string         // as the query gives it, or the whole hash
	commit jsontree.Value // has that hash
}

func newCommitScope(r repositoryScope, hash string) commitScope {
	return commitScope{r, hash, jsontree.Of(map[string]string{"hash": hash})}
}

// path returns the path of something that belongs to the commit. rest is the part after the commit's own path, and
// values fill its placeholders.
func (r commitScope) path(rest string, values ...string) string {
	return r.repositoryScope.path("/commit/{commit}"+rest, append([]string{r.hash}, values...)...)
}

// row returns the row of an object that belongs to the commit.
func (r commitScope) row(item jsontree.Value) *row {
	made := r.repositoryScope.row(item)
	made.set(commitPart, r.commit)
	return made
}

// ofCommitColumns returns the columns that show the commit, and the repository, of an object.
func ofCommitColumns() []column {
	return append([]column{
		text("commit_hash", "Hash of the commit, whole or as the query gives it; seven digits are enough. "+
			"Without one in the query: the newest commit of the repository's main branch.").in(commitPart, "hash"),
	}, inRepositoryColumns()...)
}

// ofCommitKeyColumns returns the key columns by which a query names commits.
func ofCommitKeyColumns() []keyColumn {
	return append([]keyColumn{named("commit_hash").wider()}, inRepositoryKeyColumns()...)
}

// commits returns the commits of a repository that the scan covers.
func (r repositoryScope) commits(ctx context.Context, s *scan) iter.Seq2[commitScope, error] {
	hashes, isNamed := s.conditions.texts("commit_hash")
	return func(yield func(commitScope, error) bool) {
		if !isNamed {
			hash, err := r.newestCommit(ctx, s.connection)
			if hash == "" && err == nil {
				if err = s.omitRepository(r, ReasonEmpty, "which is empty"); err == nil {
					return
				}
			}
			yield(newCommitScope(r, hash), err)
			return
		}
		for _, hash := range hashes {
			if hashForm.MatchString(hash) && !yield(newCommitScope(r, hash), nil) {
				return
			}
		}
	}
}

// hashForm matches a hash that can name a commit.
var hashForm = regexp.MustCompile(`^[0-9a-f]{7,40}$`)

// newestCommit returns the hash of the newest commit of a repository's main branch, or "" if there is no commit.
// https://developer.atlassian.com/cloud/bitbucket/rest/api-group-refs/#api-repositories-workspace-repo-slug-refs-branches-name-get
func (r repositoryScope) newestCommit(ctx context.Context, c *connection) (string, error) {
	if r.mainBranch() == "" {
		return "", nil
	}
	branch, err := cache.Get(ctx, c.answers, "head "+strings.ToLower(r.fullName()), func(ctx context.Context) (jsontree.Value, error) {
		return c.Get(ctx, r.path("/refs/branches/{name}", r.mainBranch()), nil, "target.hash")
	})
	if isUnknown(err) {
		return "", nil
	}
	return branch.Get("target.hash").String(), err
}

// signatureColumns returns the columns that show who made a commit or a tag, found under a path: as it is written in
// Git, and the account that Bitbucket knows for the address.
func signatureColumns(prefix, path, what string) []column {
	return []column{
		text(prefix+"_account_id", "Atlassian account id of "+what+". Null if no account has the e-mail address.").at(path + ".user.account_id"),
		text(prefix+"_display_name", "Name of the account of "+what+". Null if no account has the e-mail address.").at(path + ".user.display_name"),
		text(prefix+"_nickname", "Name that the account of "+what+" chose; not unique. Null if no account has the e-mail address.").at(path + ".user.nickname"),
		text(prefix+"_raw", "Name and e-mail address of "+what+" as written in Git, where anybody can set them.").at(path + ".raw"),
		text(prefix+"_uuid", "Immutable id of the account of "+what+", in braces. Null if no account has the e-mail address.").at(path + ".user.uuid"),
	}
}
