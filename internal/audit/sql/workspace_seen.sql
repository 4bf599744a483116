with {{template "repositories"}},
{{left_out "repositories" "bitbucket_repository"}}
{{template "seen"}}
