package audit

import (
	"fmt"
	"strconv"
	"strings"
)

// Mod writes what of the Powerpipe mod comes from this package, by file. The rest, the dashboards, is written by hand.
func Mod() (map[string]string, error) {
	mod := map[string]string{
		"variables.pp":             variablesFile(),
		"powerpipe.ppvars.example": valuesFile(),
		"controls/controls.pp":     controlsFile(),
	}
	for _, b := range Benchmarks {
		f := newFile()
		f.benchmark(b)
		mod["benchmarks/"+b.Name+".pp"] = f.String()
	}
	ofControls, ofDashboards := newFile(), newFile()
	for _, query := range Queries() {
		f := ofDashboards
		if FindControl(query) != nil {
			f = ofControls
		}
		if err := f.query(query); err != nil {
			return nil, err
		}
	}
	mod["queries/controls.pp"], mod["queries/dashboards.pp"] = ofControls.String(), ofDashboards.String()
	return mod, nil
}

// A file is one of the mod's.
type file struct{ strings.Builder }

func newFile() *file {
	f := &file{}
	f.WriteString("# Written by `go generate ./internal/audit`, which has the sources. Do not edit.\n")
	return f
}

// line writes a line, indented.
func (f *file) line(depth int, format string, args ...any) {
	line := fmt.Sprintf(format, args...)
	if line != "" {
		f.WriteString(strings.Repeat("  ", depth))
	}
	f.WriteString(line + "\n")
}

// text is a text in HCL.
func text(s string) string {
	return strings.NewReplacer("${", "$${", "%{", "%%{").Replace(strconv.Quote(s))
}

func value(v any) string {
	switch v := v.(type) {
	case string:
		return text(v)
	case []string:
		quoted := make([]string, len(v))
		for i, s := range v {
			quoted[i] = text(s)
		}
		return "[" + strings.Join(quoted, ", ") + "]"
	default:
		return fmt.Sprint(v)
	}
}

func variablesFile() string {
	f := newFile()
	for _, v := range Variables {
		f.line(0, "\nvariable %s {", text(v.Name))
		f.line(1, "type        = %s", v.Kind())
		f.line(1, "default     = %s", value(v.Default))
		f.line(1, "description = %s", text(v.Description))
		f.line(0, "}")
	}
	return f.String()
}

// valuesFile is an example of the file in which people set variables.
func valuesFile() string {
	var f file
	f.WriteString("# Copy this file to powerpipe.ppvars, and change what should be other than by default.\n")
	for _, v := range Variables {
		f.line(0, "\n# %s", v.Description)
		f.line(0, "%s = %s", v.Name, value(v.Default))
	}
	return f.String()
}

func controlsFile() string {
	f := newFile()
	for _, c := range Controls {
		f.line(0, "\ncontrol %s {", text(c.Name))
		f.line(1, "title       = %s", text(c.Title))
		f.line(1, "description = %s", text(c.Description()))
		f.line(1, "severity    = %s", text(c.Severity))
		f.line(1, "query       = query.%s", c.Name)
		f.line(0, "")
		f.line(1, "tags = merge(local.bitbucket_common_tags, {")
		if cis := c.CIS(); len(cis) > 0 {
			f.line(2, "cis         = \"true\"")
			f.line(2, "cis_item_id = %s", text(strings.Join(cis, ",")))
			f.line(2, "service     = %s", text("Bitbucket/"+c.Service))
		} else {
			f.line(2, "service = %s", text("Bitbucket/"+c.Service))
		}
		f.line(1, "})")
		f.line(0, "}")
	}
	return f.String()
}

// benchmark writes a benchmark and those below.
func (f *file) benchmark(b *Benchmark) {
	var children []string
	for _, below := range b.Benchmarks {
		children = append(children, "benchmark."+below.Name)
	}
	for _, name := range b.Controls {
		children = append(children, "control."+name)
	}
	f.line(0, "\nbenchmark %s {", text(b.Name))
	f.line(1, "title       = %s", text(b.Title))
	f.line(1, "description = %s", text(b.Description))
	f.line(0, "")
	f.line(1, "children = [")
	f.line(2, "%s", strings.Join(children, ",\n    "))
	f.line(1, "]")
	f.line(0, "")
	f.line(1, "tags = merge(local.bitbucket_common_tags, {")
	if b.CIS != "" {
		f.line(2, "cis         = \"true\"")
		f.line(2, "cis_item_id = %s", text(b.CIS))
		f.line(2, "type        = \"Benchmark\"")
	} else {
		f.line(2, "type = \"Benchmark\"")
	}
	f.line(1, "})")
	f.line(0, "}")
	for _, below := range b.Benchmarks {
		f.benchmark(below)
	}
}

// query writes a query. A parameter that is no variable has no default: the dashboard passes it.
func (f *file) query(name string) error {
	sql, params, err := Prepared(name)
	if err != nil {
		return err
	}
	f.line(0, "\nquery %s {", text(name))
	f.line(1, "sql = <<-EOQ")
	for line := range strings.Lines(sql + ";\n") {
		f.line(2, "%s", strings.TrimRight(line, "\n"))
	}
	f.line(1, "EOQ")
	for _, p := range params {
		f.line(0, "")
		v, ok := FindVariable(p.Name)
		switch {
		case !ok:
			f.line(1, "param %s {}", text(p.Name))
		case v.Kind() != p.Kind:
			return fmt.Errorf("query %s has %s as a %s, and it is a %s", name, p.Name, p.Kind, v.Kind())
		default:
			f.line(1, "param %s {", text(p.Name))
			f.line(2, "description = %s", text(v.Description))
			f.line(2, "default     = var.%s", p.Name)
			f.line(1, "}")
		}
	}
	f.line(0, "}")
	return nil
}
