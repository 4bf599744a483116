package bitbucket

import (
	"context"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	sdkgrpc "github.com/turbot/steampipe-plugin-sdk/v5/grpc"
	"github.com/turbot/steampipe-plugin-sdk/v5/grpc/proto"
	"github.com/turbot/steampipe-plugin-sdk/v5/plugin"
	"github.com/turbot/steampipe-plugin-sdk/v5/plugin/quals"
	"github.com/turbot/steampipe-plugin-sdk/v5/plugin/transform"

	"github.com/kindor/steampipe-plugin-bitbucket/internal/sdkserver"
)

// Only this file and instance.go know the Steampipe SDK. First come the SDK's names, then its tables made from the declarations,
// then a scan made from what the SDK was asked.

// A columnKind is the type of a column's values.
type columnKind = proto.ColumnType

const (
	kindText      = proto.ColumnType_STRING
	kindBoolean   = proto.ColumnType_BOOL
	kindInteger   = proto.ColumnType_INT
	kindTimestamp = proto.ColumnType_TIMESTAMP
	kindDocument  = proto.ColumnType_JSON
)

// The operators of conditions.
const (
	opEqual          = quals.QualOperatorEqual
	opNotEqual       = quals.QualOperatorNotEqual
	opLess           = quals.QualOperatorLess
	opLessOrEqual    = quals.QualOperatorLessOrEqual
	opGreater        = quals.QualOperatorGreater
	opGreaterOrEqual = quals.QualOperatorGreaterOrEqual
	opLike           = quals.QualOperatorLike
	opILike          = quals.QualOperatorILike
)

// plugin returns the SDK's declaration of the table, for an instance of the plugin.
func (t *table) plugin(i *instance) *plugin.Table {
	list := func(ctx context.Context, d *plugin.QueryData, _ *plugin.HydrateData) (any, error) {
		return nil, i.lists.List(ctx, d, func(ctx context.Context, send func(sdkserver.Row)) error {
			s, err := newScan(ctx, i, t, d)
			if err != nil {
				return err
			}
			return s.stream(ctx, send)
		})
	}
	p := &plugin.Table{
		Name:        t.name,
		Description: t.description,
		List:        &plugin.ListConfig{Hydrate: list, KeyColumns: t.sdkKeyColumns()},
		// The host's cache is off. It would show a repository for minutes after the access to it was withdrawn, and it
		// keeps a cancelled query running until its next row.
		Cache: &plugin.TableCacheOptions{Enabled: false},
		// In addition to the table's name, which the SDK adds, a limiter of Steampipe can select scans by the scopes of
		// what they read.
		Tags: map[string]string{"scopes": strings.Join(t.scopes, " ")},
	}
	for i, c := range t.columns {
		p.Columns = append(p.Columns, c.plugin(i))
	}
	return p
}

func (t *table) sdkKeyColumns() plugin.KeyColumnSlice {
	var keys plugin.KeyColumnSlice
	for _, q := range t.keyColumns {
		keys = append(keys, q.plugin())
	}
	return keys
}

func (q keyColumn) plugin() *plugin.KeyColumn {
	return &plugin.KeyColumn{Name: q.column, Operators: q.operators, Require: plugin.Optional}
}

// plugin returns the SDK's declaration of the column, which is the i-th of its table.
func (c column) plugin(i int) *plugin.Column {
	p := &plugin.Column{
		Name:        c.name,
		Type:        c.kind,
		Description: c.description,
		Transform: transform.From(func(_ context.Context, d *transform.TransformData) (any, error) {
			return d.HydrateItem.(sdkserver.Row)[i], nil
		}),
	}
	if c.sort != "" {
		p.Sort = plugin.SortAll
	}
	return p
}

func newScan(ctx context.Context, i *instance, t *table, d *plugin.QueryData) (*scan, error) {
	c, err := i.connect(ctx, d.Connection)
	if err != nil {
		return nil, err
	}
	q := newQuery(ctx, t, d)
	if i.rehearses != nil {
		c = i.rehearses.connection(c, t.name, q.limit)
	}
	s := &scan{
		connection: c,
		query:      q,
		omitter: omitter{
			omissions:    &i.omitted,
			onRefusal:    c.settings.OnRefusal,
			name:         d.Connection.Name,
			queriedTable: t.name,
			deferred:     &deferred{},
			hasOmissions: new(atomic.Bool),
			silent:       i.rehearses != nil,
		},
		progress: &i.repositories,
	}
	return s, s.checkNames()
}

func newQuery(ctx context.Context, t *table, d *plugin.QueryData) query {
	demanded, limit := sdkserver.Demand(ctx, d)
	q := query{table: t, wanted: map[string]bool{}, conditions: newConditions(t, demanded), limit: limit, isCut: d.QueryContext.Limit != nil}
	if q.conditions.isVague() {
		q.limit = -1 // no row would count
	}
	for _, name := range d.QueryContext.Columns {
		q.wanted[name] = true
	}
	for _, c := range q.conditions {
		q.wanted[c.column.name] = true
	}
	if _, isNamed := q.namedWorkspaces(); isNamed {
		q.wanted["workspace_slug"] = true
	}
	for _, by := range d.QueryContext.SortOrder {
		q.wanted[by.Column] = true
		q.order = append(q.order, order{t.column(by.Column), by.Order == plugin.SortDesc})
	}
	return q
}

// newConditions collects the query's conditions on the declared columns.
func newConditions(t *table, demanded map[string]*proto.Quals) conditions {
	var found conditions
	for _, declared := range t.keyColumns {
		for _, q := range demanded[declared.column].GetQuals() {
			c := newCondition(t.column(declared.column), q.GetStringValue(), sqlValue(q.GetValue()))
			c.keyColumn = declared
			if slices.Contains(declared.operators, c.operator) {
				found = append(found, c)
			}
		}
	}
	return found
}

// sqlValue returns the value of a condition: nil for null, and a []any for a list.
//
// The wrapper makes one list of x = … OR x = …. It may contain lists again, for = ANY or = ALL. With a single value
// these two are the same.
func sqlValue(v *proto.QualValue) any {
	list, isList := v.GetValue().(*proto.QualValue_ListValue)
	switch {
	case v.GetValue() == nil:
		return nil
	case !isList:
		value := sdkgrpc.GetQualValue(v)
		if at, isTime := value.(time.Time); isTime {
			return at.UTC()
		}
		return value
	}
	values := []any{}
	for _, one := range list.ListValue.GetValues() {
		value := sqlValue(one)
		if nested, isList := value.([]any); isList {
			if len(nested) != 1 || nested[0] == nil {
				return unclear{}
			}
			value = nested[0]
		}
		if value == (unclear{}) {
			return unclear{}
		}
		values = append(values, value)
	}
	return values
}

// configOf reads a connection's config from the SDK. Nothing else does.
func configOf(c *plugin.Connection) Config {
	switch config, _ := c.Config.(sdkserver.Config); {
	case config.SyntaxError != nil:
		return Config{fault: &ConfigError{nil, *config.SyntaxError}}
	case config.Body != nil:
		return ConfigOf(config.Body)
	}
	return Config{}
}
