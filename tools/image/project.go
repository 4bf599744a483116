package main

import (
	"fmt"
	"os"
	"path"
	"path/filepath"
	"strings"

	"golang.org/x/mod/modfile"
)

// root is the folder of the project.
const root = "../.."

// A project is what a plugin's module path says: github.com/<owner>/steampipe-plugin-<name>.
type project struct {
	module, owner, program, name string
}

func readProject() (project, error) {
	file := filepath.Join(root, "go.mod")
	text, err := os.ReadFile(file)
	if err != nil {
		return project{}, fmt.Errorf("this runs in the folder tools/image: %w", err)
	}
	module := modfile.ModulePath(text)
	program := path.Base(module)
	name, ok := strings.CutPrefix(program, "steampipe-plugin-")
	if !ok {
		return project{}, fmt.Errorf("%s is of module %q, want one whose name is steampipe-plugin-<name>", file, module)
	}
	return project{module: module, owner: path.Base(path.Dir(module)), program: program, name: name}, nil
}

// repository returns what the image is called: in its registry, in `steampipe plugin install`, and in a connection.
func (p project) repository() string { return path.Join("ghcr.io", p.owner, p.name) }
