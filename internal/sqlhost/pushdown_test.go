package sqlhost

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/turbot/steampipe-plugin-sdk/v5/grpc/proto"
)

// itemTable has a column of every type, with key columns for all operators, and values at the
// borders of comparisons.
func itemTable() *fakeTable {
	t := &fakeTable{schema: &proto.TableSchema{
		Description: "Things to select.",
		Columns: columnDefinitions("id INT All", "name STRING All", "score DOUBLE All", "active BOOL", "updated_on TIMESTAMP All",
			"labels JSON", "address IPADDR", "parent INT Desc", "note STRING"),
		ListCallKeyColumnList: keyColumnsOf("id, "+compareOperators, "name, ~~*, "+compareOperators, "score, "+compareOperators,
			"active, =, <>", "updated_on, "+compareOperators, "labels, =", "address, =", "parent, =, is null, is not null"),
	}}
	names := []any{"alpha", "Alpha", "ALPHA", "beta", "Be%ta", `be\ta`, "b_ta", "ÄPFEL", "äpfel", "", "01", "1", "naïve", nil, "be\nta"}
	midnight := time.Date(2026, 1, 2, 0, 0, 0, 0, time.UTC)
	times := []any{midnight, midnight.Add(time.Nanosecond), midnight.Add(time.Second), midnight.Add(1500 * time.Millisecond),
		midnight.Add(-time.Second), midnight.AddDate(1, 0, 0), midnight.Add(15*time.Hour + 4*time.Minute), nil, midnight.AddDate(0, -1, -1)}
	for i := range int64(60) {
		row := fakeRow{
			"id":         i,
			"name":       names[int(i)%len(names)],
			"score":      float64(i%7) / 2,
			"active":     i%3 == 0,
			"updated_on": times[int(i)%len(times)],
			"labels":     rawJSON(fmt.Sprintf(`{"n":%d,"tags":["a","b"]}`, i%4)),
			"address":    fmt.Sprintf("10.0.0.%d", i%5),
			"note":       fmt.Sprintf("note %d", i%2),
		}
		if i%4 != 0 {
			row["parent"] = i / 4
		}
		if i%11 == 0 {
			row["active"], row["score"] = nil, nil
		}
		t.rows = append(t.rows, row)
	}
	return t
}

