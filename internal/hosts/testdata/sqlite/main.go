// Command sqlite links the plugin like an extension of SQLite: each table is a virtual table.
package main

import "C"

import (
	"context"
	"maps"
	"slices"
	"strings"
	"sync"

	"github.com/turbot/steampipe-plugin-sdk/v5/anywhere"
	"github.com/turbot/steampipe-plugin-sdk/v5/grpc"
	"github.com/turbot/steampipe-plugin-sdk/v5/grpc/proto"
	"github.com/turbot/steampipe-plugin-sdk/v5/plugin"

	"github.com/kindor/steampipe-plugin-bitbucket/bitbucket"
)

const connection = "bitbucket"

var (
	server = sync.OnceValue(func() *grpc.PluginServer {
		return plugin.Server(&plugin.ServeOpts{PluginFunc: bitbucket.Plugin})
	})
	schema map[string]*proto.TableSchema
	names  []string // names of the tables

	mu    sync.Mutex // guards scans
	scans = map[C.int]*scan{}
	last  C.int
)

// A scan contains the rows that a cursor reads.
type scan struct {
	stream *anywhere.LocalPluginStream
	table  *proto.TableSchema
	row    map[string]*proto.Column
}

func of(config string) []*proto.ConnectionConfig {
	return []*proto.ConnectionConfig{{Connection: connection, Plugin: "bitbucket", PluginShortName: connection, PluginInstance: "bitbucket", Config: config}}
}

// hostLoad reads the tables of a connection without a config, and returns their number, or -1.
//
//export hostLoad
func hostLoad() C.int {
	if _, err := server().SetAllConnectionConfigs(&proto.SetAllConnectionConfigsRequest{Configs: of(""), MaxCacheSizeMb: 32}); err != nil {
		return -1
	}
	response, err := server().GetSchema(&proto.GetSchemaRequest{Connection: connection})
	if err != nil {
		return -1
	}
	schema = response.GetSchema().GetSchema()
	names = slices.Sorted(maps.Keys(schema))
	return C.int(len(names))
}

// hostConfigure sets the connection's config, and returns the error, or null.
//
//export hostConfigure
func hostConfigure(config *C.char) *C.char {
	_, err := server().UpdateConnectionConfigs(&proto.UpdateConnectionConfigsRequest{Changed: of(C.GoString(config))})
	return text(err)
}

//export hostName
func hostName(table C.int) *C.char { return C.CString(names[table]) }

// hostDeclaration returns the declaration of the table in SQL.
//
//export hostDeclaration
func hostDeclaration(table C.int) *C.char {
	var columns []string
	for _, c := range schema[names[table]].Columns {
		columns = append(columns, `"`+c.Name+`"`)
	}
	return C.CString("create table t(" + strings.Join(columns, ", ") + ")")
}

// hostScan begins to read the columns of a mask, and at most limit rows; a negative limit means all.
//
//export hostScan
func hostScan(table C.int, mask C.ulonglong, limit C.longlong) C.int {
	s := &scan{stream: anywhere.NewLocalPluginStream(context.Background()), table: schema[names[table]]}
	var columns []string
	for i, c := range s.table.Columns {
		if mask>>min(i, 63)&1 == 1 {
			columns = append(columns, c.Name)
		}
	}
	query := proto.NewQueryContext(columns, map[string]*proto.Quals{}, int64(limit), nil)
	server().CallExecuteAsync(&proto.ExecuteRequest{
		Table: names[table], Connection: connection, CallId: grpc.BuildCallId(), QueryContext: query,
		ExecuteConnectionData: map[string]*proto.ExecuteConnectionData{connection: {Limit: query.Limit, CacheEnabled: true, CacheTtl: 300}},
	}, s.stream)
	mu.Lock()
	defer mu.Unlock()
	last++
	scans[last] = s
	return last
}

func scanOf(n C.int) *scan {
	mu.Lock()
	defer mu.Unlock()
	return scans[n]
}

// hostNext moves to the next row, and sets end if there is none. It returns the error, or null.
//
//export hostNext
func hostNext(n C.int, end *C.int) *C.char {
	s := scanOf(n)
	row, err := s.stream.Recv()
	if row == nil || err != nil {
		*end = 1
		return text(err)
	}
	s.row = row.Row.Columns
	return nil
}

// hostColumn returns a column of the row as text, or null.
//
//export hostColumn
func hostColumn(n, column C.int) *C.char {
	s := scanOf(n)
	switch v := s.row[s.table.Columns[column].Name].GetValue().(type) {
	case *proto.Column_StringValue:
		return C.CString(v.StringValue)
	case *proto.Column_JsonValue:
		return C.CString(string(v.JsonValue))
	}
	return nil
}

//export hostClose
func hostClose(n C.int) {
	mu.Lock()
	defer mu.Unlock()
	delete(scans, n)
}

func text(err error) *C.char {
	if err == nil {
		return nil
	}
	return C.CString(err.Error())
}

func main() {} // a library needs an empty main
