// Package powerpipetest reads Powerpipe mods, and refuses what Powerpipe would refuse when somebody opens them, so that a test
// finds it first.
package powerpipetest

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/ext/typeexpr"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/convert"
	"github.com/zclconf/go-cty/cty/function"
	"github.com/zclconf/go-cty/cty/function/stdlib"
)

// A Mod is what was read.
type Mod struct {
	Name    string
	Queries map[string]Query // by name
	Uses    []Use            // of the queries, by blocks of dashboards and controls
}

// A Query is a block of the type.
type Query struct {
	SQL    string
	Params []Param
}

// A Param is a parameter of a query: the place $1 is that of the first.
type Param struct {
	Name    string
	Default any // a float64, a string, a bool or a []any; nil if there is none
}

// A Use is a block that shows what a query finds.
type Use struct {
	Block   string // its type
	Query   string
	Columns []string // of the query that the block names
	Where   string
}

// A reader reads one mod.
type reader struct {
	*Mod
	files  fs.FS
	tops   []*hclsyntax.Block
	named  map[string]map[string]*hclsyntax.Block // by type and name
	inputs map[string]map[string]bool             // of dashboards
	eval   *hcl.EvalContext
	errs   []error
}

// Read reads the mod in a folder. The error has all that is wrong with it.
func Read(files fs.FS) (*Mod, error) {
	r := &reader{Mod: &Mod{Queries: map[string]Query{}}, files: files, named: map[string]map[string]*hclsyntax.Block{}, inputs: map[string]map[string]bool{}}
	r.parse()
	if len(r.errs) > 0 {
		return nil, errors.Join(r.errs...)
	}
	r.declare()
	r.evaluate()
	for _, b := range r.tops {
		if b.Type == "query" {
			r.query(b)
		}
	}
	for _, b := range r.tops {
		r.check(b, top[b.Type], r.eval)
	}
	if r.Name == "" {
		r.errs = append(r.errs, errors.New("there is no mod block"))
	}
	return r.Mod, errors.Join(r.errs...)
}

func (r *reader) fail(at hcl.Range, format string, args ...any) {
	r.errs = append(r.errs, fmt.Errorf("%s:%d: %w", at.Filename, at.Start.Line, fmt.Errorf(format, args...)))
}

func (r *reader) failAll(diagnostics hcl.Diagnostics) {
	for _, d := range diagnostics {
		r.errs = append(r.errs, d)
	}
}

// parse reads the files.
func (r *reader) parse() {
	err := fs.WalkDir(r.files, ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || path.Ext(name) != ".pp" {
			return err
		}
		content, err := fs.ReadFile(r.files, name)
		if err != nil {
			return err
		}
		parsed, diagnostics := hclsyntax.ParseConfig(content, name, hcl.InitialPos)
		r.failAll(diagnostics)
		if diagnostics.HasErrors() {
			return nil
		}
		body := parsed.Body.(*hclsyntax.Body)
		for _, a := range body.Attributes {
			r.fail(a.Range(), "argument %s stands in no block", a.Name)
		}
		r.tops = append(r.tops, body.Blocks...)
		return nil
	})
	if err != nil {
		r.errs = append(r.errs, err)
	}
}

var snake = regexp.MustCompile(`^[a-z][a-z0-9_]*$`)

// declare notes the names that references may name.
func (r *reader) declare() {
	for _, b := range r.tops {
		if _, ok := top[b.Type]; !ok {
			r.fail(b.DefRange(), "there is no block %s, not outside of others", b.Type)
			continue
		}
		if len(b.Labels) != 1 {
			continue
		}
		name := b.Labels[0]
		if !snake.MatchString(name) {
			r.fail(b.DefRange(), "the name %q should be of lower-case letters, digits and underscores", name)
		}
		if r.named[b.Type] == nil {
			r.named[b.Type] = map[string]*hclsyntax.Block{}
		}
		if other := r.named[b.Type][name]; other != nil {
			r.fail(b.DefRange(), "there is a %s %s already, at %s", b.Type, name, other.DefRange())
		}
		r.named[b.Type][name] = b
		switch b.Type {
		case "mod":
			if r.Name != "" {
				r.fail(b.DefRange(), "there is a mod block already")
			}
			r.Name = name
		case "dashboard":
			r.inputs[name] = map[string]bool{}
			r.declareInputs(name, b)
		}
	}
}

// declareInputs notes the inputs of a dashboard, which may stand in its containers.
func (r *reader) declareInputs(dashboard string, b *hclsyntax.Block) {
	for _, inside := range b.Body.Blocks {
		if inside.Type == "input" && len(inside.Labels) == 1 {
			if r.inputs[dashboard][inside.Labels[0]] {
				r.fail(inside.DefRange(), "dashboard %s has an input %s already", dashboard, inside.Labels[0])
			}
			r.inputs[dashboard][inside.Labels[0]] = true
		}
		r.declareInputs(dashboard, inside)
	}
}

