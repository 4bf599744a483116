package bitbucket

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/kindor/steampipe-plugin-bitbucket/internal/fakebitbucket"
	"github.com/kindor/steampipe-plugin-bitbucket/internal/fakebitbucket/organization"
)

func TestMyEmail(t *testing.T) {
	fake := fakebitbucket.Start(t, fakebitbucket.Options{})
	o := fake.Organization()
	var want []string
	for _, a := range o.EmailAddresses(o.Connected) {
		want = append(want, joinFields(a.Address, a.Address, a.IsPrimary, a.IsConfirmed))
	}
	checkLines(t, "addresses", want, lines(connected(t, fake).rows(tableQuery{table: "bitbucket_my_email"}), "email", "title", "is_primary", "is_confirmed"))
	if diff := cmp.Diff(map[string]int{"/user/emails": 1}, requested(fake)); diff != "" {
		t.Errorf("requests mismatch (-want +got):\n%s", diff)
	}
	token := fmt.Sprintf("base_url = %q\naccess_token = %q", fake.URL(), fake.AccessToken(o.Connected.UUID, "account"))
	if _, err := newHost(t, map[string]string{"bitbucket": token}).try(context.Background(), tableQuery{table: "bitbucket_my_email"}); err == nil || !strings.Contains(err.Error(), "needs the scope email") {
		t.Errorf("error %v, want one that names the scope", err)
	}
}

func TestMyKeys(t *testing.T) {
	fake := fakebitbucket.Start(t, fakebitbucket.Options{})
	o := fake.Organization()
	for _, u := range []*organization.User{o.Connected, o.Users[2]} {
		h := newHost(t, map[string]string{"bitbucket": connectionTo(fake, u.UUID)})
		ssh, gpg := []string{}, []string{}
		for _, k := range o.AccountSSHKeys(u) {
			title := k.Label
			if title == "" {
				title = k.Comment
			}
			ssh = append(ssh, joinFields(k.UUID, k.Fingerprint, orNil(k.Label), k.Comment, k.Key, k.CreatedOn, k.LastUsed, k.ExpiresOn, u.UUID, title))
		}
		for _, k := range o.AccountGPGKeys(u) {
			gpg = append(gpg, joinFields(k.Fingerprint, k.KeyID(), k.Name, k.Name, k.Key, nil, len(k.Subkeys), k.CreatedOn, k.AddedOn, k.LastUsed, k.ExpiresOn, u.UUID))
		}
		fake.ResetJournal()
		rows := lines(h.rows(tableQuery{table: "bitbucket_my_ssh_key"}), "uuid", "fingerprint", "label", "comment", "key", "created_on", "last_used", "expires_on", "owner_uuid", "title")
		if diff := cmp.Diff(sorted(ssh), rows); diff != "" || u == o.Connected && len(ssh) < 3 {
			t.Errorf("SSH keys of %s (-want +got):\n%s", u.DisplayName, diff)
		}
		if diff := cmp.Diff(map[string]int{"/user": 1, "/users/{selected_user}/ssh-keys": 1}, requested(fake)); diff != "" {
			t.Errorf("requests mismatch (-want +got):\n%s", diff)
		}
		fake.ResetJournal()
		keys := h.rows(tableQuery{table: "bitbucket_my_gpg_key"})
		for _, r := range keys {
			r["subkeys"] = len(r["subkeys"].([]any))
		}
		if diff := cmp.Diff(sorted(gpg), lines(keys, "fingerprint", "key_id", "name", "title", "key", "parent_fingerprint", "subkeys", "created_on", "added_on", "last_used", "expires_on", "owner_uuid")); diff != "" || u == o.Connected && len(gpg) < 2 {
			t.Errorf("GPG keys of %s (-want +got):\n%s", u.DisplayName, diff)
		}
		if diff := cmp.Diff(map[string]int{"/users/{selected_user}/gpg-keys": 1}, requested(fake)); diff != "" {
			t.Errorf("requests mismatch, with a cached user (-want +got):\n%s", diff)
		}
	}
	fake.ResetJournal()
	connected(t, fake).rows(tableQuery{table: "bitbucket_my_gpg_key", columns: "fingerprint name"})
	for _, e := range fake.Journal() {
		if strings.Contains(e.Query.Get("fields"), "key,") || strings.Contains(e.Query.Get("fields"), "subkeys") {
			t.Errorf("a request for the keys themselves: %s", e.Query.Get("fields"))
		}
	}
	token := fmt.Sprintf("base_url = %q\naccess_token = %q", fake.URL(), fake.WorkspaceAccessToken("harbor-labs"))
	if _, err := newHost(t, map[string]string{"bitbucket": token}).try(context.Background(), tableQuery{table: "bitbucket_my_ssh_key"}); err == nil {
		t.Error("no error for a token without a user")
	}
}
