// Package contract contains the parts of Bitbucket's OpenAPI document that tests need: for each operation that reads,
// its parameters and scopes, and for each schema the names of its fields. To update it, download the document from the
// page below and run:
//
//	go run ./internal/contract/generate <swagger.v3.json >internal/contract/openapi.json
//
// https://developer.atlassian.com/cloud/bitbucket/rest/intro/
package contract

import (
	_ "embed"

	"github.com/tidwall/gjson"
)

//go:embed openapi.json
var document string

// Document returns these parts: the names and references of paths and components.schemas.
func Document() gjson.Result { return gjson.Parse(document) }
