package bitbucket

import (
	"context"
	"slices"
	"strings"

	"github.com/tidwall/gjson"

	"github.com/kindor/steampipe-plugin-bitbucket/internal/api"
	"github.com/kindor/steampipe-plugin-bitbucket/internal/jsontree"
)

// tableWorkspaceGPGKey: a row is a public key of Bitbucket itself, as it hands it out to a workspace. During a rotation there
// are two. The documentation has no form of the answer: it may be the bare keys, or JSON that has them as texts.
// https://developer.atlassian.com/cloud/bitbucket/rest/api-group-workspaces/#api-workspaces-workspace-settings-gpg-public-key-get
func tableWorkspaceGPGKey() *table {
	return &table{
		name:        "bitbucket_workspace_gpg_key",
		description: "A public GPG key of Bitbucket itself, with which the commits can be verified that it signs for a workspace. There are two while they are being replaced.",
		scopes:      []string{"account"},
		columns: slices.Concat([]column{
			text("key", "The public key, in OpenPGP's armor."),
			text("title", "Title of the key: the slug of the workspace.").in(workspacePart, "slug"),
		}, inWorkspaceColumns()),
		keyColumns: []keyColumn{named("workspace_slug")},
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
						yield(nil, &api.ProtocolError{Path: path, Reason: "answered with something else than public keys"})
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

// The first and the last line of a public key in OpenPGP's armor.
const (
	beginOfKey = "-----BEGIN PGP PUBLIC KEY BLOCK-----"
	endOfKey   = "-----END PGP PUBLIC KEY BLOCK-----"
)

// publicKeys are the keys of an answer. It is false if there are none, or anything else.
func publicKeys(answer string) (keys []string, ok bool) {
	if document, isJSON := jsontree.Parse(answer); isJSON {
		answer = strings.Join(textsOfKeys(document.Result()), "\n")
	}
	return armoredKeys(answer)
}

// textsOfKeys are the texts in JSON that are about keys, wherever they stand.
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

// armoredKeys takes apart keys that stand one after the other in a text. It is false if there are none, or anything else.
func armoredKeys(text string) (keys []string, ok bool) {
	for block := range strings.SplitAfterSeq(strings.TrimSpace(text), endOfKey) {
		switch block = strings.TrimSpace(block); {
		case block == "": // after the last
		case strings.HasPrefix(block, beginOfKey) && strings.HasSuffix(block, endOfKey):
			keys = append(keys, block+"\n")
		default:
			return nil, false
		}
	}
	return keys, len(keys) > 0
}
