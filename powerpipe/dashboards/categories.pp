category "user" {
  title = "User"
  color = "orange"
  icon  = "person"
  href  = "/bitbucket.dashboard.bitbucket_user_detail?input.user_uuid={{.id | @uri}}"
}

category "group" {
  title = "Group"
  color = "purple"
  icon  = "group"
}

category "project" {
  title = "Project"
  color = "blue"
  icon  = "folder"
}

category "place" {
  title = "Repository, project or workspace"
  color = "blue"
  icon  = "folder"
}

category "membership" {
  title = "Membership"
  color = "purple"
}

category "grant" {
  title = "Grant"
  color = "green"
}

category "containment" {
  title = "Containment"
  color = "gray"
}
