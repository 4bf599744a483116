// Command export links the plugin like a program that exports one table: it prints the rows, and fails if the scan
// fails.
package main

import (
	"context"
	"fmt"
	"os"

	"github.com/turbot/steampipe-plugin-sdk/v5/anywhere"
	"github.com/turbot/steampipe-plugin-sdk/v5/grpc"
	"github.com/turbot/steampipe-plugin-sdk/v5/grpc/proto"
	"github.com/turbot/steampipe-plugin-sdk/v5/plugin"

	"github.com/kindor/steampipe-plugin-bitbucket/bitbucket"
)

const connection = "bitbucket"

// main needs a connection's config, a table and a column as arguments.
func main() {
	config, table, column := os.Args[1], os.Args[2], os.Args[3]
	server := plugin.Server(&plugin.ServeOpts{PluginFunc: bitbucket.Plugin})
	_, err := server.SetAllConnectionConfigs(&proto.SetAllConnectionConfigsRequest{Configs: []*proto.ConnectionConfig{
		{Connection: connection, Plugin: "bitbucket", PluginShortName: connection, PluginInstance: "bitbucket", Config: config},
	}})
	check(err)
	query := proto.NewQueryContext([]string{column}, map[string]*proto.Quals{}, -1, nil)
	stream := anywhere.NewLocalPluginStream(context.Background())
	server.CallExecuteAsync(&proto.ExecuteRequest{
		Table: table, Connection: connection, CallId: grpc.BuildCallId(), QueryContext: query,
		ExecuteConnectionData: map[string]*proto.ExecuteConnectionData{connection: {Limit: query.Limit}},
	}, stream)
	for {
		row, err := stream.Recv()
		check(err)
		if row == nil {
			return
		}
		fmt.Println(row.Row.Columns[column].GetStringValue())
	}
}

func check(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
