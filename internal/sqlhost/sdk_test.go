//go:build !race

// The SDK itself has data races, so the race detector skips the tests that use it.

package sqlhost

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/turbot/steampipe-plugin-sdk/v5/grpc/proto"
	"github.com/turbot/steampipe-plugin-sdk/v5/plugin"
	"github.com/turbot/steampipe-plugin-sdk/v5/plugin/transform"
)

type planet struct {
	ID      int64
	Name    string
	Ringed  bool
	Seen    time.Time
	Mass    float64
	Moons   []string
	Details map[string]any
}

var planets = []planet{
	{1, "Mercury", false, time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC), 0.055, nil, nil},
	{2, "Earth", false, time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC), 1, []string{"Moon"}, map[string]any{"inhabited": true}},
	{3, "Saturn", true, time.Date(2026, 2, 1, 0, 0, 0, 0, time.UTC), 95.16, []string{"Titan", "Rhea"}, nil},
}

type planetConfig struct {
	Only *string `hcl:"only"`
}

// planetPlugin is an ordinary plugin that uses the SDK.
func planetPlugin(context.Context) *plugin.Plugin {
	columns := []*plugin.Column{
		{Name: "id", Type: proto.ColumnType_INT, Transform: transform.FromField("ID")},
		{Name: "name", Type: proto.ColumnType_STRING},
		{Name: "ringed", Type: proto.ColumnType_BOOL},
		{Name: "seen", Type: proto.ColumnType_TIMESTAMP},
		{Name: "mass", Type: proto.ColumnType_DOUBLE},
		{Name: "moons", Type: proto.ColumnType_JSON},
		{Name: "details", Type: proto.ColumnType_JSON},
	}
	return &plugin.Plugin{
		Name:                   "planets",
		DefaultTransform:       transform.FromGo(),
		ConnectionConfigSchema: &plugin.ConnectionConfigSchema{NewInstance: func() any { return &planetConfig{} }},
		TableMap: map[string]*plugin.Table{"planet": {
			Name:        "planet",
			Description: "A planet.",
			Columns:     columns,
			List: &plugin.ListConfig{
				Hydrate:    listPlanets,
				KeyColumns: plugin.KeyColumnSlice{{Name: "ringed", Operators: []string{"="}, Require: plugin.Optional}},
			},
			Get: &plugin.GetConfig{Hydrate: getPlanet, KeyColumns: plugin.SingleColumn("id")},
		}},
	}
}

func listPlanets(ctx context.Context, d *plugin.QueryData, _ *plugin.HydrateData) (any, error) {
	config, _ := d.Connection.Config.(planetConfig)
	for _, p := range planets {
		if config.Only != nil && *config.Only != p.Name {
			continue
		}
		if q := d.EqualsQuals["ringed"]; q != nil && q.GetBoolValue() != p.Ringed {
			continue
		}
		d.StreamListItem(ctx, p)
	}
	return nil, nil
}

func getPlanet(_ context.Context, d *plugin.QueryData, _ *plugin.HydrateData) (any, error) {
	for _, p := range planets {
		if p.ID == d.EqualsQuals["id"].GetInt64Value() {
			return p, nil
		}
	}
	return nil, nil
}

func TestSDK(t *testing.T) {
	server := plugin.Server(&plugin.ServeOpts{PluginFunc: planetPlugin})
	h, err := Open(server, []Connection{
		{Name: "all", Plugin: "local/planets"},
		{Name: "earth", Plugin: "local/planets", Config: `only = "Earth"`},
		{Name: "both", Plugin: "local/planets", Type: "aggregator", Connections: []string{"all", "earth"}},
	})
	if err != nil {
		t.Fatal(err)
	}
	defer h.Close()
	tests := map[string]struct {
		query string
		want  []string
	}{
		"all columns":    {`select * from planet where name = 'Earth'`, []string{`2|Earth|0|2026-01-02T03:04:05+00:00|1|["Moon"]|{"inhabited":true}`}},
		"bare name":      {`select name from planet order by id`, []string{"Mercury", "Earth", "Saturn"}},
		"config":         {`select name from earth.planet`, []string{"Earth"}},
		"aggregator":     {`select name, sp_connection_name from both.planet where id < 3 order by 1, 2`, []string{"Earth|all", "Earth|earth", "Mercury|all"}},
		"qual":           {`select name from planet where ringed = true`, []string{"Saturn"}},
		"get":            {`select name from planet where id = 2`, []string{"Earth"}},
		"get in":         {`select name from planet where id in (1, 3, 4) order by id`, []string{"Mercury", "Saturn"}},
		"join with get":  {`select b.name from (values (3), (1)) v join planet b on b.id = v.column1 order by 1`, []string{"Mercury", "Saturn"}},
		"count":          {`select count(*) from planet`, []string{"3"}},
		"limit":          {`select count(*) from (select * from planet limit 2)`, []string{"2"}},
		"json":           {`select name, moons ->> '$[0]', details ->> 'inhabited' from planet where moons is not null order by id`, []string{"Earth|Moon|1", "Saturn|Titan|<nil>"}},
		"json array":     {`select p.name, m.value from planet p, json_each(p.moons) m order by 2`, []string{"Earth|Moon", "Saturn|Rhea", "Saturn|Titan"}},
		"connection":     {`select sp_connection_name, _ctx ->> 'connection_name' from earth.planet`, []string{"earth|earth"}},
		"compared times": {`select name from planet where seen >= '2026-01-01' and seen < datetime('2026-02-02', '-1 day') order by 1`, []string{"Earth", "Mercury"}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(test.want, mustQuery(t, h, test.query)); diff != "" {
				t.Errorf("rows (-want +got):\n%s", diff)
			}
		})
	}
}

func TestSDKConfigError(t *testing.T) {
	server := plugin.Server(&plugin.ServeOpts{PluginFunc: planetPlugin})
	_, err := Open(server, []Connection{{Name: "good"}, {Name: "bad", Config: `colour = "red"`}})
	var one *ConnectionError
	if !errors.As(err, &one) || one.Connection != "bad" || !strings.Contains(err.Error(), "colour") {
		t.Errorf("error %v does not say that bad has a wrong argument colour", err)
	}
	if strings.Contains(fmt.Sprint(err), "good") {
		t.Errorf("error %v blames good", err)
	}
}
