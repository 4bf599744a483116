// Package audit holds the questions of the audit: controls that pass or alarm for each resource, and the queries of the
// dashboards. They are data, from which come the Powerpipe mod in powerpipe/ (mod.go), for PostgreSQL, and what the command
// audit asks (run.go), in SQLite. Each query stands once, in sql/, as a template in which functions write what differs
// between the two (dialect.go).
package audit

//go:generate go run ./write ../../powerpipe

import (
	"slices"
	"strings"
)

// A Control judges resources, each a row of its query: with the columns resource, status, reason, and dimensions that say
// where the resource is. The control, its query and the file of that have one name.
type Control struct {
	Name, Title  string
	Risk, Remedy string // what may happen, and what to do about it
	Caveat       string // what the control can't know, if it is sure of the rest
	Severity     string // low, medium, high or critical
	Service      string // what of Bitbucket it is about

	Population []*Area  // what it looks into
	Subject    string   // what it looks for there, in the plural
	Dimensions []string // columns that say where a resource is
}

// Description says all of the control: what may happen, what to do about it, and what it can't know.
func (c *Control) Description() string {
	return strings.TrimSpace(c.Risk + " " + c.Remedy + " " + c.Caveat)
}

// A Status is what a control says of a resource, and what it says on the whole.
type Status string

// The statuses.
const (
	OK        Status = "ok"
	Alarm     Status = "alarm"
	Info      Status = "info"       // Bitbucket does not tell
	Skip      Status = "skip"       // the control does not apply
	Error     Status = "error"      // the control failed
	NotJudged Status = "not_judged" // the control could not look there; in Powerpipe, which has no such status, it is skip
)

// Statuses are all of them, the worst first.
var Statuses = []Status{Alarm, Error, NotJudged, Info, OK, Skip}

// A Benchmark is controls that belong together, or benchmarks that do.
type Benchmark struct {
	Name, Title, Description string
	CIS                      string // number in the CIS Software Supply Chain Security Guide
	Benchmarks               []*Benchmark
	Controls                 []string
}

// Find returns the benchmark of the name, this one or one below; nil if there is none.
func (b *Benchmark) Find(name string) *Benchmark {
	if b.Name == name {
		return b
	}
	for _, below := range b.Benchmarks {
		if found := below.Find(name); found != nil {
			return found
		}
	}
	return nil
}

// All are the names of the controls of the benchmark and of those below, each once.
func (b *Benchmark) All() []string {
	all := slices.Clone(b.Controls)
	for _, below := range b.Benchmarks {
		for _, name := range below.All() {
			if !slices.Contains(all, name) {
				all = append(all, name)
			}
		}
	}
	return all
}

// FindBenchmark returns the benchmark of the name, at whatever depth; nil if there is none.
func FindBenchmark(name string) *Benchmark {
	for _, b := range Benchmarks {
		if found := b.Find(name); found != nil {
			return found
		}
	}
	return nil
}

// FindControl returns the control of the name, or nil.
func FindControl(name string) *Control {
	i := slices.IndexFunc(Controls, func(c *Control) bool { return c.Name == name })
	if i < 0 {
		return nil
	}
	return Controls[i]
}

// CIS are the numbers of the CIS guide that a control is about.
func (c *Control) CIS() []string {
	var numbers []string
	for _, b := range c.in(Benchmarks) {
		if b.CIS != "" {
			numbers = append(numbers, b.CIS)
		}
	}
	return numbers
}

// Benchmarks are the names of the benchmarks that the control is in.
func (c *Control) Benchmarks() []string {
	var names []string
	for _, b := range c.in(Benchmarks) {
		names = append(names, b.Name)
	}
	return names
}

// in are the benchmarks among some and below that have the control.
func (c *Control) in(benchmarks []*Benchmark) []*Benchmark {
	var all []*Benchmark
	for _, b := range benchmarks {
		if slices.Contains(b.Controls, c.Name) {
			all = append(all, b)
		}
		all = append(all, c.in(b.Benchmarks)...)
	}
	return all
}

// underscored is a number of the guide as names have it.
func underscored(number string) string { return strings.ReplaceAll(number, ".", "_") }
