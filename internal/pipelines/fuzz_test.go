package pipelines

import (
	"encoding/json"
	"os"
	"testing"
)

// Whatever a file contains, reading it does not panic, and returns at least one step. Every step is JSON.
func FuzzSteps(f *testing.F) {
	all, err := os.ReadFile("testdata/all.yml")
	if err != nil {
		f.Fatal(err)
	}
	f.Add(all)
	f.Add([]byte(bomb))
	f.Add([]byte("pipelines:\n  default:\n    import: a:b:c\n"))
	f.Add([]byte("pipelines:\n  default:\n    - step:\n        script:\n          - \"echo $TOKEN | base64 <<EOF\\nx\\nEOF\"\n"))
	f.Fuzz(func(t *testing.T, text []byte) {
		steps, err := Steps(text, func(Source) ([]byte, bool, error) { return text, true, nil })
		if err != nil || len(steps) == 0 {
			t.Fatalf("%d steps, error %v", len(steps), err)
		}
		for _, s := range steps {
			if _, err := json.Marshal(s); err != nil {
				t.Fatal(err)
			}
			if (s.Error == "") != (s.Position > 0) {
				t.Errorf("neither a step nor an error: %+v", s)
			}
		}
	})
}
