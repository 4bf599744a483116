package sqlhost

import (
	"fmt"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/turbot/steampipe-plugin-sdk/v5/grpc/proto"
)

// memberTable has several rows that are equal in all columns but one.
func memberTable() *fakeTable {
	t := &fakeTable{schema: &proto.TableSchema{
		Columns:               columnDefinitions("item_id INT", "who STRING", "role STRING", "serial INT"),
		ListCallKeyColumnList: keyColumnsOf("item_id, =", "who, =", "role, ="),
	}}
	for i := range int64(30) {
		row := fakeRow{"item_id": i % 10, "who": fmt.Sprintf("user%d", i%3), "role": "read", "serial": i}
		if i%7 == 0 {
			row["item_id"] = nil
		}
		if i%4 == 0 {
			row["role"] = "write"
		}
		t.rows = append(t.rows, row)
	}
	return t
}

// TestJoins compares joins of the plugin's tables with the same joins of ordinary tables.
func TestJoins(t *testing.T) {
	tests := map[string]struct {
		query     string // {item} and {member} are the tables
		wantScans int
	}{
		"inner on keys":             {`select i.id, m.serial from item i join member m on m.item_id = i.id where i.id < 5`, 1 + 5},
		"inner on keys reversed":    {`select i.id, m.serial from member m join item i on m.item_id = i.id where i.id < 5`, 1 + 5},
		"selective side is outer":   {`select i.id, m.serial from item i join member m on m.item_id = i.id where m.who = 'user1' and m.role = 'write'`, 1 + 2},
		"left":                      {`select i.id, m.serial from item i left join member m on m.item_id = i.id where i.id between 8 and 12`, 1 + 5},
		"left without match":        {`select i.id from item i left join member m on m.item_id = i.id where m.who is null and i.id < 12`, 1 + 10 + 1 + 2},
		"left with term in on":      {`select i.id, m.serial from item i left join member m on m.item_id = i.id and m.who = 'user1' where i.id < 4`, 1 + 4},
		"left with term in where":   {`select i.id, m.serial from item i left join member m on m.item_id = i.id where m.who = 'user1' and i.id < 4`, -1},
		"right":                     {`select i.id, m.serial from item i right join member m on m.item_id = i.id and i.id < 3`, -1},
		"full":                      {`select i.id, m.who from item i full join member m on m.item_id = i.id`, -1},
		"full, few columns":         {`select count(*), count(m.role), count(i.active) from item i full join member m on m.item_id = i.parent`, -1},
		"full of equal rows":        {`select a.who, b.role from member a full join member b on a.who = b.role`, -1},
		"without a key":             {`select i.id, m.serial from item i join member m on m.serial = i.score * 2`, 2},
		"cross":                     {`select count(*) from item i cross join member m`, 2},
		"three tables":              {`select i.id, m.serial, n.serial from item i join member m on m.item_id = i.id join member n on n.item_id = m.item_id and n.who = m.who where i.id < 3`, -1},
		"self":                      {`select c.id, p.name from item c join item p on p.id = c.parent where c.id < 20`, -1},
		"many to one asks once":     {`select m.serial, i.name from member m join item i on i.id = m.item_id`, 1 + 10},
		"exists":                    {`select id from item i where exists (select 1 from member m where m.item_id = i.id) and id < 12`, -1},
		"not exists":                {`select id from item i where not exists (select 1 from member m where m.item_id = i.id) and id < 12`, -1},
		"in select":                 {`select id from item where id in (select item_id from member where who = 'user1')`, -1},
		"not in select":             {`select id from item where id not in (select item_id from member where item_id is not null)`, -1},
		"scalar subquery":           {`select id, (select count(*) from member m where m.item_id = i.id) from item i where id < 12`, -1},
		"cte":                       {`with busy as (select item_id, count(*) as n from member group by item_id) select i.name, b.n from item i join busy b on b.item_id = i.id`, -1},
		"recursive cte":             {`with recursive up(id) as (select 59 union select i.parent from item i join up on i.id = up.id where i.parent is not null) select id from up`, -1},
		"materialized cte":          {`with m as materialized (select item_id, serial from member) select i.id, m.serial from item i join m on m.item_id = i.id`, 2},
		"distinct with limit":       {`select count(*) from (select distinct score from item limit 3)`, 1},
		"aggregate with limit":      {`select count(*) from item limit 1`, 1},
		"all on a key":              {`select i.id, m.name from item i join item m on m.id = i.id`, 1 + 10 + 1},
		"left on a key":             {`select i.id, m.name, m.id from item i left join item m on m.id = i.parent * 2`, 1 + 10 + 1},
		"on a text of numbers":      {`select i.id, m.id from item i join item m on m.name = i.id`, -1},
		"on a number as text":       {`select i.id, m.id from item i join item m on m.id = ' 0' || i.id || '.0'`, -1},
		"on text of any case":       {`select i.id, m.id from item i join item m on m.name = i.name collate nocase`, 2},
		"on a real":                 {`select i.id, m.id from item m join item i on m.id = i.score * 2 + i.id`, -1},
		"on a time":                 {`select i.id, m.id from item i join item m on m.updated_on = substr(i.updated_on, 1, 19) where i.id < 40`, -1},
		"on two keys":               {`select i.id, m.id from item i join item m on m.id = i.id and m.name = i.name`, -1},
		"on a key or null":          {`select i.id, m.id from item i join item m on m.parent is i.parent`, -1},
		"on a key and a range":      {`select i.id, m.id from item i join item m on m.parent = i.parent and m.id > i.id`, -1},
		"on a key and a constant":   {`select i.id, m.id from item i join item m on m.id = i.id and m.active = true`, 1 + 10 + 1},
		"limit, ordered here":       {`select serial, (select i.id from item i where i.parent = m.serial order by i.updated_on desc, i.id limit 1) from member m`, -1},
		"limit, ordered there":      {`select serial, (select i.id from item i where i.parent = m.serial / 2 order by i.id desc limit 1) from member m`, 1 + 10 + 1},
		"limit, offset, ordered":    {`select serial, (select i.id from item i where i.parent = m.serial / 2 order by i.id limit 1 offset 1) from member m`, -1},
		"in many":                   {`select id, name from item where id in (1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,'20',21.0,22.5,null)`, -1},
		"in many on two":            {`select id from item where id in (1,2,3,4,5,6,7,8,9,10,11,12) and name in ('alpha','Alpha','ALPHA','beta','01','1')`, -1},
		"in many names":             {`select serial from member where who in (select 'user' || id from item)`, -1},
		"or of many":                {`select i.id, m.serial from item i join member m on m.item_id = i.id or m.serial = i.id or m.who = i.name`, -1},
		"group with limit":          {`select active, count(*) from item group by active order by active limit 2`, 1},
		"union with limit, offset":  {`select count(*) from (select id from item union all select serial from member limit 70 offset 5)`, 2},
		"term outside of limit":     {`select count(*) from (select * from item limit 5) where id > 2`, 1},
		"limit in scalar subquery":  {`select serial, (select name from item i where i.id = m.serial limit 1) from member m`, 1 + 10 + 1},
		"limit and window":          {`select id, count(*) over () from item order by id limit 3`, 1},
		"window":                    {`select id, row_number() over (partition by active order by score, id) from item`, 1},
		"aggregate":                 {`select active, count(*), sum(score), max(updated_on) from item group by active`, 1},
		"distinct":                  {`select distinct active, score from item`, 1},
		"union":                     {`select who from member union select name from item`, 2},
		"union all with limit":      {`select count(*) from (select who from member union all select name from item limit 40)`, 2},
		"or":                        {`select serial from member where item_id = 3 or who = 'user1'`, 2},
		"or of equal rows":          {`select who from member where who = 'user1' or role = 'write'`, 2},
		"or counted":                {`select count(*) from member where who = 'user1' or role = 'write'`, 2},
		"or three":                  {`select serial from member where item_id = 3 or who = 'user1' or role = 'write'`, 3},
		"or in join":                {`select i.id, m.serial from item i join member m on m.item_id = i.id or m.who = i.name where i.id < 9`, -1},
		"json_each":                 {`select i.id, j.value from item i, json_each(i.labels, '$.tags') j where i.id < 3`, 1},
		"limit in subquery":         {`select count(*) from (select * from item where id < 30 order by id desc limit 7) join member m on m.item_id = id`, -1},
		"join with limit":           {`select count(*) from (select i.id from item i join member m on m.item_id = i.id limit 5)`, -1},
		"text key from number":      {`select count(*) from item i join member m on i.name = m.serial`, -1},
		"case":                      {`select count(*) from item where case when active then id < 10 else id > 50 end`, 1},
		"exists on other's columns": {`select count(*) from item i where i.id = (select max(item_id) from member m where m.who = 'user' || (i.id % 3))`, -1},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := &fakePlugin{tables: map[string]*fakeTable{"item": itemTable(), "member": memberTable()}}
			p.tables["item"].nullsFirst = true // as in SQLite
			h := openHost(t, p)
			got := mustQuery(t, h, test.query)
			if scans := len(p.takeRequests()); test.wantScans >= 0 && scans != test.wantScans {
				t.Errorf("%d scans, want %d", scans, test.wantScans)
			}
			if running := p.running.Load(); running != 0 {
				t.Errorf("%d scans run on", running)
			}
			h.maxLookups = 1
			atOnce := mustQuery(t, h, test.query)
			mustQuery(t, h, `create temp table item_copy as select * from c1.item`)
			mustQuery(t, h, `create temp table member_copy as select * from c1.member`)
			mustQuery(t, h, `create temp view item as select * from item_copy`)
			mustQuery(t, h, `create temp view member as select * from member_copy`)
			want := mustQuery(t, h, test.query)
			slices.Sort(got)
			slices.Sort(atOnce)
			slices.Sort(want)
			if diff := cmp.Diff(want, atOnce); diff != "" {
				t.Errorf("rows, after one lookup (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("rows (-want +got):\n%s", diff)
			}
			if len(want) == 0 {
				t.Error("a query without rows shows nothing")
			}
		})
	}
}
