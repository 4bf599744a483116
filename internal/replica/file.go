package replica

import (
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/gohcl"
	"github.com/hashicorp/hcl/v2/hclparse"
	"github.com/zclconf/go-cty/cty"
)

// A File is a file that says what to copy, where to, and how.
type File struct {
	To         string
	Workspaces []string
	Tables     []string // patterns
	Choices    []Choice
	FullEvery  time.Duration // 0 if the file does not say it
	Every      time.Duration // how old the last run may be before the next one is due; 0 for always
	QuotaShare int           // per cent; 0 if the file does not say it
	Wait       bool
}

// fileBody is the form of a file.
type fileBody struct {
	To         string       `hcl:"to,optional"`
	Workspaces []string     `hcl:"workspaces,optional"`
	Tables     []string     `hcl:"tables,optional"`
	FullEvery  string       `hcl:"full_every,optional"`
	Every      string       `hcl:"every,optional"`
	QuotaShare int          `hcl:"quota_share,optional"`
	Wait       bool         `hcl:"wait,optional"`
	Choices    []choiceBody `hcl:"table,block"`
}

type choiceBody struct {
	Table      string         `hcl:"name,label"`
	Columns    []string       `hcl:"columns,optional"`
	Conditions hcl.Expression `hcl:"conditions,optional"`
}

// ReadFile reads a file. An error names the file and the line.
func ReadFile(path string) (f File, err error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return f, err
	}
	parsed, diagnostics := hclparse.NewParser().ParseHCL(text, path)
	if diagnostics.HasErrors() {
		return f, diagnostics
	}
	var body fileBody
	if diagnostics := gohcl.DecodeBody(parsed.Body, nil, &body); diagnostics.HasErrors() {
		return f, diagnostics
	}
	f = File{To: body.To, Workspaces: body.Workspaces, Tables: body.Tables, QuotaShare: body.QuotaShare, Wait: body.Wait}
	for _, duration := range []struct {
		name, text string
		to         *time.Duration
	}{{"full_every", body.FullEvery, &f.FullEvery}, {"every", body.Every, &f.Every}} {
		if duration.text == "" {
			continue
		}
		if *duration.to, err = time.ParseDuration(duration.text); err != nil || *duration.to <= 0 {
			return f, fmt.Errorf("%s: %s is %q, but should be a duration, for example 24h", path, duration.name, duration.text)
		}
	}
	for _, c := range body.Choices {
		choice, err := c.choice()
		if err != nil {
			return f, err
		}
		f.Choices = append(f.Choices, choice)
	}
	return f, nil
}

func (b choiceBody) choice() (Choice, error) {
	c := Choice{Table: b.Table, Columns: b.Columns, Conditions: map[string]Range{}}
	value, diagnostics := b.Conditions.Value(nil)
	if diagnostics.HasErrors() {
		return c, diagnostics
	}
	if value.IsNull() {
		return c, nil
	}
	if !value.Type().IsObjectType() {
		return c, fmt.Errorf("%s: conditions should be columns and their values in braces", b.Conditions.Range())
	}
	for column, of := range value.AsValueMap() {
		condition, err := rangeOf(of)
		if err != nil {
			return c, fmt.Errorf("%s: %s: %w", b.Conditions.Range(), column, err)
		}
		c.Conditions[column] = condition
	}
	return c, nil
}

// rangeOf returns the condition that a value of a file stands for: a value, a list of values, or an object with from, to
// or both.
func rangeOf(v cty.Value) (r Range, err error) {
	switch {
	case v.IsNull():
		return r, errors.New("a condition can't be null")
	case v.Type().IsTupleType() && v.LengthInt() == 0:
		return r, errors.New("a list needs a value")
	case v.Type().IsTupleType():
		for _, one := range v.AsValueSlice() {
			text, err := textOf(one)
			if err != nil {
				return r, err
			}
			r.Values = append(r.Values, text)
		}
		return r, nil
	case v.Type().IsObjectType():
		for name, one := range v.AsValueMap() {
			to := map[string]*string{"from": &r.From, "to": &r.To}[name]
			if to == nil {
				return r, fmt.Errorf("unknown %s: write from, to or both", name)
			}
			if *to, err = textOf(one); err != nil {
				return r, err
			}
		}
		return r, nil
	}
	text, err := textOf(v)
	r.Values = []string{text}
	return r, err
}

// textOf returns a text, a number or a boolean as text.
func textOf(v cty.Value) (string, error) {
	switch {
	case v.IsNull():
	case v.Type() == cty.String:
		return v.AsString(), nil
	case v.Type() == cty.Bool && v.True():
		return "true", nil
	case v.Type() == cty.Bool:
		return "false", nil
	case v.Type() == cty.Number:
		return v.AsBigFloat().Text('f', -1), nil
	}
	return "", errors.New("a value should be a text, a number, true or false")
}
