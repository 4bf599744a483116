package command

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclwrite"
	"github.com/spf13/cobra"
	"github.com/zclconf/go-cty/cty"

	"github.com/kindor/steampipe-plugin-bitbucket/bitbucket"
	"github.com/kindor/steampipe-plugin-bitbucket/internal/similar"
	"github.com/kindor/steampipe-plugin-bitbucket/internal/sqlhost"
)

// A connectionFlags contains the flags of a command that choose the connection.
type connectionFlags struct {
	config string // folder or file; empty for Steampipe's config folder
	first  string // connection for table names without a schema
	demo   bool
	// workspaces take the place of those in the connections' configuration; nil to leave it.
	workspaces []string
}

func (s *connectionFlags) addConfigFlag(cmd *cobra.Command) {
	cmd.Flags().StringVar(&s.config, "config", "", "folder of .spc files, or one file (default: Steampipe's config folder)")
}

func (s *connectionFlags) addDemoFlag(cmd *cobra.Command) {
	cmd.Flags().BoolVar(&s.demo, "demo", false, "use a made-up organization in memory")
}

func (s *connectionFlags) addConnectionFlag(cmd *cobra.Command, use string) {
	cmd.Flags().StringVar(&s.first, "connection", "", use)
	_ = cmd.RegisterFlagCompletionFunc("connection", func(*cobra.Command, []string, string) ([]cobra.Completion, cobra.ShellCompDirective) {
		connections, _ := s.configured() // without a configuration there is nothing to complete
		var names []string
		for _, c := range connections {
			names = append(names, c.Name)
		}
		return names, cobra.ShellCompDirectiveNoFileComp
	})
}

// A database is the tables of the connections, open for SQL.
type database struct {
	*sqlhost.Host
	*meter
	connections []sqlhost.Connection
	close       func()
}

// open opens the tables of the connections that the flags choose.
func (s *connectionFlags) open(ctx context.Context, cmd *cobra.Command) (*database, error) {
	if s.demo {
		if s.config != "" || s.first != "" {
			return nil, usagef(cmd, "--demo can't be combined with --config or --connection: it has its own connection")
		}
		return openDemo(ctx, s.within)
	}
	connections, err := s.connections(cmd)
	if err != nil {
		return nil, err
	}
	needed := connections
	if s.first != "" {
		needed = connections[:1]
	}
	if err := checkUsable(needed); err != nil {
		return nil, err
	}
	var hosted []sqlhost.Connection
	for _, c := range connections {
		hosted = append(hosted, s.within(c.Connection))
	}
	db, err := openDatabase(hosted, func() {})
	if wrong, ok := errors.AsType[*sqlhost.ConnectionError](err); ok {
		i := slices.IndexFunc(connections, func(c spcConnection) bool { return c.Name == wrong.Connection })
		return nil, errorAt(connections[i].where, "%w", wrong)
	}
	return db, err
}

// within returns a connection that only covers the workspaces of the flags, if there are any.
func (s *connectionFlags) within(c sqlhost.Connection) sqlhost.Connection {
	if s.workspaces == nil || c.Aggregator() {
		return c
	}
	file, diagnostics := hclwrite.ParseConfig([]byte(c.Config), "", hcl.InitialPos)
	if diagnostics.HasErrors() {
		return c // the plugin will say what is wrong
	}
	var slugs []cty.Value
	for _, slug := range s.workspaces {
		slugs = append(slugs, cty.StringVal(slug))
	}
	file.Body().SetAttributeValue("workspaces", cty.ListVal(slugs))
	c.Config = string(file.Bytes())
	return c
}

// checkUsable returns an error if no connection can be used, whatever Bitbucket answers. If only some can't be used, the
// statements that read their tables fail.
func checkUsable(connections []spcConnection) error {
	var wrong []error
	for _, c := range connections {
		if c.Aggregator() {
			continue
		}
		err := c.check()
		if err == nil {
			return nil
		}
		wrong = append(wrong, err)
	}
	return errors.Join(wrong...)
}

// openDatabase opens the tables of the connections. It calls cleanUp when the database is closed or can't be opened.
func openDatabase(connections []sqlhost.Connection, cleanUp func()) (*database, error) {
	return openServer(bitbucket.NewServer(), connections, cleanUp)
}

// openServer opens the tables of the connections on a server.
func openServer(server *bitbucket.Server, connections []sqlhost.Connection, cleanUp func()) (*database, error) {
	m := newMeter(server, connections)
	host, err := sqlhost.Open(m, connections)
	if err != nil {
		cleanUp()
		return nil, err
	}
	return &database{Host: host, meter: m, connections: connections, close: func() {
		_ = host.Close() // the statements have been answered
		cleanUp()
	}}, nil
}

// connections returns the connections in the .spc files, with the chosen one first. If no file has a connection, the
// environment makes one.
func (s *connectionFlags) connections(cmd *cobra.Command) ([]spcConnection, error) {
	connections, err := s.configured()
	if err != nil {
		return nil, err
	}
	if len(connections) == 0 && s.config == "" {
		connections, err = environmentConnection()
	}
	if err != nil {
		return nil, err
	}
	if len(connections) == 0 {
		return nil, misconfigured("no connection of this plugin in %s, and no credentials in the environment: "+
			"run `%s login`, which writes one, or try --demo", s.location(), program)
	}
	if s.first == "" {
		return connections, nil
	}
	i, err := find(cmd, connections, s.first)
	if err != nil {
		return nil, err
	}
	first := connections[i]
	return slices.Insert(slices.Delete(connections, i, i+1), 0, first), nil
}

// configured returns the connections in the .spc files. Steampipe's config folder may be missing.
func (s *connectionFlags) configured() ([]spcConnection, error) {
	connections, err := readConnections(s.location())
	if s.config == "" && errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	return connections, err
}

func (s *connectionFlags) location() string {
	if s.config != "" {
		return s.config
	}
	return filepath.Join(bitbucket.InstallDir(), "config")
}

// newFile returns the file for a new connection.
func (s *connectionFlags) newFile() string {
	location := s.location()
	if info, err := os.Stat(location); err == nil && !info.IsDir() {
		return location
	}
	return filepath.Join(location, "bitbucket.spc")
}

// find returns the index of the connection with the name.
func find(cmd *cobra.Command, connections []spcConnection, name string) (int, error) {
	var names []string
	for i, c := range connections {
		if strings.EqualFold(c.Name, name) {
			return i, nil
		}
		names = append(names, c.Name)
	}
	if names == nil {
		return 0, usagef(cmd, "unknown connection %s: the .spc files have no connection of this plugin", name)
	}
	if meant := similar.To(name, names); meant != "" {
		return 0, usagef(cmd, "unknown connection %s: did you mean %s?", name, meant)
	}
	return 0, usagef(cmd, "unknown connection %s: choose %s", name, strings.Join(names, ", "))
}

// defaultConnection is the name of a new connection. localPlugin is the plugin's name after `make install`.
const (
	defaultConnection = "bitbucket"
	localPlugin       = "local/bitbucket"
)

// environmentConnection returns a connection without a file, if the environment has credentials.
func environmentConnection() ([]spcConnection, error) {
	settings, err := bitbucket.Config{}.Settings()
	if err != nil {
		return nil, err
	}
	if settings.ConsumerKey == "" && settings.AccessToken == "" && settings.Email == "" {
		return nil, nil
	}
	return []spcConnection{bareConnection()}, nil
}

// bareConnection returns a connection without arguments.
func bareConnection() spcConnection {
	return spcConnection{Connection: sqlhost.Connection{Name: defaultConnection, Plugin: localPlugin}}
}
