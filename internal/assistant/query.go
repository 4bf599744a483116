package assistant

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/kindor/steampipe-plugin-bitbucket/internal/api"
	"github.com/kindor/steampipe-plugin-bitbucket/internal/sqlhost"
)

type queryInput struct {
	SQL         string `json:"sql"`
	MaxRows     int    `json:"max_rows,omitempty" jsonschema:"default 100, at most 1000"`
	MaxRequests int64  `json:"max_requests,omitempty" jsonschema:"default 200"`
}

type answer struct {
	Notice    string              `json:"notice"`
	Columns   []string            `json:"columns"`
	Rows      [][]json.RawMessage `json:"rows"`
	Count     int                 `json:"row_count"`
	Truncated bool                `json:"truncated"`
	More      string              `json:"more,omitempty"`
	Omissions []string            `json:"omissions"`
	Requests  int64               `json:"requests"`
}

const (
	moreRows  = "There are more rows. They were not read, so omissions may lack some too. Count, group or filter in SQL; max_rows raises the cap to 1000."
	moreBytes = "There are more rows: these are as many as fit into 50000 bytes. Name fewer columns, or count, group or filter in SQL."
)

// query runs a statement.
func (s *server) query(ctx context.Context, in queryInput) (a answer, err error) {
	limit := cmp.Or(in.MaxRequests, defaultRequests)
	begun := time.Now()
	err = s.alone(ctx, limit, func() error {
		before := s.db.Requests()
		e, err := s.cost(ctx, func() ([]Cost, error) { return s.db.Estimate(ctx, in.SQL) })
		if err == nil {
			err = e.affordable(limit)
		}
		if err != nil {
			return spent(err)
		}
		rows, err := s.db.Query(ctx, in.SQL)
		if err != nil {
			return spent(err)
		}
		defer rows.Close()
		if err := a.read(rows, min(cmp.Or(in.MaxRows, defaultRows), mostRows)); err != nil {
			return spent(err)
		}
		a.Notice, a.Requests, a.Omissions = notice, s.db.Requests()-before, s.db.Omissions(begun)
		return rows.Close()
	})
	return a, err
}

// read reads as many rows as the answer may have.
func (a *answer) read(rows *sqlhost.Rows, most int) error {
	a.Columns, a.Rows = []string{}, [][]json.RawMessage{}
	for _, c := range rows.Columns() {
		a.Columns = append(a.Columns, c.Name)
	}
	size := 0
	for rows.Next() {
		if a.Count == most {
			a.Truncated, a.More = true, moreRows
			return nil
		}
		row, bytes, err := encodeRow(rows.Columns(), rows.Values())
		if err != nil {
			return err
		}
		if size += bytes; size > mostBytes {
			if a.Count == 0 {
				return fmt.Errorf("the first row has more than %d bytes: name fewer columns, or cut long texts with substr", mostBytes)
			}
			a.Truncated, a.More = true, moreBytes
			return nil
		}
		a.Rows = append(a.Rows, row)
		a.Count++
	}
	return rows.Err()
}

func encodeRow(columns []sqlhost.Column, values []any) (row []json.RawMessage, bytes int, err error) {
	for i, c := range columns {
		value, err := encode(c.JSON(values[i]))
		if err != nil {
			return nil, 0, fmt.Errorf("can't write column %s as JSON: %w", c.Name, err)
		}
		row = append(row, json.RawMessage(value))
		bytes += len(value) + 1
	}
	return row, bytes, nil
}

// spent adds to an error of a used-up limit what to do.
func spent(err error) error {
	if used, ok := errors.AsType[*api.BudgetError](err); ok {
		return fmt.Errorf("stopped: it took more than the %d requests of max_requests. Name a workspace or repositories, or raise max_requests if it is worth it", used.Limit)
	}
	return err
}
