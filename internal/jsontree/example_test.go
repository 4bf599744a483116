package jsontree_test

import (
	"fmt"

	"github.com/kindor/steampipe-plugin-bitbucket/internal/jsontree"
)

func ExampleParse() {
	page, ok := jsontree.Parse(`{"values": [{"name": "main", "target": {"hash": "1c26"}}, {"name": "next"}]}`)
	fmt.Println(ok)
	for branch := range page.Field("values").Values() {
		fmt.Println(branch.Get("name"), branch.Get("target.hash").Exists())
	}
	// Output:
	// true
	// main true
	// next false
}
