package command

import "testing"

func TestWrap(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		text    string
		columns int
		indent  string
		want    string
	}{
		{"one two three", 0, "", "one two three"},
		{"one two three", 13, "", "one two three"},
		{"one two three", 12, "", "one two\nthree"},
		{"one two three four", 9, "  ", "one two\n  three\n  four"},
		{"see https://example.com/a/long/path now", 10, "", "see\nhttps://example.com/a/long/path\nnow"},
		{"漢字 漢字 漢字", 9, "", "漢字 漢字\n漢字"},
		{"[x]  box  use of it", 14, "     ", "[x]  box  use\n     of it"},
	} {
		if got := wrap(tt.text, tt.columns, tt.indent); got != tt.want {
			t.Errorf("wrap(%q, %d) = %q, want %q", tt.text, tt.columns, got, tt.want)
		}
	}
}
