package replica

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/kindor/steampipe-plugin-bitbucket/bitbucket"
	"github.com/kindor/steampipe-plugin-bitbucket/internal/fakebitbucket"
	"github.com/kindor/steampipe-plugin-bitbucket/internal/fakebitbucket/organization"
)

// few are tables of every reading.
var few = []string{"bitbucket_commit", "bitbucket_deploy_key", "bitbucket_group_member", "bitbucket_pull_request_comment", "bitbucket_pipeline"}

func small(t *testing.T, o fakebitbucket.Options) *fakebitbucket.Server {
	o.Repositories, o.Projects, o.Users, o.Groups, o.OneWorkspace = 16, 3, 8, 3, true
	return fakebitbucket.Start(t, o)
}

// A run that is stopped at any point leaves the copy as it was, and the next one goes on: it reads again only the batch
// that was lost.
func TestCopyGoesOn(t *testing.T) {
	fake := small(t, fakebitbucket.Options{})
	c := &copier{TB: t, fake: fake, patterns: few}
	whole := newMemory()
	points := 0
	whole.fails = func(string) error { points++; return nil }
	want := c.copy(whole, weekly)
	stopped := errors.New("stopped")
	to := newMemory()
	n, runs := 0, 0
	var requests int64
	for {
		left := n // this process is stopped at its n-th point
		to.fails = func(string) error {
			if left--; left < 0 {
				return stopped
			}
			return nil
		}
		source, specs := c.source()
		summary, err := Copy(context.Background(), source, to, specs, weekly)
		requests += source.Requests()
		if err == nil {
			if !summary.Resumed || summary.Run.Requests > requests || summary.Run.Requests < want.Run.Requests {
				t.Errorf("%d requests are reported, resumed %t; %d were sent", summary.Run.Requests, summary.Resumed, requests)
			}
			break
		}
		if !errors.Is(err, stopped) {
			t.Fatal(err)
		}
		if len(to.tables) > 0 {
			t.Fatal("a run that was stopped shows rows")
		}
		n, runs = n+1, runs+1
		if runs > points {
			t.Fatal("the run makes no progress")
		}
	}
	if most := want.Run.Requests + int64(runs)*want.Run.Requests/4; requests > most {
		t.Errorf("%d processes sent %d requests; one alone sends %d, and each should repeat a batch at most", runs+1, requests, want.Run.Requests)
	}
	to.fails = nil
	c.compare(to)
}

// What Bitbucket refuses is left out of a run, but its earlier rows stay.
func TestCopyKeepsWhatIsRefused(t *testing.T) {
	fake := small(t, fakebitbucket.Options{})
	c := &copier{TB: t, fake: fake, patterns: few, more: "on_refusal = \"skip\"\n"}
	to := newMemory()
	c.copy(to, weekly)
	in := withCommits(fake)
	refused := in[0]
	for _, name := range in[:2] {
		touch(fake, name)
	}
	_, specs := c.source()
	key := specs[slices.IndexFunc(specs, func(s *Spec) bool { return s.Name == "bitbucket_deploy_key" })]
	before := to.rows(t, key)
	anHourAgo := time.Now().Add(-time.Hour) // what changed then, no later run looks for
	fake.AddPullRequest(refused, organization.PullRequest{Title: "Missed", CreatedOn: anHourAgo, UpdatedOn: anHourAgo})
	for _, path := range []string{"/deploy-keys", "/pullrequests"} {
		fake.Inject(fakebitbucket.Fault{
			Path: "/2.0/repositories/{workspace}/{repo_slug}" + path, Count: -1, Kind: fakebitbucket.FaultStatus, Status: http.StatusForbidden,
			Match: func(r *http.Request) bool { return strings.Contains(r.URL.Path, refused) }, Body: `{"type":"error","error":{"message":"refused"}}`,
		})
	}
	summary := c.copy(to, weekly)
	if !slices.ContainsFunc(summary.Omissions, func(o bitbucket.Omission) bool {
		return o.Table == key.Name && o.Repository == refused && o.Reason == bitbucket.ReasonRefused
	}) {
		t.Errorf("omissions %v", summary.Omissions)
	}
	if after := to.rows(t, key); len(after) != len(before) {
		t.Errorf("%d keys before, %d after one repository was refused", len(before), len(after))
	}
	if len(to.tables[OmissionTable]) != len(summary.Omissions) {
		t.Errorf("%d omissions in the copy, %d of the run", len(to.tables[OmissionTable]), len(summary.Omissions))
	}
	fake.ClearFaults()
	c.copy(to, weekly)
	c.compare(to)
}

