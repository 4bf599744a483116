// Package jsontree checks a JSON text and records the positions of its values, in one pass. An answer must be read once
// anyway, to check that it is JSON. After that, its items and their fields are found without reading the text again.
//
// Paths with more than names of fields are evaluated by [gjson].
package jsontree

import (
	"encoding/json"
	"iter"
	"strings"
	"unsafe"

	"github.com/tidwall/gjson"
)

// A Value is a value in a JSON text, as it is written there. The zero Value does not exist.
type Value struct {
	tree *tree
	at   int // index of its node
}

// A tree is a text with its values in the order of their beginnings: a value is followed by the values inside it.
type tree struct {
	text    string
	nodes   []node
	escapes bool // whether a name contains escapes
}

// A node is the position of a value in the text.
type node struct {
	name       uint32 // start of the field's name, after the quotation mark; 0 if the value is not a field
	start, end uint32
	parent     uint32 // node that contains it
	next       uint32 // first node after all nodes inside it
}

// Parse checks that a text is JSON, and returns its value.
func Parse(text string) (v Value, ok bool) {
	t, ok := parse(text)
	if !ok {
		return Value{}, false
	}
	return Value{tree: t}, true
}

// MustParse returns the value of a text that is known to be JSON. It panics if the text is not JSON.
func MustParse(text string) Value {
	v, ok := Parse(text)
	if !ok {
		panic("not JSON") // without the text, which may be a secret
	}
	return v
}

// Of returns the JSON value of a Go value. It panics if encoding/json can't encode it.
func Of(value any) Value {
	text, err := json.Marshal(value)
	if err != nil {
		panic(err)
	}
	return MustParse(string(text))
}

// Exists reports whether there is a value.
func (v Value) Exists() bool { return v.tree != nil }

// Raw returns the value as it is written, or "" if there is none.
func (v Value) Raw() string {
	if v.tree == nil {
		return ""
	}
	n := &v.tree.nodes[v.at]
	return v.tree.text[n.start:n.end]
}

// IsObject reports whether the value is an object.
func (v Value) IsObject() bool { return strings.HasPrefix(v.Raw(), "{") }

// IsArray reports whether the value is an array.
func (v Value) IsArray() bool { return strings.HasPrefix(v.Raw(), "[") }

// Values returns the elements of an array, or the values of an object's fields.
func (v Value) Values() iter.Seq[Value] {
	return func(yield func(Value) bool) {
		if v.tree == nil {
			return
		}
		for i, end := v.at+1, v.tree.next(v.at); i < end; i = v.tree.next(i) {
			if !yield(Value{v.tree, i}) {
				return
			}
		}
	}
}

// Len returns the number of Values.
func (v Value) Len() int {
	n := 0
	for range v.Values() {
		n++
	}
	return n
}

// Name returns the name of the field that contains the value, or "".
func (v Value) Name() string {
	if v.tree == nil {
		return ""
	}
	return v.tree.name(v.at)
}

// Field returns the value of the field with the name, which must not contain quotation marks or backslashes. If there
// are several fields with the name, it returns one of them.
func (v Value) Field(name string) Value {
	near := 0
	return v.Near(name, &near)
}

// Near returns the same as Field, but is faster for similar objects: near is the offset of the field in the previous
// object, 0 at first. Near looks there first.
func (v Value) Near(name string, near *int) Value {
	if v.tree == nil {
		return Value{}
	}
	if v.tree.isField(v.at+*near, v.at, name) {
		return Value{v.tree, v.at + *near}
	}
	for i, end := v.at+1, v.tree.next(v.at); i < end; i = v.tree.next(i) {
		if v.tree.isField(i, v.at, name) || v.tree.escapes && v.tree.name(i) == name {
			*near = i - v.at
			return Value{v.tree, i}
		}
	}
	return Value{}
}

// Result returns the value as a [gjson.Result].
func (v Value) Result() gjson.Result { return gjson.Parse(v.Raw()) }

// Get returns the result of a gjson path.
func (v Value) Get(path string) gjson.Result { return gjson.Get(v.Raw(), path) }

// Size returns the size of the whole text in memory, including the nodes.
func (v Value) Size() int {
	if v.tree == nil {
		return 0
	}
	return len(v.tree.text) + cap(v.tree.nodes)*int(unsafe.Sizeof(node{}))
}

func (t *tree) next(i int) int { return int(t.nodes[i].next) }

func (t *tree) isField(i, of int, name string) bool {
	if i <= of || i >= len(t.nodes) || int(t.nodes[i].parent) != of {
		return false
	}
	from := int(t.nodes[i].name)
	to := from + len(name)
	return from > 0 && to < len(t.text) && t.text[to] == '"' && t.text[from:to] == name // the quotation mark rules most names out
}

func (t *tree) name(i int) string {
	from := int(t.nodes[i].name)
	if from == 0 {
		return ""
	}
	to, escapes := afterString(t.text, from)
	if escapes {
		return gjson.Parse(t.text[from-1 : to]).Str
	}
	return t.text[from : to-1]
}
