with {{template "access_of_workspace"}},
{{left_out "access" "bitbucket_repository_access"}}
{{template "seen"}}
