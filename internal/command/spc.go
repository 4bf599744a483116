package command

import (
	"cmp"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/gohcl"
	"github.com/hashicorp/hcl/v2/hclsyntax"

	"github.com/kindor/steampipe-plugin-bitbucket/bitbucket"
	"github.com/kindor/steampipe-plugin-bitbucket/internal/sqlhost"
)

// A spcConnection is a connection block of this plugin in a .spc file.
type spcConnection struct {
	sqlhost.Connection
	config bitbucket.Config
	texts  map[string]string // the block's arguments as written, for example `max_wait = "5m"`
	where  hcl.Range         // of the block's first line
}

// check returns an error if the connection can't be used, whatever Bitbucket answers.
func (c spcConnection) check() error {
	settings, err := c.config.Settings()
	if err == nil {
		_, err = settings.Open()
	}
	if err != nil {
		return c.wrong(err)
	}
	return nil
}

// wrong adds to an error where the connection is, unless the environment makes it.
func (c spcConnection) wrong(err error) error {
	if c.where.Filename == "" {
		return err
	}
	return errorAt(c.where, "connection %s: %w", c.Name, err)
}

// The parts of a .spc file that Steampipe itself reads. All other blocks are ignored.
// https://steampipe.io/docs/reference/config-files/connection
var (
	fileSchema = &hcl.BodySchema{Blocks: []hcl.BlockHeaderSchema{
		{Type: "connection", LabelNames: []string{"name"}},
		{Type: "plugin", LabelNames: []string{"name"}},
	}}
	pluginSchema     = &hcl.BodySchema{Attributes: []hcl.AttributeSchema{{Name: "source"}}}
	connectionSchema = &hcl.BodySchema{
		Attributes: []hcl.AttributeSchema{{Name: "plugin", Required: true}, {Name: "type"}, {Name: "connections"}, {Name: "import_schema"}},
		Blocks:     []hcl.BlockHeaderSchema{{Type: "options", LabelNames: []string{"name"}}},
	}
)

// isOurs reports whether a connection's plugin is this one. Steampipe accepts "bitbucket", "turbot/bitbucket@latest",
// "local/bitbucket" or "hub.steampipe.io/plugins/turbot/bitbucket@1" for the same plugin: only the last part without
// the version counts.
func isOurs(plugin string) bool {
	name := path.Base(plugin)
	if i := strings.IndexAny(name, "@:"); i >= 0 {
		name = name[:i]
	}
	return name == "bitbucket"
}

// readConnections reads this plugin's connections in the .spc files of a folder, or in one file, sorted by name like
// Steampipe's search path.
func readConnections(location string) ([]spcConnection, error) {
	files, err := spcFiles(location)
	if err != nil {
		return nil, err
	}
	var blocks []spcBlock
	sources := map[string]string{} // of the plugin blocks, by name
	for _, file := range files {
		content, err := readBlocks(file, sources)
		if err != nil {
			return nil, err
		}
		blocks = append(blocks, content...)
	}
	var connections []spcConnection
	for _, b := range blocks {
		c, ours, err := b.connection(sources)
		if err != nil {
			return nil, err
		}
		if ours {
			connections = append(connections, c)
		}
	}
	if err := checkNames(connections); err != nil {
		return nil, err
	}
	slices.SortFunc(connections, func(a, b spcConnection) int { return cmp.Compare(a.Name, b.Name) })
	return connections, resolveAggregators(connections)
}

func spcFiles(location string) ([]string, error) {
	info, err := os.Stat(location)
	if err != nil {
		return nil, misconfigured("can't read the configuration: %w", err)
	}
	if !info.IsDir() {
		return []string{location}, nil
	}
	entries, err := os.ReadDir(location)
	if err != nil {
		return nil, misconfigured("can't read the configuration: %w", err)
	}
	var files []string
	for _, entry := range entries {
		if !entry.IsDir() && filepath.Ext(entry.Name()) == ".spc" {
			files = append(files, filepath.Join(location, entry.Name()))
		}
	}
	return files, nil
}

// A spcBlock is a connection block and the text of its file.
type spcBlock struct {
	*hcl.Block
	text []byte
}

// readBlocks returns the connection blocks of a file. It adds the sources of the plugin blocks to sources.
func readBlocks(file string, sources map[string]string) ([]spcBlock, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, misconfigured("can't read the configuration: %w", err)
	}
	parsed, diagnostics := hclsyntax.ParseConfig(text, file, hcl.InitialPos)
	if diagnostics.HasErrors() {
		return nil, located(diagnostics)
	}
	content, _, diagnostics := parsed.Body.PartialContent(fileSchema)
	if diagnostics.HasErrors() {
		return nil, located(diagnostics)
	}
	var blocks []spcBlock
	for _, b := range content.Blocks {
		if b.Type == "connection" {
			blocks = append(blocks, spcBlock{b, text})
			continue
		}
		arguments, _, _ := b.Body.PartialContent(pluginSchema)
		if source := ""; arguments.Attributes["source"] != nil && decodeArgument(arguments.Attributes["source"], &source) == nil {
			sources[b.Labels[0]] = source
		}
	}
	return blocks, nil
}

