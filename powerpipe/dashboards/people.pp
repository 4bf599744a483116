dashboard "bitbucket_people" {
  title         = "Bitbucket People"
  documentation = file("./dashboards/docs/people.md")

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

  container {
    card {
      width = 3
      query = query.people_inactive_count
      args  = { workspace_slug = self.input.workspace_slug.value }
    }

    card {
      width = 3
      query = query.people_outsider_count
      args  = { workspace_slug = self.input.workspace_slug.value }
    }

    card {
      width = 3
      query = query.people_without_access_count
      args  = { workspace_slug = self.input.workspace_slug.value }
    }

    card {
      width = 3
      query = query.people_member_count
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
    title = "Outsiders with access, who are not members"
    width = 6
    query = query.people_outsiders
    args  = { workspace_slug = self.input.workspace_slug.value }

    column "User" {
      href = "/bitbucket.dashboard.bitbucket_user_detail?input.user_uuid={{.user_uuid | @uri}}"
    }

    column "user_uuid" {
      display = "none"
    }
  }

  table {
    title = "Members without access to a repository"
    width = 6
    query = query.people_without_access
    args  = { workspace_slug = self.input.workspace_slug.value }

    column "Member" {
      href = "/bitbucket.dashboard.bitbucket_user_detail?input.user_uuid={{.user_uuid | @uri}}"
    }

    column "user_uuid" {
      display = "none"
    }
  }

  chart {
    title = "Members by days since the last use"
    type  = "column"
    width = 6
    query = query.people_by_last_use
    args  = { workspace_slug = self.input.workspace_slug.value }
  }

  chart {
    title = "Members by role"
    type  = "donut"
    width = 6
    query = query.people_by_role
    args  = { workspace_slug = self.input.workspace_slug.value }
  }

  table {
    title = "Members, the inactive members first"
    width = 12
    query = query.people_members
    args  = { workspace_slug = self.input.workspace_slug.value }

    column "Member" {
      href = "/bitbucket.dashboard.bitbucket_user_detail?input.user_uuid={{.user_uuid | @uri}}"
    }

    column "user_uuid" {
      display = "none"
    }
  }
}
