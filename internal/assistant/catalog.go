package assistant

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/kindor/steampipe-plugin-bitbucket/docs"
	"github.com/kindor/steampipe-plugin-bitbucket/internal/sqlhost"
)

type listTablesInput struct {
	Filter string `json:"filter,omitempty" jsonschema:"words that the name or the description has"`
}

type tableList struct {
	Tables map[string]string `json:"tables"`
}

// listTables returns the tables that match all words.
func listTables(_ context.Context, in listTablesInput) (tableList, error) {
	found := tableList{Tables: map[string]string{}}
	for _, t := range docs.Tables() {
		if matches(in.Filter, t.Name, t.Folder, t.Description) {
			found.Tables[t.Name] = t.Description
		}
	}
	if len(found.Tables) == 0 {
		return found, fmt.Errorf("no table matches %q: list_tables without a filter lists all %d", in.Filter, len(docs.Tables()))
	}
	return found, nil
}

// matches reports whether the texts have all words of a filter.
func matches(filter string, texts ...string) bool {
	all := strings.ToLower(strings.Join(texts, " "))
	for _, word := range strings.Fields(strings.ToLower(filter)) {
		if !strings.Contains(all, word) {
			return false
		}
	}
	return true
}

type describeTableInput struct {
	Table string `json:"table"`
}

type description struct {
	Table    string   `json:"table"`
	About    string   `json:"about"`
	Scopes   string   `json:"scopes"`
	Role     string   `json:"role"`
	Coverage string   `json:"coverage"`
	Cost     string   `json:"cost"`
	Saves    string   `json:"conditions_that_save,omitempty"`
	Remarks  []string `json:"remarks,omitempty"`
	Columns  []column `json:"columns"`
}

type column struct {
	Name        string   `json:"name"`
	Type        string   `json:"type"`
	Description string   `json:"description"`
	Conditions  []string `json:"conditions,omitempty"` // that reach Bitbucket
	Required    string   `json:"required,omitempty"`
}

// describeTable returns what there is to know about a table.
func (s *server) describeTable(_ context.Context, in describeTableInput) (description, error) {
	page, err := pageOf(in.Table)
	if err != nil {
		return description{}, err
	}
	d := description{
		Table: page.Name, About: page.About, Scopes: page.Scopes, Role: page.Role, Coverage: page.Coverage, Cost: page.Cost,
		Saves: page.Conditions, Remarks: page.Remarks,
	}
	if err := s.connect(); err != nil {
		return description{}, err
	}
	tables := s.db.Tables()
	table := tables[slices.IndexFunc(tables, func(t sqlhost.Table) bool { return t.Name == page.Name })]
	for _, c := range table.Columns {
		if c.Hidden {
			continue
		}
		described := column{Name: c.Name, Type: strings.ToLower(string(c.Type)), Description: c.Description}
		for _, key := range table.KeyColumns {
			if key.Name == c.Name {
				described.Conditions = key.SQLOperators()
				if key.Require != "optional" {
					described.Required = strings.ReplaceAll(key.Require, "_", " ")
				}
			}
		}
		d.Columns = append(d.Columns, described)
	}
	return d, nil
}

// pageOf returns the page of a table, whose name may have a schema or lack the prefix.
func pageOf(name string) (docs.Table, error) {
	bare := strings.ToLower(name[strings.LastIndex(name, ".")+1:])
	for _, full := range []string{bare, "bitbucket_" + bare} {
		if page, ok := docs.Lookup(full); ok {
			return page, nil
		}
	}
	return docs.Table{}, fmt.Errorf("there is no table %q: list_tables lists them", name)
}

type examplesInput struct {
	Table  string `json:"table,omitempty"`
	Filter string `json:"filter,omitempty" jsonschema:"words that the title or the SQL has"`
}

// mostExamples is the largest number of examples in an answer.
const mostExamples = 10

type exampleList struct {
	Examples []example `json:"examples"`
	Others   int       `json:"others,omitempty"` // that match too
}

type example struct {
	Title string `json:"title"`
	About string `json:"about,omitempty"`
	SQL   string `json:"sql"`
}

// examples returns the documented queries of a table, or of all, that match all words.
func examples(_ context.Context, in examplesInput) (exampleList, error) {
	tables := docs.Tables()
	if in.Table != "" {
		page, err := pageOf(in.Table)
		if err != nil {
			return exampleList{}, err
		}
		tables = []docs.Table{page}
	}
	var found exampleList
	for _, t := range tables {
		for _, e := range t.Examples {
			if !matches(in.Filter, e.Title, e.About, e.SQLite) {
				continue
			}
			if len(found.Examples) == mostExamples {
				found.Others++
				continue
			}
			found.Examples = append(found.Examples, example{e.Title, e.About, strings.TrimRight(strings.TrimSpace(e.SQLite), ";")})
		}
	}
	if found.Examples == nil {
		return found, fmt.Errorf("no example matches %q", cmp.Or(in.Filter, in.Table))
	}
	return found, nil
}
