package parquetfiles

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/kindor/steampipe-plugin-bitbucket/internal/replica"
	"github.com/parquet-go/parquet-go"
)

// A merge makes the current rows of a table of its earlier ones and the staged ones. Rows stream; only hashes are kept.
type merge struct {
	ctx    context.Context
	store  *store
	last   replica.Run // that published the earlier rows
	run    replica.Run
	change replica.Change
	staged []dataFile
	old    manifestTable // nothing in it if the table is new
	new    manifestTable

	key, common, versioned []int // places of the columns that identify a row, that both have, that make a version
	isGrown                bool  // the columns are not those of the earlier files
	replaced               []scope
	index                  index
	hasher                 hasher
	known                  map[string]int32 // numbers of versions in the index

	current, ended *writer
	counts         replica.Counts
}

// What becomes of an earlier row.
const (
	stays byte = iota
	goes       // the row that replaces it is the same version
	ends
)

// merge returns what the manifest says about the table from now on, and the paths of the new files.
func (m *merge) merge() (manifestTable, []string, error) {
	defer func() { m.current.abort(); m.ended.abort() }()
	if err := m.prepare(); err != nil {
		return manifestTable{}, nil, err
	}
	if err := m.readStaged(); err != nil {
		return manifestTable{}, nil, err
	}
	fates := make([][]byte, len(m.old.Files)) // of the rows of each file; nil if all stay
	for i, f := range m.old.Files {
		var err error
		if fates[i], err = m.decide(f); err != nil {
			return manifestTable{}, nil, err
		}
	}
	if err := m.write(fates); err != nil {
		return manifestTable{}, nil, err
	}
	for _, f := range m.new.Files {
		m.new.Rows += f.Rows
	}
	m.counts.Rows = m.new.Rows
	var paths []string
	for _, f := range slices.Concat(m.current.files, m.ended.files) {
		paths = append(paths, f.Path)
	}
	return m.new, paths, nil
}

// prepare finds the columns that matter.
func (m *merge) prepare() error {
	names := func(columns []column) []string {
		var s []string
		for _, c := range columns {
			s = append(s, c.Name)
		}
		return s
	}
	now, before := names(m.new.Columns), names(m.old.Columns)
	m.isGrown = len(before) > 0 && (!slices.Equal(now, before) || !slices.Equal(m.new.Key, m.old.Key))
	for i, c := range m.change.Table.Columns {
		place := slices.Index(before, c.Name)
		if place < 0 {
			continue
		}
		if known := m.old.Columns[place].Type; known != c.Type {
			return fmt.Errorf("column %s of %s has the type %s now, and was copied as %s. Sync to a new destination", c.Name, m.new.Name, c.Type, known)
		}
		m.common = append(m.common, i)
		if !slices.Contains(m.change.Table.Ignored, c.Name) {
			m.versioned = append(m.versioned, i)
		}
	}
	for _, name := range m.new.Key {
		place := slices.Index(now, name)
		if place < 0 {
			return fmt.Errorf("table %s has no column %s, which is said to be part of its key", m.new.Name, name)
		}
		m.key = append(m.key, place)
	}
	for _, s := range m.change.Replaced {
		replaced, err := newScope(&m.new, s)
		if err != nil {
			return err
		}
		m.replaced = append(m.replaced, replaced)
	}
	return nil
}

// eachBatch reads files, all their rows in order.
func (m *merge) eachBatch(files []dataFile, do func(b *batch, first int) error) error {
	first := 0
	for _, f := range files {
		r, err := m.store.openFile(m.ctx, f.Path, f.Bytes, m.new.Columns)
		if err != nil {
			return err
		}
		for b, err := range r.batches() {
			if err != nil {
				return err
			}
			if err := do(b, first); err != nil {
				return err
			}
			first += b.rows
		}
	}
	return nil
}

