package sqlhost

import (
	"testing"

	"github.com/turbot/steampipe-plugin-sdk/v5/grpc/proto"
)

// TestMemoIsBounded scans tables of several sizes with one cursor, each twice.
func TestMemoIsBounded(t *testing.T) {
	var m memo
	scanTwice := func(question string, rows int) (found bool) {
		if _, found = m.begin(question); found {
			return true
		}
		for range rows {
			m.add(&proto.Row{})
		}
		m.end()
		return false
	}
	tests := []struct {
		question string
		rows     int
		want     bool // whether it is kept
	}{
		{"first and large", firstMemo + 1, false},
		{"large", firstMemo + 1, true},
		{"empty", 0, true},
		{"the rest", fullMemo - firstMemo - 2, true},
		{"one too many", 1, false},
	}
	for _, test := range tests {
		scanTwice(test.question, test.rows)
		rows, found := m.rows[test.question]
		if found != test.want || found && len(rows) != test.rows {
			t.Errorf("%s: found %t with %d rows, want %t with %d", test.question, found, len(rows), test.want, test.rows)
		}
	}
	if m.held > fullMemo {
		t.Errorf("%d rows kept, want at most %d", m.held, fullMemo)
	}
}
