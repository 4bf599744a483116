package assistant

import (
	"bytes"
	"context"
	"encoding/json"

	"github.com/modelcontextprotocol/go-sdk/mcp"
)

// The limits of an answer and of the requests for it, unless the assistant asks for others.
const (
	defaultRows     = 100
	mostRows        = 1000
	mostBytes       = 50_000 // of the rows
	defaultRequests = 200
)

func (s *server) addTools(m *mcp.Server) {
	const open, closed = true, false
	add(m, "list_tables", closed, "List the tables", listTables)
	add(m, "describe_table", closed, "A table's columns, the conditions that save requests, and its scopes, coverage and cost", s.describeTable)
	add(m, "examples", closed, "Queries that work", examples)
	add(m, "estimate", open, "How many requests a query will take, and how many are left", s.estimate)
	add(m, "query", open, "Run one SQL select. Refuses a query that will take more than max_requests", s.query)
	add(m, "audit", open, "Check who has access and how code is protected. Without names: the list of controls, at no cost", s.audit)
}

// add adds a tool. Its answer is a JSON document. An open one asks Bitbucket.
func add[In, Out any](m *mcp.Server, name string, open bool, about string, handler func(context.Context, In) (Out, error)) {
	tool := &mcp.Tool{Name: name, Description: about, Annotations: &mcp.ToolAnnotations{ReadOnlyHint: true, OpenWorldHint: &open}}
	mcp.AddTool(m, tool, func(ctx context.Context, _ *mcp.CallToolRequest, in In) (*mcp.CallToolResult, any, error) {
		out, err := handler(ctx, in)
		if err != nil {
			return nil, nil, err
		}
		text, err := encode(out)
		if err != nil {
			return nil, nil, err
		}
		return &mcp.CallToolResult{Content: []mcp.Content{&mcp.TextContent{Text: text}}}, nil, nil
	})
}

// encode returns a value as JSON without escapes for HTML.
func encode(v any) (string, error) {
	var b bytes.Buffer
	encoder := json.NewEncoder(&b)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(v); err != nil {
		return "", err
	}
	return string(bytes.TrimSpace(b.Bytes())), nil
}
