package sqlhost

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/turbot/steampipe-plugin-sdk/v5/grpc/proto"
)

func TestScan(t *testing.T) {
	moment := time.Date(2026, 3, 4, 5, 6, 7, 8000, time.UTC)
	p := &fakePlugin{tables: map[string]*fakeTable{"t": {
		schema: &proto.TableSchema{Columns: columnDefinitions("b BOOL", "i INT", "s STRING", "j JSON", "ts TIMESTAMP"), ListCallKeyColumnList: keyColumnsOf("b, =", "i, =, >=", "s, =", "ts, =")},
		rows: []fakeRow{
			{"b": true, "i": int64(1), "s": "a", "j": rawJSON(`{"x": null}`), "ts": moment},
			{"b": false, "i": int64(2), "s": "b", "j": rawJSON(`null`)},
			{"i": int64(3), "s": "c"},
		},
	}}}
	h := openHost(t, p)
	tests := map[string]struct {
		scan Scan
		want []string
	}{
		"types": {Scan{Table: "t", Columns: []string{"b", "ts", "j", "i", "s"}}, []string{
			`[true 2026-03-04 05:06:07.000008 +0000 UTC {"x": null} 1 a]`, `[false <nil> <nil> 2 b]`, `[<nil> <nil> <nil> 3 c]`,
		}},
		"list":         {Scan{Table: "t", Columns: []string{"i"}, Conditions: []Condition{{"s", "=", []any{"a", "c", "no"}}}}, []string{"[1]", "[3]"}},
		"number":       {Scan{Table: "t", Columns: []string{"s"}, Conditions: []Condition{{"i", ">=", int64(2)}}}, []string{"[b]", "[c]"}},
		"time":         {Scan{Table: "t", Columns: []string{"s"}, Conditions: []Condition{{"ts", "=", moment}}}, []string{"[a]"}},
		"boolean":      {Scan{Table: "t", Columns: []string{"s"}, Conditions: []Condition{{"b", "=", false}}}, []string{"[b]"}},
		"no such row":  {Scan{Table: "t", Columns: []string{"s"}, Conditions: []Condition{{"s", "=", "no"}}}, nil},
		"both":         {Scan{Table: "t", Columns: []string{"s"}, Conditions: []Condition{{"s", "=", "a"}, {"i", "=", int64(2)}}}, nil},
		"no condition": {Scan{Connection: "C1", Table: "t", Columns: []string{"s"}}, []string{"[a]", "[b]", "[c]"}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			if test.scan.Connection == "" {
				test.scan.Connection = "c1"
			}
			var got []string
			for row, err := range h.Scan(context.Background(), test.scan) {
				if err != nil {
					t.Fatal(err)
				}
				got = append(got, fmt.Sprint(row))
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("rows (-want +got):\n%s", diff)
			}
		})
	}
}

// No scan is left after a reader that stops, after the end of its context, or after an error of the plugin.
func TestScanEnds(t *testing.T) {
	boom := errors.New("boom")
	p := &fakePlugin{tables: map[string]*fakeTable{"t": {schema: &proto.TableSchema{Columns: columnDefinitions("i INT")}}}}
	p.execute = func(_ *proto.ExecuteRequest, stream proto.WrapperPlugin_ExecuteServer) error {
		for i := range 1000 {
			if err := stream.Send(&proto.ExecuteResponse{Row: fakeRow{"i": int64(i)}.proto("c1", []string{"i"})}); err != nil {
				return err
			}
		}
		return boom
	}
	h := openHost(t, p)
	request := Scan{Connection: "c1", Table: "t", Columns: []string{"i"}}
	for range h.Scan(context.Background(), request) {
		break
	}
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	var err error
	for _, err = range h.Scan(ctx, request) {
		cancel()
	}
	if !errors.Is(err, context.Canceled) {
		t.Errorf("error of a cancelled scan: %v", err)
	}
	n := 0
	for _, err = range h.Scan(context.Background(), request) {
		if err == nil {
			n++
		}
	}
	if n != 1000 || err == nil || err.Error() != "boom" {
		t.Errorf("%d rows and then %v", n, err)
	}
	h.scans.Wait()
	for _, err := range h.Scan(context.Background(), Scan{Connection: "c1", Table: "no"}) {
		if err == nil || err.Error() != "connection c1 has no table no" {
			t.Errorf("error %v", err)
		}
	}
}
