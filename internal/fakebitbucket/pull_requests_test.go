package fakebitbucket

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/kindor/steampipe-plugin-bitbucket/internal/fakebitbucket/organization"
)

const pullRequestsPath = "/2.0/repositories/%s/pullrequests"

// A repositoryPullRequest is a pull request and its repository.
type repositoryPullRequest struct {
	r *organization.Repository
	p *organization.PullRequest
}

func (x repositoryPullRequest) path() string {
	return fmt.Sprintf(pullRequestsPath+"/%d", x.r.FullName(), x.p.ID)
}

// pullRequestsIn returns the pull requests of a workspace, in all states.
func pullRequestsIn(o *organization.Organization, w *organization.Workspace) []repositoryPullRequest {
	var all []repositoryPullRequest
	for _, r := range o.RepositoriesOf(w) {
		for _, p := range o.PullRequests(r) {
			all = append(all, repositoryPullRequest{r, p})
		}
	}
	return all
}

// firstPullRequest returns the first pull request with a property in the workspace that the connected user administers.
func firstPullRequest(t *testing.T, s *Server, such func(repositoryPullRequest) bool) repositoryPullRequest {
	t.Helper()
	all := pullRequestsIn(s.Organization(), s.Organization().Workspaces[0])
	i := slices.IndexFunc(all, such)
	if i < 0 {
		t.Fatalf("none of %d pull requests has this property", len(all))
	}
	return all[i]
}

// pullRequestPortrait returns the answers of the API about the pull requests of an organization, as one text.
func pullRequestPortrait(o *organization.Organization) string {
	var b []byte
	for _, r := range o.Repositories {
		for _, p := range o.PullRequests(r) {
			b = appendJSON(b, pullRequestObject(r, p), allFields)
			for _, e := range p.Activity {
				b = appendJSON(b, pullRequestEvent(r, p, e), allFields)
			}
			for _, f := range p.Files {
				b = appendJSON(b, pullRequestFile(r, p, f), allFields)
			}
			b = append(b, '\n')
		}
	}
	return string(b)
}

func TestPullRequestSeeds(t *testing.T) {
	t.Parallel()
	takesLong(t)
	of := func(seed int64) string {
		return pullRequestPortrait(New(Options{Now: newClock().now, Seed: seed, Repositories: 40}).Organization())
	}
	first := of(0)
	if of(1) != first {
		t.Error("one seed made two histories")
	}
	if of(2) == first {
		t.Error("two seeds made one history")
	}
}

// TestPullRequestsAreSane looks for contradictions in generated pull requests.
func TestPullRequestsAreSane(t *testing.T) {
	t.Parallel()
	takesLong(t)
	o := unchanged()
	none, long := 0, 0
	for _, r := range o.Repositories {
		all := o.PullRequests(r)
		switch n := len(all); {
		case n == 0:
			none++
		case r.MainBranch == "":
			t.Errorf("%s is empty and has %d pull requests", r.FullName(), n)
		case n > 50:
			long++
		}
		for i, p := range all {
			name := fmt.Sprintf("%s #%d", r.FullName(), p.ID)
			if p.ID != len(all)-i || o.PullRequest(r, p.ID) != p {
				t.Errorf("%s has the number %d, but is not the newest", name, i)
			}
			if p.UpdatedOn.Before(p.CreatedOn) || p.UpdatedOn.After(start) {
				t.Errorf("%s was created %s and updated %s", name, p.CreatedOn, p.UpdatedOn)
			}
			if (p.State == "MERGED") != (p.MergeCommit != "") || p.State == "OPEN" && p.ClosedBy != nil {
				t.Errorf("%s is %s with commit %q by %v", name, p.State, p.MergeCommit, p.ClosedBy)
			}
			for _, e := range p.Activity {
				if e.Date.Before(p.CreatedOn) || e.Date.After(p.UpdatedOn) {
					t.Errorf("%s: a %s on %s", name, e.Kind, e.Date)
				}
			}
			for _, c := range p.Commits {
				if c.Date.After(start) {
					t.Errorf("%s: a commit of the future", name)
				}
			}
			if len(p.Commits) > 0 && !strings.HasPrefix(p.Commits[0].Hash, p.SourceCommit) {
				t.Errorf("%s: the newest commit is %s, the source %s", name, p.Commits[0].Hash, p.SourceCommit)
			}
			seen := map[*organization.User]bool{}
			for _, who := range p.Participants {
				if seen[who.User] || (who.Role == "REVIEWER") != slices.Contains(p.Reviewers, who.User) {
					t.Errorf("%s: %s participates twice, or as another", name, who.User.DisplayName)
				}
				seen[who.User] = true
			}
		}
	}
	if none < 10 || long < 2 {
		t.Errorf("%d repositories have none, %d more than a page", none, long)
	}
}

