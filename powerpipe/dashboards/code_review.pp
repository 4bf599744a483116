dashboard "bitbucket_code_review" {
  title         = "Bitbucket Code Review"
  documentation = file("./dashboards/docs/code_review.md")

  tags = merge(local.bitbucket_common_tags, {
    category = "Dashboards"
    service  = "Bitbucket/PullRequest"
    type     = "Dashboard"
  })

  input "workspace_slug" {
    title = "Workspace:"
    type  = "select"
    width = 4
    query = query.workspace_input
  }

  input "since" {
    title = "Merged in:"
    type  = "select"
    width = 4
    query = query.since_input
  }

  container {
    card {
      width = 3
      query = query.review_unapproved_count
      args  = { workspace_slug = self.input.workspace_slug.value, since = self.input.since.value }
    }

    card {
      width = 3
      query = query.review_self_merged_count
      args  = { workspace_slug = self.input.workspace_slug.value, since = self.input.since.value }
    }

    card {
      width = 3
      query = query.review_stale_count
      args  = { workspace_slug = self.input.workspace_slug.value }
    }

    card {
      width = 3
      query = query.review_open_count
      args  = { workspace_slug = self.input.workspace_slug.value }
    }

    card {
      width = 3
      query = query.review_merged_count
      args  = { workspace_slug = self.input.workspace_slug.value, since = self.input.since.value }
    }

    card {
      width = 3
      query = query.review_days_to_merge
      args  = { workspace_slug = self.input.workspace_slug.value, since = self.input.since.value }
    }

    card {
      width = 3
      query = query.review_days_to_merge_most
      args  = { workspace_slug = self.input.workspace_slug.value, since = self.input.since.value }
    }

    card {
      width = 3
      query = query.review_first
      args  = { workspace_slug = self.input.workspace_slug.value, since = self.input.since.value }
    }

    card {
      width = 3
      query = query.review_first_most
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
      title    = "Merged pull requests, by month"
      type     = "column"
      width    = 4
      grouping = "stack"
      query    = query.review_by_month
      args     = { workspace_slug = self.input.workspace_slug.value, since = self.input.since.value }

      series "Approved" {
        color = "ok"
      }

      series "Without approval" {
        color = "alert"
      }
    }

    chart {
      title    = "Days to merge, by month"
      type     = "column"
      width    = 4
      grouping = "compare"
      query    = query.review_time_by_month
      args     = { workspace_slug = self.input.workspace_slug.value, since = self.input.since.value }
    }

    chart {
      title = "Open pull requests, the 10 most"
      type  = "bar"
      width = 4
      query = query.review_open_by_repository
      args  = { workspace_slug = self.input.workspace_slug.value }
    }
  }

  table {
    title = "Open pull requests, the stale pull requests first"
    width = 12
    query = query.review_open
    args  = { workspace_slug = self.input.workspace_slug.value }

    column "Repository" {
      href = "/bitbucket.dashboard.bitbucket_repository_detail?input.repository_full_name={{.'Repository' | @uri}}"
    }

    column "Title" {
      href = "{{.html_url}}"
    }

    column "html_url" {
      display = "none"
    }
  }

  table {
    title = "Merged pull requests, those merged without approval first"
    width = 12
    query = query.review_merged
    args  = { workspace_slug = self.input.workspace_slug.value, since = self.input.since.value }

    column "Repository" {
      href = "/bitbucket.dashboard.bitbucket_repository_detail?input.repository_full_name={{.'Repository' | @uri}}"
    }

    column "Title" {
      href = "{{.html_url}}"
    }

    column "html_url" {
      display = "none"
    }
  }

  container {
    title = "Size of the newest ${var.sized_pull_requests} merged pull requests, at 2 requests each"

    card {
      width = 3
      query = query.review_size
      args  = { workspace_slug = self.input.workspace_slug.value, since = self.input.since.value }
    }

    card {
      width = 3
      query = query.review_size_most
      args  = { workspace_slug = self.input.workspace_slug.value, since = self.input.since.value }
    }

    card {
      width = 3
      query = query.review_files
      args  = { workspace_slug = self.input.workspace_slug.value, since = self.input.since.value }
    }

    card {
      width = 3
      query = query.review_files_most
      args  = { workspace_slug = self.input.workspace_slug.value, since = self.input.since.value }
    }

    chart {
      title = "Pull requests, by lines changed"
      type  = "column"
      width = 6
      query = query.review_by_size
      args  = { workspace_slug = self.input.workspace_slug.value, since = self.input.since.value }
    }

    chart {
      title    = "Days to merge, by lines changed"
      type     = "column"
      width    = 6
      grouping = "compare"
      query    = query.review_time_by_size
      args     = { workspace_slug = self.input.workspace_slug.value, since = self.input.since.value }
    }

    table {
      title = "Lines changed and files changed, the largest pull requests first"
      width = 12
      query = query.review_sizes
      args  = { workspace_slug = self.input.workspace_slug.value, since = self.input.since.value }

      column "Repository" {
        href = "/bitbucket.dashboard.bitbucket_repository_detail?input.repository_full_name={{.'Repository' | @uri}}"
      }

      column "Title" {
        href = "{{.html_url}}"
      }

      column "html_url" {
        display = "none"
      }
    }
  }

  table {
    title = "Reviewers of open pull requests"
    width = 12
    query = query.review_by_reviewer
    args  = { workspace_slug = self.input.workspace_slug.value }

    column "Reviewer" {
      href = "/bitbucket.dashboard.bitbucket_user_detail?input.user_uuid={{.user_uuid | @uri}}"
    }

    column "user_uuid" {
      display = "none"
    }
  }
}
