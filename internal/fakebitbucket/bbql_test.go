package fakebitbucket

import (
	"strings"
	"testing"
	"time"

	"github.com/kindor/steampipe-plugin-bitbucket/internal/fakebitbucket/organization"
)

func TestBBQL(t *testing.T) {
	t.Parallel()
	o := object{
		{name: "name", value: `Checkout "Web" \ 100%`},
		{name: "description", value: ""},
		{name: "website", value: nil},
		{name: "size", value: int64(5 << 30)},
		{name: "id", value: 7},
		{name: "is_private", value: true},
		{name: "created_on", value: timestampOf(time.Date(2024, 3, 1, 12, 0, 0, 0, time.UTC))},
		{name: "project", value: lazy(func() any { return object{{name: "key", value: "PLAT"}} })},
		{name: "permission", value: permissionLevel{"write", organization.RepositoryPermissions}},
		{name: "reviewers", value: []object{{{name: "nickname", value: "heron"}}, {{name: "nickname", value: "otter"}}}},
		{name: "parent", value: nil},
	}
	fields := fieldsOf(map[fieldKind]string{
		textKind:   "name description website project.key key=project.key reviewers.nickname missing",
		numberKind: "size id", booleanKind: "is_private", datetimeKind: "created_on", levelKind: "permission",
		embeddedKind: "parent project",
	})
	tests := map[string]bool{
		`name = "Checkout \"Web\" \\ 100%"`:          true,
		`name = "checkout \"web\" \\ 100%"`:          false,
		`name != "x"`:                                true,
		`name ~ "cHECKOUT"`:                          true,
		`name ~ "%"`:                                 true,
		`name ~ "100_"`:                              false,
		`name !~ "web"`:                              false,
		`name>="checkout"`:                           true,
		`description = ""`:                           true,
		`website = null`:                             true,
		`website = NULL`:                             true,
		`website != null`:                            false,
		`website = ""`:                               false,
		`website != "x"`:                             false,
		`website NOT IN ("x")`:                       false,
		`website !~ "x"`:                             false,
		`missing = null`:                             true,
		`size > 4294967296`:                          true,
		`size <= 5368709120`:                         true,
		`size < 5368709120.5`:                        true,
		`size = -1`:                                  false,
		`id = 7`:                                     true,
		`id IN (1, 7)`:                               true,
		`id not in (1,7)`:                            false,
		`is_private = true`:                          true,
		`is_private != TRUE`:                         false,
		`created_on > 2024-03-01`:                    true,
		`created_on = 2024-03-01T12:00:00`:           true,
		`created_on = 2024-03-01T14:00:00.000+02:00`: true,
		`created_on < 2024-03-01T12:00:00.001Z`:      true,
		`created_on>=2024-03-01T12:00:00+00:00 AND size>1`:        true,
		`project.key = "PLAT"`:                                    true,
		`key = "PLAT"`:                                            true,
		`project.key IN ("A", "PLAT")`:                            true,
		`permission > "read"`:                                     true,
		`permission > "write"`:                                    false,
		`permission >= "write"`:                                   true,
		`permission = "admin"`:                                    false,
		`permission < "admin"`:                                    true,
		`reviewers.nickname = "otter"`:                            true,
		`reviewers.nickname = "lynx"`:                             false,
		`parent = null`:                                           true,
		`project != null`:                                         true,
		`name ~ "x" OR name ~ "web" AND is_private = true`:        true,
		`(name ~ "web" OR name ~ "x") AND is_private = false`:     false,
		`name ~ "web" or name ~ "x" and is_private = false`:       true,
		`((name ~ "web"))`:                                        true,
		"  name\t~\n\"web\"  ":                                    true,
		`is_private = true AND (size < 1 OR description = "")`:    true,
		`is_private = false AND (size < 1 OR description = "")`:   false,
		`created_on > 2024-01-01 and created_on < 2024-02-01`:     false,
		`created_on > 2024-01-01T00:00 and created_on<2025-01-01`: true,
	}
	for query, want := range tests {
		t.Run(query, func(t *testing.T) {
			t.Parallel()
			c, err := parseBBQL(query, false, fields)
			if err != nil {
				t.Fatal(err)
			}
			if got := c.holds(o); got != want {
				t.Errorf("got %v, want %v", got, want)
			}
		})
	}
}

