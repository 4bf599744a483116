package parquetfiles

import (
	"context"
	"errors"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/kindor/steampipe-plugin-bitbucket/internal/programtest"
	"github.com/kindor/steampipe-plugin-bitbucket/internal/replica"
	"gocloud.dev/blob"
	"gocloud.dev/gcerrors"
)

// startS3 starts a real S3 server, and returns the address of a bucket and the folder in which the server keeps its files.
func startS3(t *testing.T) (location, dir string) {
	t.Helper()
	program := programtest.Tool(t, "../../../tools/s3", "versitygw")
	dir = t.TempDir()
	free, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := free.Addr().String()
	free.Close()
	server := exec.Command(program, "--access", "reader", "--secret", "correct horse", "--port", address, "--quiet", "posix", "--sidecar", t.TempDir(), dir)
	server.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	server.Stderr = os.Stderr
	if err := server.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = server.Process.Kill(); _ = server.Wait() })
	for name, value := range map[string]string{
		"AWS_ACCESS_KEY_ID": "reader", "AWS_SECRET_ACCESS_KEY": "correct horse", "AWS_EC2_METADATA_DISABLED": "true", "AWS_REGION": "us-east-1",
		"AWS_CONFIG_FILE": os.DevNull, "AWS_SHARED_CREDENTIALS_FILE": os.DevNull,
	} {
		t.Setenv(name, value)
	}
	waitFor(t, address)
	location = "s3://warehouse/copies/bitbucket?endpoint=http://" + address + "&use_path_style=true&region=us-east-1"
	var client *s3.Client
	bucket, err := blob.OpenBucket(t.Context(), strings.Replace(location, "/copies/bitbucket", "", 1))
	if err != nil || !bucket.As(&client) {
		t.Fatal(err)
	}
	defer bucket.Close()
	if _, err := client.CreateBucket(t.Context(), &s3.CreateBucketInput{Bucket: aws.String("warehouse")}); err != nil {
		t.Fatal(err)
	}
	return location, filepath.Join(dir, "warehouse", "copies", "bitbucket")
}

// waitFor waits until a server takes connections.
func waitFor(t *testing.T, address string) {
	t.Helper()
	for ctx, dialer := t.Context(), (net.Dialer{}); ; {
		c, err := dialer.DialContext(ctx, "tcp", address)
		if err == nil {
			c.Close()
			return
		}
		select {
		case <-ctx.Done():
			t.Fatal(err)
		case <-time.After(20 * time.Millisecond):
		}
	}
}

// TestS3 runs tests that need a server. Each begins without files.
func TestS3(t *testing.T) {
	location, dir := startS3(t)
	t.Run("fails anywhere", func(t *testing.T) { testS3FailsAnywhere(t, location, dir) })
	t.Run("dead", func(t *testing.T) { testS3Dead(t, location) })
	t.Run("busy", func(t *testing.T) { testS3Busy(t, location) })
}

// In an object store, too, a run that fails or is killed at any point leaves the rows of the last one or its own.
func testS3FailsAnywhere(t *testing.T, location, dir string) {
	checkConditional(t, location)
	for point := int64(1); ; point++ {
		isDone := walkS3(t, location, dir, point)
		if t.Failed() {
			t.Fatalf("at point %d", point)
		}
		if isDone {
			break
		}
	}
}

// checkConditional checks that the server creates a file only if there is none: the lock relies on it.
func checkConditional(t *testing.T, location string) {
	t.Helper()
	s := open(t, location).store
	options := &blob.WriterOptions{IfNotExist: true}
	if err := s.bucket.WriteAll(context.Background(), "once", nil, options); err != nil {
		t.Fatal(err)
	}
	if err := s.bucket.WriteAll(context.Background(), "once", nil, options); gcerrors.Code(err) != gcerrors.FailedPrecondition {
		t.Fatalf("a second file of the name: %v", err)
	}
	if err := s.remove(context.Background(), "once"); err != nil {
		t.Fatal(err)
	}
}

// walkS3 fails at one point, and goes on. It says whether nothing failed.
func walkS3(t *testing.T, location, dir string, point int64) bool {
	emptyLocation(t, location)
	firstRun(t, location)
	d := open(t, location)
	var count atomic.Int64
	d.store.fault = func(operation, name string) error {
		if count.Add(1) < point {
			return nil
		}
		return d.store.failed(operation, name, errors.New("connection reset"))
	}
	err := secondRun(d, 2)
	d.Close()
	isAfter := checkEither(t, location)
	checkGlob(t, dir, err == nil, isAfter)
	// The lock is still there, and its process is alive.
	held.Clear()
	d.store.fault = nil
	if err := secondRun(d, 2); err != nil {
		t.Fatal(err)
	}
	checkEither(t, location)
	checkGlob(t, dir, true, true)
	var left []string
	for f, err := range d.store.list(context.Background(), "_") {
		if err != nil {
			t.Fatal(err)
		}
		left = append(left, f.Key)
	}
	if !slices.Equal(left, []string{manifestFile}) {
		t.Errorf("beside the tables, there are %s", left)
	}
	return count.Load() < point
}

// emptyLocation deletes all files of a location.
func emptyLocation(t *testing.T, location string) {
	t.Helper()
	s := open(t, location).store
	var names []string
	for f, err := range s.list(context.Background(), "") {
		if err != nil {
			t.Fatal(err)
		}
		names = append(names, f.Key)
	}
	if err := s.removeAll(context.Background(), names); err != nil {
		t.Fatal(err)
	}
}

// A server that does not answer is an error that says so, without the credentials.
func testS3Dead(t *testing.T, location string) {
	emptyLocation(t, location)
	firstRun(t, location)
	dead, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	dead.Close()
	i := strings.Index(location, "endpoint=http://")
	d := open(t, location[:i]+"endpoint=http://"+dead.Addr().String()+"&use_path_style=true&region=us-east-1")
	_, err = d.Open(context.Background())
	if err == nil || !strings.Contains(err.Error(), "cannot list _lock/ in s3://warehouse/copies/bitbucket") ||
		!strings.Contains(err.Error(), "Check that it can be reached") || strings.Contains(err.Error(), "horse") {
		t.Error(err)
	}
	t.Setenv("AWS_SECRET_ACCESS_KEY", "wrong horse")
	_, err = open(t, location).Open(context.Background())
	if err == nil || !strings.Contains(err.Error(), "Check the credentials") || strings.Contains(err.Error(), "horse") {
		t.Error(err)
	}
}

// Of two runs in an object store, the second says who has it.
func testS3Busy(t *testing.T, location string) {
	emptyLocation(t, location)
	d := begin(t, location)
	_, err := open(t, location).Open(context.Background())
	checkBusy(t, err)
	var busy *replica.BusyError
	if errors.As(err, &busy) && busy.Destination != "s3://warehouse/copies/bitbucket" {
		t.Error(busy)
	}
	d.Close()
	begin(t, location)
}
