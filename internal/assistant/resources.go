package assistant

import (
	"cmp"
	"context"
	"io/fs"
	"regexp"
	"strings"

	"github.com/modelcontextprotocol/go-sdk/mcp"

	"github.com/kindor/steampipe-plugin-bitbucket/docs"
)

// pagePrefix is the beginning of the addresses of the pages.
const pagePrefix = "bitbucket://docs/"

var pageTitle = regexp.MustCompile(`(?m)^# (.*)$`)

// addResources adds the pages of the documentation.
func addResources(m *mcp.Server) {
	err := fs.WalkDir(docs.Pages, ".", func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		page, err := docs.Pages.ReadFile(path)
		if err != nil {
			return err
		}
		m.AddResource(resource(path, string(page)), func(context.Context, *mcp.ReadResourceRequest) (*mcp.ReadResourceResult, error) {
			return &mcp.ReadResourceResult{Contents: []*mcp.ResourceContents{{URI: pagePrefix + path, MIMEType: "text/markdown", Text: string(page)}}}, nil
		})
		return nil
	})
	if err != nil {
		panic(err) // the pages are embedded
	}
}

// resource describes a page.
func resource(path, page string) *mcp.Resource {
	name := strings.TrimSuffix(strings.TrimPrefix(path, "tables/"), ".md")
	r := &mcp.Resource{URI: pagePrefix + path, Name: name, MIMEType: "text/markdown"}
	if table, ok := docs.Lookup(name); ok {
		r.Title = table.Description
	} else if title := pageTitle.FindStringSubmatch(page); title != nil {
		r.Title = title[1]
	}
	r.Title = cmp.Or(r.Title, name)
	return r
}
