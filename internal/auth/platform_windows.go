package auth

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"unsafe"

	"golang.org/x/sys/windows"
)

// native is the platform of this build.
var native platform = onWindows{}

// onWindows is the platform for Windows. CI compiles and vets it, and tests the store on a double that behaves like it. The
// code in this file and flock's LockFileEx have never run on Windows itself. This concerns the setting and reading of access
// lists and owners, and the replacing of files.
type onWindows struct{}

// The rights in an access list that let others write into a folder (writes) or use a file (touches). The rights of files and
// folders share their bits: on a folder, FILE_WRITE_DATA is the right to make a file, and FILE_APPEND_DATA a folder.
const (
	writes = windows.FILE_WRITE_DATA | windows.FILE_APPEND_DATA | fileDeleteChild |
		windows.WRITE_DAC | windows.WRITE_OWNER | windows.GENERIC_WRITE | windows.GENERIC_ALL
	touches = writes | windows.FILE_READ_DATA | windows.GENERIC_READ

	fileDeleteChild = 0x40
)

// currentUser returns the process's user.
func currentUser() (*windows.SID, error) {
	user, err := windows.GetCurrentProcessToken().GetTokenUser()
	if err != nil {
		return nil, fmt.Errorf("can't find out the user of this process: %w", err)
	}
	return user.User.Sid, nil
}

// ownersOnly returns a security descriptor that gives only the process's user access. It inherits nothing from the folder
// above. For a folder, inherited is "OICI": then its content inherits the descriptor.
func ownersOnly(inherited string) (*windows.SECURITY_DESCRIPTOR, error) {
	user, err := currentUser()
	if err != nil {
		return nil, err
	}
	return windows.SecurityDescriptorFromString(fmt.Sprintf("O:%[1]sD:P(A;%[2]s;FA;;;%[1]s)", user, inherited))
}

// securityOf returns the attributes for making a file or folder with this descriptor.
func securityOf(inherited string) (*windows.SecurityAttributes, error) {
	descriptor, err := ownersOnly(inherited)
	if err != nil {
		return nil, err
	}
	attributes := &windows.SecurityAttributes{SecurityDescriptor: descriptor}
	attributes.Length = uint32(unsafe.Sizeof(*attributes))
	return attributes, nil
}

func (onWindows) makeDir(dir string) error {
	if info, err := os.Stat(dir); err == nil {
		if !info.IsDir() {
			return &os.PathError{Op: "mkdir", Path: dir, Err: syscall.ENOTDIR}
		}
		return nil
	}
	if err := os.MkdirAll(filepath.Dir(dir), 0o700); err != nil {
		return err
	}
	name, err := windows.UTF16PtrFromString(dir)
	if err != nil {
		return err
	}
	security, err := securityOf("OICI")
	if err != nil {
		return err
	}
	if err := windows.CreateDirectory(name, security); err != nil && !errors.Is(err, windows.ERROR_ALREADY_EXISTS) {
		return &os.PathError{Op: "mkdir", Path: dir, Err: err}
	}
	return nil
}

// create opens the file exclusively: nobody else can open it until it is closed.
func (onWindows) create(path string) (pendingFile, error) {
	name, err := windows.UTF16PtrFromString(path)
	if err != nil {
		return nil, err
	}
	security, err := securityOf("")
	if err != nil {
		return nil, err
	}
	handle, err := windows.CreateFile(name, windows.GENERIC_READ|windows.GENERIC_WRITE, 0, security, windows.CREATE_NEW, windows.FILE_ATTRIBUTE_NORMAL, 0)
	if err != nil {
		return nil, &os.PathError{Op: "create", Path: path, Err: err}
	}
	return os.NewFile(uintptr(handle), path), nil
}

func (onWindows) open(path string) (io.ReadCloser, error) { return os.Open(path) }

// replace fails while either file is open, for example in one of our readers, for a moment, or in a virus scanner.
func (onWindows) replace(from, to string) error {
	source, err := windows.UTF16PtrFromString(from)
	if err != nil {
		return err
	}
	target, err := windows.UTF16PtrFromString(to)
	if err != nil {
		return err
	}
	if err := windows.MoveFileEx(source, target, windows.MOVEFILE_REPLACE_EXISTING|windows.MOVEFILE_WRITE_THROUGH); err != nil {
		return &os.LinkError{Op: "rename", Old: from, New: to, Err: err}
	}
	return nil
}

