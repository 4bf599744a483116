package generate

import "testing"

// BenchmarkGenerate generates an organization of 5,000 repositories and looks up a user.
func BenchmarkGenerate(b *testing.B) {
	for b.Loop() {
		Organization(Options{Repositories: 5000, OneWorkspace: true}).User("")
	}
}
