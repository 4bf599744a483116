package auth

import "io"

// A platform is what the store needs of an operating system and what operating systems do in different ways. Locks are not
// among that: those of flock are the same to the store on each.
type platform interface {
	// makeDir makes a folder that is closed to others, and its parents, unless it is there.
	makeDir(dir string) error
	// create makes a file that was not there, closed to others, for its content to be written.
	create(path string) (pendingFile, error)
	// open opens a file to be read.
	open(path string) (io.ReadCloser, error)
	// replace renames a file, in place of one that has the new name: others see the one or the other.
	replace(from, to string) error
	// syncDir makes the replacements in a folder outlast a crash of the machine.
	syncDir(dir string) error
	// isBusy reports whether an error comes of another process having the file open just now.
	isBusy(err error) bool
	// foreign says whose a file is, and who asks, if that is not the same user; else it is empty.
	foreign(path string) (whose string, err error)
	// openTo says to whom but its owner a file is open, in the platform's terms; it is empty if to nobody.
	openTo(path string) (whom string, err error)
	// writableBy says the same of those who may write into a folder.
	writableBy(dir string) (whom string, err error)
	// closeToOthers takes a file's permissions from everybody but its owner.
	closeToOthers(path string) error
}

// A pendingFile is an [os.File] that is not yet in its place.
type pendingFile interface {
	io.WriteCloser
	io.WriterAt
	Truncate(size int64) error
	Sync() error
	Name() string
}
