package bitbucket

import (
	"context"
	"fmt"
	"io"
	"os"
	"sync"

	"github.com/hashicorp/go-hclog"
	goplugin "github.com/hashicorp/go-plugin"
	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/hashicorp/hcl/v2/hclwrite"
	"github.com/hashicorp/hcl/v2/json"
	sdkgrpc "github.com/turbot/steampipe-plugin-sdk/v5/grpc"
	"github.com/turbot/steampipe-plugin-sdk/v5/grpc/proto"
	"github.com/turbot/steampipe-plugin-sdk/v5/grpc/shared"
	"github.com/turbot/steampipe-plugin-sdk/v5/plugin"
	"github.com/zclconf/go-cty/cty"
	gproto "google.golang.org/protobuf/proto"
)

// Server serves the plugin's tables to a host: over gRPC to Steampipe, or in process.
//
// It is the SDK's server with one thing made certain. In the SDK the error of a scan and the end of its rows travel in
// two channels, and one select takes whichever it meets: a scan that failed can end as a success with too few rows.
// Here every scan also leaves its error in an outcome that travels in the context of the call, and Execute looks there
// after the SDK is done. The scan leaves it before it returns and Execute returns after every scan has, so that none is
// missed, whatever the SDK's select chose.
//
// Neither does the SDK see the conditions and the limit of a query. It would call list once for each value of an IN list,
// and for a list of nothing not at all; it stumbles over a comparison with null; and it ends a scan when so many rows have
// come as LIMIT says, although the host may have to drop some. All that is for our scans, which find it in the outcome.
type Server struct {
	*sdkgrpc.PluginServer
	omitted omissions // by all scans
}

// gcIntervalVariable is the SDK's for how many rows lie between two times that it collects all garbage.
const gcIntervalVariable = "STEAMPIPE_FREE_MEM_INTERVAL"

// NewServer returns a server of the plugin without any connection yet.
func NewServer() *Server {
	// Unless told otherwise the SDK stops to collect garbage at the first row of each scan and at each hundredth. That is for
	// plugins that pile rows up; here it took most of the time, and Go collects by itself.
	if _, set := os.LookupEnv(gcIntervalVariable); !set {
		os.Setenv(gcIntervalVariable, "0")
	}
	var p *plugin.Plugin
	server := plugin.Server(&plugin.ServeOpts{PluginFunc: func(ctx context.Context) *plugin.Plugin {
		p = Plugin(ctx)
		return p
	}})
	if !p.Logger.IsInfo() {
		p.Logger = quiet{p.Logger}
	}
	return newServer(server)
}

// SetAllConnectionConfigs takes over the host's connections, and no size of the SDK's cache.
func (s *Server) SetAllConnectionConfigs(req *proto.SetAllConnectionConfigsRequest) (*proto.SetConnectionConfigResponse, error) {
	readable(req.GetConfigs())
	return s.PluginServer.SetAllConnectionConfigs(&proto.SetAllConnectionConfigsRequest{Configs: req.GetConfigs(), MaxCacheSizeMb: asItIs})
}

// UpdateConnectionConfigs takes over what has changed in the host's connections.
func (s *Server) UpdateConnectionConfigs(req *proto.UpdateConnectionConfigsRequest) (*proto.UpdateConnectionConfigsResponse, error) {
	readable(req.GetAdded())
	readable(req.GetChanged())
	return s.PluginServer.UpdateConnectionConfigs(req)
}

// readable puts the error of a config that can't be read in its place, so that it is this connection's alone: see written.
func readable(configs []*proto.ConnectionConfig) {
	for _, c := range configs {
		_, native := hclsyntax.ParseConfig([]byte(c.GetConfig()), "", hcl.InitialPos)
		_, asJSON := json.Parse([]byte(c.GetConfig()), "")
		if !native.HasErrors() || !asJSON.HasErrors() { // the SDK takes both
			continue
		}
		f := hclwrite.NewEmptyFile()
		f.Body().SetAttributeValue("syntax_error", cty.StringVal(fmt.Sprintf("the connection can't be read: line %d: %s: %s",
			native[0].Subject.Start.Line, native[0].Summary, native[0].Detail)))
		c.Config = string(f.Bytes())
	}
}

