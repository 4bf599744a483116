package auth

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"testing"

	"github.com/hashicorp/go-hclog"
)

func TestSecretsAreNotShown(t *testing.T) {
	t.Parallel()
	server := newAuthServer(t, newClock().Now)
	chain := open(t, t.TempDir(), server.consumer(), server.seed())
	authorize(t, chain)
	credentials := newClientCredentials(t, server.consumer())
	authorize(t, credentials)
	type inAnotherStruct struct{ secret Secret }
	for name, value := range map[string]any{
		"Secret":            NewSecret(testSecret),
		"in a struct":       inAnotherStruct{NewSecret(testSecret)},
		"in a pointer":      &inAnotherStruct{NewSecret(testSecret)},
		"in a map":          map[string]Secret{"a": NewSecret(testSecret)},
		"Consumer":          server.consumer(),
		"Token":             chain.held.Token,
		"record":            chain.held,
		"Chain":             chain,
		"store":             *chain.store,
		"ClientCredentials": credentials,
		"access token":      NewAccessToken(NewSecret(testSecret)),
		"API token":         NewAPIToken("a@example.com", NewSecret(testSecret)),
	} {
		for _, format := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
			wantNoSecret(t, fmt.Sprintf(format, value))
		}
		encoded, _ := json.Marshal(value)
		wantNoSecret(t, string(encoded))
		var log bytes.Buffer
		hclog.New(&hclog.LoggerOptions{Output: &log}).Error("message", "value", value)
		hclog.New(&hclog.LoggerOptions{Output: &log, JSONFormat: true}).Error("message", "value", value)
		slog.New(slog.NewTextHandler(&log, nil)).Error("message", "value", value)
		wantNoSecret(t, log.String())
		if log.Len() == 0 {
			t.Errorf("%s was not logged", name)
		}
	}
}

func TestSecret(t *testing.T) {
	t.Parallel()
	s := NewSecret("a")
	if s.IsZero() || !NewSecret("").IsZero() || !s.Equal(NewSecret("a")) || s.Equal(NewSecret("b")) || s.Equal(Secret{}) {
		t.Error("IsZero or Equal is wrong")
	}
	if got, want := fmt.Sprintf("%v|%s|%#v|%v", s, s, s, Secret{}), `[redacted]|[redacted]|auth.Secret("[redacted]")|`; got != want {
		t.Errorf("formats as %s, want %s", got, want)
	}
	if encoded, err := json.Marshal(s); err != nil || string(encoded) != `"[redacted]"` {
		t.Errorf("marshals as %s, %v", encoded, err)
	}
}

// TestNothingIsLoggedOrSaidOfATokenByARefresh uses a server that repeats the secrets that it was sent.
func TestNothingIsLoggedOrSaidOfATokenByARefresh(t *testing.T) {
	t.Parallel()
	for name, echo := range map[string]func(w http.ResponseWriter, r *http.Request){
		"in the error": func(w http.ResponseWriter, r *http.Request) {
			writeJSON(w, 400, map[string]any{"error": r.PostFormValue("refresh_token")})
		},
		"in the description": func(w http.ResponseWriter, r *http.Request) {
			writeJSON(w, 401, map[string]any{"error": "invalid_grant", "error_description": "No such token: " + r.PostFormValue("refresh_token")})
		},
		"in HTML": func(w http.ResponseWriter, r *http.Request) {
			fmt.Fprintf(w, "<html>%s</html>", r.PostFormValue("refresh_token"))
		},
		"in trouble": func(w http.ResponseWriter, r *http.Request) {
			_, secret, _ := r.BasicAuth()
			writeJSON(w, 500, map[string]any{"error": "server_error", "error_description": secret + "<html>"})
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := newAuthServer(t, newClock().Now)
			consumer := server.consumer()
			var log bytes.Buffer
			consumer.Logger = hclog.New(&hclog.LoggerOptions{Output: &log, Level: hclog.Trace})
			server.fault = func(w http.ResponseWriter, r *http.Request, request int) bool {
				if request > 1 {
					echo(w, r)
				}
				return request > 1
			}
			chain := open(t, t.TempDir(), consumer, server.seed())
			value := authorize(t, chain)
			_, err := chain.Renew(t.Context(), value)
			if err == nil {
				t.Fatal("no error")
			}
			for ; err != nil; err = unwrap(err) {
				wantNoSecret(t, fmt.Sprintf("%v %+v %#v", err, err, err))
			}
			wantNoSecret(t, log.String())
		})
	}
}

func unwrap(err error) error {
	if wrapper, ok := err.(interface{ Unwrap() error }); ok {
		return wrapper.Unwrap()
	}
	return nil
}
