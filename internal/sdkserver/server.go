// Package sdkserver is the server of the Steampipe SDK made exact: no error of a scan is lost, no row is missing from a
// success, a query's conditions and limit reach the plugin whole, and rows of several connections come in order.
//
// A plugin's tables read their rows by [List]. That holds in the hosts of this server, and in those that link the plugin
// and run it by the SDK's own.
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
// In the SDK the error of a scan and the end of its rows travel in two channels, and one select takes whichever it meets:
// a scan that failed can end as a success with too few rows. Here every scan also leaves its error in a call that travels
// in the context, and Execute looks there after the SDK is done. The scan leaves it before it returns and Execute returns
// after every scan has, so that none is missed, whatever the SDK's select chose.
//
// The SDK does not see the conditions and the limit of a query. It would call a table once for each value of an IN list,
// and for a list of nothing not at all; it fails on a comparison with null; and it ends a scan when as many rows have come
// as LIMIT says, although the host may have to drop some. All that is left to the plugin, by [Demand].
type Server struct {
	*sdkgrpc.PluginServer
	name string // of the plugin
}

// gcIntervalVariable is the SDK's variable for how many rows it sends between two garbage collections that it forces.
const gcIntervalVariable = "STEAMPIPE_FREE_MEM_INTERVAL"

// New returns a server of the plugin without any connection yet.
func New(describe func(context.Context) *plugin.Plugin) *Server {
	// By default the SDK forces a garbage collection at the first row of each scan and at each hundredth. That is for plugins
	// that pile rows up. Here it took most of the time, and Go collects by itself.
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
		panic(err) // as the first query would
	}
	return &Server{PluginServer: server, name: p.Name}
}

// A quiet logger discards the lines of the SDK itself before they are formatted: that takes more than half the time of a
// scan for one name, and the errors among them reach the host in any case. What the plugin logs is not touched.
type quiet struct{ hclog.Logger }

// Named returns the logger of one call.
func (q quiet) Named(name string) hclog.Logger { return quiet{q.Logger.Named(name)} }

// StandardWriter is where the SDK's lines go.
func (q quiet) StandardWriter(*hclog.StandardLoggerOptions) io.Writer { return io.Discard }

// Serve answers the host that started this process, until the host ends it.
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
	return c.ctx.Err() // what was dropped must not be missing from a success
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
