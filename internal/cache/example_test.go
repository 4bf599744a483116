package cache_test

import (
	"context"
	"fmt"
	"time"

	"github.com/kindor/steampipe-plugin-bitbucket/internal/cache"
)

func ExampleGet() {
	c := cache.New(time.Minute, 1<<20)
	for range 2 {
		n, err := cache.Get(context.Background(), c, "answer", func(context.Context) (int, error) {
			fmt.Println("asked")
			return 42, nil
		})
		fmt.Println(n, err)
	}
	// Output:
	// asked
	// 42 <nil>
	// 42 <nil>
}
