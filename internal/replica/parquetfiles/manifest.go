package parquetfiles

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"

	"github.com/kindor/steampipe-plugin-bitbucket/internal/replica"
)

// The files beside those of the tables.
const (
	manifestFile = "_manifest.json"
	staging      = "_staging/"
	progressFile = staging + "progress.json"
	journalFile  = staging + "journal.json"
	built        = staging + "new/" // the files of a run until it is published
)

// format is the version of the layout. Later versions of it may not be readable by this program.
const format = 1

// A manifest says which files have the rows of which tables.
type manifest struct {
	Format int             `json:"format"`
	Run    replica.Run     `json:"run"`
	Tables []manifestTable `json:"tables"`
	State  json.RawMessage `json:"state,omitempty"`
}

// A manifestTable is what the manifest says about a table.
type manifestTable struct {
	Name        string     `json:"name"`
	Description string     `json:"description,omitempty"`
	Columns     []column   `json:"columns"`
	Key         []string   `json:"key"`
	HasHistory  bool       `json:"has_history"`
	Rows        int64      `json:"rows"`
	Files       []dataFile `json:"files"`                 // with the current rows, each once
	Ended       []dataFile `json:"ended_files,omitempty"` // with the rows that are no longer current
}

// A column is a column of a table, of those that a history adds, too.
type column struct {
	Name        string       `json:"name"`
	Type        replica.Type `json:"type"`
	Description string       `json:"description,omitempty"`
}

// A dataFile is a file with rows.
type dataFile struct {
	Path  string `json:"path"` // from the folder of the manifest
	Rows  int64  `json:"rows"`
	Bytes int64  `json:"bytes"`
}

// A progress is what is known about a run that was not published yet. What it does not name was never staged.
type progress struct {
	After  string          `json:"after"`  // id of the last published run; the rows of an earlier progress are in there
	Staged int             `json:"staged"` // number of the last staged file
	State  json.RawMessage `json:"state,omitempty"`
}

// A journal names what has to go if the run of a manifest was published, and if it was not.
type journal struct {
	Run string   `json:"run"`
	New []string `json:"new"`
	Old []string `json:"old"`
}

// table returns what the manifest says about a table; nil if it has none.
func (m *manifest) table(name string) *manifestTable {
	i := slices.IndexFunc(m.Tables, func(t manifestTable) bool { return t.Name == name })
	if i < 0 {
		return nil
	}
	return &m.Tables[i]
}

// set puts a table in its place.
func (m *manifest) set(t manifestTable) {
	if known := m.table(t.Name); known != nil {
		*known = t
		return
	}
	m.Tables = append(m.Tables, t)
}

func (m *manifest) files() map[string]bool {
	files := map[string]bool{}
	for _, t := range m.Tables {
		for _, f := range slices.Concat(t.Files, t.Ended) {
			files[f.Path] = true
		}
	}
	return files
}

// readJSON reads a small file. It says whether there is one.
func (s *store) readJSON(ctx context.Context, name string, value any) (bool, error) {
	data, err := s.read(ctx, name)
	if err != nil || data == nil {
		return false, err
	}
	if err := json.Unmarshal(data, value); err != nil {
		return false, fmt.Errorf("cannot understand %s in %s: %w. Restore it from a backup, or sync to a new destination", name, s.name, err)
	}
	return true, nil
}

func (s *store) writeJSON(ctx context.Context, name string, value any) error {
	data, err := json.Marshal(value)
	if err != nil {
		return err
	}
	return s.replace(ctx, name, data)
}

// manifest reads the manifest; that of a new place has no run.
func (s *store) manifest(ctx context.Context) (*manifest, error) {
	m := &manifest{Format: format}
	if _, err := s.readJSON(ctx, manifestFile, m); err != nil {
		return nil, err
	}
	if m.Format > format {
		return nil, fmt.Errorf("%s was written by version %s of the plugin, in a layout that this version does not know. "+
			"Update the plugin", s.name, m.Run.Version)
	}
	return m, nil
}
