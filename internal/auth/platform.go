package auth

import "io"

// A platform has the functions of the store that differ between operating systems. Locks don't: those of flock work the same
// everywhere.
type platform interface {
	// makeDir makes a folder that only its owner can use, and the folder's parents. It does nothing if the folder exists.
	makeDir(dir string) error
	// create makes a new file that only its owner can use, and opens it for writing.
	create(path string) (pendingFile, error)
	// open opens a file for reading.
	open(path string) (io.ReadCloser, error)
	// replace renames a file and replaces an existing one. Other processes see either the old or the new file.
	replace(from, to string) error
	// syncDir makes sure that replaced files in a folder survive a crash of the machine.
	syncDir(dir string) error
	// isBusy reports whether an error occurred because another process has the file open.
	isBusy(err error) bool
	// foreign names a file's owner and the process's user if they differ. Otherwise it returns "".
	foreign(path string) (whose string, err error)
	// openTo says, in the platform's terms, who can access a file besides its owner. It returns "" if nobody can.
	openTo(path string) (whom string, err error)
	// writableBy says in the same terms who can write into a folder besides its owner.
	writableBy(dir string) (whom string, err error)
	// closeToOthers removes all permissions on a file except the owner's.
	closeToOthers(path string) error
}

// A pendingFile is an [os.File] that is still being written and will be renamed.
type pendingFile interface {
	io.WriteCloser
	io.WriterAt
	Truncate(size int64) error
	Sync() error
	Name() string
}