// evaluate makes what expressions may name: variables, locals, and the addresses of dashboards.
func (r *reader) evaluate() {
	vars, locals, dashboards := map[string]cty.Value{}, map[string]cty.Value{}, map[string]cty.Value{}
	for name, b := range r.named["variable"] {
		vars[name] = r.variable(name, b)
	}
	for name := range r.named["dashboard"] {
		dashboards[name] = cty.ObjectVal(map[string]cty.Value{"url_path": cty.StringVal("/" + r.Name + ".dashboard." + name)})
	}
	r.eval = &hcl.EvalContext{
		Variables: map[string]cty.Value{"var": cty.ObjectVal(vars), "dashboard": cty.ObjectVal(dashboards)},
		Functions: map[string]function.Function{"merge": stdlib.MergeFunc, "file": r.file()},
	}
	for _, b := range r.tops {
		if b.Type != "locals" {
			continue
		}
		for name, a := range b.Body.Attributes {
			if _, twice := locals[name]; twice {
				r.fail(a.Range(), "there is a local %s already", name)
			}
			v, diagnostics := a.Expr.Value(r.eval)
			r.failAll(diagnostics)
			locals[name] = v
		}
	}
	r.eval.Variables["local"] = cty.ObjectVal(locals)
}

// variable is the default of a variable, in the variable's type.
func (r *reader) variable(name string, b *hclsyntax.Block) cty.Value {
	kind, value := b.Body.Attributes["type"], b.Body.Attributes["default"]
	if kind == nil || value == nil {
		return cty.DynamicVal // that they are missing is said elsewhere
	}
	is, diagnostics := typeexpr.TypeConstraint(kind.Expr)
	r.failAll(diagnostics)
	v, more := value.Expr.Value(nil)
	r.failAll(more)
	if diagnostics.HasErrors() || more.HasErrors() {
		return cty.DynamicVal
	}
	converted, err := convert.Convert(v, is)
	if err != nil {
		r.fail(value.Range(), "the default of %s is no %s: %w", name, is.FriendlyName(), err)
		return cty.DynamicVal
	}
	if is.IsListType() && converted.LengthInt() == 0 {
		r.fail(value.Range(), "the default of %s is an empty list, which Powerpipe takes for none", name)
	}
	return converted
}

// file is HCL's function of the name, for files of the mod.
func (r *reader) file() function.Function {
	return function.New(&function.Spec{
		Params: []function.Parameter{{Name: "path", Type: cty.String}},
		Type:   function.StaticReturnType(cty.String),
		Impl: func(args []cty.Value, _ cty.Type) (cty.Value, error) {
			content, err := fs.ReadFile(r.files, path.Clean(args[0].AsString()))
			return cty.StringVal(string(content)), err
		},
	})
}

var place = regexp.MustCompile(`\$(\d+)`)

// query reads a query.
func (r *reader) query(b *hclsyntax.Block) {
	sql := b.Body.Attributes["sql"]
	if sql == nil {
		return
	}
	v, diagnostics := sql.Expr.Value(r.eval)
	if diagnostics.HasErrors() || v.Type() != cty.String || !v.IsKnown() {
		return
	}
	q := Query{SQL: v.AsString()}
	for _, p := range b.Body.Blocks {
		if p.Type != "param" || len(p.Labels) != 1 {
			continue
		}
		found := Param{Name: p.Labels[0]}
		if slices.ContainsFunc(q.Params, func(other Param) bool { return other.Name == found.Name }) {
			r.fail(p.DefRange(), "there is a param %s already", found.Name)
		}
		if a := p.Body.Attributes["default"]; a != nil {
			if v, diagnostics := a.Expr.Value(r.eval); !diagnostics.HasErrors() {
				found.Default = plain(v)
			}
		}
		q.Params = append(q.Params, found)
	}
	places := map[int]bool{}
	for _, found := range place.FindAllStringSubmatch(q.SQL, -1) {
		n, _ := strconv.Atoi(found[1])
		places[n] = true
	}
	for n := range places {
		if n < 1 || n > len(q.Params) {
			r.fail(sql.Range(), "the SQL has $%d, and there are %d params", n, len(q.Params))
		}
	}
	for i, p := range q.Params {
		if !places[i+1] {
			r.fail(b.DefRange(), "the SQL does not have $%d, for the param %s", i+1, p.Name)
		}
	}
	r.Queries[b.Labels[0]] = q
}

