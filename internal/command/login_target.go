package command

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/kindor/steampipe-plugin-bitbucket/bitbucket"
)

// A loginTarget is the connection to log in for.
type loginTarget struct {
	spcConnection
	declared bool             // the connection is in its file already
	alone    bool             // there is no other connection, so that the environment can make one
	first    bool             // tables without a schema belong to it
	written  bitbucket.Config // the arguments in the file, before the flags
	settings bitbucket.Settings
}

// target finds the consumer: of the named connection, of --consumer-key, of the only connection with a consumer, or of
// the environment. Its key and secret may be missing.
func (l *loginCommand) target(cmd *cobra.Command) (loginTarget, error) {
	if l.key != "" && l.connection != "" {
		return loginTarget{}, usagef(cmd, "--consumer-key and --connection both name a consumer: give only one")
	}
	connections, err := l.source.configured()
	if err != nil {
		return loginTarget{}, err
	}
	t, err := l.choose(cmd, connections)
	if err != nil {
		return loginTarget{}, err
	}
	t.alone = len(connections) == 0 && l.source.config == ""
	first := strings.ToLower(t.Name)
	t.first = !slices.ContainsFunc(connections, func(c spcConnection) bool { return c.Name < t.Name && strings.ToLower(c.Name) != first })
	return t, nil
}

// choose returns the target among the connections.
func (l *loginCommand) choose(cmd *cobra.Command, connections []spcConnection) (loginTarget, error) {
	if l.key != "" {
		return l.keyTarget(connections)
	}
	if l.connection != "" {
		i, err := find(cmd, connections, l.connection)
		if err != nil {
			return loginTarget{}, err
		}
		return namedTarget(connections[i])
	}
	var candidates []loginTarget
	var names []string
	for _, c := range connections {
		if c.config.ConsumerKey == nil {
			continue
		}
		t, err := namedTarget(c)
		if err != nil {
			return loginTarget{}, err
		}
		candidates, names = append(candidates, t), append(names, c.Name)
	}
	switch len(candidates) {
	case 0:
		return l.keyTarget(connections)
	case 1:
		fmt.Fprintf(l.err, "Using the consumer of connection %s.\n", names[0])
		return candidates[0], nil
	}
	return loginTarget{}, usagef(cmd, "several connections have a consumer: choose %s with --connection", strings.Join(names, ", "))
}

// namedTarget returns the login for a connection in the .spc files that has a consumer.
func namedTarget(c spcConnection) (loginTarget, error) {
	t, err := declaredTarget(c)
	if err == nil && t.settings.ConsumerKey == "" {
		return loginTarget{}, errorAt(c.where, "connection %s has no consumer_key: its authentication method needs no login", c.Name)
	}
	return t, err
}

// declaredTarget returns the login for a connection in the .spc files that has a consumer, or gets one.
func declaredTarget(c spcConnection) (loginTarget, error) {
	if c.Aggregator() {
		return loginTarget{}, misconfigured("connection %s is an aggregator: log in with each of %s", c.Name, strings.Join(c.Connections, ", "))
	}
	settings, err := c.config.Settings()
	if err != nil {
		return loginTarget{}, c.wrong(err)
	}
	return loginTarget{spcConnection: c, declared: true, written: c.config, settings: settings}, nil
}

// keyTarget returns the login for the consumer of --consumer-key or of the environment, to be configured in the default
// connection.
func (l *loginCommand) keyTarget(connections []spcConnection) (t loginTarget, err error) {
	i := slices.IndexFunc(connections, func(c spcConnection) bool { return strings.EqualFold(c.Name, defaultConnection) })
	if i >= 0 {
		c := connections[i]
		written := c.config
		c.config = l.withKey(c.config)
		t, err = declaredTarget(c)
		t.written = written
	} else {
		t.spcConnection = bareConnection()
		t.Plugin = installedPlugin()
		t.where.Filename = l.source.newFile()
		t.settings, err = l.withKey(t.config).Settings()
	}
	if other := os.Getenv("BITBUCKET_OAUTH_CLIENT_ID"); l.key != "" && other != "" && other != l.key && !t.hasSecret() {
		t.settings.ConsumerSecret = "" // comes from the environment: of another consumer
	}
	return t, err
}

// withKey returns the arguments with the consumer of --consumer-key, if given, as the only authentication method.
func (l *loginCommand) withKey(c bitbucket.Config) bitbucket.Config {
	c.RefreshToken, c.GrantType, c.AccessToken, c.Email, c.APIToken = nil, nil, nil, nil, nil
	if l.key != "" && (c.ConsumerKey == nil || *c.ConsumerKey != l.key) {
		c.ConsumerKey, c.ConsumerSecret = &l.key, nil
	}
	return c
}

// hasSecret reports whether the file contains the consumer's secret.
func (t loginTarget) hasSecret() bool {
	return t.config.ConsumerSecret != nil && strings.TrimSpace(*t.config.ConsumerSecret) == t.settings.ConsumerSecret
}

// installedPlugin returns the name that a new connection calls the plugin by: that of the folder of Steampipe's plugins from
// which this program runs, or localPlugin.
func installedPlugin() string {
	executable, err := os.Executable()
	if err == nil {
		executable, err = filepath.EvalSymlinks(executable)
	}
	if err != nil {
		return localPlugin
	}
	return pluginIn(filepath.Join(bitbucket.InstallDir(), "plugins"), executable)
}

// pluginIn returns the name of the plugin with the executable, if that is in the folder of plugins.
func pluginIn(plugins, executable string) string {
	if resolved, err := filepath.EvalSymlinks(plugins); err == nil {
		plugins = resolved
	}
	folder, err := filepath.Rel(plugins, filepath.Dir(executable))
	if err != nil || !filepath.IsLocal(folder) || !isOurs(filepath.ToSlash(folder)) {
		return localPlugin
	}
	return strings.TrimSuffix(filepath.ToSlash(folder), "@latest")
}
