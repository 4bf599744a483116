// Generate reads Bitbucket's OpenAPI document from standard input, and writes the parts that tests need: see package
// contract.
package main

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
)

type document struct {
	Paths      map[string]path `json:"paths"`
	Components components      `json:"components"`
}

type path struct {
	Get        *operation  `json:"get,omitempty"`
	Parameters []parameter `json:"parameters,omitempty"`
}

type operation struct {
	Deprecated bool                  `json:"deprecated,omitempty"`
	Parameters []parameter           `json:"parameters,omitempty"`
	Security   []map[string][]string `json:"security,omitempty"`
}

type parameter struct {
	In   string `json:"in"`
	Name string `json:"name"`
}

type components struct {
	Schemas map[string]schema `json:"schemas"`
}

type schema struct {
	Ref           string            `json:"$ref,omitempty"`
	AllOf         []schema          `json:"allOf,omitempty"`
	Properties    map[string]schema `json:"properties,omitempty"`
	Discriminator *struct{}         `json:"discriminator,omitempty"`
	Items         *schema           `json:"items,omitempty"`
}

func main() {
	if err := generate(os.Stdin, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// generate writes the parts declared above, of the operations that read.
func generate(in io.Reader, out io.Writer) error {
	var d document
	if err := json.NewDecoder(in).Decode(&d); err != nil {
		return fmt.Errorf("standard input is not an OpenAPI document: %w", err)
	}
	for name, p := range d.Paths {
		if p.Get == nil {
			delete(d.Paths, name)
		}
	}
	e := json.NewEncoder(out)
	e.SetIndent("", "\t")
	return e.Encode(d)
}