// TestPullRequestQuirks checks that each special case of real answers occurs in the default organization.
func TestPullRequestQuirks(t *testing.T) {
	t.Parallel()
	takesLong(t)
	s := startUnchanged(t, Options{})
	o := s.Organization()
	var pulls, participants, activity, comments, tasks, commits, files, statuses, checks []map[string]any
	c := connected(t, s)
	for _, r := range o.RepositoriesOf(o.Workspaces[0]) {
		listed, _ := c.all(fmt.Sprintf(pullRequestsPath, r.FullName()) + queryString("q", "created_on > 2000-01-01", "pagelen", "50", "fields", "+values.participants"))
		happened, _ := c.all(fmt.Sprintf(pullRequestsPath, r.FullName()) + "/activity?pagelen=50&" + withoutLinks)
		pulls, activity = append(pulls, listed...), append(activity, happened...)
		for _, p := range listed {
			for _, who := range p["participants"].([]any) {
				participants = append(participants, who.(map[string]any))
			}
		}
	}
	for _, x := range pullRequestsIn(o, o.Workspaces[0]) {
		some, _ := c.all(x.path() + "/comments?pagelen=100&" + withoutLinks)
		comments = append(comments, some...)
		some, _ = c.all(x.path() + "/tasks?pagelen=100&" + withoutLinks)
		tasks = append(tasks, some...)
		some, _ = c.all(x.path() + "/statuses?pagelen=100&" + withoutLinks)
		statuses = append(statuses, some...)
		some, _ = c.all(x.path() + "/mergeability/checks")
		checks = append(checks, some...)
		if !x.p.ForkDeleted {
			some, _ = c.all(x.path() + "/commits?pagelen=100&" + withoutLinks)
			commits = append(commits, some...)
			some, _ = c.all(strings.TrimPrefix(c.get(x.path()+"/diffstat").header.Get("Location"), s.URL()) + "&" + withoutLinks)
			files = append(files, some...)
		}
	}
	missing := func(name string) func(map[string]any) bool {
		return func(o map[string]any) bool { _, ok := valueAt(o, name); return !ok }
	}
	is := func(name string, want any) func(map[string]any) bool {
		return func(o map[string]any) bool { got, ok := valueAt(o, name); return ok && got == want }
	}
	like := func(name, part string) func(map[string]any) bool {
		return func(o map[string]any) bool {
			got, _ := valueAt(o, name)
			text, _ := got.(string)
			return strings.Contains(text, part)
		}
	}
	length := func(name string, n int) func(map[string]any) bool {
		return func(o map[string]any) bool {
			got, _ := valueAt(o, name)
			text, _ := got.(string)
			return len(text) == n
		}
	}
	both := func(a, b func(map[string]any) bool) func(map[string]any) bool {
		return func(o map[string]any) bool { return a(o) && b(o) }
	}
	aged := func(older bool) func(map[string]any) bool {
		return func(o map[string]any) bool {
			updated, err := time.Parse(time.RFC3339, fmt.Sprint(o["updated_on"]))
			old := start.Sub(updated) > 90*24*time.Hour
			return err == nil && o["state"] == "OPEN" && old == older
		}
	}
	tests := map[string]struct {
		among []map[string]any
		holds func(map[string]any) bool
	}{
		"open":           {pulls, is("state", "OPEN")},
		"merged":         {pulls, is("state", "MERGED")},
		"declined":       {pulls, is("state", "DECLINED")},
		"superseded":     {pulls, is("state", "SUPERSEDED")},
		"forgotten":      {pulls, aged(true)},
		"fresh":          {pulls, aged(false)},
		"draft":          {pulls, is("draft", true)},
		"no draft":       {pulls, is("draft", false)},
		"without draft":  {pulls, missing("draft")},
		"queued":         {pulls, is("queued", true)},
		"without queued": {pulls, missing("queued")},
		"no reason":      {pulls, is("reason", "")},
		"reason":         {pulls, like("reason", "No longer")},
		"deleted fork":   {pulls, both(is("source.repository", nil), is("source.commit", nil))},
		"fork": {pulls, func(o map[string]any) bool {
			a, _ := valueAt(o, "source.repository.uuid")
			b, _ := valueAt(o, "destination.repository.uuid")
			return a != nil && b != nil && a != b
		}},
		"deleted target":            {pulls, is("destination.commit", nil)},
		"no destination":            {pulls, missing("destination.repository")},
		"no author":                 {pulls, is("author", nil)},
		"author is an app":          {pulls, is("author.type", "app_user")},
		"not closed":                {pulls, is("closed_by", nil)},
		"not merged":                {pulls, is("merge_commit", nil)},
		"hash of 12 digits":         {pulls, length("source.commit.hash", 12)},
		"merge commit of 12 digits": {pulls, length("merge_commit.hash", 12)},
		"merge commit of 7 digits":  {pulls, length("merge_commit.hash", 7)},
		"merge commit of 40 digits": {pulls, length("merge_commit.hash", 40)},
		"carriage return in a link": {pulls, like("links.diffstat.href", "%0D")},
		"branch with a slash":       {pulls, like("source.branch.name", "/")},
		"quotes in a title":         {pulls, like("title", `"`)},
		"line feeds":                {pulls, like("description", "\r\n")},
		"no description":            {pulls, is("description", "")},
		"open tasks":                {pulls, func(o map[string]any) bool { return o["task_count"].(float64) > 0 }},
		"comments":                  {pulls, func(o map[string]any) bool { return o["comment_count"].(float64) > 0 }},
		"no participants":           {pulls, func(o map[string]any) bool { return len(o["participants"].([]any)) == 0 }},
		"no reviewers in lists":     {pulls, missing("reviewers")},
		"reviewer":                  {participants, is("role", "REVIEWER")},
		"participant":               {participants, is("role", "PARTICIPANT")},
		"approval":                  {participants, both(is("approved", true), is("state", "approved"))},
		"approval without a state":  {participants, both(is("approved", true), missing("state"))},
		"changes requested":         {participants, both(is("approved", false), is("state", "changes_requested"))},
		"no verdict":                {participants, is("state", nil)},
		"no participation":          {participants, is("participated_on", nil)},
		"update":                    {activity, like("update.state", "MERGED")},
		"update of a draft":         {activity, is("update.draft", true)},
		"update that asks somebody": {activity, func(o map[string]any) bool {
			a, _ := valueAt(o, "update.reviewers")
			all, _ := a.([]any)
			return len(all) > 0
		}},
		"update of old":                 {activity, both(missing("update.draft"), both(missing("update.reviewers"), like("update.source.commit.hash", "")))},
		"another title":                 {activity, like("update.title", "WIP: ")},
		"author is a token":             {pulls, is("author.kind", "repository_access_token")},
		"activity: approval":            {activity, like("approval.date", "20")},
		"activity: changes requested":   {activity, like("changes_requested.date", "20")},
		"activity: comment":             {activity, like("comment.created_on", "20")},
		"activity: nothing":             {activity, func(o map[string]any) bool { return len(o) == 1 && o["pull_request"] != nil }},
		"deleted comment":               {comments, both(is("deleted", true), is("content.raw", ""))},
		"reply":                         {comments, func(o map[string]any) bool { return !missing("parent.id")(o) }},
		"comment on a file":             {comments, both(is("inline.from", nil), is("inline.to", nil))},
		"comment on an old line":        {comments, both(is("inline.to", nil), func(o map[string]any) bool { a, _ := valueAt(o, "inline.from"); return a != nil })},
		"comment on a new line":         {comments, both(is("inline.from", nil), func(o map[string]any) bool { a, _ := valueAt(o, "inline.to"); return a != nil })},
		"comment on lines":              {comments, func(o map[string]any) bool { a, _ := valueAt(o, "inline.start_to"); return a != nil }},
		"comment on all":                {comments, missing("inline")},
		"resolved comment":              {comments, like("resolution.created_on", "20")},
		"without pending":               {comments, missing("pending")},
		"pending":                       {comments, is("pending", false)},
		"unresolved task":               {tasks, both(is("state", "UNRESOLVED"), is("resolved_by", nil))},
		"resolved task":                 {tasks, both(is("state", "RESOLVED"), like("resolved_on", "20"))},
		"task of a comment":             {tasks, func(o map[string]any) bool { return !missing("comment.id")(o) }},
		"task of none":                  {tasks, missing("comment")},
		"commit without an account":     {commits, missing("author.user")},
		"commit without an address":     {commits, is("author.raw", "builder")},
		"commit of a user":              {commits, like("author.user.uuid", "{")},
		"whole hash":                    {commits, length("hash", 40)},
		"time of a commit":              {commits, length("date", len("2019-03-13T14:09:07+00:00"))},
		"added":                         {files, both(is("status", "added"), is("old", nil))},
		"removed":                       {files, both(is("status", "removed"), is("new", nil))},
		"modified":                      {files, is("status", "modified")},
		"renamed":                       {files, both(is("status", "renamed"), like("old.path", "old/"))},
		"conflict":                      {files, is("status", "merge conflict")},
		"path with a space":             {files, both(like("new.path", " "), like("new.escaped_path", "%20"))},
		"build passed":                  {statuses, is("state", "SUCCESSFUL")},
		"build failed":                  {statuses, is("state", "FAILED")},
		"build runs":                    {statuses, is("state", "INPROGRESS")},
		"build stopped":                 {statuses, is("state", "STOPPED")},
		"null refname":                  {statuses, is("refname", nil)},
		"no refname":                    {statuses, missing("refname")},
		"refname":                       {statuses, like("refname", "feature/")},
		"key of a pipeline":             {statuses, like("key", "7")},
		"address with a fragment":       {statuses, like("url", "#!/")},
		"check passed":                  {checks, is("status", "PASSED")},
		"check failed":                  {checks, both(is("status", "FAILED"), is("blocking", true))},
		"check failed but not required": {checks, both(is("status", "FAILED"), is("blocking", false))},
		"check waits":                   {checks, is("status", "PENDING")},
		"check skipped":                 {checks, is("status", "SKIPPED")},
		"conflicts":                     {checks, is("reason", "conflicts")},
		"no reason of a check":          {checks, is("reason", nil)},
		"standard check":                {checks, is("check.kind", "minimum_approvals")},
		"closed":                        {checks, is("state", "MERGED")},
		"check of a draft":              {checks, is("state", "DRAFT")},
	}
	for name, test := range tests {
		if !slices.ContainsFunc(test.among, test.holds) {
			t.Errorf("%s: none of %d", name, len(test.among))
		}
	}
}