// connection returns the connection that the block declares. ours is false if it belongs to another plugin.
func (b spcBlock) connection(sources map[string]string) (c spcConnection, ours bool, err error) {
	content, rest, diagnostics := b.Body.PartialContent(connectionSchema)
	if diagnostics.HasErrors() {
		return c, false, located(diagnostics)
	}
	arguments := content.Attributes
	c.Name, c.where, c.texts = b.Labels[0], b.DefRange, b.texts()
	if c.Plugin, err = pluginOf(arguments["plugin"], sources); err != nil || !isOurs(c.Plugin) {
		return c, false, err
	}
	if err := decodeArgument(arguments["type"], &c.Type); err != nil {
		return c, false, err
	}
	if err := decodeArgument(arguments["connections"], &c.Connections); err != nil {
		return c, false, err
	}
	switch c.Type {
	case sqlhost.TypeAggregator:
		return c, true, nil
	case "", "plugin":
		c.Type = ""
	default:
		return c, false, errorAt(c.where, "connection %s has the unknown type %q: the only type is \"aggregator\"", c.Name, c.Type)
	}
	c.config = bitbucket.ConfigOf(rest)
	c.Config = b.arguments()
	return c, true, nil
}

// pluginOf returns the name of a connection's plugin, given as text or as plugin.<name> for a plugin block.
func pluginOf(argument *hcl.Attribute, sources map[string]string) (string, error) {
	var name string
	if reference, diagnostics := hcl.AbsTraversalForExpr(argument.Expr); !diagnostics.HasErrors() {
		if block, ok := reference[len(reference)-1].(hcl.TraverseAttr); ok && reference.RootName() == "plugin" {
			name = block.Name
		}
	}
	if name == "" {
		if err := decodeArgument(argument, &name); err != nil {
			return "", err
		}
	}
	if source, ok := sources[name]; ok {
		return source, nil
	}
	return name, nil
}

// texts returns the text of each argument of the block.
func (b spcBlock) texts() map[string]string {
	texts := map[string]string{}
	for name, attribute := range b.Body.(*hclsyntax.Body).Attributes {
		texts[name] = string(attribute.SrcRange.SliceBytes(b.text))
	}
	return texts
}

// arguments returns the text of the arguments for the plugin, without those for Steampipe itself.
func (b spcBlock) arguments() string {
	body := b.Body.(*hclsyntax.Body)
	var own []hcl.Range
	for name, attribute := range body.Attributes {
		if !slices.ContainsFunc(connectionSchema.Attributes, func(a hcl.AttributeSchema) bool { return a.Name == name }) {
			own = append(own, attribute.SrcRange)
		}
	}
	for _, inner := range body.Blocks { // the plugin rejects them
		if !slices.ContainsFunc(connectionSchema.Blocks, func(h hcl.BlockHeaderSchema) bool { return h.Type == inner.Type }) {
			own = append(own, inner.Range())
		}
	}
	slices.SortFunc(own, func(a, b hcl.Range) int { return cmp.Compare(a.Start.Byte, b.Start.Byte) })
	var text strings.Builder
	for _, where := range own {
		text.Write(where.SliceBytes(b.text))
		text.WriteByte('\n')
	}
	return text.String()
}

// decodeArgument decodes an argument, which may be missing.
func decodeArgument(argument *hcl.Attribute, into any) error {
	if argument == nil {
		return nil
	}
	if diagnostics := gohcl.DecodeExpression(argument.Expr, nil, into); diagnostics.HasErrors() {
		return located(diagnostics)
	}
	return nil
}

func checkNames(connections []spcConnection) error {
	seen := map[string]spcConnection{}
	for _, c := range connections {
		if c.Name == "" {
			return errorAt(c.where, "the connection has no name")
		}
		name := strings.ToLower(c.Name) // SQL compares names of schemas like this
		if other, twice := seen[name]; twice {
			return errorAt(c.where, "connection %s exists already, at %s", other.Name, fileAndLine(other.where))
		}
		seen[name] = c
	}
	return nil
}

// resolveAggregators replaces the patterns of each aggregator by the names of the matching connections.
func resolveAggregators(connections []spcConnection) error {
	for i, c := range connections {
		if !c.Aggregator() {
			continue
		}
		var members []string
		for _, other := range connections {
			if !other.Aggregator() && slices.ContainsFunc(c.Connections, func(pattern string) bool { return matchesPattern(pattern, other.Name) }) {
				members = append(members, other.Name)
			}
		}
		if len(members) == 0 {
			return errorAt(c.where, "aggregator %s has no connections: its argument \"connections\" matches no connection of this plugin", c.Name)
		}
		connections[i].Connections = members
	}
	return nil
}

func matchesPattern(pattern, name string) bool {
	ok, err := path.Match(pattern, name)
	return ok && err == nil
}

// located returns the first error with its place, on one line.
func located(diagnostics hcl.Diagnostics) error {
	for _, d := range diagnostics {
		if d.Severity != hcl.DiagError {
			continue
		}
		problem := strings.TrimSuffix(d.Summary, ".") + ": " + d.Detail
		if d.Subject == nil {
			return misconfigured("%s", problem)
		}
		return errorAt(*d.Subject, "%s", problem)
	}
	return nil
}

// errorAt returns an error about a place in a file.
func errorAt(where hcl.Range, format string, args ...any) error {
	return misconfigured("%s: %w", fileAndLine(where), fmt.Errorf(format, args...))
}

func fileAndLine(where hcl.Range) string {
	return fmt.Sprintf("%s:%d", where.Filename, where.Start.Line)
}
