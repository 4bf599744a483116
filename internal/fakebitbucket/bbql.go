package fakebitbucket

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/kindor/steampipe-plugin-bitbucket/internal/fakebitbucket/organization"
)

// A condition is a parsed query in BBQL, the language of the q parameter.
// https://developer.atlassian.com/cloud/bitbucket/rest/intro/#filtering
type condition interface {
	holds(object) bool
}

type (
	// anyOf joins terms with OR, allOf joins them with AND.
	anyOf []condition
	allOf []condition

	// A comparison is a field, an operator and one value. IN and NOT IN have any number of values.
	comparison struct {
		name     string // name of the field
		path     string // path of its value
		operator string
		values   []any // string, float64, bool, nil or time.Time
		folds    bool  // = and != ignore case
	}
)

// A fieldKind is the type of a field's values.
type fieldKind string

const (
	textKind     fieldKind = "text"
	naturalKind  fieldKind = "natural" // text in which numbers sort by value
	numberKind   fieldKind = "number"
	booleanKind  fieldKind = "boolean"
	datetimeKind fieldKind = "datetime"
	levelKind    fieldKind = "level" // ordered like permissions
	embeddedKind fieldKind = "object"
)

// A fieldset names the fields that q or sort may use at an endpoint.
type fieldset map[string]bbqlField

type bbqlField struct {
	kind fieldKind
	path string // path of the value
}

// fieldsOf returns a fieldset from a list of names for each kind. Use name=path if the path of the value differs from
// the name.
func fieldsOf(names map[fieldKind]string) fieldset {
	f := fieldset{}
	for k, list := range names {
		for entry := range strings.FieldsSeq(list) {
			name, path, moved := strings.Cut(entry, "=")
			if !moved {
				path = name
			}
			f[name] = bbqlField{k, path}
		}
	}
	return f
}

// parseBBQL parses a query. If foldsCase is set, = and != ignore case; the documentation does not say which is right.
// Its errors are the messages that the service returns.
func parseBBQL(query string, foldsCase bool, fields fieldset) (condition, error) {
	tokens, err := lexBBQL(query)
	if err != nil {
		return nil, err
	}
	p := &parser{tokens: tokens, fields: fields, folds: foldsCase}
	c, err := p.anyOf()
	if err != nil {
		return nil, err
	}
	if t := p.next(); t.kind != tokenEnd {
		return nil, badRequest("Invalid query: unexpected %q", t.text)
	}
	return c, nil
}

// Passes reports whether an object passes a query. The object has one field, with a string, a bool, an int64 or a
// time.Time, and the query uses only that field. It parses queries as strictly as the endpoints do. See
// [Options].FoldsCase for foldsCase.
func Passes(query string, foldsCase bool, name string, value any) (bool, error) {
	f := bbqlField{path: name}
	switch v := value.(type) {
	case string:
		f.kind = textKind
	case bool:
		f.kind = booleanKind
	case int64:
		f.kind = numberKind
	case time.Time:
		f.kind, value = datetimeKind, timestamp{time: v}
	}
	c, err := parseBBQL(query, foldsCase, fieldset{name: f})
	if err != nil {
		return false, err
	}
	return c.holds(object{{name: name, value: value}}), nil
}

type parser struct {
	tokens []bbqlToken
	fields fieldset
	folds  bool // = and != ignore case
}

func (p *parser) next() bbqlToken {
	t := p.tokens[0]
	if t.kind != tokenEnd {
		p.tokens = p.tokens[1:]
	}
	return t
}

// word consumes the next token if it is the given word or sign. It reports whether it did.
func (p *parser) word(text string) bool {
	t := p.tokens[0]
	if t.kind != tokenWord && t.kind != tokenSign || !strings.EqualFold(t.text, text) {
		return false
	}
	p.next()
	return true
}

func (p *parser) anyOf() (condition, error) {
	var terms anyOf
	for {
		t, err := p.allOf()
		if err != nil {
			return nil, err
		}
		terms = append(terms, t)
		if !p.word("OR") {
			return terms, nil
		}
	}
}

func (p *parser) allOf() (condition, error) {
	var terms allOf
	for {
		t, err := p.term()
		if err != nil {
			return nil, err
		}
		terms = append(terms, t)
		if !p.word("AND") {
			return terms, nil
		}
	}
}

func (p *parser) term() (condition, error) {
	if !p.word("(") {
		return p.comparison()
	}
	c, err := p.anyOf()
	if err != nil {
		return nil, err
	}
	if !p.word(")") {
		return nil, badRequest("Invalid query: expected ) before %q", p.next().text)
	}
	return c, nil
}

func (p *parser) comparison() (condition, error) {
	name := p.next()
	if name.kind != tokenWord {
		return nil, badRequest("Invalid query: expected a field, not %q", name.text)
	}
	f, ok := p.fields[name.text]
	if !ok {
		return nil, badRequest("%s: field does not support filtering", name.text)
	}
	c := comparison{name: name.text, path: f.path, folds: p.folds}
	var err error
	if c.operator, err = p.operator(); err != nil {
		return nil, err
	}
	if c.values, err = p.operands(c.operator); err != nil {
		return nil, err
	}
	for _, v := range c.values {
		if err := checkComparison(c, f.kind, v); err != nil {
			return nil, err
		}
	}
	return c, nil
}

