# Written by `go generate ./internal/audit`, which has the sources. Do not edit.

variable "administered_workspaces" {
  type        = list(string)
  default     = [""]
  description = "Slugs of the workspaces that the connected account is meant to administer."
}

variable "inactive_member_days" {
  type        = number
  default     = 90
  description = "Days after which a member who did not use the workspace counts as inactive."
}

variable "inactive_repository_days" {
  type        = number
  default     = 180
  description = "Days after which a repository that did not change counts as inactive."
}

variable "max_group_write_percent" {
  type        = number
  default     = 25
  description = "Percentage of a workspace's repositories that a group may write to."
}

variable "max_repository_administrators" {
  type        = number
  default     = 10
  description = "The most administrators that a repository should have, those of its workspace included."
}

variable "max_workspace_administrators" {
  type        = number
  default     = 3
  description = "The most administrators that a workspace should have."
}

variable "min_approvals" {
  type        = number
  default     = 2
  description = "Approvals that a pull request should need before it is merged into the main branch."
}

variable "min_repository_administrators" {
  type        = number
  default     = 2
  description = "The fewest administrators that a repository should have, those of its workspace included."
}

variable "min_workspace_administrators" {
  type        = number
  default     = 2
  description = "The fewest administrators that a workspace should have."
}

variable "needed_permission" {
  type        = string
  default     = "read"
  description = "The permission on repositories that the connected account needs: read, write or admin. It sees keys, webhooks, branch rules and explicit grants with admin only."
}

variable "needed_repositories" {
  type        = list(string)
  default     = ["*"]
  description = "Patterns of the full names of the repositories that the connected account needs; * stands for any text."
}

variable "old_key_days" {
  type        = number
  default     = 365
  description = "Days after which a deploy key should have been replaced."
}

variable "public_repositories" {
  type        = list(string)
  default     = [""]
  description = "Patterns of the full names of the repositories that are meant to be public; * stands for any text."
}

variable "require_enforced_merge_checks" {
  type        = bool
  default     = true
  description = "Whether a merge check counts only where it is enforced. Without the enforcement, which Bitbucket's Premium plan has, a check that fails is but a warning."
}

variable "secret_names" {
  type        = list(string)
  default     = ["*TOKEN*", "*SECRET*", "*PASSW*", "*KEY*", "*CREDENTIAL*", "*_DSN", "*WEBHOOK*"]
  description = "Patterns of the names, in capitals, of pipelines' variables that hold secrets; * stands for any text."
}

variable "stale_pull_request_days" {
  type        = number
  default     = 30
  description = "Days after which an open pull request that did not change counts as stale, in dashboards."
}

variable "trusted_administrators" {
  type        = list(string)
  default     = [""]
  description = "Ids, in braces, or Atlassian account ids of users who may administer repositories without administering the workspace."
}

variable "trusted_creators" {
  type        = list(string)
  default     = [""]
  description = "Ids, in braces, or Atlassian account ids of users, or slugs of groups, who may create repositories or projects."
}

variable "trusted_outsiders" {
  type        = list(string)
  default     = [""]
  description = "Ids, in braces, or Atlassian account ids of users who may have access without being members of the workspace."
}

variable "unused_key_days" {
  type        = number
  default     = 90
  description = "Days after which a deploy key that was not used should be removed."
}