// A quiet logger discards what the SDK itself has to say, before it is put into words: that takes more than half of a scan that
// looks one name up, and the errors among it reach the host in any case. What the plugin logs is not touched.
type quiet struct{ hclog.Logger }

// Named returns the logger of one call.
func (q quiet) Named(name string) hclog.Logger { return quiet{q.Logger.Named(name)} }

// StandardWriter is where the SDK's lines go.
func (q quiet) StandardWriter(*hclog.StandardLoggerOptions) io.Writer { return io.Discard }

// Serve answers the host that started this process, until the host ends it.
func (s *Server) Serve() {
	goplugin.Serve(&goplugin.ServeConfig{
		Plugins:         map[string]goplugin.Plugin{pluginName: &shared.WrapperPlugin{Impl: s}},
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
	o := &outcome{ctx: stream.Context(), omitted: &s.omitted, asked: req, sent: map[string]int64{}, progress: make(chan struct{})}
	err := s.PluginServer.Execute(bare(req), &watchedStream{
		WrapperPlugin_ExecuteServer: stream,
		ctx:                         context.WithValue(context.WithoutCancel(stream.Context()), outcomeKey{}, o),
		outcome:                     o,
	})
	if err != nil {
		return err
	}
	if err := o.error(); err != nil {
		return err
	}
	return o.ctx.Err() // what was dropped must not be missing from a success
}

// bare is the request for all rows.
func bare(req *proto.ExecuteRequest) *proto.ExecuteRequest {
	all := gproto.Clone(req).(*proto.ExecuteRequest)
	if all.QueryContext != nil {
		all.QueryContext.Quals = nil
	}
	for _, connection := range all.GetExecuteConnectionData() {
		connection.Limit = nil
	}
	return all
}

// A watchedStream lets the scans of a call find its outcome, and counts the rows that have left. It keeps the host's
// cancellation from the SDK, whose goroutines would wait for ever for rows that a cancelled context has kept from being
// made: our scans obey it, and what is on its way by then is dropped here.
type watchedStream struct {
	proto.WrapperPlugin_ExecuteServer
	ctx     context.Context
	outcome *outcome
}

func (w *watchedStream) Context() context.Context { return w.ctx }

func (w *watchedStream) Send(r *proto.ExecuteResponse) error {
	defer w.outcome.rowSent(r.GetConnection())
	if w.outcome.ctx.Err() != nil {
		return nil
	}
	return w.WrapperPlugin_ExecuteServer.Send(r)
}

type outcomeKey struct{}

// An outcome is what became of the scans of one call of Execute, one for each connection.
type outcome struct {
	omitted *omissions            // of the server
	ctx     context.Context       // of the host's call
	asked   *proto.ExecuteRequest // the call, with all that the query demands

	mu       sync.Mutex
	sent     map[string]int64 // rows sent to the host, by connection
	progress chan struct{}    // closed, and replaced, when a row is sent
	err      error            // the first error of a scan
}

// demandOf returns what the query demands of the rows, and how many of them are enough; -1 for all.
func demandOf(ctx context.Context, d *plugin.QueryData) (demanded map[string]*proto.Quals, limit int64) {
	o, served := ctx.Value(outcomeKey{}).(*outcome)
	if !served {
		return d.QueryContext.UnsafeQuals, d.QueryContext.GetLimit()
	}
	limit = -1
	if asked := o.asked.GetExecuteConnectionData()[d.Connection.Name].GetLimit(); asked != nil {
		limit = asked.Value
	}
	return o.asked.GetQueryContext().GetQuals(), limit
}

func (o *outcome) rowSent(connection string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.sent[connection]++
	close(o.progress)
	o.progress = make(chan struct{})
}

func (o *outcome) error() error {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.err
}

// failed records the error of a scan, and waits until the rows streamed before it have left: once the SDK has seen an
// error it stops reading, and rows still on their way would block their goroutines for ever.
func (o *outcome) failed(connection string, streamed int64, err error) {
	o.mu.Lock()
	if o.err == nil {
		o.err = fmt.Errorf("%s: %w", connection, err) // as the SDK puts it
	}
	o.mu.Unlock()
	for {
		o.mu.Lock()
		done, progress := o.sent[connection] >= streamed, o.progress
		o.mu.Unlock()
		if done {
			return
		}
		<-progress
	}
}
