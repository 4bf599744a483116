package auth

import (
	"context"
	"errors"
	"io"
	"net/http"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// A scripted server gives its answers in turn, and then repeats the last one. It records the times of the requests.
type scripted struct {
	mu      sync.Mutex
	answers []func(*http.Request) (*http.Response, error)
	asked   []time.Time
}

func (s *scripted) RoundTrip(r *http.Request) (*http.Response, error) {
	s.mu.Lock()
	answer := s.answers[min(len(s.asked), len(s.answers)-1)]
	s.asked = append(s.asked, time.Now())
	s.mu.Unlock()
	return answer(r)
}

func (s *scripted) consumer(maxWait time.Duration) Consumer {
	return Consumer{Key: testKey, Secret: NewSecret(testSecret), URL: "https://oauth.test/site/oauth2", HTTPClient: &http.Client{Transport: s}, MaxWait: maxWait}
}

func gives(*http.Request) (*http.Response, error) {
	return jsonResponse(200, []byte(`{"access_token":"access-token-1","refresh_token":"refresh-token-2","expires_in":7200}`)), nil
}

// limits returns the real service's answer to too many requests. The headers are pairs of name and value.
func limits(headers ...string) func(*http.Request) (*http.Response, error) {
	return func(*http.Request) (*http.Response, error) {
		resp := &http.Response{StatusCode: 429, Header: http.Header{"Content-Type": {"text/plain"}},
			Body: io.NopCloser(strings.NewReader("Rate limit for this resource has been exceeded"))}
		for i := 0; i < len(headers); i += 2 {
			resp.Header.Set(headers[i], headers[i+1])
		}
		return resp, nil
	}
}

func never(r *http.Request) (*http.Response, error) {
	<-r.Context().Done()
	return nil, r.Context().Err()
}

// inTime runs a test for each authentication method that requests tokens, with a scripted server and simulated time.
func inTime(t *testing.T, maxWait time.Duration, test func(*testing.T, *scripted, Authorizer), answers ...func(*http.Request) (*http.Response, error)) {
	for name, source := range map[string]func(*testing.T, Consumer) (Authorizer, error){
		"refresh token": func(t *testing.T, c Consumer) (Authorizer, error) {
			return OpenChain(t.TempDir(), c, NewSecret("refresh-token-1"))
		},
		"client credentials": func(_ *testing.T, c Consumer) (Authorizer, error) { return NewClientCredentials(c) },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				server := &scripted{answers: answers}
				source, err := source(t, server.consumer(maxWait))
				if err != nil {
					t.Fatal(err)
				}
				test(t, server, source)
			})
		})
	}
}

func TestLimitedRateIsWaitedFor(t *testing.T) {
	for name, test := range map[string]struct {
		answer   func(*http.Request) (*http.Response, error)
		wantWait time.Duration // at least; up to a quarter more if the server didn't say
	}{
		"seconds":        {limits("Retry-After", "20"), 20 * time.Second},
		"a date":         {limits("Retry-After", "Mon, 30 Nov 2026 10:00:20 GMT", "Date", "Mon, 30 Nov 2026 10:00:00 GMT"), 20 * time.Second},
		"a reset":        {limits("X-RateLimit-Reset", "20"), 20 * time.Second},
		"nothing said":   {limits(), time.Second},
		"no time at all": {limits("Retry-After", "0"), time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			inTime(t, time.Minute, func(t *testing.T, server *scripted, source Authorizer) {
				begin := time.Now()
				var waiting sync.WaitGroup
				for range 50 {
					waiting.Go(func() { authorize(t, source) })
				}
				waiting.Wait()
				if took := time.Since(begin); took < test.wantWait || took > test.wantWait*5/4 || len(server.asked) != 2 {
					t.Errorf("%d requests in %s, want 2 in %s", len(server.asked), took, test.wantWait)
				}
			}, test.answer, gives)
		})
	}
}

func TestLimitedRateThatLastsTooLong(t *testing.T) {
	inTime(t, time.Minute, func(t *testing.T, server *scripted, source Authorizer) {
		for range 3 {
			_, err := source.Authorization(t.Context())
			wantError(t, err, KindTemporary, "https://oauth.test/site/oauth2/access_token limits the rate", "HTTP 429",
				"Rate limit for this resource has been exceeded", "in 5m0s, at ", "max_wait")
		}
		if len(server.asked) != 1 {
			t.Errorf("%d token requests, want 1 until the server takes the next", len(server.asked))
		}
		time.Sleep(5 * time.Minute)
		authorize(t, source)
	}, limits("Retry-After", "300"), gives)
}

