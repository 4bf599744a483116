package api

import (
	"errors"
	"net/http"
	"testing"
)

// A budget counts every request, including retries, and refuses those above its limit.
func TestBudget(t *testing.T) {
	t.Parallel()
	sent := 0
	budget := &Budget{}
	client := newMemoryClient(t, func(w http.ResponseWriter, req *http.Request) {
		sent++
		answer(http.StatusOK, `{"name": "Acme"}`)(w, req)
	}, func(c *Config) { c.Budget = budget })
	ask := func() error {
		_, err := client.Get(t.Context(), "/2.0/user", nil)
		return err
	}
	if err := ask(); err != nil {
		t.Errorf("without a limit: %v", err)
	}
	for range 2 { // it starts again
		budget.Begin(2)
		sent = 0
		for range 2 {
			if err := ask(); err != nil {
				t.Error(err)
			}
		}
		err := ask()
		spent, ok := errors.AsType[*BudgetError](err)
		if !ok || spent.Limit != 2 || sent != 2 || IsUnanswered(err) || IsRefused(err) {
			t.Errorf("%d requests and error %v, want 2 and that the limit is used up", sent, err)
		}
	}
	budget.Begin(0)
	if err := ask(); err != nil {
		t.Errorf("without a limit again: %v", err)
	}
}
