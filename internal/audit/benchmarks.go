package audit

// Benchmarks are the benchmarks at the top level.
var Benchmarks = []*Benchmark{accessAudit, supplyChain}

var accessAudit = &Benchmark{
	Name: "access_audit", Title: "Access Audit",
	Description: "Who has access to what, by which grants, and non-human access: keys, runners, webhooks and variables.",
	Benchmarks: []*Benchmark{
		{
			Name: "access_audit_account", Title: "The connected account",
			Description: "The permissions of the connected account, compared with its needs.",
			Controls:    []string{"connected_account_repository", "connected_account_workspace"},
		},
		{
			Name: "access_audit_people", Title: "People and groups",
			Description: "Who has access, and whether somebody has decided on it.",
			Controls: []string{
				"access_direct_beside_group", "access_outsider", "access_unexplained", "workspace_administrators",
				"repository_administrators", "group_write_access", "group_default_permission", "member_inactive",
			},
		},
		{
			Name: "access_audit_machines", Title: "Keys, runners, webhooks and variables",
			Description: "Deploy keys, self-hosted runners, the receivers of webhooks, and the variables of pipelines.",
			Controls:    []string{"deploy_key_unused", "deploy_key_old", "runner_public", "webhook_certificate", "webhook_secret", "variable_secured"},
		},
	},
}