// A run spends its share of the quota, says what it needs, and keeps what it has read.
func TestCopyWithinItsShare(t *testing.T) {
	const quota = 200
	fake := small(t, fakebitbucket.Options{Quota: quota})
	c := &copier{TB: t, fake: fake, patterns: few}
	to := newMemory()
	o := weekly
	o.QuotaShare = 0.5
	var plan Plan
	o.Announce = func(p Plan) { plan = p }
	source, specs := c.source()
	_, err := Copy(context.Background(), source, to, specs, o)
	paused, ok := errors.AsType[*PausedError](err)
	if !ok {
		t.Fatalf("error %v, want that it paused", err)
	}
	if sent := source.Requests(); sent > quota*6/10 || sent < quota*3/10 {
		t.Errorf("%d requests were sent, and the share was about %d", sent, quota/2)
	}
	if plan.Requests <= plan.Allowed || plan.Quota.Limit != quota || plan.EndsAt.Before(time.Now().Add(59*time.Minute)) || !plan.Run.IsFull {
		t.Errorf("plan %+v", plan)
	}
	if paused.Left <= 0 || paused.ResetAt.Before(time.Now()) || !strings.Contains(err.Error(), "start it again after 20") {
		t.Errorf("paused: %v", err)
	}
	if to.record.Progress == nil || len(to.tables) > 0 {
		t.Error("what was read is not kept, or is visible")
	}
}

// A waitingSource is a source whose quota is renewed soon.
type waitingSource struct {
	Source
	quotas []Quota
}

func (s *waitingSource) Quota(context.Context) (Quota, error) {
	q := s.quotas[0]
	if len(s.quotas) > 1 {
		s.quotas = s.quotas[1:]
	}
	return q, nil
}

// With Wait, a run goes on by itself when the quota is renewed.
func TestCopyWaits(t *testing.T) {
	c := &copier{TB: t, fake: small(t, fakebitbucket.Options{}), patterns: []string{"bitbucket_group_member"}}
	source, specs := c.source()
	waiting := &waitingSource{source, []Quota{{Limit: 1000, ResetAt: time.Now().Add(50 * time.Millisecond)}, {Limit: 1000, Remaining: 1000, ResetAt: time.Now().Add(time.Hour)}}}
	o := weekly
	o.Wait = true
	waited := false
	o.Report = func(s Status) { waited = waited || !s.WaitUntil.IsZero() }
	if _, err := Copy(context.Background(), waiting, newMemory(), specs, o); err != nil {
		t.Fatal(err)
	}
	if !waited {
		t.Error("it did not say that it waits")
	}
	ctx, cancel := context.WithCancel(context.Background())
	waiting.quotas = []Quota{{Limit: 1000, ResetAt: time.Now().Add(time.Hour)}}
	o.Report = func(s Status) {
		if !s.WaitUntil.IsZero() {
			cancel()
		}
	}
	if _, err := Copy(ctx, waiting, newMemory(), specs, o); !errors.Is(err, context.Canceled) {
		t.Errorf("error of a run that was cancelled while it waited: %v", err)
	}
}

// A repository that vanishes while a run reads is no error.
func TestCopyWhileARepositoryVanishes(t *testing.T) {
	fake := small(t, fakebitbucket.Options{})
	c := &copier{TB: t, fake: fake, patterns: few}
	to := newMemory()
	gone := withCommits(fake)[3]
	to.fails = func(point string) error {
		if point == "stage bitbucket_group_member" {
			fake.RemoveRepository(gone)
		}
		return nil
	}
	c.copy(to, weekly)
	to.fails = nil
	c.compare(to)
}

// A destination belongs to one account and one connection.
func TestCopyOfAnotherAccount(t *testing.T) {
	c := &copier{TB: t, fake: small(t, fakebitbucket.Options{}), patterns: []string{"bitbucket_group_member"}}
	to := newMemory()
	c.copy(to, weekly)
	for what, change := range map[string]func(*Options){
		"account": func(*Options) { to.record.Last.Account = "{somebody}" }, "connection": func(o *Options) { o.Connection = "other" },
	} {
		o := weekly
		change(&o)
		source, specs := c.source()
		_, err := Copy(context.Background(), source, to, specs, o)
		if owned, ok := errors.AsType[*AccountError](err); !ok || owned.What != what {
			t.Errorf("error for another %s: %v", what, err)
		}
	}
}

// A run is full, due or resumed when it should be.
func TestCopyWhen(t *testing.T) {
	c := &copier{TB: t, fake: small(t, fakebitbucket.Options{}), patterns: []string{"bitbucket_group_member"}}
	to := newMemory()
	c.copy(to, weekly)
	age := func(by time.Duration) {
		to.record.Last.StartedAt = to.record.Last.StartedAt.Add(-by)
		text := string(to.record.State)
		if by > 0 {
			at := to.record.Last.StartedAt.Format(time.RFC3339Nano)
			text = strings.ReplaceAll(text, to.record.Last.StartedAt.Add(by).Format(time.RFC3339Nano), at)
			to.record.State = []byte(text)
		}
	}
	daily := weekly
	daily.Every = 24 * time.Hour
	if s := c.copy(to, daily); s.DueAt.IsZero() {
		t.Error("a run was due at once")
	}
	age(25 * time.Hour)
	if s := c.copy(to, daily); !s.DueAt.IsZero() || s.Run.IsFull {
		t.Errorf("after a day: due %s, full %t", s.DueAt, s.Run.IsFull)
	}
	age(8 * 24 * time.Hour)
	if s := c.copy(to, daily); s.Run.IsFull {
		t.Error("full a day after the last full run") // its state still has that time
	}
	full := weekly
	full.Full = true
	if s := c.copy(to, full); !s.Run.IsFull {
		t.Error("not full with Full")
	}
	age(8 * 24 * time.Hour)
	if s := c.copy(to, daily); !s.Run.IsFull {
		t.Error("not full after eight days")
	}
}
