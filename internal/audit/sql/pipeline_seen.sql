with {{template "pipelines"}},
{{left_out "pipelines" "bitbucket_pipeline"}}
{{template "seen"}}
