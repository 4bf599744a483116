dashboard "bitbucket_cost" {
  title         = "Bitbucket Cost"
  documentation = file("./dashboards/docs/cost.md")

  tags = merge(local.bitbucket_common_tags, {
    category = "Dashboards"
    service  = "Bitbucket/Repository"
    type     = "Dashboard"
  })

  input "workspace_slug" {
    title = "Workspace:"
    type  = "select"
    width = 4
    query = query.workspace_input
  }

  input "since" {
    title = "Started in:"
    type  = "select"
    width = 4
    query = query.since_input
  }

  container {
    card {
      width = 3
      query = query.cost_near_limit_count
      args  = { workspace_slug = self.input.workspace_slug.value }
    }

    card {
      width = 3
      query = query.workspace_size
      args  = { workspace_slug = self.input.workspace_slug.value }
    }

    card {
      width = 3
      query = query.pipeline_minutes
      args  = { workspace_slug = self.input.workspace_slug.value, since = self.input.since.value }
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

  chart {
    title = "Minutes of Pipelines, by month"
    type  = "column"
    width = 4
    query = query.cost_minutes_by_month
    args  = { workspace_slug = self.input.workspace_slug.value, since = self.input.since.value }
  }

  chart {
    title = "Minutes, the 10 repositories with most"
    type  = "bar"
    width = 4
    query = query.pipeline_minutes_by_repository
    args  = { workspace_slug = self.input.workspace_slug.value, since = self.input.since.value }
  }

  chart {
    title = "Gigabytes, the 10 largest repositories"
    type  = "bar"
    width = 4
    query = query.cost_size_by_repository
    args  = { workspace_slug = self.input.workspace_slug.value }
  }

  table {
    title = "Repositories by minutes of Pipelines and size"
    width = 12
    query = query.cost_by_repository
    args  = { workspace_slug = self.input.workspace_slug.value, since = self.input.since.value }

    column "Repository" {
      href = "/bitbucket.dashboard.bitbucket_repository_detail?input.repository_full_name={{.'Repository' | @uri}}"
    }
  }
}