// plain is a value as Powerpipe passes it to a database: as JSON would have it.
func plain(v cty.Value) any {
	switch {
	case !v.IsWhollyKnown() || v.IsNull():
		return nil
	case v.Type() == cty.String:
		return v.AsString()
	case v.Type() == cty.Number:
		f, _ := v.AsBigFloat().Float64()
		return f
	case v.Type() == cty.Bool:
		return v.True()
	}
	all := []any{}
	for _, element := range v.AsValueSlice() {
		all = append(all, plain(element))
	}
	return all
}

// check compares a block with what its type may have.
func (r *reader) check(b *hclsyntax.Block, is block, eval *hcl.EvalContext) {
	if len(b.Labels) != is.labels {
		r.fail(b.DefRange(), "a block %s has %d names, and this one %d", b.Type, is.labels, len(b.Labels))
	}
	for _, name := range is.required {
		if b.Body.Attributes[name] == nil {
			r.fail(b.DefRange(), "%s has no %s", describe(b), name)
		}
	}
	if b.Type == "dashboard" && len(b.Labels) == 1 {
		eval = withInputs(eval, r.inputs[b.Labels[0]])
	}
	for name, a := range b.Body.Attributes {
		known, ok := is.arguments[name]
		switch {
		case b.Type == "locals", b.Type == "variable" && name == "type":
		case !ok:
			r.fail(a.Range(), "%s has no argument %s", describe(b), name)
		case known.isArgs:
			r.passed(b, a, eval)
		case known.to != nil:
			r.references(b, a, known)
		default:
			r.value(b, a, known, eval)
		}
	}
	r.asking(b, is)
	for _, inside := range b.Body.Blocks {
		known, ok := is.blocks[inside.Type]
		if !ok {
			r.fail(inside.DefRange(), "%s has no block %s", describe(b), inside.Type)
			continue
		}
		r.check(inside, known, eval)
	}
}

func describe(b *hclsyntax.Block) string {
	if len(b.Labels) == 0 {
		return b.Type
	}
	return b.Type + " " + strings.Join(b.Labels, " ")
}

// withInputs has the inputs of a dashboard, whose values are known when somebody has chosen.
func withInputs(eval *hcl.EvalContext, names map[string]bool) *hcl.EvalContext {
	inputs := map[string]cty.Value{}
	for name := range names {
		inputs[name] = cty.ObjectVal(map[string]cty.Value{"value": cty.UnknownVal(cty.String)})
	}
	inside := eval.NewChild()
	inside.Variables = map[string]cty.Value{"self": cty.ObjectVal(map[string]cty.Value{"input": cty.ObjectVal(inputs)})}
	return inside
}

// value checks an argument that has a value.
func (r *reader) value(b *hclsyntax.Block, a *hclsyntax.Attribute, known argument, eval *hcl.EvalContext) {
	v, diagnostics := a.Expr.Value(eval)
	r.failAll(diagnostics)
	if diagnostics.HasErrors() || !v.IsWhollyKnown() {
		return
	}
	converted, err := convert.Convert(v, known.is)
	if err != nil || v.IsNull() || v.Type().IsPrimitiveType() && known.is != cty.DynamicPseudoType && v.Type() != known.is {
		r.fail(a.Range(), "%s of %s is no %s", a.Name, describe(b), known.is.FriendlyName())
		return
	}
	switch {
	case known.oneOf != nil && !slices.Contains(known.oneOf, converted.AsString()):
		r.fail(a.Range(), "%s of %s is %q, and can be %s", a.Name, describe(b), converted.AsString(), strings.Join(known.oneOf, ", "))
	case a.Name == "width":
		if f, _ := converted.AsBigFloat().Float64(); f < 0 || f > 12 || f != float64(int(f)) {
			r.fail(a.Range(), "the width of %s is %v, and there are 12 columns", describe(b), f)
		}
	case a.Name == "href":
		r.link(a, converted.AsString())
	case known.is == cty.String && strings.TrimSpace(converted.AsString()) == "":
		r.fail(a.Range(), "%s of %s is empty", a.Name, describe(b))
	}
}

var (
	linked = regexp.MustCompile(`/(\w+)\.dashboard\.(\w+)`)
	passed = regexp.MustCompile(`[?&]input\.(\w+)=`)
)

// link checks that a link to a dashboard passes inputs that it has.
func (r *reader) link(a *hclsyntax.Attribute, href string) {
	to := linked.FindStringSubmatch(href)
	if to == nil {
		return
	}
	if to[1] != r.Name || r.inputs[to[2]] == nil {
		r.fail(a.Range(), "there is no dashboard %s", to[2])
		return
	}
	for _, input := range passed.FindAllStringSubmatch(href, -1) {
		if !r.inputs[to[2]][input[1]] {
			r.fail(a.Range(), "dashboard %s has no input %s", to[2], input[1])
		}
	}
}

