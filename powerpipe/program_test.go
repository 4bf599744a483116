package powerpipe

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/kindor/steampipe-plugin-bitbucket/internal/audit"
	"github.com/kindor/steampipe-plugin-bitbucket/internal/programtest"
)

// A program is Powerpipe, of the version in tools/powerpipe, with its own folder.
type program struct {
	path    string
	dir     string
	env     []string
	secrets []string            // the output must not have these
	listed  map[string][]string // names of blocks, by type
}

// databaseConfig names the database by its socket, in the folder PGHOST.
const databaseConfig = `
connection "steampipe" "default" {
  host     = ""
  port     = 5432
  db       = "postgres"
  username = "steampipe"
}
`

// newProgram builds Powerpipe, unless Go's cache has it, and sets the database as Steampipe's.
func newProgram(t *testing.T, d demo) *program {
	t.Helper()
	_, err := d.postgres.Exec(t.Context(), `create schema steampipe_internal;
		create table steampipe_internal.steampipe_plugin (plugin text, version text);
		insert into steampipe_internal.steampipe_plugin values ('local/bitbucket', 'local')`)
	if err != nil {
		t.Fatal(err)
	}
	path := programtest.Tool(t, "../tools/powerpipe", "powerpipe")
	dir := t.TempDir()
	if err := os.MkdirAll(filepath.Join(dir, "config"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "config", "test.ppc"), []byte(databaseConfig), 0o600); err != nil {
		t.Fatal(err)
	}
	env := append(os.Environ(), "HOME="+dir, "PGHOST="+d.postgres.Config().Host, "POWERPIPE_INSTALL_DIR="+dir, "POWERPIPE_UPDATE_CHECK=false", "POWERPIPE_TELEMETRY=none")
	return &program{path, dir, env, d.addresses(), map[string][]string{}}
}

// addConfig adds a file to Powerpipe's configuration.
func (p *program) addConfig(t *testing.T, name, text string) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(p.dir, "config", name), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// run runs a command, and decodes its output as JSON. The command must not warn, and may end with the exit code for alarms.
func (p *program) run(t *testing.T, to any, arguments ...string) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), p.path, arguments...)
	cmd.Env = p.env
	var said bytes.Buffer
	cmd.Stderr = &said
	out, err := cmd.Output()
	var exit *exec.ExitError
	alarms := errors.As(err, &exit) && exit.ExitCode() == 1 && slices.Contains(arguments, "benchmark")
	if err != nil && !alarms || said.Len() > 0 {
		t.Errorf("powerpipe %s: %v\n%s", strings.Join(arguments, " "), err, said.String())
	}
	if bytes.Contains(out, []byte("<nil>")) {
		t.Errorf("powerpipe %s: a value that is missing is shown as <nil>", strings.Join(arguments, " "))
	}
	for _, secret := range p.secrets {
		if bytes.Contains(out, []byte(secret)) {
			t.Errorf("powerpipe %s: the address of a webhook, which is a secret, is shown: %s", strings.Join(arguments, " "), secret)
		}
	}
	if err := json.Unmarshal(out, to); err != nil {
		t.Fatalf("powerpipe %s: %v\n%s", strings.Join(arguments, " "), err, out)
	}
}

// list returns the names of the blocks of a type, as Powerpipe lists them, once.
func (p *program) list(t *testing.T, kind string) []string {
	t.Helper()
	if names, ok := p.listed[kind]; ok {
		return names
	}
	var listed []struct {
		Name string `json:"qualified_name"`
	}
	p.run(t, &listed, kind, "list", "--output", "json")
	var names []string
	for _, l := range listed {
		names = append(names, l.Name[strings.LastIndex(l.Name, ".")+1:])
	}
	slices.Sort(names)
	p.listed[kind] = names
	return names
}

