package replica

import (
	"errors"
	"fmt"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/kindor/steampipe-plugin-bitbucket/bitbucket"
	"github.com/kindor/steampipe-plugin-bitbucket/internal/similar"
	"github.com/kindor/steampipe-plugin-bitbucket/internal/sqlhost"
)

// A Choice is what to copy of a table.
type Choice struct {
	Table      string
	Columns    []string         // nil for all
	Conditions map[string]Range // by column
}

// A Range is a condition on a column: a row has one of the values, or one from a value on, or up to one.
type Range struct {
	Values   []string
	From, To string // empty for no limit
}

// Select returns the specs of the tables whose names match one of the patterns, and of those that they need. No patterns
// select all tables. The choices say what to copy of some of them.
func Select(available []sqlhost.Table, patterns []string, choices []Choice) ([]*Spec, error) {
	s := &selection{available: available, choices: choices, chosen: map[string]bool{}}
	if len(patterns) == 0 {
		patterns = []string{"*"}
	}
	var errs []error
	for _, pattern := range patterns {
		errs = append(errs, s.choose(pattern))
	}
	for _, c := range choices {
		errs = append(errs, s.checkTable(c.Table))
	}
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	var specs []*Spec
	for _, t := range available {
		if !s.chosen[t.Name] {
			continue
		}
		spec, err := s.spec(t)
		if err != nil {
			return nil, err
		}
		specs = append(specs, spec)
	}
	return specs, nil
}

type selection struct {
	available []sqlhost.Table
	choices   []Choice
	chosen    map[string]bool
}

// copied returns the names of the tables that can be copied.
func (s *selection) copied() (names []string) {
	for _, t := range s.available {
		if _, _, ok := bitbucket.CopyingOf(t.Name); ok {
			names = append(names, t.Name)
		}
	}
	return names
}

// choose chooses the tables whose names match a pattern.
func (s *selection) choose(pattern string) error {
	found := false
	for _, name := range s.copied() {
		matches, err := path.Match(pattern, name)
		if err != nil {
			return fmt.Errorf("%q is no pattern: %w", pattern, err)
		}
		if matches {
			found = true
			s.add(name)
		}
	}
	if found {
		return nil
	}
	return s.checkTable(pattern)
}

// add adds a table, and those that it needs.
func (s *selection) add(name string) {
	if s.chosen[name] {
		return
	}
	s.chosen[name] = true
	copying, _, _ := bitbucket.CopyingOf(name)
	for _, needed := range Needs(copying) {
		s.add(needed)
	}
}

// checkTable returns an error if a table can't be copied.
func (s *selection) checkTable(name string) error {
	names := s.copied()
	if slices.Contains(names, name) {
		return nil
	}
	if slices.ContainsFunc(s.available, func(t sqlhost.Table) bool { return t.Name == name }) {
		return fmt.Errorf("%s can't be copied: it is about the running process", name)
	}
	if meant := similar.To(name, names); meant != "" {
		return fmt.Errorf("there is no table %s: did you mean %s?", name, meant)
	}
	return fmt.Errorf("there is no table %s", name)
}

func (s *selection) spec(t sqlhost.Table) (*Spec, error) {
	copying, left, _ := bitbucket.CopyingOf(t.Name)
	spec := &Spec{Copying: copying, Table: Table{Name: t.Name, Description: t.Description, Key: copying.Key, HasHistory: copying.HasHistory, Ignored: copying.Ignored}}
	choice := Choice{Table: t.Name}
	if i := slices.IndexFunc(s.choices, func(c Choice) bool { return c.Table == t.Name }); i >= 0 {
		choice = s.choices[i]
	}
	needed := neededColumns(t.Name, copying)
	var known []string
	for _, c := range t.Columns {
		if c.Hidden || slices.Contains(left, c.Name) {
			continue
		}
		known = append(known, c.Name)
		if choice.Columns == nil || slices.Contains(choice.Columns, c.Name) || slices.Contains(needed, c.Name) {
			spec.Columns = append(spec.Columns, Column{Name: c.Name, Type: typeOf(c.Type), Description: c.Description})
		}
	}
	spec.Table.Ignored = slices.DeleteFunc(slices.Clone(spec.Table.Ignored), func(name string) bool { return spec.column(name) < 0 })
	for _, name := range choice.Columns {
		if !slices.Contains(known, name) {
			return nil, unknownColumn(t.Name, name, known)
		}
	}
	for name, condition := range choice.Conditions {
		conditions, err := condition.on(t, name)
		if err != nil {
			return nil, err
		}
		spec.Conditions = append(spec.Conditions, conditions...)
	}
	slices.SortFunc(spec.Conditions, func(a, b Condition) int { return strings.Compare(a.Column+a.Operator, b.Column+b.Operator) })
	return spec, nil
}

