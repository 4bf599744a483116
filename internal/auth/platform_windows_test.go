package auth

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/windows"
)

// listOf returns a file's access list as text.
func listOf(t *testing.T, path string) string {
	t.Helper()
	descriptor, err := windows.GetNamedSecurityInfo(path, windows.SE_FILE_OBJECT, windows.DACL_SECURITY_INFORMATION)
	if err != nil {
		t.Fatal(err)
	}
	return descriptor.String()
}

// wantClosed fails the test if anybody but the user can access the token folder or a token file in it.
func wantClosed(t *testing.T, dir, path string) {
	t.Helper()
	user, err := currentUser()
	if err != nil {
		t.Fatal(err)
	}
	for path, inherited := range map[string]string{dir: "OICI", path: ""} {
		if got, want := listOf(t, path), "(A;"+inherited+";FA;;;"+user.String()+")"; !strings.HasPrefix(got, "D:P") || !strings.HasSuffix(got, want) || strings.Count(got, "(") != 1 {
			t.Errorf("%s: list %s, want %s alone, and protected", path, got, want)
		}
	}
}

func TestListsOfAccess(t *testing.T) {
	path := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(path, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for list, want := range map[string]bool{
		"D:P(A;;FA;;;OW)":                           false,
		"D:P(A;;FA;;;OW)(A;;FA;;;SY)(A;;FA;;;BA)":   false,
		"D:P(A;;FA;;;OW)(A;;FR;;;WD)":               true,
		"D:P(A;;FA;;;OW)(A;;FW;;;BU)":               true,
		"D:P(A;;FA;;;OW)(A;;0x100080;;;WD)":         false, // only its attributes
		"D:P(D;;FR;;;BG)(A;;FA;;;OW)":               false,
		"D:P(D;;FR;;;BG)(A;;FA;;;OW)(A;;FR;;;BG)":   true,
		"D:P(A;;FA;;;OW)(A;OICIIO;FR;;;WD)":         false, // only for the content of a folder
		"D:P(A;;FA;;;OW)(A;;FR;;;S-1-5-21-1-2-3-4)": true,
	} {
		descriptor, err := windows.SecurityDescriptorFromString(list)
		if err != nil {
			t.Fatal(err)
		}
		acl, _, err := descriptor.DACL()
		if err != nil {
			t.Fatal(err)
		}
		if err := windows.SetNamedSecurityInfo(path, windows.SE_FILE_OBJECT, windows.DACL_SECURITY_INFORMATION|windows.PROTECTED_DACL_SECURITY_INFORMATION, nil, nil, acl, nil); err != nil {
			t.Fatal(err)
		}
		if whom, err := native.openTo(path); err != nil || (whom != "") != want {
			t.Errorf("%s: open to %q, %v; want open: %v", list, whom, err, want)
		}
		if err := native.closeToOthers(path); err != nil {
			t.Fatal(err)
		}
		if whom, err := native.openTo(path); err != nil || whom != "" {
			t.Errorf("%s: still open to %q, %v", list, whom, err)
		}
		if whose, err := native.foreign(path); err != nil || whose != "" {
			t.Errorf("the test's own file belongs to %q, %v", whose, err)
		}
	}
}

// An open file can't be replaced. The error says that it is busy.
func TestReplacementOfAnOpenFileIsBusy(t *testing.T) {
	dir := t.TempDir()
	from, to := filepath.Join(dir, "from"), filepath.Join(dir, "to")
	for _, path := range []string{from, to} {
		if err := os.WriteFile(path, []byte(path), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	reader, err := native.open(to)
	if err != nil {
		t.Fatal(err)
	}
	if err := native.replace(from, to); err == nil || !native.isBusy(err) {
		t.Errorf("error %v while the file is open, want a busy one", err)
	}
	reader.Close()
	if err := native.replace(from, to); err != nil {
		t.Error(err)
	}
	if content, err := os.ReadFile(to); err != nil || string(content) != from {
		t.Errorf("content %q, %v", content, err)
	}
}