var supplyChain = &Benchmark{
	Name: "cis_supply_chain_v100", Title: "CIS Software Supply Chain Security Guide v1.0.0",
	Description: "The recommendations of the guide that Bitbucket's API can answer, and some similar ones.",
	Benchmarks: []*Benchmark{
		{
			Name: "cis_supply_chain_v100_1_1", Title: "1.1 Code Changes", CIS: "1.1",
			Description: "How code is reviewed and checked before it reaches the main branch.",
			Benchmarks: []*Benchmark{
				recommendation("1.1.3", "Ensure any change to code receives approval of two strongly authenticated users", "branch_approvals"),
				recommendation("1.1.4", "Ensure previous approvals are dismissed when updates are introduced to a code change proposal", "branch_stale_approvals", "pull_request_pushed_after_approval"),
				recommendation("1.1.6", "Ensure code owners are set for extra sensitive code or configuration", "code_owner_missing", "code_owner_left"),
				recommendation("1.1.8", "Ensure inactive branches are periodically reviewed and removed", "branch_inactive"),
				recommendation("1.1.9", "Ensure all checks have passed before merging new code", "branch_builds"),
				recommendation("1.1.10", "Ensure open Git branches are up to date before they can be merged into code base", "branch_up_to_date"),
				recommendation("1.1.11", "Ensure all open comments are resolved before allowing code change merging", "branch_comments"),
				recommendation("1.1.12", "Ensure verification of signed commits for new changes before merging", "repository_signed_commits"),
				recommendation("1.1.13", "Ensure linear history is required", "branch_linear"),
				recommendation("1.1.14", "Ensure branch protection rules are enforced for administrators", "branch_administrators"),
				recommendation("1.1.15", "Ensure pushing or merging of new code is restricted to specific individuals or teams", "branch_pushes"),
				recommendation("1.1.16", "Ensure force push code to branches is denied", "branch_force"),
				recommendation("1.1.17", "Ensure branch deletions are denied", "branch_delete"),
				recommendation("1.1.18", "Ensure any merging of code is automatically scanned for risks", "branch_builds", "pipeline_scanner"),
				recommendation("1.1.20", "Ensure branch protection is enforced on the default branch", "branch_pushes", "branch_force", "branch_delete"),
			},
		},
		{
			Name: "cis_supply_chain_v100_1_2", Title: "1.2 Repository Management", CIS: "1.2",
			Description: "Who can create and delete repositories, and which repositories are inactive.",
			Benchmarks: []*Benchmark{
				recommendation("1.2.1", "Ensure all public repositories contain a SECURITY.md file", "repository_security_file"),
				recommendation("1.2.2", "Ensure repository creation is limited to specific members", "repository_creators"),
				recommendation("1.2.3", "Ensure repository deletion is limited to specific users", "repository_trusted_administrators"),
				recommendation("1.2.5", "Ensure all copies (forks) of code are tracked and accounted for", "repository_fork_policy", "workspace_forking"),
				recommendation("1.2.6", "Ensure all code projects are tracked for changes in visibility status", "repository_public", "workspace_privacy"),
				recommendation("1.2.7", "Ensure inactive repositories are reviewed and archived periodically", "repository_inactive"),
			},
		},
		{
			Name: "cis_supply_chain_v100_1_3", Title: "1.3 Contribution Access", CIS: "1.3",
			Description: "Who contributes, and with which permissions.",
			Benchmarks: []*Benchmark{
				recommendation("1.3.1", "Ensure inactive users are reviewed and removed periodically", "member_inactive"),
				recommendation("1.3.3", "Ensure minimum number of administrators are set for the organization", "workspace_administrators"),
				recommendation("1.3.7", "Ensure 2 administrators are set for each repository", "repository_administrators"),
				recommendation("1.3.8", "Ensure strict base permissions are set for repositories", "group_default_permission", "group_write_access", "repository_public", "repository_fork_policy"),
			},
		},
		{
			Name: "cis_supply_chain_v100_1_4", Title: "1.4 Third-Party", CIS: "1.4",
			Description: "What is connected to the workspace and its repositories.",
			Benchmarks: []*Benchmark{
				recommendation("1.4.4", "Ensure only secured webhooks are used", "webhook_certificate", "webhook_secret"),
			},
		},
		{
			Name: "cis_supply_chain_v100_2_1", Title: "2.1 Build Environment", CIS: "2.1",
			Description: "Who can use the environment of builds, and what they find there.",
			Benchmarks: []*Benchmark{
				recommendation("2.1.5", "Ensure access to build environments is limited", "runner_public"),
				recommendation("2.1.7", "Ensure build secrets are limited to the minimal necessary scope", "variable_secured"),
				recommendation("2.1.10", "Ensure webhooks of the build environment are secured", "webhook_certificate", "webhook_secret"),
				recommendation("2.1.11", "Ensure minimum number of administrators are set for the build environment", "repository_administrators"),
			},
		},
		{
			Name: "cis_supply_chain_v100_2_2", Title: "2.2 Build Worker", CIS: "2.2",
			Description: "The machines that run builds.",
			Benchmarks: []*Benchmark{
				recommendation("2.2.8", "Ensure resource consumption of build workers is monitored", "pipeline_max_time"),
			},
		},
		{
			Name: "cis_supply_chain_v100_2_3", Title: "2.3 Pipeline Instructions", CIS: "2.3",
			Description: "What pipelines do, who starts them, and what their files give away.",
			Benchmarks: []*Benchmark{
				recommendation("2.3.1", "Ensure all build steps are defined as code", "pipeline_as_code"),
				recommendation("2.3.4", "Ensure changes to pipeline files are tracked and reviewed", "branch_approvals", "code_owner_missing"),
				recommendation("2.3.5", "Ensure access to build process triggering is minimized", "pipeline_deployment_gate", "group_write_access"),
				recommendation("2.3.7", "Ensure pipelines are automatically scanned for vulnerabilities", "pipeline_scanner"),
				recommendation("2.3.8", "Ensure scanners are in place to identify and prevent sensitive data in pipeline files", "pipeline_secrets"),
			},
		},
		{
			Name: "cis_supply_chain_v100_2_4", Title: "2.4 Pipeline Integrity", CIS: "2.4",
			Description: "Whether builds use what was reviewed.",
			Benchmarks: []*Benchmark{
				recommendation("2.4.2", "Ensure all external dependencies used in the build process are locked", "pipeline_image_pinned", "pipeline_pipe_pinned"),
				recommendation("2.4.5", "Ensure pipeline steps produce a Software Bill of Materials (SBOM)", "pipeline_sbom"),
			},
		},
		{
			Name: "cis_supply_chain_v100_3_1", Title: "3.1 Third-Party Packages", CIS: "3.1",
			Description: "What builds take from others.",
			Benchmarks: []*Benchmark{
				recommendation("3.1.7", "Ensure dependencies are pinned to a specific, verified version", "pipeline_image_pinned", "pipeline_pipe_pinned"),
			},
		},
		{
			Name: "cis_supply_chain_v100_5_2", Title: "5.2 Deployment Environment", CIS: "5.2",
			Description: "How releases get to production.",
			Benchmarks: []*Benchmark{
				recommendation("5.2.3", "Ensure access to production environment is limited", "pipeline_deployment_gate"),
			},
		},
		{
			Name: "cis_supply_chain_v100_beyond", Title: "Beyond the guide",
			Description: "Controls that the guide does not ask for but Bitbucket can answer.",
			Controls: []string{
				"access_direct_beside_group", "access_outsider", "deploy_key_unused", "deploy_key_old",
			},
		},
	},
}

// recommendation returns the benchmark for a recommendation of the guide.
func recommendation(number, title string, controls ...string) *Benchmark {
	return &Benchmark{
		Name:        "cis_supply_chain_v100_" + underscored(number),
		Title:       number + " " + title,
		Description: title + ".",
		CIS:         number,
		Controls:    controls,
	}
}
