package command

import (
	"errors"
	"io"
	"os"
	"path/filepath"
)

// A destination is where results go: the screen, standard output, or a file.
type destination struct {
	io.Writer
	first  *firstWrite  // of the screen
	screen *pagedOutput // nil for a file
	file   *os.File     // written first under another name; nil for standard output
	path   string       // name of the file
}

// newDestination opens the destination for results. Without a file it is standard output.
func newDestination(c *console, file string) (*destination, error) {
	if file == "" {
		d := &destination{first: &firstWrite{Writer: c.out, before: func() {}}}
		d.screen = newPagedOutput(d.first)
		d.Writer = d.screen
		return d, nil
	}
	d := &destination{path: file}
	name := file
	if info, err := os.Stat(file); err != nil || info.Mode().IsRegular() {
		name = filepath.Join(filepath.Dir(file), "."+filepath.Base(file)+".new")
	}
	var err error
	if d.file, err = os.Create(name); err != nil {
		return nil, misconfigured("can't write the results: %w", err)
	}
	d.Writer = d.file
	return d, nil
}

// waits tells the destination how to remove the progress before something is written to the screen.
func (d *destination) waits(stop func()) {
	if d.first == nil {
		d.first = &firstWrite{Writer: io.Discard}
	}
	d.first.before = stop
}

// ready removes the progress.
func (d *destination) ready() { d.first.before() }

// close writes what the screen holds, and waits for the pager.
func (d *destination) close() error {
	if d.screen == nil {
		return nil
	}
	return d.screen.close()
}

// finish ends the output of a command that has failed or not. Only a success replaces the file.
func (d *destination) finish(err error) error {
	if d.file == nil {
		err = errors.Join(err, d.close())
		if errors.Is(err, errPagerQuit) {
			return nil
		}
		return err
	}
	err = errors.Join(err, d.file.Close())
	switch {
	case d.file.Name() == d.path: // a device or a pipe
	case err == nil:
		err = os.Rename(d.file.Name(), d.path)
	default:
		err = errors.Join(err, os.Remove(d.file.Name()))
	}
	return err
}
