package bitbucket

import (
	"context"
	"iter"
	"regexp"
	"strings"

	"github.com/kindor/steampipe-plugin-bitbucket/internal/cache"
	"github.com/kindor/steampipe-plugin-bitbucket/internal/jsontree"
)

// A commitScope is a commit that a scan covers, for the tables of what is kept beside commits.
type commitScope struct {
	repositoryScope
	hash   string         // as the query has it, or whole
	commit jsontree.Value // with that hash
}

func newCommitScope(r repositoryScope, hash string) commitScope {
	return commitScope{r, hash, jsontree.Of(map[string]string{"hash": hash})}
}

// path is that of something kept beside the commit: rest is what follows the commit's own path, with values for its
// placeholders.
func (r commitScope) path(rest string, values ...string) string {
	return r.repositoryScope.path("/commit/{commit}"+rest, append([]string{r.hash}, values...)...)
}

// row returns a row of an object found at the commit.
func (r commitScope) row(item jsontree.Value) *row {
	made := r.repositoryScope.row(item)
	made.set(commitPart, r.commit)
	return made
}

// ofCommitColumns say at which commit, and in which repository, an object lives.
func ofCommitColumns() []column {
	return append([]column{
		text("commit_hash", "Hash of the commit, whole or as the query gives it: the first seven digits or more will do. "+
			"If the query gives none, it is the newest commit of the repository's main branch.").in(commitPart, "hash"),
	}, inRepositoryColumns()...)
}

// ofCommitKeyColumns are the conditions by which a query names commits.
func ofCommitKeyColumns() []keyColumn {
	return append([]keyColumn{named("commit_hash")}, inRepositoryKeyColumns()...)
}

// perCommit lists the children of the commits that the query names, in each repository that the scan covers, or else of the
// newest commit of each main branch. A hash comes from other rows, and of a commit that a repository does not have there
// is nothing to tell.
func (s *scan) perCommit(ctx context.Context, children func(context.Context, commitScope) rowSeq) rowSeq {
	return s.perRepository(ctx, func(ctx context.Context, r repositoryScope) rowSeq {
		return combine(ctx, s, s.revisions(ctx, r), func(ctx context.Context, c commitScope) rowSeq {
			return unlessUnknown(children(ctx, c))
		})
	})
}

// revisions returns the commits of a repository that the scan covers.
func (s *scan) revisions(ctx context.Context, r repositoryScope) iter.Seq2[commitScope, error] {
	hashes, named := s.equals("commit_hash")
	return func(yield func(commitScope, error) bool) {
		if !named {
			hash, err := s.newestCommit(ctx, r)
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

// hashForm matches what can name a commit.
var hashForm = regexp.MustCompile(`^[0-9a-f]{7,40}$`)

// newestCommit is the hash of the newest commit of a repository's main branch, and empty where there is none.
// https://developer.atlassian.com/cloud/bitbucket/rest/api-group-refs/#api-repositories-workspace-repo-slug-refs-branches-name-get
func (s *scan) newestCommit(ctx context.Context, r repositoryScope) (string, error) {
	if r.mainBranch() == "" {
		return "", nil
	}
	branch, err := cache.Get(ctx, s.answers, "head "+strings.ToLower(r.fullName()), func(ctx context.Context) (jsontree.Value, error) {
		return s.Get(ctx, r.path("/refs/branches/{name}", r.mainBranch()), nil, "target.hash")
	})
	if isUnknown(err) {
		return "", nil
	}
	return branch.Get("target.hash").String(), err
}

// signatureColumns say who made a commit or a tag, found under a path, as Git has it and as Bitbucket knows the address.
func signatureColumns(prefix, path, what string) []column {
	return []column{
		text(prefix+"_account_id", "Atlassian account id of "+what+". Null if the e-mail address is no account's.").at(path + ".user.account_id"),
		text(prefix+"_display_name", "Name of the account of "+what+". Null if the e-mail address is no account's.").at(path + ".user.display_name"),
		text(prefix+"_raw", "Name and e-mail address of "+what+" as they stand in Git, which anybody can set.").at(path + ".raw"),
		text(prefix+"_uuid", "Immutable id of the account of "+what+", in braces. Null if the e-mail address is no account's.").at(path + ".user.uuid"),
	}
}