func TestLimitedRateWithoutEnd(t *testing.T) {
	inTime(t, time.Minute, func(t *testing.T, server *scripted, source Authorizer) {
		begin := time.Now()
		_, err := source.Authorization(t.Context())
		wantError(t, err, KindTemporary, "does not say for how long")
		if took := time.Since(begin); took > time.Minute || len(server.asked) < 4 || len(server.asked) > 7 {
			t.Errorf("%d requests in %s", len(server.asked), took)
		}
	}, limits())
}

func TestWaitForALimitedRateEndsWithTheQuery(t *testing.T) {
	inTime(t, time.Hour, func(t *testing.T, server *scripted, source Authorizer) {
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if _, err := source.Authorization(ctx); !errors.Is(err, context.DeadlineExceeded) || len(server.asked) != 1 {
			t.Errorf("error %v after %d requests", err, len(server.asked))
		}
		if err := Settle(t.Context()); err != nil { // nothing must finish before the process ends
			t.Error(err)
		}
	}, limits("Retry-After", "600"))
}

// While a process waits, the lock is free: another one may be allowed to send its request, and both use its token.
func TestOtherProcessGoesOnWhileOneWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dir, seed := filepath.Join(t.TempDir(), "tokens"), NewSecret("refresh-token-1")
		limited := &scripted{answers: []func(*http.Request) (*http.Response, error){limits("Retry-After", "30"), gives}}
		one, err := OpenChain(dir, limited.consumer(time.Minute), seed)
		if err != nil {
			t.Fatal(err)
		}
		waiting := make(chan string)
		go func() { waiting <- authorize(t, one) }()
		synctest.Wait()
		free := &scripted{answers: []func(*http.Request) (*http.Response, error){gives}}
		two, err := OpenChain(dir, free.consumer(0), seed)
		if err != nil {
			t.Fatal(err)
		}
		value := authorize(t, two)
		if got := <-waiting; got != value || len(limited.asked) != 1 || len(free.asked) != 1 {
			t.Errorf("the token was sent %d times by the one and %d by the other", len(limited.asked), len(free.asked))
		}
	})
}

func TestCodeIsNotSentAgain(t *testing.T) {
	server := &scripted{answers: []func(*http.Request) (*http.Response, error){limits("Retry-After", "30")}}
	_, err := server.consumer(time.Hour).Exchange(t.Context(), "code", "")
	wantError(t, err, KindTemporary, "limits the rate", "in 30s")
	if len(server.asked) != 1 {
		t.Errorf("%d token requests, want 1", len(server.asked))
	}
}

// The SDK takes an error with the cause context.DeadlineExceeded for the end of the query and shows no message.
func TestServerThatNeverAnswers(t *testing.T) {
	inTime(t, time.Minute, func(t *testing.T, server *scripted, source Authorizer) {
		_, err := source.Authorization(t.Context())
		wantError(t, err, KindTemporary, "https://oauth.test/site/oauth2/access_token", "no answer from oauth.test within 30s", "Tried 3 times")
		if errors.Is(err, context.DeadlineExceeded) || len(server.asked) != 3 {
			t.Errorf("after %d requests the error passes for the end of the query: %v", len(server.asked), errors.Is(err, context.DeadlineExceeded))
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if _, err := source.Authorization(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("error %v at the end of the query", err)
		}
		if err := Settle(t.Context()); err != nil {
			t.Error(err)
		}
	}, never)
}

// The error of a connection that can't be made in time has this cause, too.
func TestDialThatTakesTooLong(t *testing.T) {
	inTime(t, time.Minute, func(t *testing.T, _ *scripted, source Authorizer) {
		_, err := source.Authorization(t.Context())
		wantError(t, err, KindTemporary, "can't reach https://oauth.test", "i/o timeout", "Tried 3 times")
		if errors.Is(err, context.DeadlineExceeded) {
			t.Error("it passes for the end of the query")
		}
	}, func(*http.Request) (*http.Response, error) { return nil, dialTimeout{} })
}

type dialTimeout struct{}

func (dialTimeout) Error() string     { return "i/o timeout" }
func (dialTimeout) Is(err error) bool { return err == context.DeadlineExceeded }
