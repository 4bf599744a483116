package sdkserver

import (
	"github.com/turbot/steampipe-plugin-sdk/v5/grpc/proto"
)

// The SDK has a cache of queries, which no table uses and which reserves about 300 MB. Go's collector counts this as
// memory in use, and lets as much garbage pile up before it collects. The cache can't be omitted, because the SDK looks
// into it for each query, but it can be created without memory: the SDK ignores that the constructor rejects a size.

// noCache are the options of this cache.
var noCache = &proto.SetCacheOptionsRequest{Enabled: false, MaxSizeMb: -1}

// asItIs is the size with which the SDK leaves the cache unchanged.
const asItIs = -1

// SetCacheOptions does nothing, because no table uses the cache.
func (s *Server) SetCacheOptions(*proto.SetCacheOptionsRequest) (*proto.SetCacheOptionsResponse, error) {
	return &proto.SetCacheOptionsResponse{}, nil
}
