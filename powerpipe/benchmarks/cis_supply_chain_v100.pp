# Written by `go generate ./internal/audit`, which has the sources. Do not edit.

benchmark "cis_supply_chain_v100" {
  title       = "CIS Software Supply Chain Security Guide v1.0.0"
  description = "Those recommendations of the guide that Bitbucket's API can answer, and a few more in their spirit."

  children = [
    benchmark.cis_supply_chain_v100_1_1,
    benchmark.cis_supply_chain_v100_1_2,
    benchmark.cis_supply_chain_v100_1_3,
    benchmark.cis_supply_chain_v100_beyond
  ]

  tags = merge(local.bitbucket_common_tags, {
    type = "Benchmark"
  })
}

benchmark "cis_supply_chain_v100_1_1" {
  title       = "1.1 Code Changes"
  description = "How code is reviewed and checked before it reaches the main branch."

  children = [
    benchmark.cis_supply_chain_v100_1_1_3,
    benchmark.cis_supply_chain_v100_1_1_4,
    benchmark.cis_supply_chain_v100_1_1_9,
    benchmark.cis_supply_chain_v100_1_1_10,
    benchmark.cis_supply_chain_v100_1_1_11,
    benchmark.cis_supply_chain_v100_1_1_14,
    benchmark.cis_supply_chain_v100_1_1_15,
    benchmark.cis_supply_chain_v100_1_1_16,
    benchmark.cis_supply_chain_v100_1_1_17
  ]

  tags = merge(local.bitbucket_common_tags, {
    cis         = "true"
    cis_item_id = "1.1"
    type        = "Benchmark"
  })
}

benchmark "cis_supply_chain_v100_1_1_3" {
  title       = "1.1.3 Ensure any change to code receives approval of two strongly authenticated users"
  description = "Ensure any change to code receives approval of two strongly authenticated users."

  children = [
    control.branch_approvals
  ]

  tags = merge(local.bitbucket_common_tags, {
    cis         = "true"
    cis_item_id = "1.1.3"
    type        = "Benchmark"
  })
}

benchmark "cis_supply_chain_v100_1_1_4" {
  title       = "1.1.4 Ensure previous approvals are dismissed when updates are introduced to a code change proposal"
  description = "Ensure previous approvals are dismissed when updates are introduced to a code change proposal."

  children = [
    control.branch_stale_approvals
  ]

  tags = merge(local.bitbucket_common_tags, {
    cis         = "true"
    cis_item_id = "1.1.4"
    type        = "Benchmark"
  })
}

benchmark "cis_supply_chain_v100_1_1_9" {
  title       = "1.1.9 Ensure all checks have passed before merging new code"
  description = "Ensure all checks have passed before merging new code."

  children = [
    control.branch_builds
  ]

  tags = merge(local.bitbucket_common_tags, {
    cis         = "true"
    cis_item_id = "1.1.9"
    type        = "Benchmark"
  })
}

benchmark "cis_supply_chain_v100_1_1_10" {
  title       = "1.1.10 Ensure open Git branches are up to date before they can be merged into code base"
  description = "Ensure open Git branches are up to date before they can be merged into code base."

  children = [
    control.branch_up_to_date
  ]

  tags = merge(local.bitbucket_common_tags, {
    cis         = "true"
    cis_item_id = "1.1.10"
    type        = "Benchmark"
  })
}

benchmark "cis_supply_chain_v100_1_1_11" {
  title       = "1.1.11 Ensure all open comments are resolved before allowing code change merging"
  description = "Ensure all open comments are resolved before allowing code change merging."

  children = [
    control.branch_comments
  ]

  tags = merge(local.bitbucket_common_tags, {
    cis         = "true"
    cis_item_id = "1.1.11"
    type        = "Benchmark"
  })
}

benchmark "cis_supply_chain_v100_1_1_14" {
  title       = "1.1.14 Ensure branch protection rules are enforced for administrators"
  description = "Ensure branch protection rules are enforced for administrators."

  children = [
    control.branch_administrators
  ]

  tags = merge(local.bitbucket_common_tags, {
    cis         = "true"
    cis_item_id = "1.1.14"
    type        = "Benchmark"
  })
}

benchmark "cis_supply_chain_v100_1_1_15" {
  title       = "1.1.15 Ensure pushing or merging of new code is restricted to specific individuals or teams"
  description = "Ensure pushing or merging of new code is restricted to specific individuals or teams."

  children = [
    control.branch_pushes
  ]

  tags = merge(local.bitbucket_common_tags, {
    cis         = "true"
    cis_item_id = "1.1.15"
    type        = "Benchmark"
  })
}

benchmark "cis_supply_chain_v100_1_1_16" {
  title       = "1.1.16 Ensure force push code to branches is denied"
  description = "Ensure force push code to branches is denied."

  children = [
    control.branch_force
  ]

  tags = merge(local.bitbucket_common_tags, {
    cis         = "true"
    cis_item_id = "1.1.16"
    type        = "Benchmark"
  })
}

