package powerpipetest

import "github.com/zclconf/go-cty/cty"

// An argument is what a block may say in one of its arguments: a value of a type, or references to other blocks.
type argument struct {
	is     cty.Type // of a value
	oneOf  []string // of a text, if not all are allowed
	to     []string // types of the blocks that a reference may name
	isList bool     // of references
	isArgs bool     // the arguments of a query, which another check looks at
}

var (
	text   = argument{is: cty.String}
	number = argument{is: cty.Number}
	tags   = argument{is: cty.Map(cty.String)}
	texts  = argument{is: cty.List(cty.String)}
	width  = argument{is: cty.Number}
	args   = argument{isArgs: true}
)

func oneOf(values ...string) argument { return argument{is: cty.String, oneOf: values} }

func reference(to ...string) argument { return argument{to: to} }

// A block is what a type of block may have.
type block struct {
	labels    int // how many names it has
	arguments map[string]argument
	required  []string         // arguments
	blocks    map[string]block // inside
	asks      asking           // whether it has a query
}

// An asking says whether a block has a query: as sql or by a reference.
type asking int

const (
	never asking = iota
	may
	must // unless a block inside asks
)

// with is the block with more arguments or blocks inside.
func (b block) with(arguments map[string]argument, blocks map[string]block) block {
	merged := block{labels: b.labels, required: b.required, asks: b.asks, arguments: map[string]argument{}, blocks: map[string]block{}}
	for _, all := range []map[string]argument{b.arguments, arguments} {
		for name, a := range all {
			merged.arguments[name] = a
		}
	}
	for _, all := range []map[string]block{b.blocks, blocks} {
		for name, inside := range all {
			merged.blocks[name] = inside
		}
	}
	return merged
}