// lists compares Powerpipe's lists with the sources.
func (p *program) lists(t *testing.T) {
	var benchmarks, controls, variables []string
	for _, b := range audit.Benchmarks {
		benchmarks = append(benchmarks, benchmarkNames(b)...)
	}
	for _, c := range audit.Controls {
		controls = append(controls, c.Name)
	}
	for _, v := range audit.Variables {
		variables = append(variables, v.Name)
	}
	var dashboards []string
	for _, file := range files(t, "dashboards/*.pp") {
		for _, name := range regexp.MustCompile(`(?m)^dashboard "(\w+)"`).FindAllStringSubmatch(file, -1) {
			dashboards = append(dashboards, name[1])
		}
	}
	for kind, want := range map[string][]string{"benchmark": benchmarks, "control": controls, "query": audit.Queries(), "variable": variables, "dashboard": dashboards} {
		for _, file := range append(files(t, "benchmarks/access_history.pp"), files(t, "mod.pp")...) { // the files written by hand
			for _, name := range regexp.MustCompile(`(?m)^`+kind+` "(\w+)"`).FindAllStringSubmatch(file, -1) {
				want = append(want, name[1])
			}
		}
		slices.Sort(want)
		if diff := cmp.Diff(want, p.list(t, kind)); diff != "" {
			t.Errorf("%s list (-sources +Powerpipe):\n%s", kind, diff)
		}
	}
}

// The example of a file with values has all variables, with their descriptions and defaults.
func TestExampleOfValues(t *testing.T) {
	t.Parallel()
	var want []string
	for _, pattern := range []string{"*.pp", "*/*.pp"} {
		for _, file := range files(t, pattern) {
			for _, v := range regexp.MustCompile(`(?m)^variable "(\w+)" {\n.*\n +default += (.*)\n +description = "(.*)"`).FindAllStringSubmatch(file, -1) {
				want = append(want, "# "+v[3]+"\n"+v[1]+" = "+v[2])
			}
		}
	}
	_, example, _ := strings.Cut(files(t, "powerpipe.ppvars.example")[0], "\n\n")
	got := strings.Split(strings.TrimSpace(example), "\n\n")
	slices.Sort(want)
	slices.Sort(got)
	if diff := cmp.Diff(want, got); diff != "" || len(got) < 30 {
		t.Errorf("powerpipe.ppvars.example (-variables +example):\n%s", diff)
	}
}

// takesExample runs a query with the example of a file with values.
func (p *program) takesExample(t *testing.T) {
	var found struct{ Rows []map[string]any }
	p.run(t, &found, "query", "run", "bitbucket.query.workspace_input", "--var-file", "powerpipe.ppvars.example", "--output", "json")
	if len(found.Rows) == 0 {
		t.Error("no workspace is found with the values of the example")
	}
}

// benchmarkNames returns the names of a benchmark and of its children.
func benchmarkNames(b *audit.Benchmark) []string {
	names := []string{b.Name}
	for _, child := range b.Benchmarks {
		names = append(names, benchmarkNames(child)...)
	}
	return names
}

func files(t *testing.T, pattern string) []string {
	t.Helper()
	found, err := filepath.Glob(filepath.FromSlash(pattern))
	if err != nil {
		t.Fatal(err)
	}
	var texts []string
	for _, name := range found {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		texts = append(texts, string(text))
	}
	return texts
}

// A group is Powerpipe's result of a benchmark.
type group struct {
	Groups   []group
	Controls []struct {
		ID      string `json:"control_id"`
		Error   string `json:"run_error"`
		Summary map[audit.Status]int
		Results []struct {
			Resource, Reason string
			Status           audit.Status
			Dimensions       []struct{ Key, Value string }
		}
	}
}

// benchmark returns the results of a benchmark by control.
func (p *program) benchmark(t *testing.T, name string) map[string][]audit.Resource {
	t.Helper()
	found := p.results(t, name, "--var", "needed_permission=read")
	for _, control := range audit.FindBenchmark(name).All() {
		if _, ok := found[control]; !ok {
			t.Errorf("benchmark %s does not run control %s", name, control)
		}
	}
	return found
}

// results returns the results of a benchmark with more arguments, by control.
func (p *program) results(t *testing.T, benchmark string, arguments ...string) map[string][]audit.Resource {
	t.Helper()
	var root group
	p.run(t, &root, append([]string{"benchmark", "run", "bitbucket.benchmark." + benchmark, "--output", "json", "--progress=false", "--mod-install=false"}, arguments...)...)
	found := map[string][]audit.Resource{}
	root.collect(t, found)
	return found
}

