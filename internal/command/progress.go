package command

import (
	"io"
	"sync"
	"time"

	"github.com/dustin/go-humanize"
	"github.com/schollz/progressbar/v3"
)

const (
	progressDelay    = time.Second // what is faster needs no progress
	progressInterval = 100 * time.Millisecond
)

// showProgress counts the rows on a terminal while a long scan runs. stop removes the count; it may be called again.
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
			progressbar.OptionSetSpinnerChangeInterval(0), // no goroutine of its own: it is drawn below
		)
		tick := time.NewTicker(progressInterval)
		defer tick.Stop()
		for {
			select {
			case <-tick.C:
				bar.Describe(humanize.Comma(rows()) + " rows read")
			case <-done:
				_ = bar.Clear() // a terminal that can't be written to shows no progress either
				return
			}
		}
	}()
	return sync.OnceFunc(func() {
		close(done)
		<-gone
	})
}

// A firstWrite calls before ahead of everything that is written.
type firstWrite struct {
	io.Writer
	before func()
}

func (f *firstWrite) Write(p []byte) (int, error) {
	f.before()
	return f.Writer.Write(p)
}
