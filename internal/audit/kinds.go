package audit

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/url"
	"slices"
	"strings"
)

// An itemKind is a kind of items whose changes the audit reports: grants, and what else opens or protects a repository.
type itemKind struct {
	name   string // unique
	format string // an item in a sentence, from its name and its place; empty for a grant
	how    string // for a grant, the path on which it gives access
	area   area   // where the connected account sees items of this kind

	// The statement returns the uuid and the name of the place, the id and the name of the item, and its value. If
	// there is a function, it returns the name and the value instead, from the columns after the id.
	sql  string
	read func(columns []string) (name, value string)
}

// An area is a set of places. Its statement returns their uuids, names and times of creation.
type area struct{ name, sql string }

var (
	visibleRepositories      = area{"visible repositories", "select uuid, full_name, created_on from bitbucket_repository"}
	repositoriesAdministered = area{"administered repositories", "select uuid, full_name, created_on from bitbucket_my_repository where permission = 'admin'"}
	projectsAdministered     = area{"administered projects", "select uuid, workspace_slug || '/' || key, created_on from bitbucket_project where workspace_slug in (select slug from bitbucket_my_workspace where is_administrator)"}
	workspacesSeen           = area{"workspaces", "select uuid, slug, null from bitbucket_my_workspace"}
	workspacesAdministered   = area{"administered workspaces", "select uuid, slug, null from bitbucket_my_workspace where is_administrator"}
)

// Parts of statements.
const (
	ofRepository = "select repository_uuid, repository_full_name, "
	ofProject    = "select project_uuid, workspace_slug || '/' || project_key, "
	ofWorkspace  = "select workspace_uuid, workspace_slug, "

	userGrant  = "user_uuid, user_display_name, permission from "
	groupGrant = "group_slug, 'group ' || group_name, permission from "
	keyColumns = "id, coalesce(nullif(label, ''), nullif(comment, ''), id), substr(key, 1, instr(key || ' ', ' ') - 1) from "
	hookColumn = "uuid, url, active, skip_cert_verification, secret_set, (select group_concat(value, ' ') from (select value from json_each(events) order by 1)) from "
	isSecured  = "case when secured then 'secured' else 'not secured' end from "
)

const (
	keyFormat    = "deploy key %[1]s of %[2]s"
	hookFormat   = "webhook to %[1]s of %[2]s"
	secretFormat = "variable %[1]s of %[2]s"
)

// kinds are all kinds, in the order of reports.
var kinds = []itemKind{
	{"effective permission", "", "effective", repositoriesAdministered, ofRepository + userGrant + "bitbucket_repository_permission", nil},
	{"grant to a user on the repository", "", "direct, on the repository", repositoriesAdministered, ofRepository + userGrant + "bitbucket_repository_user_permission", nil},
	{"grant to a group on the repository", "", "on the repository", repositoriesAdministered, ofRepository + groupGrant + "bitbucket_repository_group_permission", nil},
	{"grant to a user on the project", "", "direct, on the project", projectsAdministered, ofProject + userGrant + "bitbucket_project_user_permission", nil},
	{"grant to a group on the project", "", "on the project", projectsAdministered, ofProject + groupGrant + "bitbucket_project_group_permission", nil},
	{"role in the workspace", "", "role in the workspace", workspacesSeen, ofWorkspace + "user_uuid, display_name, permission from bitbucket_workspace_member", nil},
	{"member of a group", "membership of %[1]s in %[2]s", "", workspacesAdministered, "select workspace_uuid, 'group ' || group_name || ' of ' || workspace_slug, group_slug || ' ' || user_uuid, display_name, 'member' from bitbucket_group_member", nil},
	{"visibility", "repository %[2]s", "", visibleRepositories, "select uuid, full_name, '', '', case when is_private then 'private' else 'public' end from bitbucket_repository", nil},
	{"deploy key of the repository", keyFormat, "", repositoriesAdministered, ofRepository + keyColumns + "bitbucket_deploy_key", nil},
	{"deploy key of the project", keyFormat, "", projectsAdministered, ofProject + keyColumns + "bitbucket_project_deploy_key", nil},
	{"webhook of the repository", hookFormat, "", repositoriesAdministered, ofRepository + hookColumn + "bitbucket_webhook", readHook},
	{"webhook of the workspace", hookFormat, "", workspacesAdministered, ofWorkspace + hookColumn + "bitbucket_workspace_webhook", readHook},
	{"variable of the repository", secretFormat, "", repositoriesAdministered, ofRepository + "uuid, key, " + isSecured + "bitbucket_repository_variable", nil},
	{"variable of the deployment environment", secretFormat, "", repositoriesAdministered, ofRepository + "environment_uuid || uuid, key || ' for ' || environment_name, " + isSecured + "bitbucket_deployment_variable", nil},
	{"variable of the workspace", secretFormat, "", workspacesAdministered, ofWorkspace + "uuid, key, " + isSecured + "bitbucket_workspace_variable", nil},
	{"rule for branches", "rule %[1]s of %[2]s", "", repositoriesAdministered, ofRepository + `id, kind || ' for ' || coalesce(nullif(pattern, ''), branch_type, 'all branches'), value,
		(select group_concat(name, ', ') from (select json_extract(value, '$.display_name') as name from json_each(users) order by 1)),
		(select group_concat(name, ', ') from (select json_extract(value, '$.name') as name from json_each(groups) order by 1))
		from bitbucket_branch_restriction`, readRule},
}

