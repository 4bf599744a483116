// Package audit contains the audit: controls, which pass or alarm for each resource, and the queries of the dashboards.
// These are data. The Powerpipe mod in powerpipe/ is generated from them (mod.go), for PostgreSQL, and the command
// audit runs them (run.go), in SQLite. sql/ has one template for each query, whose functions write the parts that
// differ between the two (dialect.go).
package audit

//go:generate go run ./write ../../powerpipe

import (
	"fmt"
	"slices"
	"strings"
)

// A Control judges resources. Its query returns a row for each, with the columns resource, status and reason, and
// dimensions, which locate the resource. The control, its query and the query's file have the same name.
type Control struct {
	Name, Title  string
	Risk, Remedy string // what can happen, and what to do about it
	How          string // how it judges
	Caveat       string // what the control can't know, or empty
	Severity     string // one of Severities
	Service      string // part of Bitbucket

	Population []*Area  // where it looks
	Subject    string   // what it looks for, in the plural
	Dimensions []string // columns that locate a resource
}

// Description returns the risk, the remedy and the caveat.
func (c *Control) Description() string {
	return strings.TrimSpace(c.Risk + " " + c.Remedy + " " + c.Caveat)
}

// A Status is the result of a control for a resource, or for all of them.
type Status string

// The statuses.
const (
	OK        Status = "ok"
	Alarm     Status = "alarm"
	Info      Status = "info"       // Bitbucket does not show enough
	Skip      Status = "skip"       // the control does not apply
	Error     Status = "error"      // the control failed
	Accepted  Status = "accepted"   // an alarm that a file of accepted findings names; alarm in Powerpipe
	NotJudged Status = "not_judged" // the control could not look there; skip in Powerpipe, which lacks this status
)

// Statuses are all statuses, the worst first.
var Statuses = []Status{Alarm, Error, NotJudged, Info, Accepted, OK, Skip}

// Severities are how severe alarms are, the worst first.
var Severities = []string{"critical", "high", "medium", "low"}

// A Benchmark is a group of controls or of benchmarks.
type Benchmark struct {
	Name, Title, Description string
	CIS                      string // number in the CIS Software Supply Chain Security Guide
	Benchmarks               []*Benchmark
	Controls                 []string
}

// Find returns the benchmark with the name: this one or one below it, or nil.
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

// All returns the names of the controls in the benchmark and in those below, without repetition.
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

// FindBenchmark returns the benchmark with the name, at any level, or nil.
func FindBenchmark(name string) *Benchmark {
	for _, b := range Benchmarks {
		if found := b.Find(name); found != nil {
			return found
		}
	}
	return nil
}

// FindControl returns the control with the name, or nil.
func FindControl(name string) *Control {
	i := slices.IndexFunc(Controls, func(c *Control) bool { return c.Name == name })
	if i < 0 {
		return nil
	}
	return Controls[i]
}

// An UnknownError reports a name that no control, benchmark or variable has.
type UnknownError struct{ What, Name string }

func (e *UnknownError) Error() string { return fmt.Sprintf("unknown %s %q", e.What, e.Name) }

// Select returns the controls with these names and those of these benchmarks, in the order of Controls. It returns none
// without a name, and an *UnknownError for a name that does not exist.
func Select(controls, benchmarks []string) ([]*Control, error) {
	names := slices.Clone(controls)
	for _, name := range controls {
		if FindControl(name) == nil {
			return nil, &UnknownError{"control", name}
		}
	}
	for _, name := range benchmarks {
		b := FindBenchmark(name)
		if b == nil {
			return nil, &UnknownError{"benchmark", name}
		}
		names = append(names, b.All()...)
	}
	return slices.DeleteFunc(slices.Clone(Controls), func(c *Control) bool { return !slices.Contains(names, c.Name) }), nil
}

// CIS returns the numbers of the recommendations in the CIS guide that contain the control.
func (c *Control) CIS() []string {
	var numbers []string
	for _, b := range c.in(Benchmarks) {
		if b.CIS != "" {
			numbers = append(numbers, b.CIS)
		}
	}
	return numbers
}

// Benchmarks returns the names of the benchmarks that contain the control.
func (c *Control) Benchmarks() []string {
	var names []string
	for _, b := range c.in(Benchmarks) {
		names = append(names, b.Name)
	}
	return names
}

// in returns the benchmarks that contain the control, among benchmarks and those below.
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

// underscored returns a number of the guide in the form for names.
func underscored(number string) string { return strings.ReplaceAll(number, ".", "_") }
