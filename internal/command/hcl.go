package command

import (
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/hashicorp/hcl/v2/hclwrite"
	"github.com/zclconf/go-cty/cty"
)

// An argument is one of a connection, in the order in which it is to be written.
type argument struct {
	name, value string
	verbatim    bool // value is the text to write, such as a comment
}

// write adds the arguments to the body of a block.
func write(body *hclwrite.Body, arguments []argument) {
	for _, a := range arguments {
		if a.verbatim {
			body.AppendUnstructuredTokens(hclwrite.Tokens{{Type: hclsyntax.TokenNil, Bytes: []byte(a.value + "\n")}})
			continue
		}
		body.SetAttributeValue(a.name, cty.StringVal(a.value))
	}
}

// connectionBody returns the arguments of a connection without the block around them.
func connectionBody(arguments []argument) string {
	file := hclwrite.NewEmptyFile()
	write(file.Body(), arguments)
	return string(file.Bytes())
}

// connectionBlock returns a connection as it stands in a .spc file.
func connectionBlock(name string, arguments []argument) string {
	file := hclwrite.NewEmptyFile()
	write(file.Body().AppendNewBlock("connection", []string{name}).Body(), arguments)
	return string(hclwrite.Format(file.Bytes()))
}
