package parquetfiles

import (
	"context"
	"fmt"
	"io"
	"slices"
	"sync"

	"github.com/klauspost/compress/zstd"
	"github.com/parquet-go/parquet-go"
	parquetzstd "github.com/parquet-go/parquet-go/compress/zstd"
)

// The sizes of files. Tests change them.
var (
	groupRows  int64 = 128 << 10
	groupBytes int64 = 64 << 20 // of values, before they are encoded
	fileBytes  int64 = 128 << 20
	fewFiles         = 20 // more files of a table, or of one day of its ended rows, become fewer
)

// A frugalCodec compresses pages with one encoder. That of the library takes new ones, each with a window for large files.
type frugalCodec struct {
	parquetzstd.Codec
	encoder *zstd.Encoder
}

// Encode compresses a page.
func (c *frugalCodec) Encode(to, page []byte) ([]byte, error) {
	return c.encoder.EncodeAll(page, to[:0]), nil
}

// newCodec returns the codec of all files.
var newCodec = sync.OnceValue(func() *frugalCodec {
	encoder, err := zstd.NewWriter(nil, zstd.WithEncoderConcurrency(1), zstd.WithWindowSize(1<<20), zstd.WithZeroFrames(true),
		zstd.WithEncoderCRC(false))
	if err != nil {
		panic(err) // only options are checked
	}
	return &frugalCodec{parquetzstd.Codec{Concurrency: 1}, encoder}
})

// A writer writes rows of a table to files, as many as it takes.
type writer struct {
	ctx      context.Context
	store    *store
	table    *manifestTable
	schema   *parquet.Schema
	isKey    []bool
	metadata map[string]string
	name     func(n int) string // of the n-th file
	place    string             // where it is until it is moved to its name
	files    []dataFile

	file    *pendingFile
	rows    *parquet.GenericWriter[any]
	size    counter
	row     parquet.Row
	pending int64 // rows of the row group
	bytes   int64 // of values of the row group
}

// A counter counts what goes through.
type counter struct {
	io.Writer
	n int64
}

// Write writes.
func (c *counter) Write(p []byte) (int, error) {
	n, err := c.Writer.Write(p)
	c.n += int64(n)
	return n, err
}

func (s *store) newWriter(ctx context.Context, t *manifestTable, metadata map[string]string, place string, name func(n int) string) *writer {
	w := &writer{ctx: ctx, store: s, table: t, schema: newSchema(t), metadata: metadata, name: name, place: place}
	w.row = make(parquet.Row, len(t.Columns))
	for _, c := range t.Columns {
		w.isKey = append(w.isKey, slices.Contains(t.Key, c.Name))
	}
	return w
}

// begin makes sure that there is a file.
func (w *writer) begin() error {
	if w.file != nil {
		return nil
	}
	name := w.name(len(w.files) + 1)
	file, err := w.store.create(w.ctx, w.place+name)
	if err != nil {
		return err
	}
	w.file, w.size = file, counter{Writer: file}
	w.files = append(w.files, dataFile{Path: name})
	options := []parquet.WriterOption{
		w.schema, parquet.Compression(newCodec()), parquet.DataPageVersion(1), parquet.DataPageStatistics(true),
		parquet.DictionaryMaxBytes(1 << 20), parquet.PageBufferSize(256 << 10), parquet.MaxRowsPerRowGroup(groupRows),
		parquet.CreatedBy("steampipe-plugin-bitbucket", w.metadata["version"], "parquet-go"),
		parquet.KeyValueMetadata("table", w.table.Name), parquet.KeyValueMetadata("description", w.table.Description),
	}
	for key, value := range w.metadata {
		options = append(options, parquet.KeyValueMetadata(key, value))
	}
	w.rows = parquet.NewGenericWriter[any](&w.size, options...)
	return nil
}

// write writes a row. The values may be changed after that.
func (w *writer) write(row []parquet.Value) error {
	if err := w.begin(); err != nil {
		return err
	}
	for i, v := range row {
		level := 0
		if !v.IsNull() && !w.isKey[i] {
			level = 1
		}
		if v.IsNull() && w.isKey[i] {
			return fmt.Errorf("a row of %s has no %s, which is part of its key", w.table.Name, w.table.Columns[i].Name)
		}
		w.row[i] = v.Level(0, level, i)
		w.bytes += 8
		if v.Kind() == parquet.ByteArray {
			w.bytes += int64(len(v.ByteArray()))
		}
	}
	if _, err := w.rows.WriteRows([]parquet.Row{w.row}); err != nil {
		return w.store.failed("write", w.file.name, err)
	}
	w.files[len(w.files)-1].Rows++
	w.pending++
	if w.pending < groupRows && w.bytes < groupBytes {
		return nil
	}
	return w.flush()
}

// flush ends the row group, and the file if it is large.
func (w *writer) flush() error {
	w.pending, w.bytes = 0, 0
	if err := w.rows.Flush(); err != nil {
		return w.store.failed("write", w.file.name, err)
	}
	if w.size.n < fileBytes {
		return nil
	}
	return w.end()
}

// end ends the file, if there is one.
func (w *writer) end() error {
	if w.file == nil {
		return nil
	}
	file := w.file
	if err := w.rows.Close(); err != nil {
		return w.store.failed("write", file.name, err)
	}
	w.file, w.rows, w.pending, w.bytes = nil, nil, 0, 0
	w.files[len(w.files)-1].Bytes = w.size.n
	return file.close()
}

// abort drops the file that was not ended.
func (w *writer) abort() {
	if w.file != nil {
		w.file.abort()
	}
}
