package auth

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// Any content of a token file is read as a record or refused. No error quotes it.
func FuzzTokenFile(f *testing.F) {
	id := identity{oauthURL: DefaultURL, consumerKey: testKey, seed: NewSecret("seed")}
	rec := startRecord(Token{AccessToken: NewSecret("access-token-"), RefreshToken: NewSecret("refresh-token-"), ObtainedAt: time.Unix(1e9, 0).UTC(), Scopes: []string{"a"}})
	good, err := rec.encode(id)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(good)
	f.Add(good[:len(good)/2])
	f.Add(bytes.Replace(good, []byte(`"version": 1`), []byte(`"version": 7`), 1))
	f.Add(bytes.Replace(good, []byte(`"generation": 0`), []byte(`"generation": -1`), 1))
	f.Add(append(good[:len(good):len(good)], good...))
	f.Add(make([]byte, 100))
	f.Add([]byte("null"))
	f.Add([]byte(nil))
	f.Fuzz(func(t *testing.T, content []byte) {
		got, err := decodeRecord(content, id)
		if err != nil {
			damaged, ok := err.(*damagedError)
			if !ok || len(damaged.reason) > 100 {
				t.Errorf("error %v", err)
			}
			wantNoSecret(t, err.Error())
			return
		}
		if got.RefreshToken.IsZero() || got.lineage == "" {
			t.Errorf("%s was taken for a record", content)
		}
		got.usable(time.Unix(1e9, 0))
		written, err := got.encode(id)
		if err != nil {
			return // JSON can't represent this year; the next refresh writes another one
		}
		again, err := decodeRecord(written, id)
		if err != nil {
			t.Fatalf("%s was read, and written so that it can't be: %v", content, err)
		}
		if diff := cmp.Diff(recordFields(t, got, id), recordFields(t, again, id)); diff != "" {
			t.Errorf("(-read +written and read):\n%s", diff)
		}
	})
}

func recordFields(t *testing.T, rec record, id identity) map[string]any {
	t.Helper()
	content, err := rec.encode(id)
	if err != nil {
		t.Fatal(err)
	}
	var all map[string]any
	if err := json.Unmarshal(content, &all); err != nil {
		t.Fatal(err)
	}
	return all
}

// Any answer of a token address is read as a token or becomes an error for people. No error quotes a secret that was sent.
func FuzzTokenAnswer(f *testing.F) {
	for _, body := range []string{
		`{"access_token":"a","refresh_token":"r","expires_in":7200,"scope":"account repository"}`, `{"access_token":"a","expires_in":"soon","token_type":3}`,
		`{"error":"unauthorized_client","error_description":"Invalid OAuth client credentials"}`, `{"error":"x","error_description":"consumer-secret-value"}`,
		`{"access_token":null}`, `[]`, `<html>`, `{"access_token":"a","expires_in":1e999,"scopes":[1,"b"]}`,
	} {
		f.Add(200, "application/json", []byte(body))
	}
	f.Add(302, "text/html", []byte(nil))
	f.Fuzz(func(t *testing.T, status int, kind string, body []byte) {
		if status < 100 || status > 999 {
			return
		}
		answer := transportFunc(func(*http.Request) (*http.Response, error) {
			return &http.Response{StatusCode: status, Header: http.Header{"Content-Type": {kind}}, Body: io.NopCloser(bytes.NewReader(body))}, nil
		})
		consumer, err := Consumer{Key: testKey, Secret: NewSecret(testSecret), HTTPClient: &http.Client{Transport: answer}}.complete()
		if err != nil {
			t.Fatal(err)
		}
		token, err := consumer.refresh(t.Context(), NewSecret("refresh-token-sent"))
		if err == nil {
			if token.AccessToken.IsZero() || token.Expiry.Sub(token.ObtainedAt) <= 0 || token.Expiry.Sub(token.ObtainedAt) > maxLifetime {
				t.Errorf("%s was read as a token that lasts %s", body, token.Expiry.Sub(token.ObtainedAt))
			}
			return
		}
		text := err.Error()
		if len(text) > 2000 || strings.ContainsAny(text, "\n\x00\x1b") {
			t.Errorf("error %q", text)
		}
		for _, secret := range []string{testSecret, "refresh-token-sent"} {
			if strings.Contains(text, secret) {
				t.Errorf("error %q holds what was sent", text)
			}
		}
	})
}

// A transportFunc is a function that answers requests.
type transportFunc func(*http.Request) (*http.Response, error)

func (f transportFunc) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }
