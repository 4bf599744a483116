package auth

import (
	"context"
	"testing"
	"time"
)

func TestTally(t *testing.T) {
	t.Parallel()
	var counter tally
	<-counter.none()
	endFirst, endSecond := counter.begin(), counter.begin()
	none := counter.none()
	if again := counter.none(); again != none {
		t.Error("two who wait get two channels")
	}
	endFirst()
	select {
	case <-none:
		t.Error("closed while one is under way")
	default:
	}
	endSecond()
	<-none
	<-counter.none()
}

func TestSettleWaitsForTheRefresh(t *testing.T) {
	t.Parallel()
	server := newAuthServer(t, newClock().Now)
	arrived, release := make(chan struct{}), make(chan struct{})
	server.rotated = func() { close(arrived); <-release }
	chain := open(t, t.TempDir(), server.consumer(), server.seed())
	ctx, cancel := context.WithCancel(t.Context())
	go chain.Authorization(ctx)
	<-arrived
	cancel()
	expired, cancel := context.WithDeadline(t.Context(), time.Unix(0, 0))
	defer cancel()
	wantError(t, Settle(expired), KindStorage, "could not be saved")
	close(release)
	if err := Settle(t.Context()); err != nil {
		t.Fatal(err)
	}
	if saved, err := chain.store.read(); err != nil || saved.generation != 1 {
		t.Errorf("generation %d, %v in the file, want 1", saved.generation, err)
	}
}
