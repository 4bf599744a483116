package bitbucket

import (
	"context"
	"slices"

	"github.com/kindor/steampipe-plugin-bitbucket/internal/api"
	"github.com/kindor/steampipe-plugin-bitbucket/internal/jsontree"
)

// A branchProtection is the row of one branch, as it grows.
type branchProtection struct {
	scan       *scan
	repository repositoryScope
	name       string
	rules      []jsontree.Value // of the repository, about the branch
	said       map[string]any   // values of the columns
}

// A contradiction is what merge checks show otherwise than the repository's own rules.
type contradiction struct {
	Protection string `json:"protection"`
	Repository any    `json:"repository"` // null if it has no such rule
	MergeCheck any    `json:"merge_check"`
}

// addProtections adds what the rules and, if the query reads something that they show, the merge checks ask for.
func (b *branchProtection) addProtections(ctx context.Context) error {
	var checks []jsontree.Value
	hasChecks := false
	if b.scan.wantsChecks() {
		p, found, err := latestInto(ctx, b.scan, b.repository, b.name)
		if err == nil && found {
			checks, err = p.mergeChecks(ctx, b.scan.connection)
			b.said["pull_request_id"], hasChecks = p.request.Get("id").Int(), true
		}
		if err != nil {
			return err
		}
	}
	complete, contradictions := true, []contradiction{}
	for _, p := range protections {
		own, isOwn := p.ask(b.rules)
		value, origin, isCertain := any(nil), "unknown", false
		if shown, isShown := p.shownBy(checks); hasChecks && isShown {
			value, origin, isCertain = shown, "merge_check", true
			switch {
			case isOwn && own == shown:
				origin = "repository"
			case isOwn:
				contradictions = append(contradictions, contradiction{p.column, own, shown})
			case shown != p.none:
				contradictions = append(contradictions, contradiction{p.column, nil, shown})
			}
		} else if isOwn { // a rule of the project may ask for a stricter number
			value, origin, isCertain = own, "repository", p.strictest == nil
		}
		b.said[p.column], b.said[p.source()] = value, origin
		complete = complete && isCertain
	}
	b.said["is_complete"], b.said["contradictions"] = complete, contradictions
	return nil
}

// wantsChecks reports whether the query reads something that merge checks show.
func (q *query) wantsChecks() bool {
	return q.wants("is_complete", "contradictions", "pull_request_id") || slices.ContainsFunc(protections, func(p protection) bool {
		return p.check != "" && q.wants(p.column, p.source())
	})
}

// mergeChecks requests the merge checks of a pull request.
func (p pullRequestScope) mergeChecks(ctx context.Context, c *connection) (checks []jsontree.Value, err error) {
	l := api.List{Path: p.path("/mergeability/checks"), Fields: []string{"type", "check.kind", "required", "requirement"}}
	for check, err := range c.List(ctx, l) {
		if err != nil {
			return nil, err
		}
		if check.Get("type").String() == "standard_merge_check" {
			checks = append(checks, check)
		}
	}
	return checks, nil
}

// ask returns what rules ask for, and whether one does.
func (p protection) ask(rules []jsontree.Value) (value any, ok bool) {
	for _, rule := range rules {
		if !slices.Contains(p.kinds, rule.Get("kind").String()) {
			continue
		}
		if p.strictest == nil {
			return true, true
		}
		n := p.ifNull
		if number := rule.Get("value"); number.Exists() && number.Raw != "null" {
			n = number.Int()
		}
		if ok {
			n = p.strictest(value.(int64), n)
		}
		value, ok = n, true
	}
	return value, ok
}

// shownBy returns what the merge checks of a pull request show of the protection; ok is false if they don't show it.
// They have no check for what is not required.
func (p protection) shownBy(checks []jsontree.Value) (value any, ok bool) {
	if p.check == everyCheck {
		isEnforced := !slices.ContainsFunc(checks, func(check jsontree.Value) bool { return !check.Get("required").Bool() })
		return isEnforced, len(checks) > 0
	}
	i := slices.IndexFunc(checks, func(check jsontree.Value) bool { return check.Get("check.kind").String() == p.check })
	switch {
	case p.check == "":
		return nil, false
	case i < 0:
		return p.none, true
	case p.strictest == nil:
		return true, true
	}
	number := checks[i].Get("requirement." + p.check)
	return number.Int(), number.Exists()
}
