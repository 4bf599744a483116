package organization

// SystemKeys returns the public GPG keys of the service that it gives to a workspace. There is one key, or two during
// a change of keys.
func (o *Organization) SystemKeys(w *Workspace) []string {
	return once(o, "system keys", w.UUID, func(g Generator) []string { return g.SystemKeys(w) })
}

// OIDCKeyIDs returns the ids of the keys with which a workspace's identity provider signs.
func (o *Organization) OIDCKeyIDs(w *Workspace) []string {
	return once(o, "OIDC keys", w.UUID, Generator.OIDCKeyIDs)
}