// findKind returns the kind with the name and its place in the order, or -1.
func findKind(name string) (itemKind, int) {
	i := slices.IndexFunc(kinds, func(k itemKind) bool { return k.name == name })
	if i < 0 {
		return itemKind{}, i
	}
	return kinds[i], i
}

// item returns the item in a row.
func (k itemKind) item(row []string) Item {
	name, value := row[3], ""
	if k.read != nil {
		name, value = k.read(row[3:])
	} else {
		value = row[4]
	}
	return Item{Kind: k.name, Place: row[0], PlaceName: row[1], ID: row[2], Name: name, Value: value}
}

// readHook returns the host that a webhook is sent to, and its settings. The rest of the address may be a secret, and
// only a part of its hash shows that it has changed.
func readHook(c []string) (name, value string) {
	address, active, unchecked, signed, events := c[0], c[1], c[2], c[3], c[4]
	hash := sha256.Sum256([]byte(address))
	host := "an unreadable address"
	if u, err := url.Parse(address); err == nil {
		host = (&url.URL{Scheme: u.Scheme, Host: u.Host}).String()
	}
	settings := []string{
		choose(active, "active", "inactive", "inactive"), choose(unchecked, "certificate not checked", "certificate checked", "certificate checked"),
		choose(signed, "with a secret", "without a secret", "secret not shown"), "events " + events, "address " + hex.EncodeToString(hash[:4]),
	}
	return host, strings.Join(settings, ", ")
}

// choose returns one of three texts by a boolean in SQLite's form.
func choose(boolean, yes, no, unknown string) string {
	switch boolean {
	case "1", "true":
		return yes
	case "0", "false":
		return no
	}
	return unknown
}

// readRule returns the rule and the branches that it is for, and to what it is set.
func readRule(c []string) (name, value string) {
	name, number, users, groups := c[0], c[1], c[2], c[3]
	parts := []string{"set"}
	if number != "" {
		parts = []string{number}
	}
	if users != "" {
		parts = append(parts, "except users "+users)
	}
	if groups != "" {
		parts = append(parts, "except groups "+groups)
	}
	return name, strings.Join(parts, ", ")
}

// A Change is a difference between two states.
type Change struct {
	Change string // granted, revoked, added, removed, changed, appeared or disappeared
	Kind   string
	Place  string // name of the place
	Name   string // of the item, for example of the user who was granted access
	Before string // value before, for example the permission, or empty
	After  string // value after, or empty
}

// Opens reports whether the change may have given somebody something. Revoked grants and removed items have not,
// except for a rule.
func (c Change) Opens() bool {
	switch c.Change {
	case "granted", "added", "changed", "appeared":
		return true
	}
	return c.Kind == "rule for branches"
}

// String returns the change as a sentence.
func (c Change) String() string {
	k, _ := findKind(c.Kind)
	value := c.After
	if value == "" {
		value = c.Before
	}
	if c.Change == "changed" {
		value = "from " + c.Before + " to " + c.After
	}
	verb := map[string]string{"appeared": "Seen for the first time", "disappeared": "Not seen any more"}[c.Change]
	if verb == "" {
		verb = strings.ToUpper(c.Change[:1]) + c.Change[1:]
	}
	if k.how != "" {
		return fmt.Sprintf("%s: %s, %s on %s (%s).", verb, c.Name, value, c.Place, k.how)
	}
	return verb + ": " + fmt.Sprintf(k.format, c.Name, c.Place) + ", " + value + "."
}
