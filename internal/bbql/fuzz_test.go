package bbql

import (
	"cmp"
	"strings"
	"testing"
	"time"

	"github.com/kindor/steampipe-plugin-bitbucket/internal/fakebitbucket"
)

// The service reads a filter as the comparison that it was made from. No string breaks out of the quotes. A filter may also let
// everything pass.
func FuzzCompare(f *testing.F) {
	f.Add("acme", "acme", uint8(0), int64(1), int64(1), false)
	f.Add(`a" OR name != "`, `a`, uint8(0), int64(0), int64(0), true)
	f.Add(`\`, `\"`, uint8(1), int64(1603843200), int64(1603843200000001), true)
	f.Add("Straße", "STRASSE", uint8(6), int64(-1), int64(1), false)
	f.Fuzz(func(t *testing.T, have, want string, operation uint8, a, b int64, flag bool) {
		all := []string{"=", "!=", "<", "<=", ">", ">=", "~", "!~", "IN", "NOT IN", "<>"}
		operator := all[int(operation)%len(all)]
		at, than := time.UnixMicro(a%1e16).UTC(), time.UnixMicro(b%1e16).UTC()
		const exact = 1 << 53 // JSON numbers are exact up to here
		a, b = a%exact, b%exact
		for _, pair := range []struct {
			have, want any
			order      int
			equal      bool
			textual    bool
		}{
			{have, want, strings.Compare(strings.ToLower(have), strings.ToLower(want)), have == want, true},
			{a, b, cmp.Compare(a, b), a == b, false},
			{at, than, at.Compare(than), at.Equal(than), false},
			{flag, a > 0, 0, flag == (a > 0), false},
		} {
			if textual := strings.HasSuffix(operator, "~"); textual && !pair.textual {
				continue
			}
			if _, isBool := pair.have.(bool); isBool && strings.ContainsAny(operator, "<>") && operator != "<>" {
				continue
			}
			value := pair.want
			if strings.HasSuffix(operator, "IN") {
				value = []any{pair.want}
			}
			filter := Compare("field", operator, value)
			if filter.IsZero() {
				continue
			}
			got, err := fakebitbucket.Passes(filter.String(), false, "field", pair.have)
			if err != nil {
				t.Fatalf("%s: %v", filter, err)
			}
			contains := strings.Contains(strings.ToLower(have), strings.ToLower(want))
			wanted := map[string]bool{
				"=": pair.equal, "IN": pair.equal, "!=": !pair.equal, "<>": !pair.equal, "NOT IN": !pair.equal, "~": contains, "!~": !contains,
				"<": pair.order < 0, "<=": pair.order <= 0, ">": pair.order > 0, ">=": pair.order >= 0,
			}[operator]
			if got != wanted {
				t.Errorf("%s passes %q: %v, want %v", filter, pair.have, got, wanted)
			}
			// In a combination, it remains one term.
			never, _ := fakebitbucket.Passes(And(filter, Compare("field", "=", nil)).String(), false, "field", pair.have)
			always, _ := fakebitbucket.Passes(Or(filter, Compare("field", "!=", nil)).String(), false, "field", pair.have)
			if never || !always {
				t.Errorf("%s breaks out of a combination", filter)
			}
		}
	})
}
