// Command write generates the files of the Powerpipe mod that come from the package audit.
package main

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/kindor/steampipe-plugin-bitbucket/internal/audit"
)

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "write needs the folder of the mod")
		os.Exit(2)
	}
	if err := write(os.Args[1]); err != nil {
		fmt.Fprintln(os.Stderr, "Error:", err)
		os.Exit(1)
	}
}

func write(dir string) error {
	mod, err := audit.Mod()
	if err != nil {
		return err
	}
	for name, content := range mod {
		path := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			return err
		}
		if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
			return err
		}
	}
	return nil
}
