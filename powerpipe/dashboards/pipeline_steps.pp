dashboard "bitbucket_pipeline_steps" {
  title         = "Bitbucket Pipeline Steps"
  documentation = file("./dashboards/docs/pipeline_steps.md")

  tags = merge(local.bitbucket_common_tags, {
    category = "Dashboards"
    service  = "Bitbucket/Pipeline"
    type     = "Dashboard"
  })

  input "repository_full_name" {
    title = "Repository:"
    type  = "select"
    width = 4
    query = query.repository_input
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
      query = query.step_run_count
      args  = { repository_full_name = self.input.repository_full_name.value, since = self.input.since.value }
    }

    card {
      width = 3
      query = query.step_failure_count
      args  = { repository_full_name = self.input.repository_full_name.value, since = self.input.since.value }
    }

    card {
      width = 4
      href  = "/bitbucket.dashboard.bitbucket_omissions"
      query = query.seen
      args  = { place = self.input.repository_full_name.value, permission = "read" }
    }

    card {
      width = 3
      query = query.data_read_on
    }
  }

  chart {
    title    = "Minutes of a step, the 10 slowest"
    type     = "bar"
    width    = 12
    grouping = "compare"
    query    = query.step_durations
    args     = { repository_full_name = self.input.repository_full_name.value, since = self.input.since.value }
  }

  table {
    title = "Steps run and steps failed, the slowest first"
    width = 12
    query = query.step_list
    args  = { repository_full_name = self.input.repository_full_name.value, since = self.input.since.value }

    column "Last run" {
      href = "{{.html_url}}"
    }

    column "html_url" {
      display = "none"
    }
  }

  table {
    title = "Test reports, most failures first"
    width = 12
    query = query.step_tests
    args  = { repository_full_name = self.input.repository_full_name.value, since = self.input.since.value }

    column "Last run" {
      href = "{{.html_url}}"
    }

    column "html_url" {
      display = "none"
    }
  }
}
