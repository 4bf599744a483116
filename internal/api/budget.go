package api

import (
	"fmt"
	"sync"
)

// A Budget limits the requests that clients send, all together. A nil Budget has no limit.
type Budget struct {
	mu     sync.Mutex
	limit  int64 // 0 for none; guarded by mu
	unused int64 // guarded by mu
}

// A BudgetError reports that a request was not sent, because the requests of a budget are used up.
type BudgetError struct{ Limit int64 }

func (e *BudgetError) Error() string {
	return fmt.Sprintf("the limit of %d requests is used up", e.Limit)
}

// Begin allows this many requests from now on, whatever was allowed and used before. 0 allows any number.
func (b *Budget) Begin(limit int64) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.limit, b.unused = limit, limit
}

// take uses one request.
func (b *Budget) take() error {
	if b == nil {
		return nil
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.limit == 0 {
		return nil
	}
	if b.unused == 0 {
		return &BudgetError{Limit: b.limit}
	}
	b.unused--
	return nil
}
