// Package jsontree checks a JSON text and notes where its values stand, in one walk. An answer has to be walked once in any
// case, to know that it is JSON; then its items, and the fields of these, are found without another look at the text.
//
// What a path says that is more than the name of a field is left to [gjson].
package jsontree

import (
	"encoding/json"
	"iter"
	"strings"
	"unsafe"

	"github.com/tidwall/gjson"
)

// A Value is one of the values in a JSON text, as it is written there. The zero Value is none.
type Value struct {
	tree *tree
	at   int // its node
}

// A tree is a text, and its values in the order in which they begin: a value is followed by those within it.
type tree struct {
	text    string
	nodes   []node
	escapes bool // whether there are names with escapes
}

// A node is where in the text a value stands.
type node struct {
	name       uint32 // of the field that it is the value of, after the quotation mark; 0 if it is no field's
	start, end uint32
	parent     uint32 // node that it is in
	next       uint32 // first node after all that are in it
}

// Parse checks that a text is JSON, and returns the value that it is.
func Parse(text string) (v Value, ok bool) {
	t, ok := parse(text)
	if !ok {
		return Value{}, false
	}
	return Value{tree: t}, true
}

// MustParse is Parse for a text that is known to be JSON. It panics if it isn't.
func MustParse(text string) Value {
	v, ok := Parse(text)
	if !ok {
		panic("not JSON") // which may be somebody's secret, so it is not told
	}
	return v
}

// Of is what encoding/json makes of a Go value. It panics if that can't encode it.
func Of(value any) Value {
	text, err := json.Marshal(value)
	if err != nil {
		panic(err)
	}
	return MustParse(string(text))
}

// Exists says whether there is a value.
func (v Value) Exists() bool { return v.tree != nil }

// Raw is the value as it is written, or "" for none.
func (v Value) Raw() string {
	if v.tree == nil {
		return ""
	}
	n := &v.tree.nodes[v.at]
	return v.tree.text[n.start:n.end]
}

// IsObject says whether the value is an object.
func (v Value) IsObject() bool { return strings.HasPrefix(v.Raw(), "{") }

// IsArray says whether the value is an array.
func (v Value) IsArray() bool { return strings.HasPrefix(v.Raw(), "[") }

// Values are the elements of an array, or the values of an object's fields.
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

// Len is how many Values there are.
func (v Value) Len() int {
	n := 0
	for range v.Values() {
		n++
	}
	return n
}

// Name is that of the field whose value it is, or "".
func (v Value) Name() string {
	if v.tree == nil {
		return ""
	}
	return v.tree.name(v.at)
}

// Field is the value of the field with that name, which has neither quotation marks nor backslashes in it. If there are
// several, it is one of them.
func (v Value) Field(name string) Value {
	near := 0
	return v.Near(name, &near)
}

// Near is Field for one object after another that is like it: near is where in the last one the field was found, 0 at first. It
// is looked for there before it is looked for everywhere.
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

// Result is the value as gjson has it.
func (v Value) Result() gjson.Result { return gjson.Parse(v.Raw()) }

// Get is what gjson finds at a path.
func (v Value) Get(path string) gjson.Result { return gjson.Get(v.Raw(), path) }

// Size is how many bytes the whole text takes in memory, with what is known of it.
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
	return from > 0 && to < len(t.text) && t.text[to] == '"' && t.text[from:to] == name // the quotation mark tells most apart
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
