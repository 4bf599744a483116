dashboard "bitbucket_access" {
  title         = "Bitbucket Access"
  documentation = file("./dashboards/docs/access.md")

  tags = merge(local.bitbucket_common_tags, {
    category = "Dashboards"
    service  = "Bitbucket/Access"
    type     = "Dashboard"
  })

  input "workspace_slug" {
    title = "Workspace:"
    type  = "select"
    width = 4
    query = query.workspace_input
  }

  input "since" {
    title = "New in:"
    type  = "select"
    width = 4
    query = query.since_input
  }

  container {
    card {
      width = 3
      href  = "/bitbucket.benchmark.access_audit"
      query = query.access_unexplained_count
      args  = { workspace_slug = self.input.workspace_slug.value }
    }

    card {
      width = 3
      href  = "/bitbucket.benchmark.access_audit"
      query = query.access_outsider_count
      args  = { workspace_slug = self.input.workspace_slug.value }
    }

    card {
      width = 3
      href  = "/bitbucket.benchmark.access_audit"
      query = query.access_direct_count
      args  = { workspace_slug = self.input.workspace_slug.value }
    }

    card {
      width = 3
      query = query.access_user_count
      args  = { workspace_slug = self.input.workspace_slug.value }
    }

    card {
      width = 4
      href  = "/bitbucket.dashboard.bitbucket_omissions"
      query = query.seen
      args  = { place = self.input.workspace_slug.value, permission = "admin" }
    }

    card {
      width = 3
      query = query.data_read_on
    }
  }

  table {
    title = "Access that no grant explains"
    width = 6
    query = query.access_unexplained_list
    args  = { workspace_slug = self.input.workspace_slug.value }

    column "User" {
      href = "/bitbucket.dashboard.bitbucket_user_detail?input.user_uuid={{.user_uuid | @uri}}"
    }

    column "Repository" {
      href = "/bitbucket.dashboard.bitbucket_repository_detail?input.repository_full_name={{.'Repository' | @uri}}"
    }

    column "user_uuid" {
      display = "none"
    }
  }

  table {
    title = "Access of outsiders, who are not members"
    width = 6
    query = query.access_outsiders
    args  = { workspace_slug = self.input.workspace_slug.value }

    column "User" {
      href = "/bitbucket.dashboard.bitbucket_user_detail?input.user_uuid={{.user_uuid | @uri}}"
    }

    column "Repository" {
      href = "/bitbucket.dashboard.bitbucket_repository_detail?input.repository_full_name={{.'Repository' | @uri}}"
    }

    column "user_uuid" {
      display = "none"
    }
  }

  container {
    title = "Who holds what, and how"

    chart {
      title    = "Number of grants, by path and permission"
      type     = "bar"
      width    = 6
      grouping = "stack"
      query    = query.access_by_path
      args     = { workspace_slug = self.input.workspace_slug.value }

      series "Admin" {
        color = "#b5475f"
      }

      series "Write" {
        color = "#e0a030"
      }

      series "Read" {
        color = "#6b8de8"
      }
    }

    flow {
      title = "Number of grants to groups, by project"
      type  = "sankey"
      width = 6

      node {
        category = category.group
        query    = query.access_flow_groups
        args     = { workspace_slug = self.input.workspace_slug.value }
      }

      node {
        category = category.project
        query    = query.access_flow_projects
        args     = { workspace_slug = self.input.workspace_slug.value }
      }

      edge {
        category = category.admin
        query    = query.access_flow_grants
        args     = { workspace_slug = self.input.workspace_slug.value, permission = "admin" }
      }

      edge {
        category = category.write
        query    = query.access_flow_grants
        args     = { workspace_slug = self.input.workspace_slug.value, permission = "write" }
      }

      edge {
        category = category.read
        query    = query.access_flow_grants
        args     = { workspace_slug = self.input.workspace_slug.value, permission = "read" }
      }
    }
  }

  table {
    title = "Users with access"
    width = 12
    query = query.access_by_user
    args  = { workspace_slug = self.input.workspace_slug.value }

    column "User" {
      href = "/bitbucket.dashboard.bitbucket_user_detail?input.user_uuid={{.user_uuid | @uri}}"
    }

    column "user_uuid" {
      display = "none"
    }
  }

  table {
    title = "Administrators of repositories"
    width = 6
    query = query.access_administrators
    args  = { workspace_slug = self.input.workspace_slug.value }

    column "User" {
      href = "/bitbucket.dashboard.bitbucket_user_detail?input.user_uuid={{.user_uuid | @uri}}"
    }

    column "user_uuid" {
      display = "none"
    }
  }

  table {
    title = "Direct grants in addition to a group"
    width = 6
    query = query.access_direct_list
    args  = { workspace_slug = self.input.workspace_slug.value }

    column "User" {
      href = "/bitbucket.dashboard.bitbucket_user_detail?input.user_uuid={{.user_uuid | @uri}}"
    }

    column "Repository" {
      href = "/bitbucket.dashboard.bitbucket_repository_detail?input.repository_full_name={{.'Repository' | @uri}}"
    }

    column "user_uuid" {
      display = "none"
    }
  }

  table {
    title = "New members, keys, webhooks and repositories"
    width = 12
    query = query.access_changes
    args  = { workspace_slug = self.input.workspace_slug.value, since = self.input.since.value }

    column "Where" {
      href = "{{.link}}"
    }

    column "link" {
      display = "none"
    }
  }
}
