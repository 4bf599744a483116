package main

import (
	"context"
	"fmt"
	"os"

	"oras.land/oras-go/v2"
	"oras.land/oras-go/v2/content/oci"
	"oras.land/oras-go/v2/registry/remote"
	"oras.land/oras-go/v2/registry/remote/auth"
	"oras.land/oras-go/v2/registry/remote/credentials"
	"oras.land/oras-go/v2/registry/remote/retry"
)

// push pushes all tags of an OCI layout to a repository such as ghcr.io/owner/name.
func push(ctx context.Context, layout, repository string) error {
	from, err := oci.NewFromFS(ctx, os.DirFS(layout))
	if err != nil {
		return fmt.Errorf("%s can't be read as an OCI layout; `make image` writes one: %w", layout, err)
	}
	to, err := remote.NewRepository(repository)
	if err != nil {
		return err
	}
	docker, err := credentials.NewStoreFromDocker(credentials.StoreOptions{})
	if err != nil {
		return err
	}
	to.Client = &auth.Client{Client: retry.DefaultClient, Cache: auth.NewCache(), Credential: credentials.Credential(docker)}
	return from.Tags(ctx, "", func(tags []string) error {
		for _, tag := range tags {
			manifest, err := oras.Copy(ctx, from, tag, to, tag, oras.DefaultCopyOptions)
			if err != nil {
				return fmt.Errorf("pushing %s:%s: %w", repository, tag, err)
			}
			fmt.Printf("%s:%s %s\n", repository, tag, manifest.Digest)
		}
		return nil
	})
}
