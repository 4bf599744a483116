package command

import (
	"fmt"
	"io"
	"sync"
	"time"

	"github.com/dustin/go-humanize"
	"github.com/dustin/go-humanize/english"
	prettytext "github.com/jedib0t/go-pretty/v6/text"
	"github.com/schollz/progressbar/v3"
	"golang.org/x/term"

	"github.com/kindor/steampipe-plugin-bitbucket/bitbucket"
)

const (
	progressDelay    = time.Second // faster scans show no progress
	progressInterval = 100 * time.Millisecond
)

// showProgress shows a line on a terminal during a long scan. stop removes it, and may be called again.
func showProgress(w io.Writer, line func() string) (stop func()) {
	done, gone := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(gone)
		select {
		case <-time.After(progressDelay):
		case <-done:
			return
		}
		bar := progressbar.NewOptions64(-1,
			progressbar.OptionSetWriter(w),
			progressbar.OptionSpinnerType(14),
			progressbar.OptionSetSpinnerChangeInterval(0), // starts no goroutine: the loop below draws it
		)
		widest := widestProgress(w)
		tick := time.NewTicker(progressInterval)
		defer tick.Stop()
		for {
			select {
			case <-tick.C:
				bar.Describe(prettytext.Trim(line(), widest))
			case <-done:
				_ = bar.Clear() // progress is not worth an error
				return
			}
		}
	}()
	return sync.OnceFunc(func() {
		close(done)
		<-gone
	})
}

// widestProgress returns the number of characters that fit beside the spinner and the time.
func widestProgress(w io.Writer) int {
	const beside, usual = 20, 80
	width := usual
	if fd, ok := terminalFd(w); ok {
		if columns, _, err := term.GetSize(fd); err == nil && columns > 2*beside {
			width = columns
		}
	}
	return width - beside
}

// progressLine returns how far queries are, which have read some rows and sent some requests.
func progressLine(p bitbucket.Progress, rows int64) string {
	if !p.WaitsUntil.IsZero() {
		return fmt.Sprintf("waiting for the quota until %s, for at least %s", p.WaitsUntil.Local().Format(time.TimeOnly),
			english.Plural(max(p.Total-p.Done, 1), "more request", ""))
	}
	line := plural(rows, "row") + ", " + plural(p.Requests, "request")
	if p.Total > 1 {
		line += fmt.Sprintf(", %s of %s repositories", humanize.Comma(int64(p.Done)), humanize.Comma(int64(p.Total)))
	}
	return line
}

func plural(n int64, what string) string {
	return humanize.Comma(n) + " " + english.PluralWord(int(n), what, "")
}

// progress shows how far the database is, if standard error is a terminal.
func (c *console) progress(db *database) (stop func()) {
	if _, ok := terminalFd(c.err); !ok {
		return func() {}
	}
	rows, before := db.rows.Load(), db.Progress().Requests
	return showProgress(c.err, func() string {
		p := db.Progress()
		p.Requests -= before
		return progressLine(p, db.rows.Load()-rows)
	})
}

// A firstWrite calls before ahead of each write.
type firstWrite struct {
	io.Writer
	before func()
}

func (f *firstWrite) Write(p []byte) (int, error) {
	f.before()
	return f.Writer.Write(p)
}
