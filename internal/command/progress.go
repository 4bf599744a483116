package command

import (
	"io"
	"sync"
	"time"

	"github.com/dustin/go-humanize"
	"github.com/schollz/progressbar/v3"
)

const (
	progressDelay    = time.Second // faster scans show no progress
	progressInterval = 100 * time.Millisecond
)

// showProgress shows the number of rows on a terminal during a long scan. stop removes it, and may be called again.
func showProgress(w io.Writer, rows func() int64) (stop func()) {
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
		tick := time.NewTicker(progressInterval)
		defer tick.Stop()
		for {
			select {
			case <-tick.C:
				bar.Describe(humanize.Comma(rows()) + " rows read")
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

// A firstWrite calls before ahead of each write.
type firstWrite struct {
	io.Writer
	before func()
}

func (f *firstWrite) Write(p []byte) (int, error) {
	f.before()
	return f.Writer.Write(p)
}