benchmark "cis_supply_chain_v100_1_1_17" {
  title       = "1.1.17 Ensure branch deletions are denied"
  description = "Ensure branch deletions are denied."

  children = [
    control.branch_delete
  ]

  tags = merge(local.bitbucket_common_tags, {
    cis         = "true"
    cis_item_id = "1.1.17"
    type        = "Benchmark"
  })
}

benchmark "cis_supply_chain_v100_1_2" {
  title       = "1.2 Repository Management"
  description = "Who creates and deletes repositories, and which lie idle."

  children = [
    benchmark.cis_supply_chain_v100_1_2_2,
    benchmark.cis_supply_chain_v100_1_2_3,
    benchmark.cis_supply_chain_v100_1_2_7
  ]

  tags = merge(local.bitbucket_common_tags, {
    cis         = "true"
    cis_item_id = "1.2"
    type        = "Benchmark"
  })
}

benchmark "cis_supply_chain_v100_1_2_2" {
  title       = "1.2.2 Ensure repository creation is limited to specific members"
  description = "Ensure repository creation is limited to specific members."

  children = [
    control.repository_creators
  ]

  tags = merge(local.bitbucket_common_tags, {
    cis         = "true"
    cis_item_id = "1.2.2"
    type        = "Benchmark"
  })
}

benchmark "cis_supply_chain_v100_1_2_3" {
  title       = "1.2.3 Ensure repository deletion is limited to specific users"
  description = "Ensure repository deletion is limited to specific users."

  children = [
    control.repository_trusted_administrators
  ]

  tags = merge(local.bitbucket_common_tags, {
    cis         = "true"
    cis_item_id = "1.2.3"
    type        = "Benchmark"
  })
}

benchmark "cis_supply_chain_v100_1_2_7" {
  title       = "1.2.7 Ensure inactive repositories are reviewed and archived periodically"
  description = "Ensure inactive repositories are reviewed and archived periodically."

  children = [
    control.repository_inactive
  ]

  tags = merge(local.bitbucket_common_tags, {
    cis         = "true"
    cis_item_id = "1.2.7"
    type        = "Benchmark"
  })
}

benchmark "cis_supply_chain_v100_1_3" {
  title       = "1.3 Contribution Access"
  description = "Who contributes, and with which rights."

  children = [
    benchmark.cis_supply_chain_v100_1_3_1,
    benchmark.cis_supply_chain_v100_1_3_3,
    benchmark.cis_supply_chain_v100_1_3_7,
    benchmark.cis_supply_chain_v100_1_3_8
  ]

  tags = merge(local.bitbucket_common_tags, {
    cis         = "true"
    cis_item_id = "1.3"
    type        = "Benchmark"
  })
}

benchmark "cis_supply_chain_v100_1_3_1" {
  title       = "1.3.1 Ensure inactive users are reviewed and removed periodically"
  description = "Ensure inactive users are reviewed and removed periodically."

  children = [
    control.member_inactive
  ]

  tags = merge(local.bitbucket_common_tags, {
    cis         = "true"
    cis_item_id = "1.3.1"
    type        = "Benchmark"
  })
}

benchmark "cis_supply_chain_v100_1_3_3" {
  title       = "1.3.3 Ensure minimum number of administrators are set for the organization"
  description = "Ensure minimum number of administrators are set for the organization."

  children = [
    control.workspace_administrators
  ]

  tags = merge(local.bitbucket_common_tags, {
    cis         = "true"
    cis_item_id = "1.3.3"
    type        = "Benchmark"
  })
}

benchmark "cis_supply_chain_v100_1_3_7" {
  title       = "1.3.7 Ensure 2 administrators are set for each repository"
  description = "Ensure 2 administrators are set for each repository."

  children = [
    control.repository_administrators
  ]

  tags = merge(local.bitbucket_common_tags, {
    cis         = "true"
    cis_item_id = "1.3.7"
    type        = "Benchmark"
  })
}

benchmark "cis_supply_chain_v100_1_3_8" {
  title       = "1.3.8 Ensure strict base permissions are set for repositories"
  description = "Ensure strict base permissions are set for repositories."

  children = [
    control.group_default_permission,
    control.group_write_access,
    control.repository_public,
    control.repository_fork_policy
  ]

  tags = merge(local.bitbucket_common_tags, {
    cis         = "true"
    cis_item_id = "1.3.8"
    type        = "Benchmark"
  })
}

benchmark "cis_supply_chain_v100_beyond" {
  title       = "Beyond the guide"
  description = "What the guide does not ask for and Bitbucket can answer."

  children = [
    control.access_direct_beside_group,
    control.access_outsider,
    control.deploy_key_unused,
    control.deploy_key_old,
    control.webhook_certificate,
    control.webhook_secret,
    control.variable_secured,
    control.workspace_forking,
    control.workspace_privacy
  ]

  tags = merge(local.bitbucket_common_tags, {
    type = "Benchmark"
  })
}
