// Command postgres links the plugin like a foreign data wrapper: into a C program. Its scans are read ahead in a
// goroutine, and are cancelled when the program has enough rows.
package main

import "C"

import (
	"context"
	"sync"

	"github.com/turbot/steampipe-plugin-sdk/v5/anywhere"
	"github.com/turbot/steampipe-plugin-sdk/v5/grpc"
	"github.com/turbot/steampipe-plugin-sdk/v5/grpc/proto"
	"github.com/turbot/steampipe-plugin-sdk/v5/plugin"

	"github.com/kindor/steampipe-plugin-bitbucket/bitbucket"
)

const connection = "bitbucket"

var (
	hub = sync.OnceValue(func() *grpc.PluginServer {
		return plugin.Server(&plugin.ServeOpts{PluginFunc: bitbucket.Plugin})
	})
	rows   chan *proto.Row
	failed error
	cancel context.CancelFunc
)

// hostConfigure sets the options of the server, which are first empty, as for a schema that is only listed. It returns
// the error, or null.
//
//export hostConfigure
func hostConfigure(config *C.char) *C.char {
	of := &proto.ConnectionConfig{Connection: connection, Plugin: "bitbucket", PluginShortName: connection, PluginInstance: "bitbucket"}
	_, err := hub().SetAllConnectionConfigs(&proto.SetAllConnectionConfigsRequest{Configs: []*proto.ConnectionConfig{of}})
	if err == nil {
		of.Config = C.GoString(config)
		_, err = hub().UpdateConnectionConfigs(&proto.UpdateConnectionConfigsRequest{Changed: []*proto.ConnectionConfig{of}})
	}
	if err == nil {
		_, err = hub().GetSchema(&proto.GetSchemaRequest{Connection: connection})
	}
	return text(err)
}

// hostBegin begins to scan a column of a table.
//
//export hostBegin
func hostBegin(table, column *C.char) {
	var ctx context.Context
	ctx, cancel = context.WithCancel(context.Background())
	rows, failed = make(chan *proto.Row, 100), nil
	stream := anywhere.NewLocalPluginStream(ctx)
	hub().CallExecuteAsync(&proto.ExecuteRequest{
		Table: C.GoString(table), Connection: connection, CallId: grpc.BuildCallId(),
		QueryContext:          proto.NewQueryContext([]string{C.GoString(column)}, map[string]*proto.Quals{}, -1, nil),
		ExecuteConnectionData: map[string]*proto.ExecuteConnectionData{connection: {CacheEnabled: true, CacheTtl: 300}},
	}, stream)
	go func() {
		defer close(rows)
		for {
			row, err := stream.Recv()
			if failed = err; row == nil || err != nil {
				return
			}
			rows <- row.Row
		}
	}()
}

// hostNext reports whether there is another row.
//
//export hostNext
func hostNext() C.int {
	if _, more := <-rows; more {
		return 1
	}
	return 0
}

// hostEnd ends the scan, and returns its error, or null.
//
//export hostEnd
func hostEnd() *C.char {
	cancel()
	return text(failed)
}

func text(err error) *C.char {
	if err == nil {
		return nil
	}
	return C.CString(err.Error())
}

func main() {} // C's main is used
