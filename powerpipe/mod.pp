variable "database" {
  type        = connection
  default     = connection.steampipe.default
  description = "Powerpipe's connection to the database: Steampipe, or a PostgreSQL with a copy of the tables."
}

mod "bitbucket" {
  # Hub metadata
  title         = "Bitbucket"
  description   = "Dashboards over repositories, access, code review and pipelines of Bitbucket Cloud, and an audit of access and of the CIS Software Supply Chain controls, using Powerpipe and Steampipe."
  color         = "#0052CC"
  documentation = file("./docs/index.md")
  icon          = "/images/plugins/kindor/bitbucket.svg"
  categories    = ["bitbucket", "cis", "compliance", "security", "software development"]
  database      = var.database

  opengraph {
    title       = "Powerpipe Mod for Bitbucket"
    description = "Dashboards and an audit of access for Bitbucket Cloud, using Powerpipe and Steampipe."
  }

  # It requires no plugin: Powerpipe would compare the name by which the plugin was installed, which is another one from a
  # registry than from source, and warn with every command.
}
