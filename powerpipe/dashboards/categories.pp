category "user" {
  title = "User"
  color = "#e8892b"
  icon  = "person"
  href  = "/bitbucket.dashboard.bitbucket_user_detail?input.user_uuid={{.id | @uri}}"
}

category "group" {
  title = "Group"
  color = "#9d5bd2"
  icon  = "group"
  href  = "{{.link}}"
}

category "project" {
  title = "Project"
  color = "#3b82f6"
  icon  = "folder"
}

category "place" {
  title = "Place"
  color = "#3b82f6"
  icon  = "folder"
  href  = "{{.link}}"
}

category "membership" {
  title = "Membership"
  color = "#9d5bd2"
}

category "grant" {
  title = "Grant"
  color = "#22a35a"
}

category "admin" {
  title = "Admin"
  color = "#b5475f"
}

category "write" {
  title = "Write"
  color = "#e0a030"
}

category "read" {
  title = "Read"
  color = "#6b8de8"
}

category "containment" {
  title = "Containment"
  color = "#8b95a5"
}
