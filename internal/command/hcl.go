package command

import (
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/hashicorp/hcl/v2/hclwrite"
	"github.com/zclconf/go-cty/cty"
)

// An spcArgument is an argument of a connection.
type spcArgument struct {
	name, value string
	verbatim    bool // value is written as it is, for example a comment
}

// writeArguments adds the arguments to the body of a block, in their order.
func writeArguments(body *hclwrite.Body, arguments []spcArgument) {
	for _, a := range arguments {
		if a.verbatim {
			body.AppendUnstructuredTokens(hclwrite.Tokens{{Type: hclsyntax.TokenNil, Bytes: []byte(a.value + "\n")}})
			continue
		}
		body.SetAttributeValue(a.name, cty.StringVal(a.value))
	}
}

// connectionBody returns the arguments of a connection without the enclosing block.
func connectionBody(arguments []spcArgument) string {
	file := hclwrite.NewEmptyFile()
	writeArguments(file.Body(), arguments)
	return string(file.Bytes())
}

// connectionBlock returns a connection in the form of a .spc file.
func connectionBlock(name string, arguments []spcArgument) string {
	file := hclwrite.NewEmptyFile()
	writeArguments(file.Body().AppendNewBlock("connection", []string{name}).Body(), arguments)
	return string(hclwrite.Format(file.Bytes()))
}