// TestPushdown runs each query over the plugin's table, and over an ordinary table with the same
// declared types and rows. The rows must be the same, whatever the host requested.
func TestPushdown(t *testing.T) {
	tests := map[string]struct {
		where string // and the rest of the statement
		want  string // the request to the plugin
	}{
		"nothing":                     {``, ``},
		"int =":                       {`where id = 5`, `id = 5`},
		"int <>":                      {`where id <> 5`, `id <> 5`},
		"int between":                 {`where id between 3 and 7`, `id <= 7, id >= 3`},
		"int < >":                     {`where id > 3 and id < 7`, `id < 7, id > 3`},
		"int reversed":                {`where 7 > id`, `id < 7`},
		"int = text":                  {`where id = '5'`, `id = 5`},
		"int = whole real":            {`where id = 5.0`, `id = 5`},
		"int > real":                  {`where id > 5.5`, ``},
		"int = padded text":           {`where id = ' 5'`, ``},
		"int is":                      {`where id is 5`, `id = 5`},
		"int is not":                  {`where parent is not 5`, ``},
		"expression":                  {`where id = 2 + 3`, `id = 5`},
		"expression on column":        {`where id + 1 = 6`, ``},
		"text =":                      {`where name = 'alpha'`, `name = alpha`},
		"text <>":                     {`where name <> 'alpha'`, `name <> alpha`},
		"text < >=":                   {`where name >= 'b' and name < 'c'`, `name < c, name >= b`},
		"text = empty":                {`where name = ''`, `name = `},
		"text = quote":                {`where name = 'it''s'`, `name = it's`},
		"text = int":                  {`where name = 1`, ``},
		"text = nocase":               {`where name = 'ALPHA' collate nocase`, ``},
		"text = nocase left":          {`where name collate nocase = 'ALPHA' and id < 40`, `id < 40`},
		"text = binary":               {`where name = 'alpha' collate binary`, `name = alpha`},
		"text like nocase":            {`where name like 'ALPH_' and note = 'x' collate rtrim`, `name ~~* ALPH_`},
		"text order by nocase":        {`where name = 'alpha' order by name collate nocase, id`, `name = alpha`},
		"like":                        {`where name like 'a%'`, `name ~~* a%`},
		"like percent":                {`where name like 'be%ta'`, `name ~~* be%ta`},
		"like underscore":             {`where name like 'b_ta'`, `name ~~* b_ta`},
		"like backslash":              {`where name like 'be\ta'`, ``},
		"like escape":                 {`where name like 'be!%ta' escape '!'`, ``},
		"like beyond ASCII":           {`where name like 'äp%'`, `name ~~* äp%`},
		"like digits":                 {`where name like '0%'`, `name ~~* 0%`},
		"not like":                    {`where name not like 'a%'`, ``},
		"glob":                        {`where name glob '*a'`, ``},
		"glob prefix limit":           {`where name glob 'a*' limit 3`, ``},
		"like escape limit":           {`where name like 'a!%%' escape '!' limit 3`, ``},
		"like and >=":                 {`where name like '%a' and name >= 'b'`, `name ~~* %a`},
		"like and >":                  {`where name like '%a' and name > 'b'`, `name > b, name ~~* %a`},
		"like on int":                 {`where id like '1%'`, ``},
		"real =":                      {`where score = 1.5`, `score = 1.5`},
		"real > int":                  {`where score > 1`, `score > 1`},
		"real > text":                 {`where score > '1'`, ``},
		"bool = true":                 {`where active = true`, `active = true`},
		"bool = 0":                    {`where active = 0`, `active = false`},
		"bool <> true":                {`where active <> true`, `active <> true`},
		"bool = number as text":       {`where active = '1'`, `active = true`},
		"bool":                        {`where active`, ``},
		"not bool":                    {`where not active`, ``},
		"time > date":                 {`where updated_on > '2026-01-02'`, `updated_on > 2026-01-02T00:00:00Z`},
		"time >= date":                {`where updated_on >= '2026-01-02'`, `updated_on >= 2026-01-02T00:00:00Z`},
		"time < date":                 {`where updated_on < '2026-01-02'`, `updated_on < 2026-01-02T00:00:00Z`},
		"time <= date":                {`where updated_on <= '2026-01-02'`, `updated_on <= 2026-01-02T00:00:00Z`},
		"time = date":                 {`where updated_on = '2026-01-02'`, `updated_on = 2026-01-02T00:00:00Z`},
		"time <> date":                {`where updated_on <> '2026-01-02'`, `updated_on <> 2026-01-02T00:00:00Z`},
		"time > minute":               {`where updated_on > '2026-01-02 15:04'`, `updated_on > 2026-01-02T15:04:00Z`},
		"time =":                      {`where updated_on = '2026-01-02T00:00:01+00:00'`, `updated_on = 2026-01-02T00:00:01Z`},
		"time <>":                     {`where updated_on <> '2026-01-02T01:00:01+01'`, `updated_on <> 2026-01-02T00:00:01Z`},
		"time > second":               {`where updated_on > '2026-01-02 00:00:00'`, `updated_on > 2026-01-02T00:00:00Z`},
		"time <= second":              {`where updated_on <= '2026-01-02 00:00:01'`, `updated_on <= 2026-01-02T00:00:01Z`},
		"time = fraction":             {`where updated_on = '2026-01-02 00:00:01.5'`, `updated_on = 2026-01-02T00:00:01.5Z`},
		"time >= long fraction":       {`where updated_on >= '2026-01-02 00:00:01.500'`, `updated_on >= 2026-01-02T00:00:01.5Z`},
		"time > datetime()":           {`where updated_on > datetime('2026-01-09', '-7 days')`, `updated_on > 2026-01-02T00:00:00Z`},
		"time > date()":               {`where updated_on > date('2026-01-03', '-1 days')`, `updated_on > 2026-01-02T00:00:00Z`},
		"time > ISO 8601":             {`where updated_on > '2026-01-02T00:00:00Z'`, `updated_on > 2026-01-02T00:00:00Z`},
		"time reversed":               {`where '2026-01-02T00:00:00Z' < updated_on`, `updated_on > 2026-01-02T00:00:00Z`},
		"time in":                     {`where updated_on in ('2026-01-02T00:00:01Z', '2026-01-02 00:00:01', '2026-01-02') order by id`, `updated_on = 2026-01-02T00:00:00Z; updated_on = 2026-01-02T00:00:01Z`},
		"time not in":                 {`where updated_on not in ('2026-01-02T00:00:01Z', '2026-01-02 00:00:01', '2026-01-02')`, ``},
		"time between":                {`where updated_on between '2026-01-02T00:00:00Z' and '2026-01-02T02:00:01+0200'`, `updated_on <= 2026-01-02T00:00:01Z, updated_on >= 2026-01-02T00:00:00Z`},
		"time is":                     {`where updated_on is '2026-01-02T00:00:01Z'`, `updated_on = 2026-01-02T00:00:01Z`},
		"time is not":                 {`where updated_on is not '2026-01-02T00:00:01Z'`, ``},
		"time in case":                {`where case when updated_on > '2026-01-02T00:00:00Z' then 1 end`, ``},
		"time in or":                  {`where updated_on > '2026-01-02T00:00:00Z' or note = 'x'`, ``},
		"time in not":                 {`where not (updated_on > '2026-01-02T00:00:00Z')`, ``},
		"time like":                   {`where updated_on like '2026-01-02T%'`, ``},
		"time like escape":            {`where updated_on like '2026-01%' escape '!'`, ``},
		"time glob":                   {`where updated_on glob '2026-01-02T*'`, ``},
		"time of another collation":   {`where updated_on > '2026-01-02' collate nocase`, ``},
		"json =":                      {`where labels = '{"n":1,"tags":["a","b"]}'`, `labels = {"n":1,"tags":["a","b"]}`},
		"json = no json":              {`where labels = '{'`, ``},
		"json ->>":                    {`where labels ->> 'n' = 1`, ``},
		"address =":                   {`where address = '10.0.0.1'`, `address = 10.0.0.1`},
		"address = other":             {`where address = 'x'`, ``},
		"is null":                     {`where parent is null`, `parent is null`},
		"is not null":                 {`where parent is not null`, `parent is not null`},
		"is null undeclared":          {`where name is null`, ``},
		"column without key":          {`where note = 'note 1' and id < 5`, `id < 5`},
		"in":                          {`where id in (1, 2) order by id`, `id = 1; id = 2`},
		"in with null":                {`where id in (1, null)`, `id = 1`},
		"not in":                      {`where id not in (1, 2)`, ``},
		"in subquery":                 {`where name in (select 'beta' union select 'alpha') order by name, id`, `name = alpha; name = beta`},
		"or same column":              {`where id = 1 or id = 2`, `id = 1; id = 2`},
		"or two columns":              {`where id < 20 or name = 'alpha'`, `id < 20; name = alpha`},
		"or of all":                   {`where id >= 0 or note = 'note 1'`, ``},
		"limit":                       {`limit 3`, `limit 3`},
		"limit offset":                {`limit 3 offset 2`, `limit 5`},
		"limit all":                   {`limit -1`, ``},
		"limit exact":                 {`where active = true limit 3`, `active = true, limit 3`},
		"limit exact time":            {`where updated_on > '2026-01-02' limit 3`, `updated_on > 2026-01-02T00:00:00Z, limit 3`},
		"limit like":                  {`where name like 'a%' limit 3`, `name ~~* a%`},
		"limit like beyond ASCII":     {`where name like '%ÄPFEL' limit 6`, `name ~~* %ÄPFEL`},
		"limit json":                  {`where labels = '{}' limit 3`, `labels = {}`},
		"limit no key":                {`where note = 'note 1' limit 3`, ``},
		"limit unfit":                 {`where id > 5.5 limit 3`, ``},
		"limit bool":                  {`where active limit 3`, ``},
		"limit in":                    {`where id in (1, 2, 3) limit 2`, `id = 1; id = 2`},
		"limit or":                    {`where id < 20 or name = 'alpha' limit 2`, `id < 20`},
		"order":                       {`order by id`, ``},
		"order limit":                 {`order by id desc limit 3`, `limit 3, order id Desc`},
		"order limit offset":          {`order by updated_on desc limit 3 offset 2`, `limit 5, order updated_on Desc`},
		"order limit where":           {`where id < 50 order by id desc limit 3`, `id < 50, limit 3, order id Desc`},
		"order limit text":            {`order by name, id limit 3`, ``},
		"order limit text only":       {`where name > 'c' order by name limit 3`, `name > c`},
		"order limit undeclared way":  {`order by parent, id limit 3`, ``},
		"order limit undeclared":      {`order by active, id limit 3`, ``},
		"order limit two":             {`order by score desc, id limit 3`, ``},
		"order limit unfit":           {`where id > 5.5 order by id limit 3`, `order id Asc`},
		"order limit expression":      {`order by -id limit 3`, ``},
		"order limit plus":            {`order by +id limit 3`, ``},
		"order limit no key":          {`where note = 'note 1' order by id limit 3`, ``},
		"order limit nulls last":      {`order by id nulls last limit 3`, ``},
		"order limit nulls last desc": {`where id < 9 order by parent desc nulls first, id limit 3`, `id < 9`},
		"order in":                    {`where id in (9, 8, 7) order by id desc limit 2`, `id = 7; id = 8; id = 9`},
		"group":                       {`where id < 10 group by active`, `id < 10`},
		"= null":                      {`where id = null`, `never`},
		"like null":                   {`where name like null`, `never`},
		"impossible":                  {`where 1 = 2`, `never`},
	}
	p := &fakePlugin{tables: map[string]*fakeTable{"item": itemTable()}}
	h := openHost(t, p)
	p.tables["item"].nullsFirst = true // as in SQLite
	columns := "id, name, score, active, updated_on, labels, address, parent, note"
	mustQuery(t, h, `create temp table copy (id INTEGER, name TEXT, score REAL, active BOOLEAN, updated_on TEXT collate timestamp,
		labels TEXT, address TEXT, parent INTEGER, note TEXT)`)
	mustQuery(t, h, `insert into copy select `+columns+` from c1.item`)
	if got := mustQuery(t, h, `select count(*) from copy`); got[0] != "60" {
		t.Fatalf("%v rows copied, want 60", got)
	}
	p.takeRequests()
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			got := mustQuery(t, h, "select "+columns+" from c1.item "+test.where)
			var requested []string
			for _, r := range p.takeRequests() {
				requested = append(requested, pushedText(r))
			}
			want := mustQuery(t, h, "select "+columns+" from copy "+test.where)
			if !strings.Contains(test.where, "order by") {
				slices.Sort(got)
				slices.Sort(want)
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("rows (-want +got):\n%s", diff)
			}
			if test.want == "never" {
				test.want = ""
				if len(requested) > 0 {
					t.Errorf("requests to the plugin: %q", requested)
				}
			}
			if got := strings.Join(requested, "; "); got != test.want {
				t.Errorf("reached the plugin: %q, want %q", got, test.want)
			}
		})
	}
}
