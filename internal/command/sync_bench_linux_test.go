package command

import (
	"io"
	"os/exec"
	"syscall"
	"testing"
	"time"

	"github.com/kindor/steampipe-plugin-bitbucket/internal/fakebitbucket"
	"github.com/kindor/steampipe-plugin-bitbucket/internal/postgrestest"
	"github.com/kindor/steampipe-plugin-bitbucket/internal/programtest"
)

// BenchmarkSync compares how the program exports a hundred thousand rows: rows per second, and the memory of the process. The
// table has a history, and all of its columns are read.
func BenchmarkSync(b *testing.B) {
	fake := fakebitbucket.Start(b, fakebitbucket.Options{Repositories: 500, Users: 200, OneWorkspace: true, EveryoneReads: true})
	const table = "bitbucket_repository_permission"
	config := configOf(b, fake)
	folder, server := b.TempDir(), postgrestest.StartServer(b)
	for _, way := range []struct {
		name string
		args []string
	}{
		{"query csv", []string{"query", "--quiet", "--output", "csv", "select * from " + table}},
		{"parquet first", []string{"sync", "--quiet", "--tables", table, "--to", "parquet:" + folder}},
		{"parquet again", []string{"sync", "--quiet", "--tables", table, "--to", "parquet:" + folder, "--full"}},
		{"postgres first", []string{"sync", "--quiet", "--tables", table, "--to", server.Location()}},
		{"postgres again", []string{"sync", "--quiet", "--tables", table, "--to", server.Location(), "--full"}},
	} {
		b.Run(way.name, func(b *testing.B) {
			rows := float64(len(fake.Organization().EffectivePermissions(fake.Organization().Workspaces[0])))
			for b.Loop() {
				cmd := exec.Command(programtest.Path(b), append(way.args, "--config", config)...)
				cmd.Stdout, cmd.Stderr = io.Discard, io.Discard
				began := time.Now()
				if err := cmd.Run(); err != nil {
					b.Fatal(err)
				}
				b.ReportMetric(rows/time.Since(began).Seconds(), "rows/s")
				b.ReportMetric(float64(cmd.ProcessState.SysUsage().(*syscall.Rusage).Maxrss)/1024, "MiB")
				b.ReportMetric(rows, "rows")
			}
		})
	}
}
