# Written by `go generate ./internal/audit`, which has the sources. Do not edit.

benchmark "access_audit" {
  title       = "Access Audit"
  description = "Who has access to what, by which grants, and what opens repositories beside people: keys, webhooks and variables."

  children = [
    benchmark.access_audit_account,
    benchmark.access_audit_people,
    benchmark.access_audit_machines
  ]

  tags = merge(local.bitbucket_common_tags, {
    type = "Benchmark"
  })
}

benchmark "access_audit_account" {
  title       = "The connected account"
  description = "What the connected account was granted, against what it needs."

  children = [
    control.connected_account_repository,
    control.connected_account_workspace
  ]

  tags = merge(local.bitbucket_common_tags, {
    type = "Benchmark"
  })
}

benchmark "access_audit_people" {
  title       = "People and groups"
  description = "Who has access, and whether somebody decided on it."

  children = [
    control.access_direct_beside_group,
    control.access_outsider,
    control.access_unexplained,
    control.workspace_administrators,
    control.repository_administrators,
    control.group_write_access,
    control.group_default_permission,
    control.member_inactive
  ]

  tags = merge(local.bitbucket_common_tags, {
    type = "Benchmark"
  })
}

benchmark "access_audit_machines" {
  title       = "Keys, webhooks and variables"
  description = "What opens repositories without being anybody, where their events go, and what their pipelines know."

  children = [
    control.deploy_key_unused,
    control.deploy_key_old,
    control.webhook_certificate,
    control.webhook_secret,
    control.variable_secured
  ]

  tags = merge(local.bitbucket_common_tags, {
    type = "Benchmark"
  })
}
