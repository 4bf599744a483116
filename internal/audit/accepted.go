package audit

import (
	"errors"
	"fmt"
	"os"
	"regexp"
	"strings"
	"time"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/gohcl"
	"github.com/hashicorp/hcl/v2/hclparse"
)

// An Acceptance is a block of a file of accepted findings: alarms that somebody has looked at, and that count as
// accepted for a time.
type Acceptance struct {
	Control  string
	Resource string // pattern; * matches any text
	Reason   string
	Until    time.Time // the end of the last day
	Position string    // file and line

	pattern *regexp.Regexp
	used    bool
}

// Acceptances are the blocks of a file, in its order.
type Acceptances []*Acceptance

// The form of the file.
var acceptedFile = &hcl.BodySchema{Blocks: []hcl.BlockHeaderSchema{{Type: "accept"}}}

type acceptedBlock struct {
	Control  string `hcl:"control"`
	Resource string `hcl:"resource"`
	Reason   string `hcl:"reason"`
	Until    string `hcl:"until"`
}

// ReadAccepted reads a file of accepted findings. An error names the file and the line.
func ReadAccepted(path string) (Acceptances, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("can't read the accepted findings: %w", err)
	}
	file, diagnostics := hclparse.NewParser().ParseHCL(text, path)
	if diagnostics.HasErrors() {
		return nil, diagnostics
	}
	content, diagnostics := file.Body.Content(acceptedFile)
	if diagnostics.HasErrors() {
		return nil, diagnostics
	}
	var all Acceptances
	for _, block := range content.Blocks {
		var b acceptedBlock
		if diagnostics := gohcl.DecodeBody(block.Body, nil, &b); diagnostics.HasErrors() {
			return nil, diagnostics
		}
		a, err := b.acceptance()
		a.Position = fmt.Sprintf("%s:%d", path, block.DefRange.Start.Line)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", a.Position, err)
		}
		all = append(all, &a)
	}
	return all, nil
}

func (b acceptedBlock) acceptance() (Acceptance, error) {
	a := Acceptance{Control: b.Control, Resource: b.Resource, Reason: strings.TrimSpace(b.Reason), pattern: compilePattern(b.Resource)}
	last, err := time.ParseInLocation(time.DateOnly, b.Until, time.Local)
	a.Until = last.AddDate(0, 0, 1)
	switch {
	case FindControl(b.Control) == nil:
		return a, fmt.Errorf("unknown control %q: audit --list lists the controls", b.Control)
	case b.Resource == "":
		return a, errors.New("resource is empty: write the resource of the alarm, or a pattern such as acme/*")
	case a.Reason == "":
		return a, errors.New("reason is empty: write why the alarm is accepted")
	case err != nil:
		return a, fmt.Errorf("until is %q, but should be the last day, for example %q", b.Until, "2027-03-31")
	}
	return a, nil
}

// compilePattern returns an expression for the whole of a text, in which * matches any text.
func compilePattern(s string) *regexp.Regexp {
	return regexp.MustCompile(`(?s)^` + strings.ReplaceAll(regexp.QuoteMeta(s), `\*`, `.*`) + `$`)
}

// Apply gives the alarms that are accepted the status Accepted. It says in the reason why, and which blocks have
// expired.
func (all Acceptances) Apply(r *Result, now time.Time) {
	for i := range r.Resources {
		resource := &r.Resources[i]
		if resource.Status != Alarm {
			continue
		}
		for _, a := range all {
			if a.Control != r.Control.Name || !a.pattern.MatchString(resource.Resource) {
				continue
			}
			a.used = true
			last := a.Until.AddDate(0, 0, -1).Format(time.DateOnly)
			if now.Before(a.Until) {
				resource.Status = Accepted
				resource.Reason += fmt.Sprintf(" Accepted until %s: %s", last, sentence(a.Reason))
				break
			}
			resource.Reason += fmt.Sprintf(" %s accepted this until %s.", a.Position, last)
		}
	}
}

func sentence(s string) string { return strings.TrimSuffix(s, ".") + "." }

// Unused returns the blocks that match no alarm of the controls that were judged.
func (all Acceptances) Unused(results []Result) []*Acceptance {
	var unused []*Acceptance
	for _, r := range results {
		if r.Err != nil || r.Refused {
			continue
		}
		for _, a := range all {
			if a.Control == r.Control.Name && !a.used {
				unused = append(unused, a)
			}
		}
	}
	return unused
}
