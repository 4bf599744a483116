package bitbucket

import (
	"context"
	"slices"
	"strings"

	"github.com/tidwall/gjson"

	"github.com/kindor/steampipe-plugin-bitbucket/internal/api"
	"github.com/kindor/steampipe-plugin-bitbucket/internal/jsontree"
)

// tableWorkspaceGPGKey returns the table bitbucket_workspace_gpg_key. A row is a public key of Bitbucket itself, as it
// returns it for a workspace. During a rotation there are two. The form of the answer is not documented: it may be the
// keys alone, or JSON with the keys as texts.
// https://developer.atlassian.com/cloud/bitbucket/rest/api-group-workspaces/#api-workspaces-workspace-settings-gpg-public-key-get
func tableWorkspaceGPGKey() *table {
	return &table{
		name:        "bitbucket_workspace_gpg_key",
		description: "A public GPG key of Bitbucket itself, to verify the commits that it signs for a workspace. During a rotation there are two.",
		scopes:      []string{"account"},
		columns: slices.Concat([]column{
			text("key", "The public key, in OpenPGP's armor."),
			text("title", "Title of the key: the slug of the workspace.").in(workspacePart, "slug"),
		}, inWorkspaceColumns()),
		keyColumns: []keyColumn{named("workspace_slug")},
		copying:    whole("workspace_uuid", "key").withHistory(),
		rows: func(ctx context.Context, s *scan) rowSeq {
			return s.perWorkspace(ctx, func(ctx context.Context, p workspaceScope) rowSeq {
				return func(yield func(*row, error) bool) {
					path := api.Path("/2.0/workspaces/{workspace}/settings/gpg/public-key", p.slug())
					answer, err := s.Bytes(ctx, path, nil, maxContent)
					if err != nil {
						yield(nil, err)
						return
					}
					keys, ok := publicKeys(string(answer))
					if !ok {
						yield(nil, &api.ProtocolError{Path: path, Reason: "answered with something other than public keys"})
						return
					}
					for _, key := range keys {
						if !yield(p.row(jsontree.Of(map[string]string{"key": key})), nil) {
							return
						}
					}
				}
			})
		},
	}
}

// The first and the last line of an armored OpenPGP public key.
const (
	beginOfKey = "-----BEGIN PGP PUBLIC KEY BLOCK-----"
	endOfKey   = "-----END PGP PUBLIC KEY BLOCK-----"
)

// publicKeys returns the keys in an answer. ok is false if there are none, or if it has anything else.
func publicKeys(answer string) (keys []string, ok bool) {
	if parsed, isJSON := jsontree.Parse(answer); isJSON {
		answer = strings.Join(textsOfKeys(parsed.Result()), "\n")
	}
	return armoredKeys(answer)
}

// textsOfKeys returns the texts in JSON that contain a key, at any depth.
func textsOfKeys(value gjson.Result) (texts []string) {
	if value.Type == gjson.String && strings.Contains(value.Str, "PGP PUBLIC KEY BLOCK") {
		return []string{value.Str}
	}
	if value.IsObject() || value.IsArray() {
		value.ForEach(func(_, one gjson.Result) bool {
			texts = append(texts, textsOfKeys(one)...)
			return true
		})
	}
	return texts
}

// armoredKeys splits a text of armored keys. ok is false if there are none, or if it has anything else.
func armoredKeys(armored string) (keys []string, ok bool) {
	for block := range strings.SplitAfterSeq(strings.TrimSpace(armored), endOfKey) {
		switch block = strings.TrimSpace(block); {
		case block == "": // after the last one
		case strings.HasPrefix(block, beginOfKey) && strings.HasSuffix(block, endOfKey):
			keys = append(keys, block+"\n")
		default:
			return nil, false
		}
	}
	return keys, len(keys) > 0
}