func TestPullRequestLists(t *testing.T) {
	t.Parallel()
	s := startUnchanged(t, Options{})
	o := s.Organization()
	c := connected(t, s)
	x := firstPullRequest(t, s, func(x repositoryPullRequest) bool { return len(o.PullRequests(x.r)) > 50 && len(x.p.Reviewers) > 0 })
	all := o.PullRequests(x.r)
	ids := func(such func(*organization.PullRequest) bool) []int {
		var found []int
		for _, p := range all {
			if such(p) {
				found = append(found, p.ID)
			}
		}
		return found
	}
	state := func(states ...string) func(*organization.PullRequest) bool {
		return func(p *organization.PullRequest) bool { return slices.Contains(states, p.State) }
	}
	median := all[len(all)/2]
	stamp := median.UpdatedOn.Format(time.RFC3339Nano)
	author := all[slices.IndexFunc(all, func(p *organization.PullRequest) bool { return p.Author != nil && p.Author.AccountID != "" })].Author
	tests := map[string]struct {
		query string
		want  []int
	}{
		"open by default":   {"?pagelen=50", ids(state("OPEN"))},
		"one state":         {"?pagelen=50&state=DECLINED", ids(state("DECLINED"))},
		"two states":        {"?pagelen=50&state=DECLINED&state=SUPERSEDED", ids(state("DECLINED", "SUPERSEDED"))},
		"all with q":        {queryString("q", "created_on > 2000-01-01", "pagelen", "50"), ids(func(*organization.PullRequest) bool { return true })},
		"states in q":       {queryString("q", `state IN ("OPEN", "MERGED")`, "pagelen", "50"), ids(state("OPEN", "MERGED"))},
		"updated since":     {queryString("q", "updated_on > "+stamp, "pagelen", "50"), ids(func(p *organization.PullRequest) bool { return p.UpdatedOn.After(median.UpdatedOn) })},
		"author":            {queryString("q", `author.uuid = "`+author.UUID+`"`), ids(func(p *organization.PullRequest) bool { return p.Author == author })},
		"author by id":      {queryString("q", `author.account_id = "`+author.AccountID+`"`), ids(func(p *organization.PullRequest) bool { return p.Author == author })},
		"reviewer":          {queryString("q", `reviewers.uuid = "`+x.p.Reviewers[0].UUID+`"`, "pagelen", "50"), ids(func(p *organization.PullRequest) bool { return slices.Contains(p.Reviewers, x.p.Reviewers[0]) })},
		"drafts":            {queryString("q", "draft = true", "pagelen", "50"), ids(func(p *organization.PullRequest) bool { return p.Draft != nil && *p.Draft })},
		"title":             {queryString("q", `title ~ "RETRY"`, "pagelen", "50"), ids(func(p *organization.PullRequest) bool { return strings.Contains(p.Title, "Retry") })},
		"branch":            {queryString("q", `source.branch.name = "`+x.p.SourceBranch+`" AND destination.branch.name != "x"`), []int{x.p.ID}},
		"of no fork":        {queryString("q", `source.repository.full_name = "`+x.r.FullName()+`"`, "pagelen", "50"), ids(func(p *organization.PullRequest) bool { return p.Fork == nil && !p.ForkDeleted })},
		"nothing":           {queryString("q", `state = "NONE"`), nil},
		"sorted by default": {"?state=MERGED&pagelen=50", ids(state("MERGED"))},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			values, _ := c.all(fmt.Sprintf(pullRequestsPath, x.r.FullName()) + test.query)
			var got []int
			for _, v := range values {
				got = append(got, int(v["id"].(float64)))
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
	for _, order := range []string{"-updated_on", "created_on", "-id"} {
		values, _ := c.all(fmt.Sprintf(pullRequestsPath, x.r.FullName()) + queryString("sort", order, "q", "created_on > 2000-01-01", "pagelen", "50"))
		name, descending := strings.CutPrefix(order, "-")
		if descending {
			slices.Reverse(values)
		}
		if len(values) != len(all) || !slices.IsSortedFunc(values, func(a, b map[string]any) int {
			return strings.Compare(fmt.Sprintf("%08v", a[name]), fmt.Sprintf("%08v", b[name]))
		}) {
			t.Errorf("sort=%s: the %d values are not sorted", order, len(values))
		}
	}
	refusals := map[string]struct {
		query, want string
	}{
		"long page":            {"?pagelen=100", "Invalid pagelen"},
		"longer than a page":   {"?pagelen=51", "Invalid pagelen"},
		"participants":         {queryString("q", `participants.user.uuid = "x"`), "participants.user.uuid: field does not support filtering"},
		"participants by role": {queryString("q", `participants.role = "REVIEWER"`), "participants.role: field does not support filtering"},
		"unknown field":        {queryString("q", `closed_by.uuid = "x"`), "closed_by.uuid: field does not support filtering"},
		"unknown order":        {"?sort=comment_count", "Invalid field name: comment_count"},
	}
	for name, test := range refusals {
		if a := c.get(fmt.Sprintf(pullRequestsPath, x.r.FullName()) + test.query); a.status != http.StatusBadRequest || a.message() != test.want {
			t.Errorf("%s: %d %s, want %q", name, a.status, a.body, test.want)
		}
	}
}

func TestPullRequestStateIsIgnoredBesideQ(t *testing.T) {
	t.Parallel()
	s := serve(t, Options{})
	x := firstPullRequest(t, s, func(x repositoryPullRequest) bool { return x.p.State == "MERGED" })
	for given, wantViolation := range map[string]string{
		queryString("q", "created_on > 2000-01-01", "state", "OPEN"): "state has no effect with q",
		"?state=all": `state "all" is unknown`,
	} {
		values, _ := connected(t, s).all(fmt.Sprintf(pullRequestsPath, x.r.FullName()) + given)
		if len(values) < min(10, len(s.Organization().PullRequests(x.r))) {
			t.Errorf("%s: %d values, want those in all states", given, len(values))
		}
		if !strings.Contains(strings.Join(s.Violations(), "\n"), wantViolation) {
			t.Errorf("%s: violations %q, want %q", given, s.Violations(), wantViolation)
		}
	}
}

func TestPullRequestFieldsOnRequest(t *testing.T) {
	t.Parallel()
	s := startUnchanged(t, Options{})
	c := connected(t, s)
	x := firstPullRequest(t, s, func(x repositoryPullRequest) bool { return x.p.State == "OPEN" && len(x.p.Reviewers) > 0 })
	list := fmt.Sprintf(pullRequestsPath, x.r.FullName())
	tests := map[string]struct {
		path      string
		wantNames []string // those of reviewers, participants and rendered that are returned
	}{
		"list":               {list, nil},
		"list with more":     {list + queryString("fields", "+values.participants"), []string{"participants"}},
		"list of some":       {list + queryString("fields", "values.reviewers.uuid,values.participants.role"), []string{"participants", "reviewers"}},
		"list of everything": {list + queryString("fields", "*,values.*"), []string{"participants", "reviewers"}},
		"single":             {x.path(), []string{"participants", "rendered", "reviewers"}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			o := c.get(test.path).object()
			if values, ok := o["values"].([]any); ok {
				o = values[0].(map[string]any)
			}
			var got []string
			for _, n := range []string{"participants", "rendered", "reviewers"} {
				if _, ok := o[n]; ok {
					got = append(got, n)
				}
			}
			if diff := cmp.Diff(test.wantNames, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestPullRequestPages(t *testing.T) {
	t.Parallel()
	s := startUnchanged(t, Options{})
	c := connected(t, s)
	o := s.Organization()
	many := firstPullRequest(t, s, func(x repositoryPullRequest) bool { return len(o.PullRequests(x.r)) > 50 })
	commits := firstPullRequest(t, s, func(x repositoryPullRequest) bool { return len(x.p.Commits) > 100 })
	comments := firstPullRequest(t, s, func(x repositoryPullRequest) bool { return len(x.p.Comments) > 100 })
	happened := 0
	for _, p := range o.PullRequests(many.r) {
		happened += len(p.Activity)
	}
	tests := map[string]struct {
		path     string
		want     int
		wantNext string
		wantSize bool
	}{
		"pull requests": {fmt.Sprintf(pullRequestsPath, many.r.FullName()) + queryString("pagelen", "50", "q", "created_on > 2000-01-01"), len(o.PullRequests(many.r)), "page=2", true},
		"activity":      {fmt.Sprintf(pullRequestsPath, many.r.FullName()) + "/activity?pagelen=50", happened, "ctx=", false},
		"comments":      {comments.path() + "/comments?pagelen=100", len(comments.p.Comments), "page=2", true},
		"commits":       {commits.path() + "/commits?pagelen=100", len(commits.p.Commits), "page=14z3", false},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			values, pages := c.all(test.path)
			if len(values) != test.want || len(pages) < 2 || !strings.Contains(pages[0].Next, test.wantNext) {
				t.Errorf("%d values on %d pages, want %d; next is %s, want %s", len(values), len(pages), test.want, pages[0].Next, test.wantNext)
			}
			if (pages[0].Size != nil) != test.wantSize || (pages[0].Page != nil) != test.wantSize {
				t.Errorf("size %v and page %v, want both: %v", pages[0].Size, pages[0].Page, test.wantSize)
			}
		})
	}
	one, _ := c.all(commits.path() + "/activity?pagelen=50")
	if len(one) != len(commits.p.Activity) {
		t.Errorf("%d activities of one pull request, want %d", len(one), len(commits.p.Activity))
	}
}

func TestPullRequestDiffstat(t *testing.T) {
	t.Parallel()
	s := startUnchanged(t, Options{})
	c := connected(t, s)
	x := firstPullRequest(t, s, func(x repositoryPullRequest) bool { return len(x.p.Files) > 500 })
	a := c.get(x.path() + "/diffstat")
	location, err := url.Parse(a.header.Get("Location"))
	if a.status != http.StatusFound || err != nil || location.Query().Get("from_pullrequest_id") != fmt.Sprint(x.p.ID) {
		t.Fatalf("%d to %q (%v)", a.status, location, err)
	}
	values, pages := c.all(location.String()[len(s.URL()):])
	if len(values) != len(x.p.Files) || len(pages) != 2 || *pages[0].Pagelen != 500 {
		t.Errorf("%d files on %d pages of %d, want %d", len(values), len(pages), *pages[0].Pagelen, len(x.p.Files))
	}
	for i, f := range x.p.Files {
		before, _ := valueAt(values[i], "old.path")
		after, _ := valueAt(values[i], "new.path")
		if values[i]["status"] != f.Status || before != orNullText(f.OldPath) || after != orNullText(f.NewPath) ||
			values[i]["lines_added"] != float64(f.LinesAdded) || values[i]["lines_removed"] != float64(f.LinesRemoved) {
			t.Errorf("file %d is %v, want %+v", i, values[i], f)
		}
	}
	for name, path := range map[string]string{
		"another comparison": strings.Replace(location.EscapedPath(), x.p.SourceCommit, "0123456789ab", 1) + "?from_pullrequest_id=" + fmt.Sprint(x.p.ID),
		"no pull request":    location.EscapedPath() + "?from_pullrequest_id=999",
	} {
		if a := c.get(path); a.status != http.StatusNotFound {
			t.Errorf("%s: %d", name, a.status)
		}
	}
	gone := firstPullRequest(t, s, func(x repositoryPullRequest) bool { return x.p.ForkDeleted })
	if a := c.get(strings.TrimPrefix(c.get(gone.path()+"/diffstat").header.Get("Location"), s.URL())); a.status != http.StatusNotFound {
		t.Errorf("the diffstat of a deleted fork: %d", a.status)
	}
	if a := c.get(gone.path() + "/commits"); a.status != http.StatusNotFound {
		t.Errorf("the commits of a deleted fork: %d", a.status)
	}
}

func orNullText(s string) any {
	if s == "" {
		return nil
	}
	return s
}

func TestPullRequestLookups(t *testing.T) {
	t.Parallel()
	s := startUnchanged(t, Options{})
	c := connected(t, s)
	x := firstPullRequest(t, s, func(x repositoryPullRequest) bool {
		return len(x.p.Comments) > 0 && len(x.p.Tasks) > 0 && len(x.p.Commits) > 0 && x.p.Author != nil && x.p.State == "OPEN"
	})
	repository := "/2.0/repositories/" + x.r.FullName()
	for name, test := range map[string]struct {
		path       string
		wantStatus int
		field      string
		want       any
	}{
		"pull request":    {x.path(), 200, "title", x.p.Title},
		"no pull request": {repository + "/pullrequests/9999", 404, "", nil},
		"no number":       {repository + "/pullrequests/x", 404, "", nil},
		"comment":         {fmt.Sprintf("%s/comments/%d", x.path(), x.p.Comments[0].ID), 200, "id", float64(x.p.Comments[0].ID)},
		"no comment":      {x.path() + "/comments/1", 404, "", nil},
		"task":            {fmt.Sprintf("%s/tasks/%d", x.path(), x.p.Tasks[0].ID), 200, "state", x.p.Tasks[0].State},
		"no task":         {x.path() + "/tasks/1", 404, "", nil},
		"commit":          {repository + "/commit/" + x.p.Commits[0].Hash + "/pullrequests", 200, "size", 1.0},
		"short commit":    {repository + "/commit/" + x.p.SourceCommit + "/pullrequests", 200, "pagelen", 30.0},
		"no commit":       {repository + "/commit/0123456789/pullrequests", 404, "", nil},
		"shortest commit": {repository + "/commit/0/pullrequests", 404, "", nil},
		"checks":          {x.path() + "/mergeability/checks", 200, "size", float64(len(s.Organization().MergeChecks(x.r, x.p, "admin")))},
		"some checks":     {x.path() + "/mergeability/checks" + queryString("q", `type = "git_mergeability_check"`), 200, "size", 1.0},
		"bad checks":      {x.path() + "/mergeability/checks" + queryString("q", `reason = "x"`), 400, "", nil},
		"no user":         {"/2.0/workspaces/harbor-labs/pullrequests/nobody", 404, "", nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a := c.get(test.path)
			if a.status != test.wantStatus {
				t.Fatalf("%d %s, want %d", a.status, a.body, test.wantStatus)
			}
			if got, _ := valueAt(a.object(), test.field); test.field != "" && got != test.want {
				t.Errorf("%s = %v, want %v", test.field, got, test.want)
			}
		})
	}
}

func TestPullRequestsOfAUser(t *testing.T) {
	t.Parallel()
	s := startUnchanged(t, Options{})
	o := s.Organization()
	w := o.Workspaces[1] // the connected user does not see everything in it
	var want, hidden []string
	u := o.Users[2]
	for _, x := range pullRequestsIn(o, w) {
		switch {
		case x.p.Author != u:
		case x.r.IsPrivate && o.EffectivePermission(x.r, o.Connected) == "":
			hidden = append(hidden, x.r.FullName())
		default:
			want = append(want, fmt.Sprint(x.r.FullName(), " ", x.p.ID))
		}
	}
	if len(want) == 0 || len(hidden) == 0 {
		t.Fatalf("%d visible, %d hidden: the test needs both", len(want), len(hidden))
	}
	c := connected(t, s)
	for _, id := range []string{u.UUID, u.AccountID} {
		values, _ := c.all("/2.0/workspaces/QuarryTools/pullrequests/" + url.PathEscape(id) + queryString("q", "created_on > 2000-01-01"))
		var got []string
		for _, v := range values {
			self, _ := valueAt(v, "links.html.href")
			name, number, _ := strings.Cut(strings.TrimPrefix(self.(string), linkSite+"/"), "/pull-requests/")
			got = append(got, name+" "+number)
		}
		slices.Sort(got)
		slices.Sort(want)
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", id, diff)
		}
	}
	open, _ := c.all("/2.0/workspaces/QuarryTools/pullrequests/" + url.PathEscape(u.UUID))
	for _, v := range open {
		if v["state"] != "OPEN" {
			t.Errorf("without a state there is one %s", v["state"])
		}
	}
}

func TestPullRequestAccess(t *testing.T) {
	t.Parallel()
	s := startUnchanged(t, Options{})
	o := s.Organization()
	x := firstPullRequest(t, s, func(x repositoryPullRequest) bool { return x.r.IsPrivate && !x.p.ForkDeleted && len(x.p.Commits) > 0 })
	places := map[string]string{"repository": "/2.0/repositories/" + x.r.FullName()}
	for _, e := range pullRequestEndpoints {
		if strings.Contains(e.path, "{comment_id}") || strings.Contains(e.path, "{task_id}") || strings.Contains(e.path, "{spec") {
			continue
		}
		places[e.path] = strings.NewReplacer(
			"{workspace}", x.r.Workspace.Slug, "{repo_slug}", x.r.Slug, "{pull_request_id}", fmt.Sprint(x.p.ID),
			"{commit}", x.p.Commits[0].Hash, "{selected_user}", url.PathEscape(o.Connected.UUID),
		).Replace(e.path)
	}
	plain := o.MembersOf(o.Workspaces[0])[2].User
	hidden := o.EffectivePermission(x.r, plain) == ""
	if !hidden {
		t.Fatalf("%s sees %s", plain.DisplayName, x.r.FullName())
	}
	for name, path := range places {
		isRepository, isWorkspace := name == "repository", strings.Contains(name, "{selected_user}")
		for scope, ok := range map[string]bool{"pullrequest": true, "pullrequest:write": true, "repository": isRepository, "account": false} {
			if a := connected(t, s, scope).get(path); (a.status < 400) != ok || !ok && a.status != http.StatusForbidden {
				t.Errorf("GET %s with the scope %s: %d", path, scope, a.status)
			}
		}
		if a := bearer(t, s, s.AccessToken(plain.UUID)).get(path); a.status != http.StatusNotFound && !isWorkspace {
			t.Errorf("GET %s without a permission on the repository: %d", path, a.status)
		}
	}
}

func TestPullRequestChanges(t *testing.T) {
	t.Parallel()
	now := newClock()
	s := Start(t, Options{Now: now.now})
	x := firstPullRequest(t, s, func(x repositoryPullRequest) bool { return x.p.State == "OPEN" })
	empty := withoutPullRequests(t, s)
	c := connected(t, s)
	since := func(name string) []string {
		values, _ := c.all(fmt.Sprintf(pullRequestsPath, name) + queryString("q", "updated_on > "+start.Format(time.RFC3339)))
		return column(values, "title")
	}
	if got := since(x.r.FullName()); len(got) != 0 {
		t.Fatalf("%q changed in the future", got)
	}
	now.advance(time.Hour)
	s.ChangePullRequest(x.r.FullName(), x.p.ID, func(p *organization.PullRequest) { p.Title, p.UpdatedOn = "Changed", now.now() })
	s.AddPullRequest(x.r.FullName(), organization.PullRequest{Title: "Added"})
	s.AddPullRequest(empty.FullName(), organization.PullRequest{})
	if diff := cmp.Diff([]string{"Added", "Changed"}, since(x.r.FullName())); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"Pull request 1"}, since(empty.FullName())); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if x.p.Title == "Changed" {
		t.Error("the pull request from before was changed")
	}
}

// withoutPullRequests returns a repository without pull requests.
func withoutPullRequests(t *testing.T, s *Server) *organization.Repository {
	t.Helper()
	o := s.Organization()
	for _, r := range o.RepositoriesOf(o.Workspaces[0]) {
		if len(o.PullRequests(r)) == 0 {
			return r
		}
	}
	t.Fatal("every repository has pull requests")
	return nil
}
