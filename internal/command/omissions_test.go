package command

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/kindor/steampipe-plugin-bitbucket/bitbucket"
)

func TestPrintOmissions(t *testing.T) {
	t.Parallel()
	repositories := func(n int, table, reason string) []bitbucket.Omission {
		var all []bitbucket.Omission
		for i := range n {
			o := bitbucket.Omission{Connection: "work", Table: table, Workspace: "acme", Repository: fmt.Sprint("acme/r", i), Reason: reason, Message: fmt.Sprintf("acme/r%d was left out.", i)}
			all = append(all, o, o) // reported twice, counted once
		}
		return all
	}
	tests := map[string]struct {
		omissions []bitbucket.Omission
		want      string
	}{
		"nothing": {nil, ""},
		"a sentence of the table": {
			[]bitbucket.Omission{{Connection: "work", Table: "bitbucket_repository_permission", Reason: "not_administered", Message: "covers what the connected user administers, 0 of 20 repositories."}},
			"bitbucket_repository_permission: covers what the connected user administers, 0 of 20 repositories. See bitbucket_omission.\n",
		},
		"a sentence with the table": {
			[]bitbucket.Omission{{Table: "bitbucket_fork", Reason: "x", Message: "bitbucket_fork covers 0 of 20 repositories."}},
			"bitbucket_fork covers 0 of 20 repositories. See bitbucket_omission.\n",
		},
		"one repository": {repositories(1, "bitbucket_commit", "empty"), "bitbucket_commit: acme/r0 was left out. See bitbucket_omission.\n"},
		"several": {
			append(repositories(20, "bitbucket_deploy_key", "not_administered"), repositories(2, "bitbucket_commit", "empty")...),
			"bitbucket_commit leaves out 2 repositories: they are empty.\nbitbucket_deploy_key leaves out 20 repositories: the connected user does not administer them. See bitbucket_omission.\n",
		},
		"several places, an unknown reason": {
			append(repositories(2, "bitbucket_webhook", "out_of_reach"), bitbucket.Omission{Connection: "work", Table: "bitbucket_webhook", Workspace: "acme", Reason: "out_of_reach"},
				bitbucket.Omission{Connection: "work", Table: "bitbucket_webhook", Workspace: "acme", Project: "A", Reason: "out_of_reach"}),
			"bitbucket_webhook leaves out 2 repositories, 1 project and 1 workspace: out of reach. See bitbucket_omission.\n",
		},
		"counted in two workspaces": {
			[]bitbucket.Omission{
				{Table: "bitbucket_webhook", Workspace: "a", Reason: "not_administered", Message: "bitbucket_webhook covers 0 of 20.", Total: 20},
				{Table: "bitbucket_webhook", Workspace: "b", Reason: "not_administered", Message: "bitbucket_webhook covers 3 of 5.", Covered: 3, Total: 5},
			},
			"bitbucket_webhook covers what the connected user administers: 3 of 25 repositories. See bitbucket_omission.\n",
		},
		"two connections": {
			append(repositories(2, "bitbucket_commit", "empty"), bitbucket.Omission{Connection: "home", Table: "bitbucket_commit", Repository: "acme/r0", Reason: "empty", Message: "It is empty."}),
			"home.bitbucket_commit: It is empty.\nwork.bitbucket_commit leaves out 2 repositories: they are empty. See bitbucket_omission.\n",
		},
		"many": {
			func() (all []bitbucket.Omission) {
				for i := range 9 {
					all = append(all, bitbucket.Omission{Table: fmt.Sprint("t", 9-i), Message: "No."})
				}
				return all
			}(),
			"t1: No.\nt2: No.\nt3: No.\nt4: No.\nt5: No.\nAnd 4 more. See bitbucket_omission.\n",
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			var said strings.Builder
			printOmissions(&said, test.omissions)
			if diff := cmp.Diff(test.want, said.String()); diff != "" {
				t.Errorf("said (-want +got):\n%s", diff)
			}
		})
	}
}
