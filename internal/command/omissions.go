package command

import (
	"cmp"
	"fmt"
	"io"
	"path"
	"slices"
	"strings"

	"github.com/dustin/go-humanize/english"

	"github.com/kindor/steampipe-plugin-bitbucket/bitbucket"
)

// mostOmissions is the largest number of lines about omitted data.
const mostOmissions = 5

// printOmissions prints a summary of the data that the tables omitted.
func printOmissions(w io.Writer, omissions []bitbucket.Omission) {
	lines := summarize(omissions)
	if len(lines) == 0 {
		return
	}
	if more := len(lines) - mostOmissions; more > 0 {
		lines = append(lines[:mostOmissions], fmt.Sprintf("And %d more.", more))
	}
	fmt.Fprintln(w, strings.Join(lines, "\n")+" See bitbucket_omission.")
}

// An omissionKind is the key of the omissions that share a line.
type omissionKind struct{ connection, table, reason string }

// summarize returns a line for each table and reason, sorted. It names the connection if there are several.
func summarize(omissions []bitbucket.Omission) []string {
	several := slices.ContainsFunc(omissions, func(o bitbucket.Omission) bool { return o.Connection != omissions[0].Connection })
	byKind := map[omissionKind][]bitbucket.Omission{}
	var kinds []omissionKind
	for _, o := range omissions {
		k := omissionKind{"", o.Table, o.Reason}
		if several {
			k.connection = o.Connection
		}
		if byKind[k] == nil {
			kinds = append(kinds, k)
		}
		byKind[k] = append(byKind[k], o)
	}
	slices.SortFunc(kinds, func(a, b omissionKind) int {
		return cmp.Or(cmp.Compare(a.table, b.table), cmp.Compare(a.reason, b.reason), cmp.Compare(a.connection, b.connection))
	})
	var lines []string
	for _, k := range kinds {
		table := k.table
		if k.connection != "" {
			table = k.connection + "." + table
		}
		lines = append(lines, sumUp(table, byKind[k]))
	}
	return lines
}

// sumUp returns the line of omissions of one kind: their message if all concern one place, and else the number of
// places.
func sumUp(table string, omissions []bitbucket.Omission) string {
	repositories, projects, workspaces := map[string]bool{}, map[string]bool{}, map[string]bool{}
	for _, o := range omissions {
		switch {
		case o.Repository != "":
			repositories[o.Connection+" "+o.Repository] = true
		case o.Project != "":
			projects[o.Connection+" "+o.Workspace+"/"+o.Project] = true
		case o.Workspace != "":
			workspaces[o.Connection+" "+o.Workspace] = true
		}
	}
	if len(repositories)+len(projects)+len(workspaces) <= 1 {
		if rest, ok := strings.CutPrefix(omissions[0].Message, omissions[0].Table+" "); ok {
			return table + " " + rest
		}
		return table + ": " + omissions[0].Message
	}
	if covered, total, known := coverage(omissions); known {
		return fmt.Sprintf("%s covers what the connected user administers: %d of %s", table, covered, english.Plural(total, "repository.", "repositories."))
	}
	var counts []string
	for _, places := range []struct {
		n         int
		one, many string
	}{{len(repositories), "repository", "repositories"}, {len(projects), "project", "projects"}, {len(workspaces), "workspace", "workspaces"}} {
		if places.n > 0 {
			counts = append(counts, english.Plural(places.n, places.one, places.many))
		}
	}
	why, ok := omissionReasons[omissions[0].Reason]
	if !ok {
		why = strings.ReplaceAll(omissions[0].Reason, "_", " ")
	}
	return table + " leaves out " + english.WordSeries(counts, "and") + ": " + why + "."
}

// coverage returns how many of the total of repositories are covered, if all omissions contain both numbers.
func coverage(omissions []bitbucket.Omission) (covered, total int, known bool) {
	for _, o := range omissions {
		if o.Total == 0 {
			return 0, 0, false
		}
		covered, total = covered+o.Covered, total+o.Total
	}
	return covered, total, true
}

// omissionReasons explain why several places were left out.
var omissionReasons = map[string]string{
	"not_administered": "the connected user does not administer them",
	"feature_off":      "the feature is switched off there",
	"empty":            "they are empty",
	"unknown_revision": "they have no such revision or path",
	"refused":          "Bitbucket refused them",
	"failed":           "Bitbucket failed to answer for them",
	"hidden_groups":    "Bitbucket hides their groups",
	"not_covered":      "the table does not cover them",
	"nothing_visible":  "nothing is visible there",
}

// placeOf returns the name of the repository, project or workspace that an omission is about, or "" if it is about a
// whole table.
func placeOf(o bitbucket.Omission) string {
	switch {
	case o.Repository != "":
		return o.Repository
	case o.Project != "":
		return path.Join(o.Workspace, o.Project)
	default:
		return o.Workspace
	}
}
