dashboard "bitbucket_omissions" {
  title         = "Bitbucket Omissions"
  documentation = file("./dashboards/docs/omissions.md")

  tags = merge(local.bitbucket_common_tags, {
    category = "Dashboards"
    service  = "Bitbucket/Connection"
    type     = "Dashboard"
  })

  container {
    card {
      width = 3
      query = query.omission_refused_count
    }

    card {
      width = 3
      query = query.omission_access_count
    }

    card {
      width = 3
      query = query.omission_nothing_count
    }

    card {
      width = 4
      query = query.seen
      args  = { place = "", permission = "admin" }
    }

    card {
      width = 3
      query = query.data_read_on
    }
  }

  table {
    title = "Left out in the last hour: refused or failed first, then what needs more access, then what is off or empty"
    width = 12
    query = query.omission_list

    column "Place" {
      href = "{{.html_url}}"
    }

    column "html_url" {
      display = "none"
    }
  }

  table {
    title = "Connections"
    width = 12
    query = query.connection_list

    column "Workspaces" {
      href = "{{.html_url}}"
    }

    column "html_url" {
      display = "none"
    }
  }
}
