package parquetfiles

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"iter"

	"github.com/parquet-go/parquet-go"
)

// batchRows is how many rows are looked at together, and readBuffer how much of a column is read at once.
const (
	batchRows  = 1024
	readBuffer = 1 << 20
)

// A reader reads columns of a file.
type reader struct {
	store   *store
	name    string
	file    *parquet.File
	columns []column
	leaves  []int // of the columns in the file; -1 for those that it doesn't have
}

// openFile opens a file with rows. Columns are found by their names, so that it may have fewer, and others. A small file is read
// at once, because a store takes as long for each of its parts.
func (s *store) openFile(ctx context.Context, name string, size int64, columns []column) (*reader, error) {
	var from io.ReaderAt = section{ctx, s, name}
	if size <= readBuffer {
		data, err := s.bucket.ReadAll(ctx, name)
		if err != nil {
			return nil, s.failed("read", name, err)
		}
		from = bytes.NewReader(data)
	}
	file, err := parquet.OpenFile(from, size,
		parquet.SkipPageIndex(true), parquet.SkipBloomFilters(true), parquet.OptimisticRead(true), parquet.ReadBufferSize(readBuffer))
	if err != nil {
		return nil, s.failed("read", name, err)
	}
	r := &reader{store: s, name: name, file: file, columns: columns, leaves: make([]int, len(columns))}
	for i, c := range columns {
		leaf, isThere := file.Schema().Lookup(c.Name)
		r.leaves[i] = -1
		if !isThere {
			continue
		}
		r.leaves[i] = leaf.ColumnIndex
		if kind := newLeaf(c.Type).Type().Kind(); leaf.Node.Type().Kind() != kind {
			return nil, fmt.Errorf("column %s in %s of %s is %s, and not %s as the manifest says. Sync to a new destination",
				c.Name, name, s.name, leaf.Node.Type(), c.Type)
		}
	}
	return r, nil
}

// A batch is some rows that follow each other. The values of a column are only read if they are asked for.
type batch struct {
	group  *rowGroup
	start  int64 // in the group
	rows   int
	values [][]parquet.Value
	isRead []bool
}

// A rowGroup is one row group that is being read.
type rowGroup struct {
	reader *reader
	chunks []parquet.ColumnChunk
	pages  []parquet.Pages
	values []parquet.ValueReader
	next   []int64
}

// batches yields all rows. A batch is only good until the next one.
func (r *reader) batches() iter.Seq2[*batch, error] {
	return func(yield func(*batch, error) bool) {
		b := &batch{values: make([][]parquet.Value, len(r.columns)), isRead: make([]bool, len(r.columns))}
		for _, rows := range r.file.RowGroups() {
			g := &rowGroup{reader: r, chunks: rows.ColumnChunks(), pages: make([]parquet.Pages, len(r.columns)),
				values: make([]parquet.ValueReader, len(r.columns)), next: make([]int64, len(r.columns))}
			isWanted := true
			for b.group, b.start = g, 0; isWanted && b.start < rows.NumRows(); b.start += int64(b.rows) {
				b.rows = int(min(batchRows, rows.NumRows()-b.start))
				clear(b.isRead)
				isWanted = yield(b, nil)
			}
			if err := g.close(); err != nil && isWanted {
				yield(nil, r.store.failed("read", r.name, err))
				return
			}
			if !isWanted {
				return
			}
		}
	}
}

// column returns the values of a column, by its place in the columns that the reader was opened with.
func (b *batch) column(i int) ([]parquet.Value, error) {
	if cap(b.values[i]) == 0 {
		b.values[i] = make([]parquet.Value, batchRows)
	}
	values := b.values[i][:b.rows]
	if b.isRead[i] {
		return values, nil
	}
	b.isRead[i] = true
	if b.group.reader.leaves[i] < 0 {
		clear(values)
		return values, nil
	}
	if err := b.group.read(i, b.start, values); err != nil {
		return nil, b.group.reader.store.failed("read", b.group.reader.name, err)
	}
	return values, nil
}

// all returns the values of all columns.
func (b *batch) all() ([][]parquet.Value, error) {
	for i := range b.values {
		if _, err := b.column(i); err != nil {
			return nil, err
		}
	}
	return b.values, nil
}

// read fills the values, from a row on. Pages are not released, since values refer to them.
func (g *rowGroup) read(i int, from int64, values []parquet.Value) error {
	if g.pages[i] == nil {
		g.pages[i] = g.chunks[g.reader.leaves[i]].Pages()
	}
	if g.next[i] != from {
		if err := g.pages[i].SeekToRow(from); err != nil {
			return err
		}
		g.values[i] = nil
	}
	for n := 0; n < len(values); {
		if g.values[i] == nil {
			page, err := g.pages[i].ReadPage()
			if err != nil {
				return unexpected(err)
			}
			g.values[i] = page.Values()
		}
		m, err := g.values[i].ReadValues(values[n:])
		n += m
		if errors.Is(err, io.EOF) {
			g.values[i] = nil
		} else if err != nil {
			return err
		}
	}
	g.next[i] = from + int64(len(values))
	return nil
}

func unexpected(err error) error {
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}

func (g *rowGroup) close() error {
	var err error
	for _, p := range g.pages {
		if p != nil {
			err = errors.Join(err, p.Close())
		}
	}
	return err
}