func (g group) collect(t *testing.T, found map[string][]audit.Resource) {
	for _, below := range g.Groups {
		below.collect(t, found)
	}
	for _, c := range g.Controls {
		name := strings.TrimPrefix(c.ID, "control.")
		if c.Error != "" {
			t.Errorf("Powerpipe: %s: %s", name, c.Error)
		}
		resources := []audit.Resource{}
		counts := map[audit.Status]int{}
		for _, r := range c.Results {
			counts[r.Status]++
			resource := audit.Resource{Resource: r.Resource, Status: r.Status, Reason: r.Reason}
			for _, d := range r.Dimensions {
				resource.Dimensions = append(resource.Dimensions, audit.Dimension{Name: d.Key, Value: d.Value})
			}
			resources = append(resources, resource)
		}
		for status, n := range c.Summary {
			if n != counts[status] && c.Error == "" {
				t.Errorf("Powerpipe: %s: %d are %s by its summary, and %d by its results", name, n, status, counts[status])
			}
		}
		found[name] = resources
	}
}

// A snapshot is Powerpipe's result of a dashboard.
type snapshot struct {
	Panels map[string]dashboardPanel
}

// A dashboardPanel is a part of a dashboard: a card, a table, an input and so on.
type dashboardPanel struct {
	Type       string `json:"panel_type"`
	Status     string
	Error      string
	SQL        string
	Args       []any // values of the query's parameters, in their order
	Title      string
	Properties struct {
		Input    string `json:"unqualified_name"` // of an input
		Href     string
		Category struct{ Href string }
		Columns  map[string]struct{ Href string }
	}
	Data struct {
		Columns []struct {
			Name string
			Type string `json:"data_type"`
		}
		Rows []map[string]any
	}
}

// dashboard runs a dashboard with values for its inputs.
func (p *program) dashboard(t *testing.T, name string, inputs map[string]any) snapshot {
	t.Helper()
	arguments := []string{"dashboard", "run", "bitbucket.dashboard." + name, "--output", "snapshot", "--progress=false", "--mod-install=false", "--input=false"}
	for input, value := range inputs {
		arguments = append(arguments, "--arg", fmt.Sprintf("%s=%v", input, value))
	}
	var s snapshot
	p.run(t, &s, arguments...)
	for of, panel := range s.Panels {
		if panel.Error != "" || panel.Status != "complete" {
			t.Errorf("%s with %v: %s is %s: %s", name, inputs, of, panel.Status, panel.Error)
		}
	}
	return s
}

// values are the values of a query's parameters that the panel passes, as SQLite's dialect takes them.
func (p dashboardPanel) values(t *testing.T, params []audit.Param) map[string]any {
	t.Helper()
	if len(p.Args) != len(params) {
		t.Fatalf("%d values of %d parameters: %v", len(p.Args), len(params), p.Args)
	}
	values := map[string]any{}
	for i, param := range params {
		text := fmt.Sprint(p.Args[i])
		values[param.Name] = text
		if n, err := strconv.Atoi(text); err == nil && param.Kind == audit.Number {
			values[param.Name] = n
		}
	}
	return values
}

func (p dashboardPanel) answer() answer {
	var a answer
	for _, c := range p.Data.Columns {
		a.columns = append(a.columns, c.Name)
	}
	for _, row := range p.Data.Rows {
		var texts []string
		for _, c := range p.Data.Columns {
			text := valueText(row[c.Name])
			if c.Type == "NUMERIC" && strings.Contains(text, ".") { // Powerpipe returns these as texts
				text = trimmed(text)
			}
			texts = append(texts, text)
		}
		a.rows = append(a.rows, texts)
	}
	return a
}

// options returns the choices of the inputs of a dashboard.
func (s snapshot) options() map[string][]string {
	all := map[string][]string{}
	for _, panel := range s.Panels {
		if name, ok := strings.CutPrefix(panel.Properties.Input, "input."); ok {
			for _, row := range panel.Data.Rows {
				all[name] = append(all[name], fmt.Sprint(row["value"]))
			}
		}
	}
	return all
}

