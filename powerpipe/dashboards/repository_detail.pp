dashboard "bitbucket_repository_detail" {
  title         = "Bitbucket Repository Detail"
  documentation = file("./dashboards/docs/repository_detail.md")

  tags = merge(local.bitbucket_common_tags, {
    category = "Dashboards"
    service  = "Bitbucket/Repository"
    type     = "Detail"
  })

  input "repository_full_name" {
    title = "Repository:"
    type  = "select"
    width = 4
    query = query.repository_input
  }

  container {
    card {
      width = 3
      query = query.repository_visibility
      args  = { repository_full_name = self.input.repository_full_name.value }
    }

    card {
      width = 3
      href  = "/bitbucket.dashboard.bitbucket_omissions"
      query = query.repository_permission
      args  = { repository_full_name = self.input.repository_full_name.value }
    }

    card {
      width = 3
      query = query.repository_last_change
      args  = { repository_full_name = self.input.repository_full_name.value }
    }

    card {
      width = 3
      href  = "/bitbucket.dashboard.bitbucket_access?input.workspace_slug={{.workspace_slug | @uri}}"
      query = query.repository_user_count
      args  = { repository_full_name = self.input.repository_full_name.value }
    }

    card {
      width = 3
      query = query.repository_open_count
      args  = { repository_full_name = self.input.repository_full_name.value }
    }

    card {
      width = 4
      href  = "/bitbucket.dashboard.bitbucket_omissions"
      query = query.seen
      args  = { place = self.input.repository_full_name.value, permission = "admin" }
    }

    card {
      width = 3
      query = query.data_read_on
    }
  }

  graph {
    title     = "How users came by their access"
    direction = "left_right"

    node {
      category = category.user
      query    = query.repository_graph_users
      args     = { repository_full_name = self.input.repository_full_name.value }
    }

    node {
      category = category.group
      query    = query.repository_graph_groups
      args     = { repository_full_name = self.input.repository_full_name.value }
    }

    node {
      category = category.place
      query    = query.repository_graph_places
      args     = { repository_full_name = self.input.repository_full_name.value }
    }

    edge {
      category = category.membership
      query    = query.repository_graph_memberships
      args     = { repository_full_name = self.input.repository_full_name.value }
    }

    edge {
      category = category.grant
      query    = query.repository_graph_grants
      args     = { repository_full_name = self.input.repository_full_name.value }
    }

    edge {
      category = category.containment
      query    = query.repository_graph_parents
      args     = { repository_full_name = self.input.repository_full_name.value }
    }
  }

  container {
    table {
      title = "Overview"
      type  = "line"
      width = 3
      query = query.repository_overview
      args  = { repository_full_name = self.input.repository_full_name.value }

      column "Repository" {
        href = "{{.html_url}}"
      }

      column "html_url" {
        display = "none"
      }
    }

    table {
      title = "Users with access"
      width = 9
      query = query.repository_access
      args  = { repository_full_name = self.input.repository_full_name.value }

      column "User" {
        href = "/bitbucket.dashboard.bitbucket_user_detail?input.user_uuid={{.user_uuid | @uri}}"
      }

      column "Paths" {
        wrap = "all"
      }

      column "user_uuid" {
        display = "none"
      }
    }
  }

  table {
    title = "Rules for branches"
    width = 12
    query = query.repository_rules
    args  = { repository_full_name = self.input.repository_full_name.value }

    column "Rule" {
      href = "{{.html_url}}"
    }

    column "html_url" {
      display = "none"
    }
  }

  table {
    title = "Deploy keys"
    width = 6
    query = query.repository_deploy_keys
    args  = { repository_full_name = self.input.repository_full_name.value }

    column "Key" {
      href = "{{.html_url}}"
    }

    column "html_url" {
      display = "none"
    }
  }

  table {
    title = "Webhooks"
    width = 6
    query = query.repository_webhooks
    args  = { repository_full_name = self.input.repository_full_name.value }

    column "Address" {
      href = "{{.html_url}}"
    }

    column "html_url" {
      display = "none"
    }
  }

  table {
    title = "Open pull requests"
    width = 6
    query = query.repository_pull_requests
    args  = { repository_full_name = self.input.repository_full_name.value }

    column "Title" {
      href = "{{.html_url}}"
    }

    column "html_url" {
      display = "none"
    }
  }

  table {
    title = "Latest pipelines"
    width = 6
    query = query.repository_pipelines
    args  = { repository_full_name = self.input.repository_full_name.value }

    column "Run" {
      href = "{{.html_url}}"
    }

    column "html_url" {
      display = "none"
    }
  }
}
