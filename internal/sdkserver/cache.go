package sdkserver

import (
	"github.com/turbot/steampipe-plugin-sdk/v5/grpc/proto"
)

// The SDK has a cache of queries, which no table uses and for which it sets some 300 MB aside. To Go's collector that is
// memory in use, as much as which may pile up as garbage before it collects. It can't be left out, as the SDK looks into it
// at each query, but it can be had without memory: the SDK takes no notice when the cache's maker refuses a size.

// noCache are the options of that cache.
var noCache = &proto.SetCacheOptionsRequest{Enabled: false, MaxSizeMb: -1}

// asItIs is the size for which the SDK leaves the cache as it is.
const asItIs = -1

// SetCacheOptions does nothing: they are those of the cache that no table uses.
func (s *Server) SetCacheOptions(*proto.SetCacheOptionsRequest) (*proto.SetCacheOptionsResponse, error) {
	return &proto.SetCacheOptionsResponse{}, nil
}
