package parquetfiles

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"

	"github.com/kindor/steampipe-plugin-bitbucket/internal/replica"
	"gocloud.dev/blob"
	_ "gocloud.dev/blob/azureblob" // azblob://
	"gocloud.dev/blob/fileblob"
	_ "gocloud.dev/blob/gcsblob" // gs://
	_ "gocloud.dev/blob/s3blob"  // s3://
)

// Forms are the locations that Open takes, for a help text.
var Forms = []string{"parquet:FOLDER", "s3://BUCKET/PREFIX?region=REGION", "gs://BUCKET/PREFIX", "azblob://CONTAINER/PREFIX?storage_account=ACCOUNT"}

// Open returns the destination at a location: parquet:FOLDER, s3://BUCKET/PREFIX, gs://BUCKET/PREFIX or
// azblob://CONTAINER/PREFIX. Object stores take the parameters of https://gocloud.dev/howto/blob/, and the credentials that their
// own tools take. A folder that is not there is made; nothing else is touched before a run takes the destination.
func Open(ctx context.Context, location string) (replica.Destination, error) {
	s, err := openStore(ctx, location)
	if err != nil {
		return nil, err
	}
	return &destination{store: s}, nil
}

// String returns the location, without parameters.
func (d *destination) String() string { return d.store.name }

func openStore(ctx context.Context, location string) (*store, error) {
	if folder, isFolder := strings.CutPrefix(location, "parquet:"); isFolder {
		return openFolder(folder)
	}
	u, err := url.Parse(location)
	if err != nil {
		return nil, fmt.Errorf("cannot understand the destination: it is not an address. It has one of these forms: %s", strings.Join(Forms, ", "))
	}
	switch u.Scheme {
	case "s3", "gs", "azblob":
		return openObjects(ctx, u)
	}
	return nil, fmt.Errorf("cannot sync to %q. A destination has one of these forms: %s", u.Redacted(), strings.Join(Forms, ", "))
}

// openFolder returns the store of a folder.
func openFolder(folder string) (*store, error) {
	if folder == "" {
		return nil, errors.New("parquet: has no folder. Name one, as in parquet:warehouse")
	}
	dir, err := filepath.Abs(folder)
	if err != nil {
		return nil, err
	}
	if info, err := os.Stat(dir); err == nil && !info.IsDir() {
		return nil, fmt.Errorf("%s is a file. Name a folder", dir)
	}
	bucket, err := fileblob.OpenBucket(dir, &fileblob.Options{NoTempDir: true, Metadata: fileblob.MetadataDontWrite, CreateDir: true})
	if err != nil {
		return nil, fmt.Errorf("cannot make the folder %s: %w. Make it, or name another one", dir, err)
	}
	return &store{bucket: bucket, dir: dir, name: "parquet:" + dir}, nil
}

// openObjects returns the store of an address. Its path is a prefix there.
func openObjects(ctx context.Context, u *url.URL) (*store, error) {
	if u.User != nil {
		return nil, fmt.Errorf("the address %s has credentials in it. Take them out: they are read from where the tools of %s:// read them",
			u.Redacted(), u.Scheme)
	}
	if u.Host == "" {
		return nil, fmt.Errorf("%s has no bucket. A destination has one of these forms: %s", u, strings.Join(Forms, ", "))
	}
	prefix := strings.Trim(u.Path, "/")
	place := *u
	place.Path = ""
	if checks := place.Query(); u.Scheme == "s3" && !checks.Has("response_checksum_validation") {
		// The SDK writes a line to the terminal for every part of a file that it cannot check.
		checks.Set("response_checksum_validation", "when_required")
		place.RawQuery = checks.Encode()
	}
	name := (&url.URL{Scheme: u.Scheme, Host: u.Host, Path: u.Path}).String()
	bucket, err := blob.OpenBucket(ctx, place.String())
	if err != nil {
		return nil, fmt.Errorf("cannot use %s: %s. Check the address, and the credentials of the environment", name,
			query.ReplaceAllString(err.Error(), "$1"))
	}
	if prefix != "" {
		bucket = blob.PrefixedBucket(bucket, prefix+"/")
	}
	return &store{bucket: bucket, name: name}, nil
}
