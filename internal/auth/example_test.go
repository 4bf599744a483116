package auth_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"

	"github.com/kindor/steampipe-plugin-bitbucket/internal/auth"
)

// A refresh token works once. The chain saves the one that replaces it, for this process and later ones.
func ExampleOpenChain() {
	refreshes := 0
	bitbucket := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		refreshes++
		w.Header().Set("Content-Type", "application/json")
		fmt.Fprintf(w, `{"access_token": "access-%d", "refresh_token": "refresh-%d", "expires_in": 7200, "token_type": "bearer", "scopes": "account"}`, refreshes, refreshes+1)
	}))
	defer bitbucket.Close()
	dir, err := os.MkdirTemp("", "tokens")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(dir)

	consumer := auth.Consumer{Key: "key", Secret: auth.NewSecret("secret"), URL: bitbucket.URL}
	for range 2 { // like two processes, one after the other
		chain, err := auth.OpenChain(dir, consumer, auth.NewSecret("refresh-1"))
		if err != nil {
			fmt.Println(err)
			return
		}
		authorization, err := chain.Authorization(context.Background())
		fmt.Println(authorization, err)
	}
	fmt.Println("refreshed", refreshes, "time")
	// Output:
	// Bearer access-1 <nil>
	// Bearer access-1 <nil>
	// refreshed 1 time
}

func ExampleSecret() {
	token := auth.NewSecret("abc123")
	fmt.Printf("%v %+v %s\n", token, struct{ Token auth.Secret }{token}, token)
	// Output: [redacted] {Token:[redacted]} [redacted]
}
