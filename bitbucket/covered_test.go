package bitbucket

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"
	"github.com/turbot/steampipe-plugin-sdk/v5/grpc/proto"

	"github.com/kindor/steampipe-plugin-bitbucket/internal/fakebitbucket"
)

// TestCoveredScansSendNoRequest reads a whole table, and then a part of it: fewer columns, an order, or more conditions. This
// sends no request, and returns the same rows.
func TestCoveredScansSendNoRequest(t *testing.T) {
	if testing.Short() {
		t.Skip("takes long")
	}
	fake := fakebitbucket.Start(t, fakebitbucket.Options{Repositories: 16, Users: 12, Groups: 4})
	for _, tab := range tables {
		switch tab.name {
		case "bitbucket_rate_limit", "bitbucket_omission": // they change with each scan
			continue
		case "bitbucket_workspace_member": // members with their permissions are another list, only for administrators
			continue
		}
		t.Run(tab.name, func(t *testing.T) {
			h := connected(t, fake, `max_age = "1m"`)
			rows := h.rows(tableQuery{table: tab.name, columns: allColumns(tab.name)})
			for _, c := range coveredBy(tab, rows) {
				fake.ResetJournal()
				got := c.only(h.rows(c.tableQuery))
				if n := len(fake.Journal()); n > 0 {
					t.Errorf("%s: %d requests: %v", c, n, requested(fake))
				}
				if diff := gocmp.Diff(sortedJSON(c.rows), sortedJSON(got)); diff != "" {
					t.Errorf("%s: rows (-expected +got):\n%.1000s", c, diff)
				}
			}
		})
	}
}

// A coveredScan is a query whose rows are among those of an earlier one, and its expected rows.
type coveredScan struct {
	tableQuery
	rows []map[string]any
}

// only returns the rows with only the columns of the scan.
func (c coveredScan) only(rows []map[string]any) (some []map[string]any) {
	for _, r := range rows {
		one := map[string]any{}
		for _, name := range strings.Fields(c.columns) {
			one[name] = r[name]
		}
		some = append(some, one)
	}
	return some
}

func (c coveredScan) String() string { return fmt.Sprintf("%s where %v", c.columns, c.where) }

// coveredBy returns the scans that need only some of the table's rows: each column alone, and each key column with one of its
// values and with several.
func coveredBy(tab *table, rows []map[string]any) []coveredScan {
	var all []coveredScan
	add := func(columns []string, accept func(map[string]any) bool, quals ...*proto.Qual) *coveredScan {
		c := coveredScan{tableQuery: tableQuery{table: tab.name, columns: strings.Join(columns, " "), where: quals}}
		for _, r := range rows {
			if !accept(r) {
				continue
			}
			c.rows = append(c.rows, r)
		}
		c.rows = c.only(c.rows)
		all = append(all, c)
		return &all[len(all)-1]
	}
	every := func(map[string]any) bool { return true }
	for _, c := range tab.columns {
		add([]string{c.name}, every)
		add([]string{c.name}, every).order = &proto.SortColumn{Column: c.name, Order: proto.SortOrder_Desc}
	}
	for _, k := range tab.keyColumns {
		if k.isWider {
			continue
		}
		var values []any
		for _, r := range rows {
			switch v := r[k.column].(type) {
			case string, bool, int64:
				if !slices.Contains(values, any(v)) && v != "" {
					values = append(values, v)
				}
			}
		}
		if len(values) == 0 {
			continue
		}
		columns := []string{k.column}
		if k.column != "title" {
			columns = append(columns, "title")
		}
		some := values[:min(3, len(values))]
		add(columns, func(r map[string]any) bool { return r[k.column] == some[0] }, where(k.column, "=", some[0]))
		if _, isBool := some[0].(bool); !isBool {
			add(columns, func(r map[string]any) bool { return slices.Contains(some, r[k.column]) }, where(k.column, "=", some))
		}
	}
	return all
}