// What the types of blocks have, as Powerpipe documents them; those that the mod has no use for are left out, and so is what
// is deprecated. What Powerpipe can do without and a reader can't, such as titles, is required.
// https://powerpipe.io/docs/powerpipe-hcl
var (
	asked = map[string]argument{"query": reference("query"), "args": args}

	card     = block{asks: may, arguments: map[string]argument{"width": width, "icon": text, "href": text, "label": text, "title": text, "type": oneOf("plain", "alert", "info", "ok"), "value": text}}.with(asked, nil)
	axis     = block{blocks: map[string]block{"title": {arguments: map[string]argument{"value": text, "display": oneOf("always", "none"), "align": oneOf("start", "center", "end")}}, "labels": {arguments: map[string]argument{"display": oneOf("auto", "always", "none")}}}}
	maximum  = map[string]argument{"min": number, "max": number}
	point    = block{labels: 1, arguments: map[string]argument{"color": text}}
	series   = block{labels: 1, arguments: map[string]argument{"title": text, "color": text}, blocks: map[string]block{"point": point}}
	legend   = block{arguments: map[string]argument{"display": oneOf("auto", "all", "none"), "position": oneOf("top", "right", "bottom", "left")}}
	chart    = block{asks: must, required: []string{"title", "type"}, arguments: map[string]argument{"title": text, "type": oneOf("bar", "column", "donut", "line", "pie", "heatmap"), "width": width, "grouping": oneOf("stack", "compare"), "transform": oneOf("auto", "none", "crosstab")}, blocks: map[string]block{"series": series, "legend": legend, "axes": {blocks: map[string]block{"x": axis, "y": axis.with(maximum, nil)}}}}.with(asked, nil)
	column   = block{labels: 1, arguments: map[string]argument{"display": oneOf("all", "none"), "wrap": oneOf("all", "none"), "href": text}}
	table    = block{asks: must, required: []string{"title"}, arguments: map[string]argument{"title": text, "type": oneOf("table", "line"), "width": width}, blocks: map[string]block{"column": column}}.with(asked, nil)
	option   = block{labels: 1, arguments: map[string]argument{"label": text}}
	input    = block{labels: 1, asks: must, required: []string{"title"}, arguments: map[string]argument{"title": text, "type": oneOf("text", "combo", "multicombo", "select", "multiselect"), "width": width, "placeholder": text}, blocks: map[string]block{"option": option}}.with(asked, nil)
	node     = block{asks: must, arguments: map[string]argument{"category": reference("category"), "title": text, "depth": number}}.with(asked, nil)
	edge     = block{asks: must, arguments: map[string]argument{"category": reference("category"), "title": text}}.with(asked, nil)
	picture  = block{asks: must, required: []string{"title"}, arguments: map[string]argument{"title": text, "width": width}, blocks: map[string]block{"node": node, "edge": edge, "category": block{labels: 1, arguments: category.arguments, blocks: category.blocks}}}.with(asked, nil)
	graph    = picture.with(map[string]argument{"direction": oneOf("left_right", "top_down"), "type": oneOf("graph")}, nil)
	flow     = picture.with(map[string]argument{"type": oneOf("sankey", "table")}, nil)
	note     = block{required: []string{"value"}, arguments: map[string]argument{"value": text, "type": oneOf("markdown", "raw"), "width": width, "title": text}}
	fold     = block{arguments: map[string]argument{"title": text, "icon": text, "threshold": number}}
	category = block{labels: 1, required: []string{"title"}, arguments: map[string]argument{"title": text, "color": text, "icon": text, "href": text}, blocks: map[string]block{"fold": fold}}
	param    = block{labels: 1, arguments: map[string]argument{"description": text, "default": {is: cty.DynamicPseudoType}}}
	embedded = block{required: []string{"base"}, arguments: map[string]argument{"base": reference("benchmark"), "type": oneOf("benchmark", "table"), "width": width, "title": text}}

	inDashboards = map[string]block{"card": card, "chart": chart, "table": table, "graph": graph, "flow": flow, "text": note, "benchmark": embedded, "input": input}
	// A container holds what a dashboard does, and containers of its own, but no deeper.
	container = block{arguments: map[string]argument{"title": text, "width": width}}.with(nil, inDashboards)
	nested    = container.with(nil, map[string]block{"container": container})

	about = map[string]argument{"title": text, "description": text, "documentation": text, "tags": tags}

	// top are the blocks that stand in a file itself.
	top = map[string]block{
		"mod": block{labels: 1, required: []string{"title", "description"}, arguments: map[string]argument{"color": text, "icon": text, "categories": texts}, blocks: map[string]block{
			"opengraph": {arguments: map[string]argument{"title": text, "description": text, "image": text}},
			"require":   {blocks: map[string]block{"plugin": {labels: 1, required: []string{"min_version"}, arguments: map[string]argument{"min_version": text}}, "powerpipe": {arguments: map[string]argument{"min_version": text}}}},
		}}.with(about, nil),
		"locals":    {arguments: nil}, // what it has is free
		"variable":  {labels: 1, required: []string{"type", "default", "description"}, arguments: map[string]argument{"type": {}, "default": {is: cty.DynamicPseudoType}, "description": text}},
		"query":     block{labels: 1, required: []string{"sql"}, arguments: map[string]argument{"sql": text}, blocks: map[string]block{"param": param}}.with(about, nil),
		"control":   block{labels: 1, asks: must, required: []string{"title", "description", "severity", "tags"}, arguments: map[string]argument{"severity": oneOf("none", "low", "medium", "high", "critical")}}.with(about, nil).with(asked, nil),
		"benchmark": block{labels: 1, required: []string{"title", "description", "children", "tags"}, arguments: map[string]argument{"children": {to: []string{"control", "benchmark"}, isList: true}, "type": oneOf("benchmark", "table")}}.with(about, nil),
		"dashboard": block{labels: 1, required: []string{"title", "documentation", "tags"}}.with(about, inDashboards).with(nil, map[string]block{"container": nested}),
		"category":  category,
	}
)
