// Package sdkserver makes the server of the Steampipe SDK exact: no error of a scan is lost, no row is missing from a
// success, the plugin gets all conditions and the limit of a query, and rows of several connections are in order.
//
// A plugin's tables read their rows with [List]. This works in the hosts of this server, and in hosts that link the
// plugin and run the SDK's own server.
package sdkserver

import (
	"context"
	"io"
	"os"

	"github.com/hashicorp/go-hclog"
	goplugin "github.com/hashicorp/go-plugin"
	sdkgrpc "github.com/turbot/steampipe-plugin-sdk/v5/grpc"
	"github.com/turbot/steampipe-plugin-sdk/v5/grpc/proto"
	"github.com/turbot/steampipe-plugin-sdk/v5/grpc/shared"
	"github.com/turbot/steampipe-plugin-sdk/v5/plugin"
	gproto "google.golang.org/protobuf/proto"
)

// A Server serves a plugin's tables to a host: over gRPC to Steampipe, or in process.
//
// In the SDK, the error of a scan and the end of its rows use two channels, and one select takes whichever comes first:
// a failed scan can end as a success with too few rows. Here every scan also records its error in a call that its
// context contains, and Execute checks it when the SDK has finished. A scan records the error before it returns, and
// Execute returns after all scans, so that no error is lost, whatever the SDK's select chose.
//
// The SDK does not get the conditions and the limit of a query. It would call a table once for each value of an IN
// list, and not at all for an empty list; it fails on a comparison with null; and it ends a scan when the number of
// rows reaches LIMIT, although the host may have to drop some. [Demand] gives all this to the plugin.
type Server struct {
	*sdkgrpc.PluginServer
	name string // name of the plugin
}

// gcIntervalVariable is the SDK's variable for the number of rows between two forced garbage collections.
const gcIntervalVariable = "STEAMPIPE_FREE_MEM_INTERVAL"

// New returns a server of the plugin without connections.
func New(describe func(context.Context) *plugin.Plugin) *Server {
	// By default the SDK forces a garbage collection at the first row of each scan and at each hundredth row, for
	// plugins that collect many rows in memory. Here this took most of the time, and Go collects by itself.
	if _, set := os.LookupEnv(gcIntervalVariable); !set {
		os.Setenv(gcIntervalVariable, "0")
	}
	var p *plugin.Plugin
	server := plugin.Server(&plugin.ServeOpts{PluginFunc: func(ctx context.Context) *plugin.Plugin {
		p = describe(ctx)
		return p
	}})
	if !p.Logger.IsInfo() {
		p.Logger = quiet{p.Logger}
	}
	if _, err := server.SetCacheOptions(noCache); err != nil {
		panic(err) // the first query would panic too
	}
	return &Server{PluginServer: server, name: p.Name}
}

// A quiet logger discards the log lines of the SDK itself before they are formatted: formatting takes more than half
// the time of a scan for one name, and the host gets the errors anyway. The plugin's own log is not affected.
type quiet struct{ hclog.Logger }

// Named returns the logger of one call.
func (q quiet) Named(name string) hclog.Logger { return quiet{q.Logger.Named(name)} }

// StandardWriter returns the writer of the SDK's lines.
func (q quiet) StandardWriter(*hclog.StandardLoggerOptions) io.Writer { return io.Discard }

// Serve serves the host that started this process, until the host ends it.
func (s *Server) Serve() {
	goplugin.Serve(&goplugin.ServeConfig{
		Plugins:         map[string]goplugin.Plugin{s.name: &shared.WrapperPlugin{Impl: s}},
		GRPCServer:      goplugin.DefaultGRPCServer,
		HandshakeConfig: shared.Handshake,
	})
}

// Execute scans one table for the host.
func (s *Server) Execute(req *proto.ExecuteRequest, stream proto.WrapperPlugin_ExecuteServer) error {
	if len(req.GetExecuteConnectionData()) > 1 && len(req.GetQueryContext().GetSortOrder()) > 0 {
		return s.executeMerged(req, stream)
	}
	return s.execute(req, stream)
}

func (s *Server) execute(req *proto.ExecuteRequest, stream proto.WrapperPlugin_ExecuteServer) error {
	c := &call{ctx: stream.Context(), request: req, sent: map[string]int64{}}
	err := s.PluginServer.Execute(withoutDemand(req), &watchedStream{
		WrapperPlugin_ExecuteServer: stream,
		ctx:                         context.WithValue(context.WithoutCancel(stream.Context()), callKey{}, c),
		call:                        c,
	})
	if err != nil {
		return err
	}
	if err := c.error(); err != nil {
		return err
	}
	return c.ctx.Err() // a success must not lack dropped rows
}

// withoutDemand returns the request for all rows.
func withoutDemand(req *proto.ExecuteRequest) *proto.ExecuteRequest {
	all := gproto.Clone(req).(*proto.ExecuteRequest)
	if all.QueryContext != nil {
		all.QueryContext.Quals = nil
	}
	for _, connection := range all.GetExecuteConnectionData() {
		connection.Limit = nil
	}
	return all
}
