package api_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"

	"github.com/kindor/steampipe-plugin-bitbucket/internal/api"
)

// bitbucket answers the requests of the examples.
func bitbucket() *httptest.Server {
	return httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		switch r.URL.Path {
		case "/2.0/repositories/acme":
			fmt.Fprint(w, `{"pagelen": 100, "size": 2, "values": [
				{"type": "repository", "full_name": "acme/site", "is_private": true},
				{"type": "repository", "full_name": "acme/shop", "is_private": false}]}`)
		case "/2.0/repositories/acme/site":
			fmt.Fprint(w, `{"type": "repository", "mainbranch": {"name": "main"}}`)
		default:
			w.WriteHeader(http.StatusNotFound)
			fmt.Fprint(w, `{"type": "error", "error": {"message": "Repository acme/gone not found"}}`)
		}
	}))
}

func ExampleClient_List() {
	server := bitbucket()
	defer server.Close()
	client, err := api.New(api.Config{BaseURL: server.URL})
	if err != nil {
		fmt.Println(err)
		return
	}
	list := api.List{
		Path:    api.Path("/2.0/repositories/{workspace}", "acme"),
		Fields:  []string{"full_name", "is_private"},
		PageLen: 100,
	}
	for repository, err := range client.List(context.Background(), list) {
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Println(repository.Get("full_name"), repository.Get("is_private"))
	}
	// Output:
	// acme/site true
	// acme/shop false
}

func ExampleClient_Get() {
	server := bitbucket()
	defer server.Close()
	client, err := api.New(api.Config{BaseURL: server.URL})
	if err != nil {
		fmt.Println(err)
		return
	}
	repository, err := client.Get(context.Background(), api.Path("/2.0/repositories/{workspace}/{repo_slug}", "acme", "site"), nil, "mainbranch.name")
	fmt.Println(repository.Get("mainbranch.name"), err)

	_, err = client.Get(context.Background(), api.Path("/2.0/repositories/{workspace}/{repo_slug}", "acme", "gone"), nil)
	if answered, ok := errors.AsType[*api.Error](err); ok {
		fmt.Println(answered.StatusCode, api.IsNotFound(err))
	}
	// Output:
	// main <nil>
	// 404 true
}

func ExamplePath() {
	fmt.Println(api.Path("/2.0/repositories/{workspace}/{repo_slug}/src/{commit}/{path...}", "acme", "site", "HEAD", "docs/read me.md"))
	// Output: /2.0/repositories/acme/site/src/HEAD/docs/read%20me.md
}
