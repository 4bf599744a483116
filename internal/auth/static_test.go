package auth

import "testing"

func TestStaticSources(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		source    Authorizer
		want      string
		wantTexts []string
	}{
		"access token": {
			source:    NewAccessToken(NewSecret("access-token-1")),
			want:      "Bearer access-token-1",
			wantTexts: []string{"access token", "expired or was revoked", "Create a new one", "access_token"},
		},
		"API token": {
			source:    NewAPIToken("someone@example.com", NewSecret("access-token-2")),
			want:      "Basic c29tZW9uZUBleGFtcGxlLmNvbTphY2Nlc3MtdG9rZW4tMg==",
			wantTexts: []string{"API token", "someone@example.com", "at most a year", "https://id.atlassian.com/", "api_token"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := authorize(t, test.source); got != test.want {
				t.Errorf("Authorization = %q, want %q", got, test.want)
			}
			_, err := test.source.Renew(t.Context(), test.want)
			wantError(t, err, KindAuthorization, test.wantTexts...)
		})
	}
}
