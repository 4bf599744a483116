with {{template "permissions_in_workspace"}},
{{left_out "permissions" "bitbucket_repository_permission"}}
{{template "seen"}}
