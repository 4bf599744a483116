package command

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclwrite"
)

// writeConnection changes a connection in a .spc file. It makes the file, its folder and the connection if they are
// missing. Comments, other arguments and other connections stay as they are. Afterwards only the user can read the file,
// since it has a secret. openMode is the mode that it had if others could read it before.
func writeConnection(file, name string, c spcChange) (openMode string, err error) {
	if target, err := filepath.EvalSymlinks(file); err == nil {
		file = target // the link stays
	}
	info, err := os.Stat(file)
	var content []byte
	switch {
	case err == nil:
		if content, err = os.ReadFile(file); err != nil {
			return "", err
		}
		if info.Mode().Perm()&0o077 != 0 && runtime.GOOS != "windows" {
			openMode = fmt.Sprintf("%#o", info.Mode().Perm())
		}
	case !errors.Is(err, fs.ErrNotExist):
		return "", err
	}
	changed, err := c.apply(content, file, name)
	if err != nil {
		return "", err
	}
	return openMode, replaceFile(file, changed)
}

// apply returns the content of a .spc file with the change.
func (c spcChange) apply(content []byte, file, name string) ([]byte, error) {
	parsed, diagnostics := hclwrite.ParseConfig(content, file, hcl.InitialPos)
	if diagnostics.HasErrors() {
		return nil, located(diagnostics)
	}
	block := parsed.Body().FirstMatchingBlock("connection", []string{name})
	if block == nil {
		if len(content) > 0 {
			if content[len(content)-1] != '\n' {
				parsed.Body().AppendNewline()
			}
			parsed.Body().AppendNewline()
		}
		block = parsed.Body().AppendNewBlock("connection", []string{name})
	}
	writeArguments(block.Body(), c.set)
	for _, name := range c.remove {
		block.Body().RemoveAttribute(name)
	}
	return hclwrite.Format(parsed.Bytes()), nil
}

// replaceFile replaces a file as a whole by one that only the user can read. It makes the folder.
func replaceFile(file string, content []byte) (err error) {
	folder := filepath.Dir(file)
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return err
	}
	temporary, err := os.CreateTemp(folder, "."+filepath.Base(file)+".*") // with mode 0600
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			_ = temporary.Close() // it may be closed already
			_ = os.Remove(temporary.Name())
		}
	}()
	if _, err := temporary.Write(content); err != nil {
		return err
	}
	if err := temporary.Sync(); err != nil {
		return err
	}
	if err := temporary.Close(); err != nil {
		return err
	}
	return os.Rename(temporary.Name(), file)
}

// checkWritable reports whether a file can be replaced, before the user is asked for anything. It makes nothing.
func checkWritable(file string) error {
	folder := filepath.Dir(file)
	for {
		info, err := os.Stat(folder)
		if errors.Is(err, fs.ErrNotExist) && filepath.Dir(folder) != folder {
			folder = filepath.Dir(folder)
			continue
		}
		if err == nil && !info.IsDir() {
			err = fmt.Errorf("%s is not a folder", folder)
		}
		var probe *os.File
		if err == nil {
			probe, err = os.CreateTemp(folder, ".login-*")
		}
		if err != nil {
			return misconfigured("the connection can't be written to %s: %w", file, err)
		}
		_ = probe.Close()
		return os.Remove(probe.Name())
	}
}
