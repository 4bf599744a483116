package bitbucket

import "slices"

// tablePipelineSSHKnownHost returns the table bitbucket_pipeline_ssh_known_host. A row is a known host for SSH of a
// repository's pipelines.
// https://developer.atlassian.com/cloud/bitbucket/rest/api-group-pipelines/#api-repositories-workspace-repo-slug-pipelines-config-ssh-known-hosts-get
func tablePipelineSSHKnownHost() *table {
	return &table{
		name:        "bitbucket_pipeline_ssh_known_host",
		description: "A known host for SSH of a repository's pipelines, with its public key. It covers the repositories that the connected user administers.",
		scopes:      []string{"account", "repository", "pipeline"},
		columns: slices.Concat([]column{
			text("uuid", "Immutable id of the known host, in braces."),
			text("hostname", "Name of the host."),
			text("public_key_key", "Public key of the host, in base64.").at("public_key.key"),
			text("public_key_key_type", "Type of the host's public key, such as ssh-rsa.").at("public_key.key_type"),
			text("public_key_md5_fingerprint", "MD5 fingerprint of the host's public key.").at("public_key.md5_fingerprint"),
			text("public_key_sha256_fingerprint", "SHA-256 fingerprint of the host's public key.").at("public_key.sha256_fingerprint"),
			text("title", "Title of the known host: its name.").at("hostname"),
			text("type", "Type of the object: pipeline_known_host."),
		}, inRepositoryColumns()),
		keyColumns: inRepositoryKeyColumns(),
		copying:    touched("uuid").withHistory(),
		rows:       inAdministeredRepositories("/pipelines_config/ssh/known_hosts"),
	}
}
