with {{template "open"}},
{{left_out "open" "bitbucket_pull_request"}}
{{template "seen"}}