// syncDir does nothing: Windows can't sync a folder, and replace writes through.
func (onWindows) syncDir(string) error { return nil }

// isBusy also counts "access denied", because Windows returns that for a file that is being replaced or removed.
func (onWindows) isBusy(err error) bool {
	return errors.Is(err, windows.ERROR_SHARING_VIOLATION) || errors.Is(err, windows.ERROR_LOCK_VIOLATION) || errors.Is(err, windows.ERROR_ACCESS_DENIED)
}

// foreign also accepts files that belong to Administrators or Everyone. Files made by an elevated process belong to
// Administrators. On a file system without owners, all files belong to Everyone.
func (onWindows) foreign(path string) (string, error) {
	descriptor, err := windows.GetNamedSecurityInfo(path, windows.SE_FILE_OBJECT, windows.OWNER_SECURITY_INFORMATION)
	if err != nil {
		return "", err
	}
	user, err := currentUser()
	if err != nil {
		return "", err
	}
	owner, _, err := descriptor.Owner()
	if err != nil {
		return "", err
	}
	if owner == nil || owner.Equals(user) || owner.IsWellKnown(windows.WinBuiltinAdministratorsSid) || owner.IsWellKnown(windows.WinWorldSid) {
		return "", nil
	}
	return fmt.Sprintf("%s, this process runs as %s", nameOf(owner), nameOf(user)), nil
}

func (onWindows) openTo(path string) (string, error) { return grantees(path, touches) }

func (onWindows) writableBy(dir string) (string, error) { return grantees(dir, writes) }

// grantees names those who have one of these rights, except the process's user and the trusted ones. It ignores entries that
// deny a right: a right that is granted and denied counts as granted.
func grantees(path string, rights windows.ACCESS_MASK) (string, error) {
	descriptor, err := windows.GetNamedSecurityInfo(path, windows.SE_FILE_OBJECT, windows.DACL_SECURITY_INFORMATION)
	if err != nil {
		return "", err
	}
	user, err := currentUser()
	if err != nil {
		return "", err
	}
	list, _, err := descriptor.DACL()
	if list == nil && (err == nil || errors.Is(err, windows.ERROR_OBJECT_NOT_FOUND)) {
		return "everybody, for want of a list", nil
	}
	if err != nil {
		return "", err
	}
	var names []string
	for i := range uint32(list.AceCount) {
		var entry *windows.ACCESS_ALLOWED_ACE
		if err := windows.GetAce(list, i, &entry); err != nil {
			return "", err
		}
		if entry.Header.AceType != windows.ACCESS_ALLOWED_ACE_TYPE || entry.Header.AceFlags&windows.INHERIT_ONLY_ACE != 0 || entry.Mask&rights == 0 {
			continue
		}
		who := (*windows.SID)(unsafe.Pointer(&entry.SidStart))
		if !who.Equals(user) && !slices.ContainsFunc(trusted, who.IsWellKnown) {
			names = append(names, nameOf(who))
		}
	}
	return strings.Join(names, ", "), nil
}

// trusted are those who can read every file anyway, and the owner of the file, if a list names the owner as such.
var trusted = []windows.WELL_KNOWN_SID_TYPE{windows.WinLocalSystemSid, windows.WinBuiltinAdministratorsSid, windows.WinCreatorOwnerRightsSid}

func (onWindows) closeToOthers(path string) error {
	descriptor, err := ownersOnly("")
	if err != nil {
		return err
	}
	list, _, err := descriptor.DACL()
	if err != nil {
		return err
	}
	return windows.SetNamedSecurityInfo(path, windows.SE_FILE_OBJECT,
		windows.DACL_SECURITY_INFORMATION|windows.PROTECTED_DACL_SECURITY_INFORMATION, nil, nil, list, nil)
}

// nameOf returns the name of a user or group, or its SID if the name is unknown.
func nameOf(sid *windows.SID) string {
	account, domain, _, err := sid.LookupAccount("")
	if err != nil {
		return sid.String()
	}
	return domain + `\` + account
}
