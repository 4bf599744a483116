package sdkserver

import (
	"fmt"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/hashicorp/hcl/v2/hclwrite"
	"github.com/hashicorp/hcl/v2/json"
	"github.com/turbot/steampipe-plugin-sdk/v5/grpc/proto"
	"github.com/zclconf/go-cty/cty"
)

// A Config is any config of a connection, for a plugin's ConnectionConfigSchema. What the SDK can't decode it reports for
// all connections together, and Steampipe then gives up the plugin. So the plugin decodes it itself.
type Config struct {
	SyntaxError *string  `hcl:"syntax_error"` // of a text that can't be read, for which Server sends this alone
	Body        hcl.Body `hcl:",remain"`
}

// SetAllConnectionConfigs takes over the host's connections, but not the size of the SDK's cache.
func (s *Server) SetAllConnectionConfigs(req *proto.SetAllConnectionConfigsRequest) (*proto.SetConnectionConfigResponse, error) {
	makeReadable(req.GetConfigs())
	return s.PluginServer.SetAllConnectionConfigs(&proto.SetAllConnectionConfigsRequest{Configs: req.GetConfigs(), MaxCacheSizeMb: asItIs})
}

// UpdateConnectionConfigs takes over what has changed in the host's connections.
func (s *Server) UpdateConnectionConfigs(req *proto.UpdateConnectionConfigsRequest) (*proto.UpdateConnectionConfigsResponse, error) {
	makeReadable(req.GetAdded())
	makeReadable(req.GetChanged())
	return s.PluginServer.UpdateConnectionConfigs(req)
}

// makeReadable replaces a config that can't be read by its error, so that it is this connection's alone.
func makeReadable(configs []*proto.ConnectionConfig) {
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
