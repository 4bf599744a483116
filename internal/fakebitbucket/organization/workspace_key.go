package organization

// SystemKeys are the public GPG keys of the service, as it hands them out to a workspace: one, or two while they are
// being replaced.
func (o *Organization) SystemKeys(w *Workspace) []string {
	return once(o, "system keys", w.UUID, func(g Generator) []string { return g.SystemKeys(w) })
}

// OIDCKeyIDs are the ids of the keys with which a workspace's identity provider signs.
func (o *Organization) OIDCKeyIDs(w *Workspace) []string {
	return once(o, "OIDC keys", w.UUID, Generator.OIDCKeyIDs)
}
