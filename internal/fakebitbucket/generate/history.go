package generate

import (
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/kindor/steampipe-plugin-bitbucket/internal/fakebitbucket/organization"
)

// History returns the history of a repository. A fork has its parent's files. Other repositories have some files
// besides those that their commits change.
func (g *generator) History(r *organization.Repository) *organization.History {
	h := g.history(r)
	if r.Parent == nil || r.Parent.MainBranch == "" {
		g.strew(r, h.Commits)
	}
	return h
}

// Commit returns a new commit by a random author on top of another.
func (g *generator) Commit(at time.Time, message string, parent *organization.Commit) *organization.Commit {
	return writer{generator: g}.commit(at, message, parent)
}

// A writer writes the history of a repository.
type writer struct {
	*generator
	people []organization.Signature
}

// history returns the history of a repository. It has a main line with merged side lines. Its other branches are
// active, stale, or merged but not deleted.
func (g *generator) history(r *organization.Repository) *organization.History {
	w := writer{g, g.signatures(r)}
	commits, branches, tags := 4+g.IntN(12), g.IntN(5), g.IntN(6)
	switch g.IntN(24) { // one of the cases gives a repository more than one page of something
	case 0:
		commits = 210 + g.IntN(40)
	case 1:
		branches = 115 + g.IntN(20)
	case 2:
		tags = 110 + g.IntN(20)
	}
	line := w.mainLine(r, commits)
	head := line[len(line)-1]
	all := []*organization.Branch{{Name: r.MainBranch, Target: head.Commit}}
	for _, step := range line {
		if step.left != "" {
			all = append(all, &organization.Branch{Name: step.left, Target: step.Parents[1]})
		}
	}
	for i := range branches {
		all = append(all, w.branch(r, line, i))
	}
	if len(line) > 6 && g.IntN(3) == 0 {
		start := line[len(line)-3]
		at := w.during(start.Date, r.UpdatedOn)
		all = append(all, &organization.Branch{Name: "develop", Target: w.commit(at, w.message(), start.Commit)})
	}
	if g.IntN(4) == 0 {
		all = append(all, &organization.Branch{Name: "production", Target: line[len(line)/2].Commit})
	}
	strategy := pick(g, []string{"merge_commit", "merge_commit", "squash", "fast_forward"})
	if !slices.Contains(r.MergeStrategies(), strategy) {
		strategy = r.MergeStrategies()[0]
	}
	for _, b := range all {
		b.DefaultMergeStrategy = strategy
	}
	return organization.NewHistory(unique(all), w.tags(line, tags))
}

func unique(branches []*organization.Branch) []*organization.Branch {
	seen := map[string]bool{}
	return slices.DeleteFunc(branches, func(b *organization.Branch) bool {
		isDuplicate := seen[b.Name]
		seen[b.Name] = true
		return isDuplicate
	})
}

// signatures returns the authors of a repository: some members of the workspace, and some people without an account.
func (g *generator) signatures(r *organization.Repository) []organization.Signature {
	users := g.usersOf(r.Workspace)
	var people []organization.Signature
	for _, i := range g.Perm(len(users))[:min(6, len(users))] {
		u := users[i]
		people = append(people, organization.Signature{Raw: u.DisplayName + " <" + u.Email + ">", User: u})
	}
	return append(people, organization.Signature{Raw: "Build Agent <builds@example.com>"},
		organization.Signature{Raw: "root@build-7"})
}

// A mainLineStep is a commit of the main line. left is the name of a branch that was merged but not deleted.
type mainLineStep struct {
	*organization.Commit
	left string
}

