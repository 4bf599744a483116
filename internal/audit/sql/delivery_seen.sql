with {{template "deployments"}},
{{left_out "deployments" "bitbucket_deployment"}}
{{template "seen"}}
