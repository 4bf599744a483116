package main

import (
	"go/ast"
	"go/parser"
	"go/token"
	"go/types"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// No local, parameter or result has the name of something in its package: it would hide that, and readers would take one for the
// other. vet and the linters report only some of these names: those of variables that hide a variable of the same type.
func TestLocalsHideNothingOfTheirPackage(t *testing.T) {
	t.Parallel()
	positions := token.NewFileSet()
	packages := parseAll(t, positions)
	if len(packages) < 20 {
		t.Fatalf("found only %d packages", len(packages))
	}
	for _, files := range packages {
		// Only the scopes matter. They are right although the imports are missing, which is what the errors are about.
		config := types.Config{Error: func(error) {}}
		checked, _ := config.Check("", positions, files, nil)
		for _, local := range hiding(checked, checked.Scope(), positions) {
			t.Errorf("%s has the name of something in its package: rename one of the two", local)
		}
	}
}

// parseAll returns the files of each package of the repository, with its tests, for all systems. External tests are a package of
// their own.
func parseAll(t *testing.T, positions *token.FileSet) map[string][]*ast.File {
	t.Helper()
	packages := map[string][]*ast.File{}
	err := filepath.WalkDir(".", func(path string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case entry.IsDir() && path != "." && (strings.HasPrefix(entry.Name(), ".") || entry.Name() == "node_modules"):
			return fs.SkipDir
		case !strings.HasSuffix(path, ".go"):
			return nil
		}
		file, err := parser.ParseFile(positions, path, nil, parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		name := filepath.Join(filepath.Dir(path), file.Name.Name)
		packages[name] = append(packages[name], file)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return packages
}

// hiding returns the names in the scopes within a scope that the package has too, with file and line.
func hiding(p *types.Package, within *types.Scope, positions *token.FileSet) []string {
	var found []string
	for i := range within.NumChildren() {
		inner := within.Child(i)
		for _, name := range inner.Names() {
			if p.Scope().Lookup(name) != nil {
				at := positions.Position(inner.Lookup(name).Pos())
				found = append(found, at.String()+": "+name)
			}
		}
		found = append(found, hiding(p, inner, positions)...)
	}
	slices.Sort(found)
	return slices.Compact(found) // the variable of a type switch is in the scope of each case
}
