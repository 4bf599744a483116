package command

import (
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/hashicorp/hcl/v2/hclwrite"
	"github.com/zclconf/go-cty/cty"
)

// An argument is an argument of a connection.
type argument struct {
	name, value string
	verbatim    bool // value is written as it is, for example a comment
}

// write adds the arguments to the body of a block, in their order.
func write(body *hclwrite.Body, arguments []argument) {
	for _, a := range arguments {
		if a.verbatim {
			body.AppendUnstructuredTokens(hclwrite.Tokens{{Type: hclsyntax.TokenNil, Bytes: []byte(a.value + "\n")}})
			continue
		}
		body.SetAttributeValue(a.name, cty.StringVal(a.value))
	}
}

// connectionBody returns the arguments of a connection without the enclosing block.
func connectionBody(arguments []argument) string {
	file := hclwrite.NewEmptyFile()
	write(file.Body(), arguments)
	return string(file.Bytes())
}

// connectionBlock returns a connection in the form of a .spc file.
func connectionBlock(name string, arguments []argument) string {
	file := hclwrite.NewEmptyFile()
	write(file.Body().AppendNewBlock("connection", []string{name}).Body(), arguments)
	return string(hclwrite.Format(file.Bytes()))
}
