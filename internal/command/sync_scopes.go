package command

import (
	"context"
	"path"
	"slices"

	"github.com/dustin/go-humanize/english"

	"github.com/kindor/steampipe-plugin-bitbucket/internal/replica"
)

// withinScopes leaves out the tables and columns for which the connection lacks a scope, and says so. It is an error if a
// pattern names such a table.
func (s *syncer) withinScopes(ctx context.Context, db *database, specs []*replica.Spec) ([]*replica.Spec, error) {
	var g grantedAccess
	if err := g.askTable(ctx, db, db.connections[0].Name); err != nil || !g.scopesKnown || g.ofAPIToken() {
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
