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

// A Config accepts any config of a connection, for a plugin's ConnectionConfigSchema. If the SDK can't decode a config,
// it returns an error for all connections, and Steampipe gives up the plugin. So the plugin decodes the config itself.
type Config struct {
	SyntaxError *string  `hcl:"syntax_error"` // set by Server for a text that can't be parsed, instead of its arguments
	Body        hcl.Body `hcl:",remain"`
}

// SetAllConnectionConfigs sets the host's connections, but ignores the size of the SDK's cache.
func (s *Server) SetAllConnectionConfigs(req *proto.SetAllConnectionConfigsRequest) (*proto.SetConnectionConfigResponse, error) {
	makeReadable(req.GetConfigs())
	return s.PluginServer.SetAllConnectionConfigs(&proto.SetAllConnectionConfigsRequest{Configs: req.GetConfigs(), MaxCacheSizeMb: asItIs})
}

// UpdateConnectionConfigs applies changes of the host's connections.
func (s *Server) UpdateConnectionConfigs(req *proto.UpdateConnectionConfigsRequest) (*proto.UpdateConnectionConfigsResponse, error) {
	makeReadable(req.GetAdded())
	makeReadable(req.GetChanged())
	return s.PluginServer.UpdateConnectionConfigs(req)
}

// makeReadable replaces a config that can't be parsed by its error, so that the error concerns only this connection.
func makeReadable(configs []*proto.ConnectionConfig) {
	for _, c := range configs {
		_, native := hclsyntax.ParseConfig([]byte(c.GetConfig()), "", hcl.InitialPos)
		_, asJSON := json.Parse([]byte(c.GetConfig()), "")
		if !native.HasErrors() || !asJSON.HasErrors() { // the SDK accepts both
			continue
		}
		f := hclwrite.NewEmptyFile()
		f.Body().SetAttributeValue("syntax_error", cty.StringVal(fmt.Sprintf("can't read the connection: line %d: %s: %s",
			native[0].Subject.Start.Line, native[0].Summary, native[0].Detail)))
		c.Config = string(f.Bytes())
	}
}