// mainLine returns the commits of the main branch, the oldest first. The main line of a fork begins in the middle of
// its parent's.
func (w writer) mainLine(r *organization.Repository, n int) []mainLineStep {
	var line []mainLineStep
	from := r.CreatedOn
	if r.Parent != nil && r.Parent.MainBranch != "" {
		for c := w.org.Head(r.Parent); c != nil; c = c.Parent() {
			line = append(line, mainLineStep{Commit: c})
		}
		slices.Reverse(line)
		line = line[:(len(line)+1)/2]
		from = latest(from, line[len(line)-1].Date)
	}
	times := make([]time.Time, n)
	for i := range times {
		times[i] = w.during(from, r.UpdatedOn)
	}
	slices.SortFunc(times, time.Time.Compare)
	old := -1 // the index of the commit whose date is older than its parent's
	if n > 5 && w.IntN(4) == 0 {
		old = 2 + w.IntN(n-3)
	}
	for i, at := range times {
		switch {
		case len(line) == 0:
			line = append(line, mainLineStep{Commit: w.commit(at, "Initial commit\n")})
		case i > 2 && i != old && w.IntN(5) == 0:
			line = append(line, w.merge(r, line, i, at))
		default:
			if i == old {
				at = at.AddDate(0, 0, -100-w.IntN(400))
			}
			line = append(line, mainLineStep{Commit: w.commit(at, w.message(), line[len(line)-1].Commit)})
		}
	}
	return line
}

// merge returns a step that merges a side line into the main line.
func (w writer) merge(r *organization.Repository, line []mainLineStep, number int, at time.Time) mainLineStep {
	start := line[max(0, len(line)-1-w.IntN(3))]
	side, title := start.Commit, ""
	for range 1 + w.IntN(3) {
		title = w.message()
		side = w.commit(w.during(side.Date, at), title, side)
	}
	name := w.branchName(r, number)
	by := pick(w.generator, w.people)
	message := fmt.Sprintf("Merged in %s (pull request #%d)\n\n%s\nApproved-by: %s\n", name, number, title, by.Name())
	s := mainLineStep{Commit: w.commit(at, message, line[len(line)-1].Commit, side)}
	if w.IntN(3) == 0 {
		s.left = name
	}
	return s
}

// branch returns a branch with its own commits, which starts at a commit of the main line.
func (w writer) branch(r *organization.Repository, line []mainLineStep, number int) *organization.Branch {
	head := line[w.IntN(len(line))].Commit
	until := r.UpdatedOn
	if w.IntN(3) == 0 { // soon abandoned
		until = earliest(until, head.Date.AddDate(0, 0, 20))
	}
	for range w.IntN(4) {
		head = w.commit(w.during(head.Date, until), w.message(), head)
	}
	return &organization.Branch{Name: w.branchName(r, 100+number), Target: head}
}

func (w writer) branchName(r *organization.Repository, number int) string {
	topic := slugify(pick(w.generator, verbs) + " " + pick(w.generator, domains))
	switch w.IntN(9) {
	case 0:
		return fmt.Sprintf("release/%d.%d", 1+number/10, number%10)
	case 1:
		return fmt.Sprintf("hotfix/%s-%d", topic, number)
	case 2:
		return fmt.Sprintf("%s/%s-%d", slugify(pick(w.generator, w.people).Name()), topic, number)
	case 3:
		return fmt.Sprintf("%s-%d", topic, number)
	case 4:
		return fmt.Sprintf("%s%d", pick(w.generator, awkwardRefs), number)
	}
	kind := pick(w.generator, []string{"feature", "feature", "bugfix"})
	return fmt.Sprintf("%s/%s-%d-%s", kind, r.Project.Key, number, topic)
}

// tags returns tags on commits of the main line. Two in three are annotated.
func (w writer) tags(line []mainLineStep, n int) []*organization.Tag {
	var tags []*organization.Tag
	for i := range n {
		t := &organization.Tag{Name: fmt.Sprintf("v%d.%d.0", i/10, i%10), Target: line[i*len(line)/n].Commit}
		if i == 4 {
			t.Name = pick(w.generator, awkwardRefs) + t.Name
		}
		if w.IntN(3) > 0 {
			at := earliest(w.now, t.Target.Date.Add(time.Duration(w.IntN(3600))*time.Second)).Truncate(time.Second)
			by := pick(w.generator, w.people)
			t.Message, t.Date, t.Tagger = "Release "+t.Name+"\n", &at, &by
		}
		tags = append(tags, t)
	}
	return tags
}

