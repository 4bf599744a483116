package bitbucket

import (
	"context"
	"encoding/json"

	"github.com/turbot/steampipe-plugin-sdk/v5/grpc/proto"
	"github.com/turbot/steampipe-plugin-sdk/v5/plugin"
	"github.com/turbot/steampipe-plugin-sdk/v5/plugin/transform"

	"github.com/kindor/steampipe-plugin-bitbucket/internal/sdkserver"
)

// constant starts a plugin of the same SDK that only streams the first row of a query, n times. It shows how long the SDK alone
// takes.
func (h *host) constant(q tableQuery, rows int) *host {
	h.t.Helper()
	first := q
	first.limit = 1
	r := h.rows(first)[0]
	tab := tableNamed(q.table)
	values := map[string]any{}
	for _, name := range q.columnNames() {
		values[name] = r[name]
		if r[name] != nil && tab.column(name).kind == proto.ColumnType_JSON {
			encoded, err := json.Marshal(r[name])
			if err != nil {
				h.t.Fatal(err)
			}
			values[name] = string(encoded)
		}
	}
	p := &plugin.Table{
		Name:  tab.name,
		Cache: &plugin.TableCacheOptions{Enabled: false},
		List: &plugin.ListConfig{KeyColumns: tab.sdkKeyColumns(), Hydrate: func(ctx context.Context, d *plugin.QueryData, _ *plugin.HydrateData) (any, error) {
			for range rows {
				d.StreamListItem(ctx, values)
			}
			return nil, nil
		}},
	}
	for _, c := range tab.columns {
		p.Columns = append(p.Columns, &plugin.Column{Name: c.name, Type: c.kind, Transform: transform.From(func(_ context.Context, d *transform.TransformData) (any, error) {
			return d.HydrateItem.(map[string]any)[c.name], nil
		})})
	}
	server := sdkserver.New(func(context.Context) *plugin.Plugin {
		return &plugin.Plugin{Name: "steampipe-plugin-bitbucket", TableMap: map[string]*plugin.Table{tab.name: p}}
	})
	return serve(h.t, &Server{server, newInstance()}, map[string]string{"bitbucket": ""})
}
