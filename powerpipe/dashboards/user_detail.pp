dashboard "bitbucket_user_detail" {
  title         = "Bitbucket User Detail"
  documentation = file("./dashboards/docs/user_detail.md")

  tags = merge(local.bitbucket_common_tags, {
    category = "Dashboards"
    service  = "Bitbucket/User"
    type     = "Detail"
  })

  input "user_uuid" {
    title = "User:"
    type  = "select"
    width = 4
    query = query.user_input
  }

  container {
    card {
      width = 3
      query = query.user_repository_count
      args  = { user_uuid = self.input.user_uuid.value }
    }

    card {
      width = 3
      query = query.user_admin_count
      args  = { user_uuid = self.input.user_uuid.value }
    }

    card {
      width = 3
      query = query.user_direct_count
      args  = { user_uuid = self.input.user_uuid.value }
    }

    card {
      width = 4
      href  = "/bitbucket.dashboard.bitbucket_omissions"
      query = query.seen
      args  = { place = "", permission = "admin" }
    }

    card {
      width = 3
      query = query.data_read_on
    }
  }

  graph {
    title     = "How the user came by access"
    direction = "left_right"

    node {
      category = category.user
      query    = query.user_graph_user
      args     = { user_uuid = self.input.user_uuid.value }
    }

    node {
      category = category.group
      query    = query.user_graph_groups
      args     = { user_uuid = self.input.user_uuid.value }
    }

    node {
      category = category.place
      query    = query.user_graph_places
      args     = { user_uuid = self.input.user_uuid.value }
    }

    edge {
      category = category.membership
      query    = query.user_graph_memberships
      args     = { user_uuid = self.input.user_uuid.value }
    }

    edge {
      category = category.grant
      query    = query.user_graph_grants
      args     = { user_uuid = self.input.user_uuid.value }
    }
  }

  table {
    title = "Workspaces"
    width = 6
    query = query.user_workspaces
    args  = { user_uuid = self.input.user_uuid.value }

    column "Workspace" {
      href = "/bitbucket.dashboard.bitbucket_access?input.workspace_slug={{.'Workspace' | @uri}}"
    }
  }

  table {
    title = "Groups"
    width = 6
    query = query.user_groups
    args  = { user_uuid = self.input.user_uuid.value }

    column "Workspace" {
      href = "/bitbucket.dashboard.bitbucket_access?input.workspace_slug={{.'Workspace' | @uri}}"
    }
  }

  table {
    title = "Repositories, those as administrator first"
    width = 12
    query = query.user_access
    args  = { user_uuid = self.input.user_uuid.value }

    column "Paths" {
      wrap = "all"
    }

    column "Repository" {
      href = "/bitbucket.dashboard.bitbucket_repository_detail?input.repository_full_name={{.'Repository' | @uri}}"
    }
  }

  table {
    title = "Open pull requests"
    width = 12
    query = query.user_pull_requests
    args  = { user_uuid = self.input.user_uuid.value }

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