// during returns a random time between two others.
func (w writer) during(from, to time.Time) time.Time {
	if !to.After(from) {
		return from
	}
	return from.Add(time.Duration(w.Float64() * float64(to.Sub(from))))
}

// message returns a commit message of one or more lines.
func (w writer) message() string {
	m := fmt.Sprintf("%s %s", pick(w.generator, verbs), pick(w.generator, domains))
	switch w.IntN(8) {
	case 0:
		m += "\n\n* One thing more: <b>bold</b> & \"quoted\".\n* Größer als zuvor ✓"
	case 1:
		m += " with `code` and a \\backslash"
	}
	return m + "\n"
}

// commit returns a new commit on top of others.
func (w writer) commit(at time.Time, message string, parents ...*organization.Commit) *organization.Commit {
	if len(w.people) == 0 {
		w.people = []organization.Signature{{Raw: "Somebody <somebody@example.com>"}}
	}
	author := pick(w.generator, w.people)
	c := &organization.Commit{
		Hash: fmt.Sprintf("%016x%016x%08x", w.Uint64(), w.Uint64(), w.Uint32()), Parents: parents,
		Author: author, Committer: author, Date: at.UTC().Truncate(time.Second), Message: message,
	}
	if w.IntN(6) == 0 {
		c.Committer = pick(w.generator, w.people)
	}
	switch len(parents) {
	case 0:
		c.Files = map[string]*organization.File{}
		for range 8 + w.IntN(8) {
			c.Files[pick(w.generator, filePaths)] = w.file()
		}
	case 1:
		c.Files = maps.Clone(parents[0].Files)
		w.change(c.Files)
	default:
		base := organization.MergeBase(parents[0], parents[1])
		c.Files = organization.Merged(base, parents[0], parents[1])
	}
	return c
}

func (w writer) file() *organization.File {
	return &organization.File{Origin: w.Int(), Lines: w.lines(3 + w.IntN(40))}
}

func (w writer) lines(n int) []int {
	lines := make([]int, n)
	for i := range lines {
		lines[i] = w.Int()
	}
	return lines
}

// change changes at least one file.
func (w writer) change(files map[string]*organization.File) {
	names := slices.Sorted(maps.Keys(files))
	for _, i := range w.Perm(len(names))[:min(len(names), 1+w.IntN(3))] {
		f := files[names[i]]
		kept := f.Lines[min(len(f.Lines), w.IntN(4)):]
		files[names[i]] = &organization.File{Origin: f.Origin, Lines: slices.Concat(kept, w.lines(1+w.IntN(9)))}
	}
	switch fresh := pick(w.generator, filePaths); w.IntN(5) {
	case 0: // adds a file, or replaces one
		files[fresh] = w.file()
	case 1: // removes a file
		if len(names) > 6 {
			delete(files, pick(w.generator, names))
		}
	case 2: // renames a file
		if was := pick(w.generator, names); files[fresh] == nil {
			files[fresh] = files[was]
			delete(files, was)
		}
	}
}

// The word lists of histories.
var (
	verbs = []string{"Fix", "Add", "Simplify", "Rename", "Test", "Document", "Speed up", "Remove", "Revert", "Tidy"}

	// filePaths includes paths that must be escaped in addresses.
	filePaths = []string{
		"README.md", "main.go", "go.mod", "bitbucket-pipelines.yml", "Dockerfile", "Makefile", "LICENSE", "package.json",
		"src/app.py", "src/index.ts", "src/lib/client.ts", "src/lib/errors.ts", "config/app.yml", "config/secrets.example",
		"docs/guide.md", "docs/over 100%.md", "docs/größer.md", "scripts/deploy.sh", "scripts/a+b.sh", "test/app_test.py",
		"test/data/one.json", "test/data/two.json", "infra/main.tf", "infra/variables.tf",
	}

	awkwardRefs = []string{`special-"$;><&#_=@!|.,/test-`, "100%-done-", "more+more-", "größer/", "@harbor/tools@"}
)
