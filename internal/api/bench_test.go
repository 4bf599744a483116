package api

import (
	"context"
	"net/http/httptest"
	"testing"

	"github.com/tidwall/gjson"
)

// BenchmarkList reads 5,000 items over HTTP, in pages of 100.
func BenchmarkList(b *testing.B) {
	service := newCollection(5000)
	server := httptest.NewServer(service)
	b.Cleanup(server.Close)
	client, err := New(Config{BaseURL: server.URL})
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	var items int
	for b.Loop() {
		for item, err := range client.List(context.Background(), List{Path: "/2.0/repositories/acme", PageLen: 100}) {
			if err != nil {
				b.Fatal(err)
			}
			if item.Get("name").Type == gjson.String {
				items++
			}
		}
	}
	stats := client.Stats()
	b.ReportMetric(float64(items)/b.Elapsed().Seconds(), "items/s")
	b.ReportMetric(float64(stats.Requests)/float64(b.N), "requests/op")
	b.ReportMetric(float64(stats.Bytes)/float64(b.N), "body-B/op")
}
