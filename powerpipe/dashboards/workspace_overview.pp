dashboard "bitbucket_workspace_overview" {
  title         = "Bitbucket Workspace Overview"
  documentation = file("./dashboards/docs/workspace_overview.md")

  tags = merge(local.bitbucket_common_tags, {
    category = "Dashboards"
    service  = "Bitbucket/Workspace"
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
      query = query.workspace_public_count
      args  = { workspace_slug = self.input.workspace_slug.value }
    }

    card {
      width = 3
      query = query.workspace_inactive_count
      args  = { workspace_slug = self.input.workspace_slug.value }
    }

    card {
      width = 3
      query = query.workspace_repository_count
      args  = { workspace_slug = self.input.workspace_slug.value }
    }

    card {
      width = 3
      href  = "/bitbucket.dashboard.bitbucket_cost?input.workspace_slug={{.workspace_slug | @uri}}"
      query = query.workspace_size
      args  = { workspace_slug = self.input.workspace_slug.value }
    }

    card {
      width = 3
      href  = "/bitbucket.dashboard.bitbucket_people?input.workspace_slug={{.workspace_slug | @uri}}"
      query = query.workspace_member_count
      args  = { workspace_slug = self.input.workspace_slug.value }
    }

    card {
      width = 3
      href  = "/bitbucket.dashboard.bitbucket_access?input.workspace_slug={{.workspace_slug | @uri}}"
      query = query.workspace_administrator_count
      args  = { workspace_slug = self.input.workspace_slug.value }
    }

    card {
      width = 4
      href  = "/bitbucket.dashboard.bitbucket_omissions"
      query = query.seen
      args  = { place = self.input.workspace_slug.value, permission = "read" }
    }

    card {
      width = 3
      query = query.data_read_on
    }
  }

  table {
    title = "Public repositories"
    width = 12
    query = query.workspace_public
    args  = { workspace_slug = self.input.workspace_slug.value }

    column "Repository" {
      href = "/bitbucket.dashboard.bitbucket_repository_detail?input.repository_full_name={{.'Repository' | @uri}}"
    }
  }

  table {
    title = "Inactive repositories, the longest without a change first"
    width = 12
    query = query.workspace_inactive
    args  = { workspace_slug = self.input.workspace_slug.value }

    column "Repository" {
      href = "/bitbucket.dashboard.bitbucket_repository_detail?input.repository_full_name={{.'Repository' | @uri}}"
    }
  }

  table {
    title = "New repositories"
    width = 12
    query = query.workspace_new_repositories
    args  = { workspace_slug = self.input.workspace_slug.value, since = self.input.since.value }

    column "Repository" {
      href = "/bitbucket.dashboard.bitbucket_repository_detail?input.repository_full_name={{.'Repository' | @uri}}"
    }
  }

  container {
    title = "Number of repositories"

    chart {
      title = "By project"
      type  = "bar"
      width = 4
      query = query.workspace_by_project
      args  = { workspace_slug = self.input.workspace_slug.value }
    }

    chart {
      title = "By language, the 10 most used"
      type  = "bar"
      width = 4
      query = query.workspace_by_language
      args  = { workspace_slug = self.input.workspace_slug.value }
    }

    chart {
      title = "By visibility"
      type  = "donut"
      width = 4
      query = query.workspace_by_visibility
      args  = { workspace_slug = self.input.workspace_slug.value }
    }

    chart {
      title = "By year of creation"
      type  = "column"
      width = 4
      query = query.workspace_by_age
      args  = { workspace_slug = self.input.workspace_slug.value }
    }

    chart {
      title = "By size in megabytes"
      type  = "column"
      width = 4
      query = query.workspace_by_size
      args  = { workspace_slug = self.input.workspace_slug.value }
    }

    chart {
      title = "By days since the last change"
      type  = "column"
      width = 4
      query = query.workspace_by_change
      args  = { workspace_slug = self.input.workspace_slug.value }
    }

    table {
      title = "All repositories"
      width = 12
      query = query.workspace_repositories
      args  = { workspace_slug = self.input.workspace_slug.value }

      column "Repository" {
        href = "/bitbucket.dashboard.bitbucket_repository_detail?input.repository_full_name={{.'Repository' | @uri}}"
      }
    }
  }
}
