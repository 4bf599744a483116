package audit

import (
	"cmp"
	"slices"
	"strings"
	"time"
)

// A Finding is an alarm for a resource.
type Finding struct {
	Control  string
	Resource string
	Reason   string
	Place    string    // full name of the repository, else slug of the workspace
	Since    time.Time // of the first run that found it
}

// Find records the findings of the controls that were judged. An accepted alarm is none.
func (s *State) Find(results []Result) {
	for _, r := range results {
		if r.Err != nil || r.Refused {
			continue
		}
		s.Judged = append(s.Judged, r.Control.Name)
		for _, resource := range r.Resources {
			if resource.Status == Alarm {
				s.Findings = append(s.Findings, Finding{r.Control.Name, resource.Resource, resource.Reason, resource.place(), s.SavedAt})
			}
		}
	}
}

// place returns the repository that the dimensions name, else the workspace.
func (r Resource) place() string {
	place := ""
	for _, d := range r.Dimensions {
		if d.Name == "repository" && d.Value != "" {
			return d.Value
		}
		if d.Name == "workspace" {
			place = d.Value
		}
	}
	return place
}

// A FindingChange is how a finding compares with an earlier run.
type FindingChange struct {
	Finding
	Change string // new, still, gone, accepted, or disappeared if the account does not see the resource any more
}

// Compare compares the findings with those of an earlier run, and dates them. Findings of controls that were not
// judged now are left out, because nobody knows.
func (s *State) Compare(before *State, results []Result) []FindingChange {
	type key struct{ control, resource string }
	then := map[key]Finding{}
	for _, f := range before.Findings {
		then[key{f.Control, f.Resource}] = f
	}
	var changes []FindingChange
	for i := range s.Findings {
		f := &s.Findings[i]
		change := "new"
		if old, ok := then[key{f.Control, f.Resource}]; ok {
			change, f.Since = "still", old.Since
		}
		delete(then, key{f.Control, f.Resource})
		changes = append(changes, FindingChange{*f, change})
	}
	for _, r := range results {
		if !slices.Contains(s.Judged, r.Control.Name) {
			continue
		}
		for key, f := range then {
			if key.control == r.Control.Name {
				changes = append(changes, FindingChange{f, s.fate(f, r)})
			}
		}
	}
	order := func(c FindingChange) int {
		return slices.IndexFunc(Controls, func(x *Control) bool { return x.Name == c.Control })
	}
	slices.SortFunc(changes, func(a, b FindingChange) int {
		return cmp.Or(cmp.Compare(order(a), order(b)), strings.Compare(a.Resource, b.Resource))
	})
	return changes
}

// fate returns what became of a finding that its control does not report any more.
func (s *State) fate(f Finding, r Result) string {
	sawAll, sawPlace := true, false
	for _, resource := range r.Resources {
		switch {
		case resource.Status == NotJudged:
			sawAll = false
		case resource.Resource == f.Resource && resource.Status == Accepted:
			return "accepted"
		case resource.place() == f.Place:
			sawPlace = true
		}
	}
	for _, p := range s.Covered["effective permission"].Places {
		sawPlace = sawPlace || r.Control.Administered() && p.Name == f.Place
	}
	if sawAll || sawPlace {
		return "gone"
	}
	return "disappeared"
}
