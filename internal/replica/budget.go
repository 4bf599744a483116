package replica

import (
	"context"
	"strings"
	"time"
)

// An allowance is what a run may spend of the quota of one hour.
type allowance struct {
	requests int64
	from     int64 // requests of the source when the hour began for the run
	until    time.Time
}

// newAllowance returns the run's share of what is left.
func (r *runner) newAllowance(q Quota) allowance {
	return allowance{requests: int64(float64(q.Remaining) * r.QuotaShare), from: r.source.Requests(), until: q.ResetAt}
}

// afford makes sure that the next batch is within the run's share of the quota. It waits for the next hour if the run may
// wait, and else returns a *PausedError. A batch that takes more than the share of a whole hour is read at its beginning.
func (r *runner) afford(ctx context.Context, b batch) error {
	for {
		quota, err := r.quota(ctx)
		if err != nil || quota.Limit == 0 {
			return err // nothing is known about a limit
		}
		cost, err := r.cost(ctx, b)
		if err != nil {
			return err
		}
		if r.allowed.until.IsZero() || !time.Now().Before(r.allowed.until) {
			r.allowed = r.newAllowance(quota)
		}
		spent := r.source.Requests() - r.allowed.from
		isTooLarge := float64(cost) > float64(quota.Limit)*r.QuotaShare
		if spent+cost <= r.allowed.requests || isTooLarge && spent == 0 {
			return nil
		}
		if !r.Wait {
			left, err := r.left(ctx)
			if err != nil {
				return err
			}
			return &PausedError{Left: left, ResetAt: quota.ResetAt}
		}
		if err := r.waitFor(ctx, quota.ResetAt); err != nil {
			return err
		}
	}
}

// unknownReset is how long a run waits for the quota if Bitbucket does not say when it is renewed.
const unknownReset = 10 * time.Minute

// quota returns the quota of the current hour.
func (r *runner) quota(ctx context.Context) (Quota, error) {
	q, err := r.source.Quota(ctx)
	if now := time.Now(); err == nil && !q.ResetAt.IsZero() && !now.Before(q.ResetAt) {
		q.Remaining, q.ResetAt = q.Limit, now.Add(time.Hour)
	}
	if q.ResetAt.IsZero() {
		q.ResetAt = time.Now().Add(unknownReset)
	}
	return q, err
}

// waitFor waits until the quota is renewed.
func (r *runner) waitFor(ctx context.Context, until time.Time) error {
	r.report(ctx, "", until)
	timer := time.NewTimer(time.Until(until))
	defer timer.Stop()
	select {
	case <-timer.C:
		r.allowed = allowance{}
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// cost returns how many requests a batch takes, at least.
func (r *runner) cost(ctx context.Context, b batch) (int64, error) {
	if known, ok := r.costs[b.name]; ok {
		return known, nil
	}
	cost, err := r.source.Estimate(ctx, b.scans)
	if err == nil {
		r.costs[b.name] = cost
	}
	return cost, err
}

// left returns how many requests the rest of the run takes, as far as it is known.
func (r *runner) left(ctx context.Context) (left int64, err error) {
	for _, batches := range r.planned {
		for _, b := range batches {
			if r.isStaged(b) {
				continue
			}
			cost, err := r.cost(ctx, b)
			if err != nil {
				return 0, err
			}
			left += cost
		}
	}
	return left, nil
}

// A Plan is what a run needs, as far as it is known at its beginning.
type Plan struct {
	Run      Run
	Resumed  bool      // the run goes on from one that was stopped
	Requests int64     // that it needs, at least
	Quota    Quota     // of the current hour; its limit is 0 if Bitbucket has not said it
	Allowed  int64     // requests that it may send in the current hour
	EndsAt   time.Time // when it ends if it may wait for the quota, to the hour; zero if it needs no other hour
}

// announce tells what the run needs.
func (r *runner) announce(ctx context.Context) error {
	if r.Announce == nil {
		return nil
	}
	left, err := r.left(ctx)
	if err != nil {
		return err
	}
	quota, err := r.quota(ctx)
	if err != nil {
		return err
	}
	plan := Plan{Run: r.progress.Run, Resumed: r.resumed, Requests: left, Quota: quota, Allowed: r.newAllowance(quota).requests}
	if perHour := int64(float64(quota.Limit) * r.QuotaShare); perHour > 0 && left > plan.Allowed {
		hours := (left - plan.Allowed - 1) / perHour
		plan.EndsAt = quota.ResetAt.Add(time.Duration(hours) * time.Hour)
	}
	r.Announce(plan)
	return nil
}

// A Status is how far a run is.
type Status struct {
	Table     string    // that is being read; empty while the run waits
	Number    int       // of the table, from 1
	Tables    int       // their number
	Rows      int64     // read so far
	Requests  int64     // sent so far
	Left      int64     // requests that are needed in addition, at least
	Allowed   int64     // requests that it may still send in this hour; -1 if Bitbucket has not said the quota
	WaitUntil time.Time // when the run goes on; zero if it does not wait
}

// report tells how far the run is.
func (r *runner) report(ctx context.Context, table string, waits time.Time) {
	if r.Report == nil {
		return
	}
	left, _ := r.left(ctx) // without it, the rest is worth telling
	allowed := int64(-1)
	if !r.allowed.until.IsZero() {
		allowed = max(r.allowed.requests-r.source.Requests()+r.allowed.from, 0)
	}
	r.Report(Status{
		Allowed: allowed, Table: table, Number: r.number(table), Tables: len(r.specs), Rows: r.progress.Scanned, Requests: r.requests(), Left: left, WaitUntil: waits,
	})
}

// number returns how many tables the run has begun to read, this one included.
func (r *runner) number(table string) int {
	begun := map[string]bool{table: true}
	for _, name := range r.progress.Batches {
		name, _, _ = strings.Cut(name, " ")
		begun[name] = true
	}
	delete(begun, "")
	return len(begun)
}
