package bitbucket

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"net/http"
	"sync"
	"time"

	"github.com/turbot/steampipe-plugin-sdk/v5/plugin"

	"github.com/kindor/steampipe-plugin-bitbucket/internal/api"
	"github.com/kindor/steampipe-plugin-bitbucket/internal/sdkserver"
)

// Plugin returns the plugin for the Steampipe SDK, for a host that links it.
func Plugin(ctx context.Context) *plugin.Plugin { return newInstance().plugin(ctx) }

// A Server serves the plugin's tables to a host, such as Steampipe.
type Server struct {
	*sdkserver.Server
	instance *instance
}

// NewServer returns a server of the plugin without connections.
func NewServer() *Server {
	i := newInstance()
	return &Server{sdkserver.New(i.plugin), i}
}

// Omissions returns what queries have left out since a time, at most an hour ago: each omission once, oldest first.
func (s *Server) Omissions(since time.Time) []Omission { return s.instance.omitted.since(since) }

// An instance is the plugin in one host.
type instance struct {
	lists   sdkserver.Lists
	omitted omissions // of all scans
	budget  api.Budget
	// rehearses is nil except in a rehearsal.
	rehearses *rehearsal
	// transport is nil, unless the connections share one.
	transport http.RoundTripper

	repositories repositoryCount // of the running scans

	mu          sync.Mutex
	connections map[[sha256.Size]byte]*connection // by their settings, as a changed config makes another connection; guarded by mu
}

func newInstance() *instance {
	return &instance{connections: map[[sha256.Size]byte]*connection{}}
}

func (i *instance) plugin(context.Context) *plugin.Plugin {
	return &plugin.Plugin{
		Name: "steampipe-plugin-bitbucket",
		ConnectionConfigSchema: &plugin.ConnectionConfigSchema{
			NewInstance: func() any { return &sdkserver.Config{} },
		},
		// The SDK writes into the tables whenever it sets up connections. With the same tables each time, a running
		// scan would read them during the write, which ends the process.
		TableMapFunc: func(context.Context, *plugin.TableMapData) (map[string]*plugin.Table, error) {
			all := map[string]*plugin.Table{}
			for _, t := range tables {
				all[t.name] = t.plugin(i)
			}
			return all, nil
		},
	}
}

// connect returns the connection for c's current config.
func (i *instance) connect(ctx context.Context, c *plugin.Connection) (*connection, error) {
	if i.rehearses != nil {
		return i.rehearses.of.connect(ctx, c)
	}
	settings, err := configOf(c).Settings()
	if err != nil {
		return nil, err
	}
	method, err := settings.authMethod()
	if err != nil {
		return nil, err
	}
	key, err := settings.key(method)
	if err != nil {
		return nil, err
	}
	i.mu.Lock()
	defer i.mu.Unlock()
	if known, ok := i.connections[key]; ok {
		return known, nil
	}
	opened, err := open(settings, method, &i.budget, i.transport, plugin.Logger(ctx).ResetNamed("bitbucket")) // not the logger of the query that came first
	if err != nil {
		return nil, err
	}
	i.connections[key] = opened
	return opened, nil
}

// key returns a key that differs for different settings.
func (s Settings) key(method authMethod) ([sha256.Size]byte, error) {
	encoded, err := json.Marshal([]any{s, method})
	return sha256.Sum256(encoded), err
}
