package command

import (
	"context"
	"encoding/json"
	"path"
	"slices"

	"github.com/dustin/go-humanize/english"

	"github.com/kindor/steampipe-plugin-bitbucket/internal/replica"
	"github.com/kindor/steampipe-plugin-bitbucket/internal/sqlhost"
)

// withinScopes leaves out the tables and columns for which the connection lacks a scope, and says so. It is an error if a
// pattern names such a table.
func (s *syncer) withinScopes(ctx context.Context, db *database, specs []*replica.Spec) ([]*replica.Spec, error) {
	g, err := grantedTo(ctx, db)
	if err != nil || !g.scopesKnown || g.ofAPIToken() {
		return specs, err
	}
	lacking := map[string]permission{} // by table, or table and column
	for _, u := range unavailableWithout(g.scopes) {
		for _, name := range u.tables {
			lacking[name] = u.permission
		}
	}
	var left []string
	var within []*replica.Spec
	for _, spec := range specs {
		missing, isLacking := lacking[spec.Name]
		if isLacking && s.isNamed(spec.Name) {
			return nil, misconfigured("%s can't be copied without %s: give the consumer this permission and log in again, or leave the table out", spec.Name, missing)
		}
		if isLacking {
			left = append(left, spec.Name)
			continue
		}
		isOut := func(column string) bool {
			_, isLacking := lacking[spec.Name+"."+column]
			return isLacking
		}
		spec.Columns = slices.DeleteFunc(spec.Columns, func(c replica.Column) bool { return isOut(c.Name) })
		spec.Table.Ignored = slices.DeleteFunc(spec.Table.Ignored, isOut)
		within = append(within, spec)
	}
	if len(left) > 0 && !s.quiet {
		s.say("Left out, because the connection lacks the permission: " + english.WordSeries(left, "and") + ". `" + program + " auth status` shows which one each needs.\n")
	}
	return within, nil
}

// isNamed reports whether the tables to copy were chosen, and this is one of them.
func (s *syncer) isNamed(table string) bool {
	return slices.ContainsFunc(s.file.Tables, func(pattern string) bool {
		matches, err := path.Match(pattern, table)
		return err == nil && matches && pattern != "*"
	})
}

// grantedTo returns the scopes of the first connection.
func grantedTo(ctx context.Context, db *database) (g granted, err error) {
	rows, err := db.Query(ctx, "select scopes from "+sqlhost.Quote(db.connections[0].Name)+".bitbucket_connection")
	if err != nil {
		return g, err
	}
	defer rows.Close()
	for rows.Next() {
		if text, ok := rows.Values()[0].(string); ok {
			g.scopesKnown = json.Unmarshal([]byte(text), &g.scopes) == nil
		}
	}
	return g, rows.Err()
}
