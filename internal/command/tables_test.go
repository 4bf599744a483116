package command

import (
	"encoding/json"
	"strings"
	"testing"
)

func TestTables(t *testing.T) {
	t.Parallel()
	got := runCommand(t, "", "tables", "--output", "json")
	var tables []struct{ Table, Description string }
	if err := json.Unmarshal([]byte(got.out), &tables); err != nil || got.code != exitOK {
		t.Fatalf("exit code %d, %s, %v", got.code, got.err, err)
	}
	names := map[string]bool{}
	for _, table := range tables {
		names[table.Table] = table.Description != ""
	}
	if !names["bitbucket_repository"] || !names["bitbucket_my_workspace"] {
		t.Errorf("tables %v", names)
	}
}

func TestDescribe(t *testing.T) {
	t.Parallel()
	const want = `column,type,conditions,description
uuid,text,=,"Immutable id of the account, in braces."
account_id,text,=,`
	for _, name := range []string{"bitbucket_user", "user", "work.bitbucket_user", "Bitbucket_User"} {
		got := runCommand(t, "", "describe", "--output", "csv", name)
		if got.code != exitOK || !strings.HasPrefix(got.out, want) || strings.Contains(got.out, "sp_ctx") {
			t.Errorf("%s: exit code %d, %s%s", name, got.code, got.out, got.err)
		}
	}
	got := runCommand(t, "", "describe", "--output", "csv", "repository")
	if want := "\nname,text,\"=, <>, like\","; !strings.Contains(got.out, want) {
		t.Errorf("no line %q in\n%s", want, got.out)
	}
}
