// Dashboards, benchmarks and controls for a specific part of Bitbucket override the "service" tag.
locals {
  bitbucket_common_tags = {
    category = "Compliance"
    plugin   = "bitbucket"
    service  = "Bitbucket"
  }
}
