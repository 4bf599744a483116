dashboard "bitbucket_delivery" {
  title         = "Bitbucket Delivery"
  documentation = file("./dashboards/docs/delivery.md")

  tags = merge(local.bitbucket_common_tags, {
    category = "Dashboards"
    service  = "Bitbucket/Deployment"
    type     = "Dashboard"
  })

  input "workspace_slug" {
    title = "Workspace:"
    type  = "select"
    width = 4
    query = query.workspace_input
  }

  input "since" {
    title = "Deployed in:"
    type  = "select"
    width = 4
    query = query.since_input
  }

  container {
    card {
      width = 3
      query = query.delivery_failure_rate
      args  = { workspace_slug = self.input.workspace_slug.value, since = self.input.since.value }
    }

    card {
      width = 3
      query = query.delivery_restore
      args  = { workspace_slug = self.input.workspace_slug.value, since = self.input.since.value }
    }

    card {
      width = 3
      query = query.delivery_restore_most
      args  = { workspace_slug = self.input.workspace_slug.value, since = self.input.since.value }
    }

    card {
      width = 3
      query = query.delivery_count
      args  = { workspace_slug = self.input.workspace_slug.value, since = self.input.since.value }
    }

    card {
      width = 3
      query = query.delivery_frequency
      args  = { workspace_slug = self.input.workspace_slug.value, since = self.input.since.value }
    }

    card {
      width = 3
      query = query.delivery_lead
      args  = { workspace_slug = self.input.workspace_slug.value, since = self.input.since.value }
    }

    card {
      width = 3
      query = query.delivery_lead_most
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
    title    = "Deployments to production, by month and result"
    type     = "column"
    width    = 12
    grouping = "stack"
    query    = query.delivery_by_month
    args     = { workspace_slug = self.input.workspace_slug.value, since = self.input.since.value }

    series "Failed" {
      color = "alert"
    }

    series "Successful" {
      color = "ok"
    }

    series "Stopped" {
      color = "#9ca3af"
    }
  }

  table {
    title = "Failed deployments to production"
    width = 12
    query = query.delivery_failures
    args  = { workspace_slug = self.input.workspace_slug.value, since = self.input.since.value }

    column "Commit" {
      href = "{{.html_url}}"
    }

    column "html_url" {
      display = "none"
    }

    column "Repository" {
      href = "/bitbucket.dashboard.bitbucket_repository_detail?input.repository_full_name={{.'Repository' | @uri}}"
    }
  }

  table {
    title = "Repositories, by number of deployments to production"
    width = 12
    query = query.delivery_by_repository
    args  = { workspace_slug = self.input.workspace_slug.value, since = self.input.since.value }

    column "Repository" {
      href = "/bitbucket.dashboard.bitbucket_repository_detail?input.repository_full_name={{.'Repository' | @uri}}"
    }
  }
}