func unknownColumn(table, name string, known []string) error {
	if meant := similar.To(name, known); meant != "" {
		return fmt.Errorf("%s has no column %s to copy: did you mean %s?", table, name, meant)
	}
	return fmt.Errorf("%s has no column %s to copy", table, name)
}

// neededColumns returns the columns that a run needs of a table, whatever is chosen.
func neededColumns(table string, c bitbucket.Copying) []string {
	needed := slices.Concat(c.Key, []string{c.Since, c.Unfinished, c.Elsewhere.Column, repositoryUUID, repositoryName, workspaceSlug})
	for _, l := range c.Links {
		needed = append(needed, l.Own)
	}
	switch table {
	case permissionTable:
		needed = append(needed, "user_uuid", "permission")
	case branchTable, tagTable:
		needed = append(needed, "name", targetHash, mainBranchName)
	}
	return needed
}

func typeOf(t sqlhost.Type) Type {
	switch t {
	case sqlhost.Boolean:
		return Boolean
	case sqlhost.Integer:
		return Integer
	case sqlhost.Timestamp:
		return Timestamp
	case sqlhost.JSON:
		return JSON
	default:
		return Text
	}
}

// on returns the range as conditions on a column of a table. Bitbucket, or the plugin, must be able to check them.
func (r Range) on(t sqlhost.Table, name string) ([]Condition, error) {
	at := slices.IndexFunc(t.Columns, func(c sqlhost.Column) bool { return c.Name == name })
	i := slices.IndexFunc(t.KeyColumns, func(k sqlhost.KeyColumn) bool { return k.Name == name })
	if at < 0 || i < 0 {
		var keys []string
		for _, k := range t.KeyColumns {
			keys = append(keys, k.Name)
		}
		return nil, fmt.Errorf("%s can't be limited by %s: choose from %s", t.Name, name, strings.Join(keys, ", "))
	}
	var conditions []Condition
	add := func(operator string, texts ...string) error {
		if len(texts) == 0 || texts[0] == "" {
			return nil
		}
		if !slices.Contains(t.KeyColumns[i].Operators, operator) {
			return fmt.Errorf("%s.%s takes no condition with %s", t.Name, name, operator)
		}
		var values []any
		for _, text := range texts {
			value, err := valueOf(t.Columns[at].Type, text)
			if err != nil {
				return fmt.Errorf("%s.%s: %w", t.Name, name, err)
			}
			values = append(values, value)
		}
		c := Condition{Column: name, Operator: operator, Value: values[0]}
		if len(values) > 1 {
			c.Value = values
		}
		conditions = append(conditions, c)
		return nil
	}
	return conditions, errors.Join(add("=", r.Values...), add(">=", r.From), add("<=", r.To))
}

// valueOf returns a text as a value of a column.
func valueOf(t sqlhost.Type, text string) (any, error) {
	switch t {
	case sqlhost.Boolean:
		switch text {
		case "true":
			return true, nil
		case "false":
			return false, nil
		}
		return nil, fmt.Errorf("%q should be true or false", text)
	case sqlhost.Integer:
		return integer(text)
	case sqlhost.Timestamp:
		for _, form := range []string{time.RFC3339Nano, time.DateOnly} {
			if at, err := time.Parse(form, text); err == nil {
				return at.UTC(), nil
			}
		}
		return nil, fmt.Errorf("%q should be a time, for example 2026-11-30 or 2026-11-30T08:15:30Z", text)
	}
	return text, nil
}