// links returns the links of a panel to other pages, as templates and for each row.
func (p dashboardPanel) links(t *testing.T) map[string][]string {
	all := map[string][]string{}
	written := []string{p.Properties.Href, p.Properties.Category.Href}
	for _, c := range p.Properties.Columns {
		written = append(written, c.Href)
	}
	for _, href := range written {
		for _, row := range p.Data.Rows {
			if href != "" {
				all[href] = append(all[href], render(t, href, row))
			}
		}
	}
	return all
}

// leads says of which figures and tables of a dashboard nobody finds the rows: the figure of a card is explained by a link, or
// by a table on the page whose title or column has the words of its label, and each table links to other pages.
func (s snapshot) leads(t *testing.T, dashboard string) {
	var words []string
	for name, panel := range s.Panels {
		if panel.Type != "table" {
			continue
		}
		words = append(words, strings.ToLower(panel.Title))
		links := 0
		for _, c := range panel.Data.Columns {
			words = append(words, strings.ToLower(c.Name))
			if panel.Properties.Columns[c.Name].Href != "" {
				links++
			}
		}
		if links == 0 {
			t.Errorf("%s: table %q has no link", name, panel.Title)
		}
	}
	for name, panel := range s.Panels {
		if panel.Type != "card" || panel.Properties.Href != "" || len(panel.Data.Rows) == 0 {
			continue
		}
		label := strings.ToLower(fmt.Sprint(panel.Data.Rows[0]["label"]))
		label, _, _ = strings.Cut(label, ",")
		if label != "data read on" && label != "seen" && !slices.ContainsFunc(words, func(of string) bool { return strings.Contains(of, label) }) {
			t.Errorf("%s of %s: nothing says where the rows of %q are", name, dashboard, label)
		}
	}
}

// reference is a column's value in a link, alone or escaped.
var reference = regexp.MustCompile(`\{\{\s*\.'?([^'|}]+?)'?\s*(\| @uri\s*)?\}\}`)

// render puts a row's values into a link.
func render(t *testing.T, href string, row map[string]any) string {
	link := reference.ReplaceAllStringFunc(href, func(of string) string {
		m := reference.FindStringSubmatch(of)
		value, ok := row[m[1]].(string)
		if !ok || value == "" {
			t.Errorf("%s: column %s is %v in a row", href, m[1], row[m[1]])
		}
		if m[2] != "" {
			return url.QueryEscape(value)
		}
		return value
	})
	if strings.ContainsAny(link, "{}") {
		t.Errorf("%s: the test can't read this link", href)
	}
	return link
}

// open checks all links of dashboards: the pages exist, and their inputs offer the values in the links. It opens one link of
// each kind.
func (p *program) open(t *testing.T, snapshots map[string]snapshot) {
	benchmarks := p.list(t, "benchmark")
	opened := map[string]bool{}
	for _, s := range snapshots {
		for name, panel := range s.Panels {
			for _, links := range panel.links(t) {
				for i, link := range links {
					page, _ := url.Parse(link)
					dashboard, isDashboard := strings.CutPrefix(page.Path, "/bitbucket.dashboard.")
					benchmark, isBenchmark := strings.CutPrefix(page.Path, "/bitbucket.benchmark.")
					switch to, ok := snapshots[dashboard]; {
					case page.Scheme == "https" && page.Host == "bitbucket.org":
					case isBenchmark && slices.Contains(benchmarks, benchmark) && page.RawQuery == "":
					case isDashboard && ok:
						isFirst := i == 0 && !opened[link]
						p.follow(t, name, link, dashboard, page.Query(), to.options(), isFirst)
						opened[link] = opened[link] || isFirst
					default:
						t.Errorf("%s links to %s, which is not there", name, link)
					}
				}
			}
		}
	}
	if len(opened) == 0 {
		t.Error("no dashboard links to another")
	}
}

func (p *program) follow(t *testing.T, from, link, dashboard string, query url.Values, options map[string][]string, isOpened bool) {
	inputs := map[string]any{}
	for input, offered := range options {
		inputs[input] = offered[0]
	}
	for parameter := range query {
		input, _ := strings.CutPrefix(parameter, "input.")
		if !slices.Contains(options[input], query.Get(parameter)) {
			t.Errorf("%s links to %s, where %s can't be chosen", from, link, parameter)
		}
		inputs[input] = query.Get(parameter)
	}
	if isOpened {
		p.dashboard(t, dashboard, inputs)
	}
}
