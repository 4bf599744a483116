dashboard "bitbucket_pipelines" {
  title         = "Bitbucket Pipelines"
  documentation = file("./dashboards/docs/pipelines.md")

  tags = merge(local.bitbucket_common_tags, {
    category = "Dashboards"
    service  = "Bitbucket/Pipeline"
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
      query = query.pipeline_failure_count
      args  = { workspace_slug = self.input.workspace_slug.value, since = self.input.since.value }
    }

    card {
      width = 3
      query = query.pipeline_flaky_count
      args  = { workspace_slug = self.input.workspace_slug.value, since = self.input.since.value }
    }

    card {
      width = 3
      query = query.pipeline_run_count
      args  = { workspace_slug = self.input.workspace_slug.value, since = self.input.since.value }
    }

    card {
      width = 3
      query = query.pipeline_minutes
      args  = { workspace_slug = self.input.workspace_slug.value, since = self.input.since.value }
    }

    card {
      width = 3
      query = query.pipeline_duration
      args  = { workspace_slug = self.input.workspace_slug.value, since = self.input.since.value }
    }

    card {
      width = 3
      query = query.pipeline_duration_most
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

  container {
    chart {
      title    = "Runs by month and result"
      type     = "column"
      width    = 6
      grouping = "stack"
      query    = query.pipeline_by_month
      args     = { workspace_slug = self.input.workspace_slug.value, since = self.input.since.value }

      series "Successful" {
        color = "ok"
      }

      series "Failed" {
        color = "alert"
      }

      series "Stopped or expired" {
        color = "#9ca3af"
      }

      series "Not completed" {
        color = "#6b8de8"
      }
    }

    chart {
      title = "Minutes used, the 10 repositories with most"
      type  = "bar"
      width = 6
      query = query.pipeline_minutes_by_repository
      args  = { workspace_slug = self.input.workspace_slug.value, since = self.input.since.value }
    }
  }

  table {
    title = "Failed runs"
    width = 12
    query = query.pipeline_failures
    args  = { workspace_slug = self.input.workspace_slug.value, since = self.input.since.value }

    column "Repository" {
      href = "/bitbucket.dashboard.bitbucket_repository_detail?input.repository_full_name={{.'Repository' | @uri}}"
    }

    column "Run" {
      href = "{{.html_url}}"
    }

    column "html_url" {
      display = "none"
    }
  }

  table {
    title = "Flaky tests in the newest ${var.rerun_pipelines} failed pipelines whose commit also passed, at 2 requests each and 1 per step"
    width = 12
    query = query.pipeline_flaky_tests
    args  = { workspace_slug = self.input.workspace_slug.value, since = self.input.since.value }

    column "Repository" {
      href = "/bitbucket.dashboard.bitbucket_pipeline_steps?input.repository_full_name={{.'Repository' | @uri}}"
    }

    column "Last failed run" {
      href = "{{.html_url}}"
    }

    column "html_url" {
      display = "none"
    }
  }

  table {
    title = "Repositories, those with most runs first"
    width = 12
    query = query.pipeline_by_repository
    args  = { workspace_slug = self.input.workspace_slug.value, since = self.input.since.value }

    column "Repository" {
      href = "/bitbucket.dashboard.bitbucket_repository_detail?input.repository_full_name={{.'Repository' | @uri}}"
    }
  }
}