// references checks an argument that names other blocks.
func (r *reader) references(b *hclsyntax.Block, a *hclsyntax.Attribute, known argument) {
	expressions := []hcl.Expression{a.Expr}
	if known.isList {
		var diagnostics hcl.Diagnostics
		expressions, diagnostics = hcl.ExprList(a.Expr)
		r.failAll(diagnostics)
		if len(expressions) == 0 {
			r.fail(a.Range(), "%s of %s is empty", a.Name, describe(b))
		}
	}
	seen := map[string]bool{}
	for _, e := range expressions {
		kind, name := named(e)
		switch {
		case !slices.Contains(known.to, kind):
			r.fail(e.Range(), "%s of %s should name a %s", a.Name, describe(b), strings.Join(known.to, " or a "))
		case r.named[kind][name] == nil:
			r.fail(e.Range(), "there is no %s %s", kind, name)
		case seen[kind+"."+name]:
			r.fail(e.Range(), "%s of %s names %s.%s twice", a.Name, describe(b), kind, name)
		}
		seen[kind+"."+name] = true
	}
}

// named is the type and the name of the block that an expression refers to.
func named(e hcl.Expression) (kind, name string) {
	traversal, diagnostics := hcl.AbsTraversalForExpr(e)
	if diagnostics.HasErrors() || len(traversal) != 2 {
		return "", ""
	}
	if attribute, ok := traversal[1].(hcl.TraverseAttr); ok {
		return traversal.RootName(), attribute.Name
	}
	return "", ""
}

// asking checks that a block that needs a query has one, with all its arguments, and notes that it shows what it finds.
func (r *reader) asking(b *hclsyntax.Block, is block) {
	if is.asks == never {
		return
	}
	query := b.Body.Attributes["query"]
	if query == nil {
		inside := slices.ContainsFunc(b.Body.Blocks, func(x *hclsyntax.Block) bool {
			return x.Type == "node" || x.Type == "edge" || x.Type == "option"
		})
		kind := b.Body.Attributes["type"]
		isText := b.Type == "input" && kind != nil && literal(kind.Expr) == "text"
		if is.asks == must && !inside && !isText {
			r.fail(b.DefRange(), "%s has no query", describe(b))
		}
		if b.Body.Attributes["args"] != nil {
			r.fail(b.DefRange(), "%s has args, and no query that takes them", describe(b))
		}
		return
	}
	_, name := named(query.Expr)
	q, ok := r.Queries[name]
	if !ok {
		return // which is said elsewhere
	}
	use := Use{Block: b.Type, Query: name, Where: b.DefRange().String()}
	for _, inside := range b.Body.Blocks {
		switch inside.Type {
		case "column":
			use.Columns = append(use.Columns, inside.Labels...)
		case "node", "edge":
			r.fail(b.DefRange(), "%s has a query, and nodes and edges besides", describe(b))
		}
	}
	r.Uses = append(r.Uses, use)
	given := map[string]bool{}
	if a := b.Body.Attributes["args"]; a != nil {
		pairs, _ := hcl.ExprMap(a.Expr) // what it is not is said elsewhere
		for _, pair := range pairs {
			given[literalKey(pair.Key)] = true
		}
	}
	for _, p := range q.Params {
		if p.Default == nil && !given[p.Name] {
			r.fail(b.DefRange(), "%s does not pass %s, which query %s needs", describe(b), p.Name, name)
		}
	}
}

// passed checks the arguments that a block passes to its query.
func (r *reader) passed(b *hclsyntax.Block, a *hclsyntax.Attribute, eval *hcl.EvalContext) {
	pairs, diagnostics := hcl.ExprMap(a.Expr)
	r.failAll(diagnostics)
	query := b.Body.Attributes["query"]
	if query == nil {
		return
	}
	_, name := named(query.Expr)
	q, ok := r.Queries[name]
	for _, pair := range pairs {
		key := literalKey(pair.Key)
		if ok && !slices.ContainsFunc(q.Params, func(p Param) bool { return p.Name == key }) {
			r.fail(pair.Key.Range(), "query %s takes no %s", name, key)
		}
		_, diagnostics := pair.Value.Value(eval)
		r.failAll(diagnostics)
	}
}

func literal(e hcl.Expression) string {
	v, diagnostics := e.Value(nil)
	if diagnostics.HasErrors() || v.Type() != cty.String {
		return ""
	}
	return v.AsString()
}

func literalKey(e hcl.Expression) string {
	if word := hcl.ExprAsKeyword(e); word != "" {
		return word
	}
	return literal(e)
}
