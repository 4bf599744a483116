package sqlhost

import (
	"context"
	"testing"
	"time"

	"github.com/turbot/steampipe-plugin-sdk/v5/grpc/proto"
)

// BenchmarkScan reads 100,000 equal rows. Most of the time goes to SQLite and its driver.
func BenchmarkScan(b *testing.B) {
	const rows = 100_000
	row := fakeRow{"id": int64(1), "name": "a name", "labels": rawJSON(`{"a":1}`), "at": time.Unix(1e9, 5e8)}.proto("c1", []string{"id", "name", "labels", "at"})
	p := &fakePlugin{tables: map[string]*fakeTable{"t": {schema: &proto.TableSchema{Columns: columnDefinitions("id INT", "name STRING", "labels JSON", "at TIMESTAMP")}}}}
	p.execute = func(_ *proto.ExecuteRequest, s proto.WrapperPlugin_ExecuteServer) error {
		response := &proto.ExecuteResponse{Row: row}
		for range rows {
			if err := s.Send(response); err != nil {
				return err
			}
		}
		return nil
	}
	h := openHost(b, p)
	for name, sql := range map[string]string{
		"count": `select count(*) from t`,
		"rows":  `select id, name, labels from t`,
		"times": `select count(at) from t`,
		"after": `select count(*) from t where at > '2001-01-01T00:00:00Z'`,
		"group": `select at, count(*) from t group by at`,
	} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if err := drain(context.Background(), h, sql); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(rows*float64(b.N)/b.Elapsed().Seconds(), "rows/s")
		})
	}
}