func (p *parser) operator() (string, error) {
	if p.word("IN") {
		return "IN", nil
	}
	if p.word("NOT") {
		if p.word("IN") {
			return "NOT IN", nil
		}
		return "", badRequest("Invalid query: expected IN after NOT")
	}
	t := p.next()
	switch t.text {
	case "=", "!=", "~", "!~", ">", ">=", "<", "<=":
		if t.kind == tokenSign {
			return t.text, nil
		}
	}
	return "", badRequest("Invalid query: expected an operator, not %q", t.text)
}

func (p *parser) operands(operator string) ([]any, error) {
	if operator != "IN" && operator != "NOT IN" {
		v, err := p.operand()
		return []any{v}, err
	}
	if !p.word("(") {
		return nil, badRequest("Invalid query: expected ( after %s", operator)
	}
	var values []any
	for {
		v, err := p.operand()
		if err != nil {
			return nil, err
		}
		values = append(values, v)
		if p.word(")") {
			return values, nil
		}
		if !p.word(",") {
			return nil, badRequest("Invalid query: expected , or ) before %q", p.next().text)
		}
	}
}

func (p *parser) operand() (any, error) {
	t := p.next()
	if t.kind == tokenValue {
		return t.value, nil
	}
	if t.kind == tokenWord {
		switch strings.ToLower(t.text) {
		case "true":
			return true, nil
		case "false":
			return false, nil
		case "null":
			return nil, nil
		}
	}
	return nil, badRequest("Invalid query: expected a value, not %q", t.text)
}

// checkComparison returns an error if a field of a kind does not support the comparison.
func checkComparison(c comparison, k fieldKind, v any) error {
	bad := badRequest("Invalid query: %s cannot be compared with %s %v", c.name, c.operator, v)
	ordered := c.operator[0] == '<' || c.operator[0] == '>'
	textual := strings.HasSuffix(c.operator, "~")
	var matches bool
	switch v := v.(type) {
	case nil:
		matches = !ordered && !textual
	case string:
		matches = k == textKind || k == naturalKind || k == levelKind && !textual && rankOfAny(v)
	case float64:
		matches = k == numberKind && !textual
	case bool:
		matches = k == booleanKind && !textual && !ordered
	case time.Time:
		matches = k == datetimeKind && !textual
	}
	if !matches {
		return bad
	}
	return nil
}

func rankOfAny(name string) bool {
	return organization.Rank(organization.ProjectPermissions, name) >= 0 ||
		organization.Rank(organization.WorkspacePermissions, name) >= 0
}

func (c anyOf) holds(o object) bool {
	for _, t := range c {
		if t.holds(o) {
			return true
		}
	}
	return false
}

func (c allOf) holds(o object) bool {
	for _, t := range c {
		if !t.holds(o) {
			return false
		}
	}
	return true
}

func (c comparison) holds(o object) bool {
	have := force(lookup(o, c.path))
	switch all := have.(type) { // a list passes if one of its values does
	case []any:
		return slices.ContainsFunc(all, c.holdsFor)
	case []string:
		return slices.ContainsFunc(all, func(one string) bool { return c.holdsFor(one) })
	}
	return c.holdsFor(have)
}

// holdsFor reports whether one value passes. As in SQL, null passes only = null and IN (null).
func (c comparison) holdsFor(have any) bool {
	switch c.operator {
	case "IN":
		return c.anyEqual(have)
	case "NOT IN":
		return have != nil && !c.anyEqual(have)
	case "=":
		return c.equal(have, c.values[0])
	case "!=":
		return (have != nil || c.values[0] == nil) && !c.equal(have, c.values[0])
	}
	if have == nil {
		return false
	}
	want := c.values[0]
	switch c.operator {
	case "~":
		return contains(have, want)
	case "!~":
		return !contains(have, want)
	case ">":
		return compareValues(have, want) > 0
	case ">=":
		return compareValues(have, want) >= 0
	case "<":
		return compareValues(have, want) < 0
	default:
		return compareValues(have, want) <= 0
	}
}

func (c comparison) anyEqual(have any) bool {
	for _, v := range c.values {
		if c.equal(have, v) {
			return true
		}
	}
	return false
}

func contains(have, want any) bool {
	return strings.Contains(strings.ToLower(fmt.Sprint(have)), strings.ToLower(want.(string)))
}

func (c comparison) equal(have, want any) bool {
	if have == nil || want == nil {
		return have == nil && want == nil
	}
	if s, ok := have.(string); ok && !c.folds {
		return s == want // compare ignores case, for sorting
	}
	return compareValues(have, want) == 0
}

// compareValues orders two values of one kind; the second may be a literal. It ignores the case of text.
func compareValues(a, b any) int {
	switch a := a.(type) {
	case string:
		return strings.Compare(strings.ToLower(a), strings.ToLower(b.(string)))
	case bool:
		return truth(a) - truth(b.(bool))
	case int, int64:
		return cmp.Compare(toFloat(a), toFloat(b))
	case timestamp:
		if t, ok := b.(timestamp); ok {
			return a.time.Compare(t.time)
		}
		return a.time.Compare(b.(time.Time))
	case permissionLevel:
		if l, ok := b.(permissionLevel); ok {
			return organization.Rank(a.order, a.name) - organization.Rank(a.order, l.name)
		}
		return organization.Rank(a.order, a.name) - organization.Rank(a.order, b.(string))
	}
	return 0 // objects have no order and are compared only with null
}

func truth(b bool) int {
	if b {
		return 1
	}
	return 0
}

func toFloat(v any) float64 {
	switch v := v.(type) {
	case int:
		return float64(v)
	case int64:
		return float64(v)
	}
	return v.(float64)
}
