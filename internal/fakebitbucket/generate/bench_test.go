package generate

import "testing"

// BenchmarkGenerate makes an organization of 5,000 repositories, and finds somebody in it.
func BenchmarkGenerate(b *testing.B) {
	for b.Loop() {
		Organization(Options{Repositories: 5000, OneWorkspace: true}).User("")
	}
}
