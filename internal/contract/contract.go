// Package contract holds what tests need of Bitbucket's OpenAPI document: for each operation that reads, its parameters and
// scopes, and for each schema the names of its fields. To bring it up to date, download the document from the page below and
// run:
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

// Document returns the OpenAPI document, as far as it is here: the names and references of paths and components.schemas.
func Document() gjson.Result { return gjson.Parse(document) }
