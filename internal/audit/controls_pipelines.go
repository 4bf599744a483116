package audit

// guessed is the caveat of controls that look for secrets and tools by their names.
const guessed = "The control goes by names and known forms: it can miss some, and can alarm for what is harmless."

// fileControls are the controls of what files of repositories say: how the code is built and deployed, and who owns it.
var fileControls = []*Control{
	{
		Name: "pipeline_as_code", Title: "Build steps are defined as code",
		Risk:     "Nobody can review, repeat or audit builds that are not defined in the repository. Pipelines with an error in their definition don't run.",
		Remedy:   "Define the pipelines of the repository in bitbucket-pipelines.yml, or correct the error.",
		Severity: "low", Service: "Pipeline",
		Population: []*Area{repositories}, Subject: "pipelines", Dimensions: []string{"workspace", "repository"},
	},
	{
		Name: "pipeline_image_pinned", Title: "Images of pipelines are pinned by a digest",
		Risk:     "A tag can move: the next build may run in another image, which can read its code and its secrets.",
		Remedy:   "Add the digest, as in golang:1.26@sha256:…, to the name of each image in bitbucket-pipelines.yml, including the images of services.",
		Severity: "medium", Service: "Pipeline",
		Population: []*Area{repositories}, Subject: "images of pipelines", Dimensions: []string{"workspace", "repository"},
	},
	{
		Name: "pipeline_pipe_pinned", Title: "Pipes have a full version",
		Risk:     "A pipe without a full version changes without notice. It gets the secrets that it needs for its work.",
		Remedy:   "Name the full version of each pipe in bitbucket-pipelines.yml, as in atlassian/aws-s3-deploy:2.0.1, or the digest of its image.",
		Severity: "medium", Service: "Pipeline",
		Population: []*Area{repositories}, Subject: "pipes", Dimensions: []string{"workspace", "repository"},
	},
	{
		Name: "pipeline_secrets", Title: "Files of pipelines don't give away secrets",
		Risk:     "Everybody who can read the repository, and everybody who has a copy of it, can read a secret in the file. Everybody who can see the log can read a secret that a script prints.",
		Remedy:   "Replace the secret, because it may have been read. Store the new one in a secured variable, and don't print it. Passwords of services are not counted, because their containers end with the step.",
		Severity: "critical", Service: "Pipeline",
		Caveat:     guessed,
		Population: []*Area{repositories}, Subject: "files of pipelines", Dimensions: []string{"workspace", "repository"},
	},
	{
		Name: "pipeline_deployment_gate", Title: "Somebody decides on each deployment to production",
		Risk:     "Without a manual step and without a restriction of the environment, everybody who can push to the branch, or can create a tag or a pull request, deploys to production.",
		Remedy:   "Add trigger: manual to the step or its stage, or allow only administrators to deploy to the environment, in the settings of the repository under Deployments.",
		Severity: "high", Service: "Pipeline",
		Caveat:     "Bitbucket has no API for the branches that may deploy to an environment.",
		Population: []*Area{repositories}, Subject: "deployments to production", Dimensions: []string{"workspace", "repository"},
	},
	{
		Name: "pipeline_max_time", Title: "Steps of pipelines have a time limit",
		Risk:     "A step that hangs, or that an attacker uses for computations, runs for two hours, and its minutes are paid for.",
		Remedy:   "Set max-time for each step, or in the options of the whole file.",
		Severity: "low", Service: "Pipeline",
		Population: []*Area{repositories}, Subject: "steps", Dimensions: []string{"workspace", "repository"},
	},
	{
		Name: "pipeline_scanner", Title: "Pipelines scan for vulnerabilities",
		Risk:     "Vulnerabilities in the code, in its dependencies and in the pipelines themselves stay unnoticed.",
		Remedy:   "Add a step with a scanner to the pipelines. The variable scanners contains patterns of the names of images, pipes and programs that count as one.",
		Severity: "medium", Service: "Pipeline",
		Caveat:     guessed,
		Population: []*Area{repositories}, Subject: "steps", Dimensions: []string{"workspace", "repository"},
	},
	{
		Name: "pipeline_sbom", Title: "Pipelines make a Software Bill of Materials",
		Risk:     "Without a list of what a release contains, nobody can tell which releases a new vulnerability is in.",
		Remedy:   "Add a step that makes an SBOM to the pipelines. The variable sbom_tools contains patterns of the names of images, pipes and programs that count as one.",
		Severity: "low", Service: "Pipeline",
		Caveat:     guessed,
		Population: []*Area{repositories}, Subject: "steps", Dimensions: []string{"workspace", "repository"},
	},
	{
		Name: "runner_public", Title: "Self-hosted runners are not open to public repositories",
		Risk:     "A pipeline of a public repository can run code of strangers on your machine, which is in your network and keeps its files from one step to the next.",
		Remedy:   "Run the pipelines of public repositories at Bitbucket: remove the runner from the public repository, or replace the runner of the workspace by runners of the repositories that need it.",
		Severity: "high", Service: "Pipeline",
		Population: []*Area{administeredRepositories, administeredWorkspaces}, Subject: "runners", Dimensions: []string{"workspace", "repository"},
	},
	{
		Name: "repository_signed_commits", Title: "A repository only accepts signed commits",
		Risk:     "Everybody with write access can push commits in the name of anybody.",
		Remedy:   "Require signed commits in the settings of the repository.",
		Severity: "low", Service: "Repository",
		Population: []*Area{repositories}, Subject: "repositories", Dimensions: []string{"workspace", "repository"},
	},
	{
		Name: "code_owner_missing", Title: "A repository has code owners",
		Risk:     "Changes to sensitive files are reviewed by people who don't know them.",
		Remedy:   "Add a file .bitbucket/CODEOWNERS that names owners, at least of bitbucket-pipelines.yml and of other sensitive files.",
		Severity: "low", Service: "Repository",
		Population: []*Area{repositories}, Subject: "repositories", Dimensions: []string{"workspace", "repository"},
	},
	{
		Name: "code_owner_left", Title: "Code owners still exist",
		Risk:     "A rule whose owners have left asks nobody for a review.",
		Remedy:   "Replace the owner in .bitbucket/CODEOWNERS, best by a group.",
		Severity: "medium", Service: "Repository",
		Caveat:     "Bitbucket shows only to administrators of the workspace whether addresses and groups exist.",
		Population: []*Area{repositories}, Subject: "code owners", Dimensions: []string{"workspace", "repository"},
	},
	{
		Name: "repository_security_file", Title: "A public repository says how to report a vulnerability",
		Risk:     "People who find a vulnerability don't know whom to tell, and publish it instead.",
		Remedy:   "Add a file SECURITY.md to the repository.",
		Severity: "low", Service: "Repository",
		Population: []*Area{repositories}, Subject: "repositories", Dimensions: []string{"workspace", "repository"},
	},
	{
		Name: "branch_inactive", Title: "Inactive branches are removed",
		Risk:     "Old branches contain old vulnerabilities and secrets, and can be merged by mistake.",
		Remedy:   "Ask their authors, and delete the branches. The variable inactive_branch_days is the limit.",
		Severity: "low", Service: "Branch",
		Population: []*Area{repositories}, Subject: "branches", Dimensions: []string{"workspace", "repository"},
	},
	{
		Name: "branch_linear", Title: "The history of the main branch is linear",
		Risk:     "In a history with merge commits it is hard to see which change did what, and to take one back.",
		Remedy:   "Allow only merge strategies without a merge commit, in the settings of the repository or project.",
		Severity: "low", Service: "Branch",
		Population: []*Area{repositories}, Subject: "main branches", Dimensions: []string{"workspace", "repository"},
	},
}
