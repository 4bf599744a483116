package replica

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/kindor/steampipe-plugin-bitbucket/bitbucket"
)

// Options are how a run is done.
type Options struct {
	Connection string
	Version    string        // of the plugin
	Every      time.Duration // how old the last run may be before the next one is due
	Full       bool          // read everything, and not only what has changed
	FullEvery  time.Duration // how old the last full run may be before the next one is full, too
	QuotaShare float64       // the part of what is left of an hour's quota that the run may spend
	Wait       bool          // when that is spent, wait for the next hour
	Announce   func(Plan)    // told what the run needs, before it begins; may be nil
	Report     func(Status)  // told how far the run is, before each batch; may be nil
}

// overlap is how much earlier than the start of the last run a reading by time begins: clocks differ, and a list may
// show a change late.
const overlap = 10 * time.Minute

// stale is the age at which a run that was stopped is no longer continued.
const stale = 7 * 24 * time.Hour

// A Summary is what a run has done.
type Summary struct {
	Run       Run
	Rows      int64 // that were read
	Tables    map[string]Counts
	Omissions []bitbucket.Omission
	DueAt     time.Time // when the next run is due, if this one was not; zero if it was
	IsFirst   bool      // nothing was copied before
	Resumed   bool      // the run goes on from one that was stopped
}

// A PausedError reports that a run has spent its share of the quota, and has kept what it read.
type PausedError struct {
	Left    int64     // requests that are needed in addition, at least
	ResetAt time.Time // when the quota is renewed, or when to look again if that is unknown
}

// Error says what is left, and when to go on.
func (e *PausedError) Error() string {
	const message = "the run has spent its share of the quota, and needs at least %d more requests. What it read is kept: start it again after %s, or let it wait with --wait"
	return fmt.Sprintf(message, e.Left, e.ResetAt.UTC().Format(time.RFC3339))
}

// An AccountError reports that a destination has what another account or connection saw.
type AccountError struct{ What, Copied, Now string }

// Error says whose copy it is.
func (e *AccountError) Error() string {
	return fmt.Sprintf("the destination has the data of %s %s, and this run uses %s %s, which may see other data: choose another destination", e.What, e.Copied, e.What, e.Now)
}

// A runner does one run.
type runner struct {
	Options
	source Source
	to     Destination
	specs  []*Spec

	last     Record
	old      runState
	progress runProgress
	resumed  bool
	live     map[string]repository // by uuid, as the connected user sees them now

	vanished []string // full names of the repositories that have gone since this process began

	sentAt  int64 // requests of the source when this process began
	before  int64 // requests of earlier processes in this run
	allowed allowance
	costs   map[string]int64 // requests of batches, at least, by name
	planned [][]batch        // of the current phase and the next ones
	touched map[string]bool  // repositories in which something may have changed, by uuid

	unfinishedIDs map[string]map[string][]any // of tables, by name and repository
	heads         map[reference]string        // of touched repositories, as the last run left them
	loaded        map[string]bool             // tables that are in heads
}

// Copy does a run: it reads what may have changed, and publishes it.
func Copy(ctx context.Context, source Source, to Destination, specs []*Spec, o Options) (Summary, error) {
	r := &runner{Options: o, source: source, to: to, specs: specs, sentAt: source.Requests(), costs: map[string]int64{},
		unfinishedIDs: map[string]map[string][]any{}, heads: map[reference]string{}, loaded: map[string]bool{}}
	if err := r.open(ctx); err != nil {
		return Summary{}, err
	}
	if due := r.dueAt(); time.Now().Before(due) {
		return Summary{Run: *r.last.Last, DueAt: due}, nil
	}
	if err := r.begin(ctx); err != nil {
		return Summary{}, err
	}
	err := r.stageAll(ctx)
	summary := Summary{Run: r.run(), Rows: r.progress.Scanned, Omissions: r.progress.Omissions, Resumed: r.resumed, IsFirst: r.last.Last == nil}
	if err != nil {
		return summary, err
	}
	summary.Run.EndedAt = time.Now().UTC().Truncate(time.Microsecond)
	summary.Tables, err = r.publish(ctx, summary.Run)
	return summary, err
}

// dueAt returns when the run is due; zero if it is in any case.
func (r *runner) dueAt() time.Time {
	if r.last.Last == nil || r.last.Progress != nil || r.Full || r.Every == 0 {
		return time.Time{}
	}
	return r.last.Last.StartedAt.Add(r.Every)
}

// run returns the run with the requests so far.
func (r *runner) run() Run {
	run := r.progress.Run
	run.Requests = r.requests()
	return run
}

func (r *runner) requests() int64 { return r.before + r.source.Requests() - r.sentAt }

// open takes the destination.
func (r *runner) open(ctx context.Context) error {
	var err error
	if r.last, err = r.to.Open(ctx); err != nil {
		return err
	}
	if r.last.State != nil {
		if err := json.Unmarshal(r.last.State, &r.old); err != nil {
			return fmt.Errorf("the record of the last run can't be read: %w", err)
		}
	}
	return nil
}

// begin begins a run, or goes on with one that was stopped.
func (r *runner) begin(ctx context.Context) error {
	account, err := r.account(ctx)
	if err != nil {
		return err
	}
	if err := r.checkOwner(account); err != nil {
		return err
	}
	if r.live, err = r.repositories(ctx); err != nil {
		return err
	}
	if r.resume(account) {
		return nil
	}
	if r.last.Progress != nil {
		if err := r.to.Discard(ctx); err != nil {
			return err
		}
	}
	r.beginAnew(account)
	return nil
}

