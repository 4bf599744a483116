package fakebitbucket

import (
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestKeys(t *testing.T) {
	t.Parallel()
	s := startUnchanged(t, Options{})
	o := s.Organization()
	other := o.Users[2]
	var ssh, gpg []string
	for _, k := range o.AccountSSHKeys(o.Connected) {
		ssh = append(ssh, k.UUID)
	}
	for _, k := range o.AccountGPGKeys(o.Connected) {
		gpg = append(gpg, k.Fingerprint)
	}
	c := connected(t, s, "account")
	own := "/2.0/users/" + url.PathEscape(o.Connected.UUID)
	for list, want := range map[string][]string{"/ssh-keys uuid": ssh, "/gpg-keys fingerprint": gpg} {
		path, key, _ := strings.Cut(list, " ")
		values, _ := c.all(own + path)
		if diff := cmp.Diff(want, column(values, key)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", path, diff)
		}
	}
	theirs := "/2.0/users/" + url.PathEscape(other.UUID)
	tests := map[string]struct {
		caller caller
		path   string
		want   int
	}{
		"by account id":        {c, "/2.0/users/" + url.PathEscape(o.Connected.AccountID) + "/ssh-keys", 200},
		"one SSH key":          {c, own + "/ssh-keys/" + strings.Trim(ssh[0], "{}"), 200},
		"one in braces":        {c, own + "/ssh-keys/" + url.PathEscape(ssh[0]), 200},
		"no SSH key":           {c, own + "/ssh-keys/nothing", 404},
		"one GPG key":          {c, own + "/gpg-keys/" + strings.ToUpper(gpg[0]), 200},
		"no GPG key":           {c, own + "/gpg-keys/nothing", 404},
		"another's SSH keys":   {c, theirs + "/ssh-keys", 403},
		"another's GPG keys":   {c, theirs + "/gpg-keys", 403},
		"their own":            {bearer(t, s, s.AccessToken(other.UUID)), theirs + "/gpg-keys", 200},
		"nobody's":             {c, "/2.0/users/nobody/ssh-keys", 404},
		"without the scope":    {connected(t, s, "repository"), own + "/ssh-keys", 403},
		"a workspace's token":  {bearer(t, s, s.WorkspaceAccessToken("harbor-labs")), own + "/ssh-keys", 401},
		"emails":               {connected(t, s, "email"), "/2.0/user/emails", 200},
		"emails without scope": {c, "/2.0/user/emails", 403},
		"one email":            {connected(t, s, "email"), "/2.0/user/emails/" + o.Connected.Email, 200},
		"no such email":        {connected(t, s, "email"), "/2.0/user/emails/x@example.com", 404},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if a := test.caller.get(test.path); a.status != test.want {
				t.Errorf("GET %s: %d %s, want %d", test.path, a.status, a.body, test.want)
			}
		})
	}
}

// TestKeyKinds checks that the connected user has every kind of key that matters to clients, and which fields are
// returned only on request.
func TestKeyKinds(t *testing.T) {
	t.Parallel()
	s := startUnchanged(t, Options{})
	o := s.Organization()
	c := connected(t, s)
	own := "/2.0/users/" + url.PathEscape(o.Connected.UUID)
	ssh, _ := c.all(own + "/ssh-keys")
	gpg, _ := c.all(own + "/gpg-keys")
	emails, _ := c.all("/2.0/user/emails")
	for name, test := range map[string]struct {
		among []map[string]any
		holds func(map[string]any) bool
	}{
		"never used":     {ssh, func(k map[string]any) bool { return k["last_used"] == nil }},
		"used":           {ssh, func(k map[string]any) bool { return k["last_used"] != nil }},
		"expires":        {ssh, func(k map[string]any) bool { return k["expires_on"] != nil }},
		"never expires":  {ssh, func(k map[string]any) bool { return k["expires_on"] == nil }},
		"no label":       {ssh, func(k map[string]any) bool { return k["label"] == "" }},
		"weak":           {ssh, func(k map[string]any) bool { return strings.HasPrefix(k["key"].(string), "ssh-rsa ") }},
		"expired GPG":    {gpg, func(k map[string]any) bool { return k["expires_on"] != nil }},
		"unconfirmed":    {emails, func(e map[string]any) bool { return e["is_confirmed"] == false }},
		"another":        {emails, func(e map[string]any) bool { return e["is_confirmed"] == true && e["is_primary"] == false }},
		"without itself": {gpg, func(k map[string]any) bool { _, has := k["key"]; return !has }},
	} {
		if !slices.ContainsFunc(test.among, test.holds) {
			t.Errorf("%s: none of %v", name, test.among)
		}
	}
	whole, _ := c.all(own + "/gpg-keys?fields=%2Bvalues.key,%2Bvalues.subkeys")
	key := o.AccountGPGKeys(o.Connected)[0]
	subkeys, _ := whole[0]["subkeys"].([]any)
	if whole[0]["key"] != key.Key || len(subkeys) != 1 || subkeys[0].(map[string]any)["parent_fingerprint"] != key.Fingerprint {
		t.Errorf("with the requested fields: %v", whole[0])
	}
}