// readStaged makes the index of the staged rows.
func (m *merge) readStaged() error {
	rows := 0
	for _, f := range m.staged {
		r, err := m.store.openFile(m.ctx, f.Path, f.Bytes, nil)
		if err != nil {
			return err
		}
		rows += int(r.file.NumRows())
	}
	m.index.entries = make([]entry, 0, rows)
	m.known, m.index.versions = map[string]int32{}, make([]version, 1)
	err := m.eachBatch(m.staged, func(b *batch, first int) error {
		for row := range b.rows {
			e := entry{number: int32(first + row)}
			if err := m.hash(&e, b, row, len(m.old.Files) > 0); err != nil {
				return err
			}
			m.index.entries = append(m.index.entries, e)
		}
		return nil
	})
	m.index.sort()
	return err
}

// hash fills in the hashes of a row.
func (m *merge) hash(e *entry, b *batch, row int, withValues bool) error {
	var err error
	if e.key, err = m.hasher.row(b, row, m.key); err != nil || !withValues {
		return err
	}
	all, err := m.hasher.row(b, row, m.common)
	if err != nil {
		return err
	}
	versionHash := all
	if len(m.versioned) < len(m.common) {
		versionHash, err = m.hasher.row(b, row, m.versioned)
	}
	e.all, e.version = all[0], versionHash[0]
	return err
}

// decide says what becomes of the rows of an earlier file; nil if all of them stay.
func (m *merge) decide(f dataFile) ([]byte, error) {
	fates := make([]byte, f.Rows)
	isKept := true
	err := m.eachBatch([]dataFile{f}, func(b *batch, first int) error {
		for row := range b.rows {
			fate, err := m.fate(b, row)
			if err != nil {
				return err
			}
			fates[first+row] = fate
			isKept = isKept && fate == stays
		}
		return nil
	})
	if isKept {
		fates = nil
	}
	return fates, err
}

func (m *merge) fate(b *batch, row int) (byte, error) {
	var e entry
	if err := m.hash(&e, b, row, false); err != nil {
		return ends, err
	}
	if staged := m.index.find(e.key); staged != nil {
		return m.compare(staged, b, row)
	}
	isLost, err := m.isLost(b, row)
	if err != nil || !isLost {
		return stays, err
	}
	m.counts.Removed++
	return ends, nil
}

// compare says what becomes of an earlier row whose key was staged.
func (m *merge) compare(staged *entry, b *batch, row int) (byte, error) {
	staged.isKnown = true
	var e entry
	if err := m.hash(&e, b, row, true); err != nil {
		return ends, err
	}
	isSame := e.all == staged.all
	if isSame && !m.isGrown {
		staged.isSame = true
		return stays, nil
	}
	if !isSame {
		m.counts.Changed++
	}
	if e.version != staged.version {
		return ends, nil
	}
	var err error
	staged.since, err = m.since(b, row)
	return goes, err
}

// since returns the number of the version that a row is.
func (m *merge) since(b *batch, row int) (int32, error) {
	if !m.new.HasHistory {
		return 0, nil
	}
	values, err := b.all()
	if err != nil {
		return 0, err
	}
	from, run := m.times(values, row)
	name := fmt.Sprint(from.Int64(), " ", run)
	if _, isKnown := m.known[name]; !isKnown {
		m.known[name] = int32(len(m.index.versions))
		m.index.versions = append(m.index.versions, version{from, run.Clone()})
	}
	return m.known[name], nil
}

// times returns since when a row is as it is. If it had no history, that is not known: then it is the last run.
func (m *merge) times(values [][]parquet.Value, row int) (from, run parquet.Value) {
	own := len(m.change.Table.Columns)
	from, run = values[own][row], values[own+2][row]
	if from.IsNull() {
		return started(m.last), parquet.ByteArrayValue([]byte(m.last.ID))
	}
	return from, run
}

func started(r replica.Run) parquet.Value { return parquet.Int64Value(r.StartedAt.UnixMicro()) }

// isLost says whether a row is no longer current although no staged one has its key.
func (m *merge) isLost(b *batch, row int) (bool, error) {
	if m.change.IsWhole {
		return true, nil
	}
	for _, s := range m.replaced {
		if isIn, err := s.has(&m.hasher, b, row); err != nil || isIn {
			return isIn, err
		}
	}
	return false, nil
}