func TestBBQLErrors(t *testing.T) {
	t.Parallel()
	fields := fieldsOf(map[fieldKind]string{
		textKind: "name", numberKind: "size", booleanKind: "is_private", datetimeKind: "created_on", levelKind: "permission",
		embeddedKind: "parent",
	})
	tests := map[string]string{
		``:                                       `Invalid query: expected a field, not "end of query"`,
		`name`:                                   `Invalid query: expected an operator, not "end of query"`,
		`name =`:                                 `Invalid query: expected a value, not "end of query"`,
		`name = x`:                               `Invalid query: expected a value, not "x"`,
		`name = "x`:                              `Invalid query: cannot read "\"x"`,
		`name = 'x'`:                             `Invalid query: cannot read "'x'"`,
		`name = "x" name = "y"`:                  `Invalid query: unexpected "name"`,
		`name = "x" AND`:                         `Invalid query: expected a field, not "end of query"`,
		`(name = "x"`:                            `Invalid query: expected ) before "end of query"`,
		`name = "x")`:                            `Invalid query: unexpected ")"`,
		`name LIKE "x"`:                          `Invalid query: expected an operator, not "LIKE"`,
		`name NOT "x"`:                           `Invalid query: expected IN after NOT`,
		`NOT name = "x"`:                         `NOT: field does not support filtering`,
		`name IN "x"`:                            `Invalid query: expected ( after IN`,
		`name IN ()`:                             `Invalid query: expected a value, not ")"`,
		`name IN ("x" "y")`:                      `Invalid query: expected , or ) before "\"y\""`,
		`owner.username = "x"`:                   `owner.username: field does not support filtering`,
		`values.name = "x"`:                      `values.name: field does not support filtering`,
		`name = 1`:                               `Invalid query: name cannot be compared with = 1`,
		`name > null`:                            `Invalid query: name cannot be compared with > <nil>`,
		`size = "1"`:                             `Invalid query: size cannot be compared with = 1`,
		`size ~ 1`:                               `Invalid query: size cannot be compared with ~ 1`,
		`is_private = "true"`:                    `Invalid query: is_private cannot be compared with = true`,
		`is_private > false`:                     `Invalid query: is_private cannot be compared with > false`,
		`created_on > "2024-01-01"`:              `Invalid query: created_on cannot be compared with > 2024-01-01`,
		`created_on > 2024-13-01`:                `Invalid query: "2024-13-01" is not a date and time`,
		`created_on > 2024-01-01T10:00:00 00:00`: `Invalid query: cannot read ":00"`,
		`permission > "most"`:                    `Invalid query: permission cannot be compared with > most`,
		`parent = "x"`:                           `Invalid query: parent cannot be compared with = x`,
	}
	for query, want := range tests {
		t.Run(query, func(t *testing.T) {
			t.Parallel()
			_, err := parseBBQL(query, false, fields)
			if err == nil {
				t.Fatal("no error")
			}
			if err.Error() != want {
				t.Errorf("got %s, want %s", err, want)
			}
		})
	}
}

// The documentation does not say whether = ignores case, so a server may do either.
func TestBBQLFoldsCase(t *testing.T) {
	t.Parallel()
	for query, minding := range map[string]bool{
		`name = "WEB"`:           false,
		`name != "WEB"`:          true,
		`name IN ("x", "Web")`:   false,
		`name NOT IN ("x", "W")`: true,
		`name NOT IN ("WEB")`:    true,
		`name = "web"`:           true,
		`name = "x"`:             false,
	} {
		for _, foldsCase := range []bool{false, true} {
			want := minding
			if foldsCase && strings.Contains(strings.ToLower(query), `"web"`) {
				want = !strings.Contains(query, "!=") && !strings.Contains(query, "NOT IN")
			}
			if got, err := Passes(query, foldsCase, "name", "web"); err != nil || got != want {
				t.Errorf("%s, foldsCase %v: %v, %v, want %v", query, foldsCase, got, err, want)
			}
		}
	}
}
