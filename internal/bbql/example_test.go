package bbql_test

import (
	"fmt"

	"github.com/kindor/steampipe-plugin-bitbucket/internal/bbql"
)

func ExampleAnd() {
	fmt.Println(bbql.And(
		bbql.Compare("state", "IN", []string{"OPEN", "MERGED"}),
		bbql.Or(bbql.Compare("draft", "=", false), bbql.Compare("title", "~", "release")),
	))
	// Output: state IN ("OPEN", "MERGED") AND (draft = false OR title ~ "release")
}