// write writes the files that are new, and names those that stay.
func (m *merge) write(fates [][]byte) error {
	kept := 0
	for _, f := range fates {
		if f == nil {
			kept++
		}
	}
	for i, f := range m.old.Files {
		isRewritten := fates[i] != nil || m.isGrown || f.Rows == 0 || (kept > fewFiles && f.Bytes < fileBytes/2)
		if !isRewritten {
			m.new.Files = append(m.new.Files, f)
			continue
		}
		if err := m.rewrite(f, fates[i]); err != nil {
			return err
		}
	}
	if err := m.writeStaged(); err != nil {
		return err
	}
	if len(m.new.Files)+len(m.current.files) == 0 {
		if err := m.current.begin(); err != nil {
			return err
		}
	}
	if err := m.current.end(); err != nil {
		return err
	}
	m.new.Files = append(m.new.Files, m.current.files...)
	return m.endEnded()
}

// rewrite writes the rows of an earlier file to where they belong now.
func (m *merge) rewrite(f dataFile, fates []byte) error {
	values := make([]parquet.Value, len(m.new.Columns))
	own := len(m.change.Table.Columns)
	return m.eachBatch([]dataFile{f}, func(b *batch, first int) error {
		rows, err := b.all()
		for row := 0; row < b.rows && err == nil; row++ {
			fate := stays
			if fates != nil {
				fate = fates[first+row]
			}
			if fate == goes || (fate == ends && !m.new.HasHistory) {
				continue
			}
			for i := range values {
				values[i] = rows[i][row]
			}
			to := m.current
			if m.new.HasHistory {
				values[own], values[own+2] = m.times(rows, row)
			}
			if fate == ends {
				values[own+1] = started(m.run)
				to = m.ended
			}
			err = to.write(values)
		}
		return err
	})
}

// writeStaged writes the staged rows that are not there as they are.
func (m *merge) writeStaged() error {
	values := make([]parquet.Value, len(m.new.Columns))
	own := len(m.change.Table.Columns)
	return m.eachBatch(m.staged, func(b *batch, first int) error {
		rows, err := b.all()
		for row := 0; row < b.rows && err == nil; row++ {
			var key hash
			if key, err = m.hasher.row(b, row, m.key); err != nil {
				return err
			}
			e := m.index.find(key)
			if int(e.number) != first+row {
				continue
			}
			if !e.isKnown {
				m.counts.Added++
			}
			if e.isSame {
				continue
			}
			for i := range values {
				values[i] = rows[i][row]
			}
			if m.new.HasHistory {
				values[own], values[own+2] = started(m.run), parquet.ByteArrayValue([]byte(m.run.ID))
				if v := m.index.versions[e.since]; e.since > 0 {
					values[own], values[own+2] = v.from, v.run
				}
			}
			err = m.current.write(values)
		}
		return err
	})
}

// endEnded ends the files with the rows that ended. If a day has many, they become one.
func (m *merge) endEnded() error {
	today := folderOfEnded(m.new.Name, m.run)
	isToday := func(f dataFile) bool { return strings.HasPrefix(f.Path, today) }
	m.new.Ended = m.old.Ended
	if m.new.HasHistory && len(m.new.Ended) == 0 {
		if err := m.ended.begin(); err != nil {
			return err
		}
	}
	few := slices.DeleteFunc(slices.Clone(m.new.Ended), func(f dataFile) bool { return !isToday(f) || f.Bytes > fileBytes/2 })
	if len(m.ended.files) > 0 && len(few) >= fewFiles {
		m.new.Ended = slices.DeleteFunc(slices.Clone(m.new.Ended), func(f dataFile) bool { return slices.Contains(few, f) })
		values := make([]parquet.Value, len(m.new.Columns))
		err := m.eachBatch(few, func(b *batch, _ int) error {
			rows, err := b.all()
			for row := 0; row < b.rows && err == nil; row++ {
				for i := range values {
					values[i] = rows[i][row]
				}
				err = m.ended.write(values)
			}
			return err
		})
		if err != nil {
			return err
		}
	}
	if err := m.ended.end(); err != nil {
		return err
	}
	m.new.Ended = slices.Concat(m.new.Ended, m.ended.files)
	return nil
}

func folderOfEnded(name string, r replica.Run) string {
	return fmt.Sprintf("%s_ended/ended_on=%s/", name, r.StartedAt.UTC().Format(time.DateOnly))
}