// checkOwner returns an error if the destination has what somebody else saw.
func (r *runner) checkOwner(account string) error {
	switch last := r.last.Last; {
	case last == nil:
		return nil
	case last.Connection != r.Connection:
		return &AccountError{"connection", last.Connection, r.Connection}
	case last.Account != account:
		return &AccountError{"account", last.Account, account}
	}
	return nil
}

// account returns the uuid of the connected account; empty if the token belongs to no account.
func (r *runner) account(ctx context.Context) (uuid string, err error) {
	for row, err := range r.source.Scan(ctx, Scan{Table: "bitbucket_user", Columns: []string{"uuid"}}) {
		if err != nil {
			return "", err
		}
		uuid, _ = row[0].(string)
	}
	return uuid, nil
}

// repositories returns the repositories that the connected user sees.
func (r *runner) repositories(ctx context.Context) (map[string]repository, error) {
	found := map[string]repository{}
	for row, err := range r.source.Scan(ctx, Scan{Table: repositoryTable, Columns: []string{"uuid", "full_name", "name", "updated_on", "parent_uuid"}}) {
		if err != nil {
			return nil, err
		}
		uuid, _ := row[0].(string)
		one := repository{}
		one.FullName, _ = row[1].(string)
		one.Name, _ = row[2].(string)
		one.UpdatedOn, _ = row[3].(time.Time)
		one.Parent, _ = row[4].(string)
		found[uuid] = one
	}
	return found, nil
}

// mark returns a text that changes if this run copies something else than another one.
func (r *runner) mark() string {
	var marks []string
	for _, s := range r.specs {
		marks = append(marks, s.Name+" "+s.mark())
	}
	return strings.Join(append(marks, r.Version, r.Connection), "\n")
}

// resume takes up a run that was stopped, if there is one that copies the same and is not too old.
func (r *runner) resume(account string) bool {
	var p runProgress
	if r.last.Progress == nil || json.Unmarshal(r.last.Progress, &p) != nil {
		return false
	}
	if p.Mark != r.mark() || p.Run.Account != account || r.Full && !p.Run.IsFull || time.Since(p.Run.StartedAt) > stale {
		return false
	}
	r.progress, r.resumed, r.before = p, true, p.Run.Requests
	return true
}

// beginAnew begins a run.
func (r *runner) beginAnew(account string) {
	started := time.Now().UTC().Truncate(time.Microsecond)
	r.progress = runProgress{
		Run:  Run{ID: started.Format("20060102T150405.000000Z"), StartedAt: started, Connection: r.Connection, Account: account, Version: r.Version},
		Mark: r.mark(), Repositories: maps.Clone(r.live), Main: map[string]string{}, Sums: map[string]uint64{},
	}
	// Until the run has read them, permissions and the tables on which others depend count as they were: otherwise
	// everything would look touched, and the plan too large.
	for uuid, is := range r.progress.Repositories {
		is.Access = r.old.Repositories[uuid].Access
		r.progress.Repositories[uuid] = is
	}
	for name, was := range r.old.Tables {
		r.progress.Sums[name] = was.Sum
	}
	for _, s := range r.specs {
		if r.needsAll(s, started) {
			r.progress.Full = append(r.progress.Full, s.Name)
		}
	}
	r.progress.Run.IsFull = len(r.progress.Full) == len(r.specs)
}

// needsAll reports whether a run has to read a table completely.
func (r *runner) needsAll(s *Spec, started time.Time) bool {
	was, ok := r.old.Tables[s.Name]
	return r.Full || !ok || was.Mark != s.mark() || started.Sub(was.FullAt) >= r.FullEvery
}

// isFull reports whether the run reads a table completely.
func (r *runner) isFull(s *Spec) bool { return slices.Contains(r.progress.Full, s.Name) }

// publish makes the run visible.
func (r *runner) publish(ctx context.Context, run Run) (map[string]Counts, error) {
	next := runState{Tables: map[string]tableState{}, Repositories: r.progress.Repositories}
	for _, s := range r.specs {
		was := tableState{Mark: s.mark(), ReadAt: run.StartedAt, FullAt: r.old.Tables[s.Name].FullAt, Sum: r.progress.Sums[s.Name]}
		if r.isFull(s) {
			was.FullAt = run.StartedAt
		}
		next.Tables[s.Name] = was
	}
	r.markSkipped(next)
	text, err := json.Marshal(next)
	if err != nil {
		return nil, err
	}
	return r.to.Publish(ctx, run, r.changes(), text)
}

// markSkipped marks the repositories of which something could not be read, so that the next run reads all of them again.
func (r *runner) markSkipped(next runState) {
	for _, one := range r.progress.Skipped {
		for uuid, is := range next.Repositories {
			if one.covers(uuid, is) {
				is.IsPartial = true
				next.Repositories[uuid] = is
			}
		}
	}
}

// covers reports whether a repository is in the part that could not be read.
func (s skip) covers(uuid string, is repository) bool {
	workspace, _, _ := strings.Cut(is.FullName, "/")
	return s.Repository == uuid || s.Repository == "" && (s.Workspace == "" || s.Workspace == workspace)
}

// byName sorts repositories by their full names.
func byName(repositories map[string]repository) []string {
	var uuids []string
	for uuid := range repositories {
		uuids = append(uuids, uuid)
	}
	slices.SortFunc(uuids, func(a, b string) int {
		return cmp.Or(strings.Compare(repositories[a].FullName, repositories[b].FullName), strings.Compare(a, b))
	})
	return uuids
}
