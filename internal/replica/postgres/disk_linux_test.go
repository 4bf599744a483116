package postgres_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/kindor/steampipe-plugin-bitbucket/internal/postgrestest"
	"github.com/kindor/steampipe-plugin-bitbucket/internal/replica"
	"github.com/kindor/steampipe-plugin-bitbucket/internal/replica/replicatest"
)

// A full disk stops a batch, or the publishing. Readers see the last run, and when there is room the run goes on.
func TestFullDisk(t *testing.T) {
	server := postgrestest.StartServer(t)
	disk := newDisk(t, filepath.Dir(server.Socket()))
	admin := server.Connect(t)
	for _, statement := range []string{
		"create tablespace small location '" + filepath.Join(disk.path, "space") + "'", "create database small tablespace small",
	} {
		if _, err := admin.Exec(t.Context(), statement); err != nil {
			t.Fatal(err)
		}
	}
	location := strings.Replace(server.Location(), "/postgres?", "/small?", 1)
	conn, err := pgx.Connect(t.Context(), location+"&timezone=UTC")
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(t.Context())
	place, before, now := target(location, conn, "bitbucket"), &replicatest.Model{}, &replicatest.Model{}
	first, second := largeRun(1, 1), largeRun(2, 4)
	tables := []replica.Table{second.Batches[0].Table}
	now.Apply(first)
	if _, err := first.Do(t.Context(), open(t, location), -1); err != nil {
		t.Fatal(err)
	}
	replicatest.Check(t, place, now, tables)
	before.Apply(first)
	now.Apply(second)

	failures := 0
	for size := 20; ; size += 8 {
		disk.resize(size)
		_, err := second.Do(t.Context(), open(t, location), -1)
		if err == nil {
			break
		}
		var full *pgconn.PgError
		if !errors.As(err, &full) || full.Code != "53100" || !strings.Contains(err.Error(), "Give the server more room") {
			t.Fatalf("with %d MB, the run failed with %v, want that the disk is full", size, err)
		}
		failures++
		replicatest.Check(t, place, before, tables)
	}
	replicatest.Check(t, place, now, tables)
	if failures < 2 {
		t.Errorf("the disk was full %d times, want some in a batch and some in publishing", failures)
	}
}

// largeRun is a run with batches of 2 MB.
func largeRun(number, batches int) *replicatest.Run {
	table := replica.Table{Name: "bitbucket_large", Key: []string{"id"}, Columns: []replica.Column{
		{Name: "id", Type: replica.Integer}, {Name: "content", Type: replica.Text},
	}}
	started := time.Date(2026, 11, 30, number, 0, 0, 0, time.UTC)
	run := &replicatest.Run{
		Run:     replica.Run{ID: fmt.Sprint("run ", number), StartedAt: started, EndedAt: started},
		Changes: []replica.Change{{Table: table, IsWhole: true}},
	}
	r := rand.New(rand.NewPCG(uint64(number), 0))
	for range batches {
		b := replicatest.Batch{Table: table}
		for range 2000 {
			content := make([]byte, 1000)
			for i := range content {
				content[i] = byte(' ' + r.IntN(94))
			}
			b.Rows = append(b.Rows, []any{int64(r.Uint64() >> 1), string(content)})
		}
		run.Batches = append(run.Batches, b)
	}
	return run
}

// A smallDisk is a small file system.
type smallDisk struct {
	t    *testing.T
	path string
	uid  uint32
}

// newDisk makes a disk for who owns the folder. Only root can do that.
func newDisk(t *testing.T, folder string) *smallDisk {
	t.Helper()
	info, err := os.Stat(folder)
	if err != nil {
		t.Fatal(err)
	}
	d := &smallDisk{t: t, path: filepath.Join(folder, "disk"), uid: info.Sys().(*syscall.Stat_t).Uid}
	if err := os.Mkdir(d.path, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Mount("tmpfs", d.path, "tmpfs", 0, d.options(20)); err != nil {
		t.Skipf("skipped: only root can make a small file system: %v", err)
	}
	t.Cleanup(func() {
		if err := syscall.Unmount(d.path, syscall.MNT_DETACH); err != nil {
			t.Error(err)
		}
	})
	space := filepath.Join(d.path, "space")
	if err := errors.Join(os.Mkdir(space, 0o700), os.Chown(space, int(d.uid), -1)); err != nil {
		t.Fatal(err)
	}
	return d
}

// resize gives the disk another size.
func (d *smallDisk) resize(megabytes int) {
	d.t.Helper()
	if err := syscall.Mount("tmpfs", d.path, "tmpfs", syscall.MS_REMOUNT, d.options(megabytes)); err != nil {
		d.t.Fatal(err)
	}
}

func (d *smallDisk) options(megabytes int) string { return fmt.Sprintf("size=%dm,mode=755", megabytes) }
