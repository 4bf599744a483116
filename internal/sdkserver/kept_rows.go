package sdkserver

import (
	"bufio"
	"bytes"
	"encoding/gob"
	"fmt"
	"io"
	"iter"
	"os"
	"time"
)

// A keptRows contains the rows of a scan, in order.
type keptRows struct {
	rows     *gob.Encoder
	n        int
	memory   bytes.Buffer
	inMemory int      // bytes
	file     *os.File // for rows beyond the limit of memory, or nil
	out      *bufio.Writer
	named    bool // the open file could not be removed
}

// A cell is a value of a row: gob accepts nil in a field, but not in a list.
type cell struct{ Value any }

func init() { gob.Register(time.Time{}) }

// add adds a row.
func (k *keptRows) add(values Row) error {
	if k.rows == nil {
		k.rows = gob.NewEncoder(k)
	}
	cells := make([]cell, len(values))
	for i, v := range values {
		cells[i].Value = v
	}
	k.n++
	return k.rows.Encode(cells)
}

// Write keeps the encoder's output.
func (k *keptRows) Write(p []byte) (int, error) {
	if k.file == nil && k.memory.Len()+len(p) <= k.inMemory {
		return k.memory.Write(p)
	}
	if k.file == nil {
		file, err := os.CreateTemp("", "plugin-rows-")
		if err != nil {
			return 0, keepError(err)
		}
		// The name is not needed. A file without a name disappears when it is closed, or when the process ends in any
		// way.
		k.named = os.Remove(file.Name()) != nil
		k.file, k.out = file, bufio.NewWriter(file)
	}
	n, err := k.out.Write(p)
	if err != nil {
		err = keepError(err)
	}
	return n, err
}

func keepError(err error) error {
	return fmt.Errorf("can't write the temporary file for the rows of a large scan (TMPDIR is its folder): %w", err)
}

// all yields the rows. It can be called once.
func (k *keptRows) all() iter.Seq2[Row, error] {
	return func(yield func(Row, error) bool) {
		from := io.Reader(&k.memory)
		if k.file != nil {
			if err := k.rewind(); err != nil {
				yield(nil, keepError(err))
				return
			}
			from = io.MultiReader(from, bufio.NewReader(k.file))
		}
		rows := gob.NewDecoder(from)
		for range k.n {
			var cells []cell
			if err := rows.Decode(&cells); err != nil {
				yield(nil, keepError(err))
				return
			}
			values := make(Row, len(cells))
			for i, c := range cells {
				values[i] = c.Value
			}
			if !yield(values, nil) {
				return
			}
		}
	}
}

func (k *keptRows) rewind() error {
	if err := k.out.Flush(); err != nil {
		return err
	}
	_, err := k.file.Seek(0, io.SeekStart)
	return err
}

func (k *keptRows) close() {
	if k.file == nil {
		return
	}
	k.file.Close()
	if k.named {
		os.Remove(k.file.Name())
	}
}
