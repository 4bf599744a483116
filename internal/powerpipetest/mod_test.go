package powerpipetest

import (
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"
)

// good is a mod that Powerpipe takes.
const good = `
mod "shop" {
  title       = "Shop"
  description = "Things of a shop."
  categories  = ["shop"]

  require {
    plugin "shop" {
      min_version = "0.1.0"
    }
  }
}

variable "min_stock" {
  type        = number
  default     = 3
  description = "The fewest things."
}

variable "trusted" {
  type        = list(string)
  default     = ["", "b"]
  description = "Trusted things."
}

locals {
  common_tags = { service = "Shop" }
}

query "stock" {
  sql = <<-EOQ
    select id as resource, 'ok' as status, 'It is.' as reason from thing where stock > $1::integer or id = any($2::text[]);
  EOQ

  param "min_stock" {
    description = "The fewest things."
    default     = var.min_stock
  }

  param "trusted" {
    default = var.trusted
  }
}

query "things" {
  sql = "select id as value, id as label, id, id as title from thing"
}

query "thing" {
  sql = "select id from thing where id = $1"

  param "id" {}
}

control "stock" {
  title       = "Things are there"
  description = "Nobody can buy what is not there."
  severity    = "low"
  query       = query.stock

  tags = merge(local.common_tags, { type = "Stock" })
}

benchmark "all" {
  title       = "All"
  description = "All of it."
  children    = [control.stock]
  tags        = local.common_tags
}

category "thing" {
  title = "Thing"
  color = "blue"
  href  = "${dashboard.thing.url_path}?input.id={{.properties.'id' | @uri}}"
}

dashboard "thing" {
  title         = "Thing"
  documentation = file("./docs/thing.md")
  tags          = local.common_tags

  container {
    input "id" {
      title = "A thing:"
      query = query.things
    }
  }

  container {
    container {
      width = 6

      chart {
        title = "Things"
        type  = "bar"
        query = query.things

        series "id" {
          color = "green"
        }
      }

      table {
        title = "The thing"
        query = query.thing
        args  = { id = self.input.id.value }

        column "id" {
          href = "${dashboard.thing.url_path}?input.id={{.'id' | @uri}}"
        }
      }
    }

    graph {
      title = "A picture"

      node {
        category = category.thing
        query    = query.things
      }
    }
  }
}
`

func read(text string) (*Mod, error) {
	return Read(fstest.MapFS{"mod.pp": {Data: []byte(text)}, "docs/thing.md": {Data: []byte("Of a thing.")}})
}

func TestRead(t *testing.T) {
	t.Parallel()
	mod, err := read(good)
	if err != nil {
		t.Fatal(err)
	}
	want := []Param{{"min_stock", 3.0}, {"trusted", []any{"", "b"}}}
	if diff := cmp.Diff(want, mod.Queries["stock"].Params); diff != "" {
		t.Errorf("params (-want +got):\n%s", diff)
	}
	var uses []string
	for _, use := range mod.Uses {
		uses = append(uses, use.Block+" "+use.Query+" "+strings.Join(use.Columns, ","))
	}
	if diff := cmp.Diff([]string{"control stock ", "input things ", "chart things ", "table thing id", "node things "}, uses); diff != "" {
		t.Errorf("uses (-want +got):\n%s", diff)
	}
}

// Each mistake is one change to the good mod.
func TestReadRefuses(t *testing.T) {
	t.Parallel()
	tests := map[string]struct{ old, changed, want string }{
		"bad syntax":              {`title = "Things"`, `title = `, "Invalid expression"},
		"an argument twice":       {`type  = "bar"`, "type = \"bar\"\n type = \"pie\"", "Attribute redefined"},
		"an argument outside":     {`locals {`, "x = 1\nlocals {", "argument x stands in no block"},
		"an unknown block":        {`locals {`, "widget \"x\" {}\nlocals {", "there is no block widget"},
		"an unknown block inside": {`series "id"`, `serie "id"`, "chart has no block serie"},
		"a misplaced block":       {`category "thing" {`, "chart {\n title = \"x\"\n}\ncategory \"thing\" {", "there is no block chart, not outside of others"},
		"an unknown argument":     {`color = "green"`, `colour = "green"`, "series id has no argument colour"},
		"a duplicate name":        {`query "things" {`, `query "thing" {`, "there is a query thing already"},
		"a duplicate local":       {`query "things" {`, "locals {\n common_tags = {}\n}\nquery \"things\" {", "there is a local common_tags already"},
		"a duplicate input": {`container {
    container {`, "container {\n input \"id\" {\n title = \"x\"\n query = query.things\n}\n container {", "dashboard thing has an input id already"},
		"a duplicate param":           {`param "trusted" {`, `param "min_stock" {`, "there is a param min_stock already"},
		"a bad name":                  {`control "stock" {`, `control "Stock" {`, `the name "Stock" should be`},
		"no name":                     {`control "stock" {`, `control {`, "a block control has 1 names, and this one 0"},
		"a name too many":             {`chart {`, `chart "x" {`, "a block chart has 0 names, and this one 1"},
		"no mod":                      {`mod "shop" {`, `category "shop" {`, "there is no mod block"},
		"two mods":                    {`locals {`, "mod \"x\" {\n title = \"x\"\n description = \"x\"\n}\nlocals {", "there is a mod block already"},
		"no title":                    {`title = "The thing"`, ``, "table has no title"},
		"an empty title":              {`title = "The thing"`, `title = " "`, "title of table is empty"},
		"no type":                     {`type  = "bar"`, ``, "chart has no type"},
		"an unknown type":             {`type  = "bar"`, `type = "area"`, `type of chart is "area", and can be bar, column`},
		"no severity":                 {`severity    = "low"`, ``, "control stock has no severity"},
		"an unknown severity":         {`severity    = "low"`, `severity = "bad"`, `severity of control stock is "bad"`},
		"no SQL":                      {`sql = "select id as value, id as label, id, id as title from thing"`, ``, "query things has no sql"},
		"SQL in a control":            {`query       = query.stock`, `sql = "select 1"`, "control stock has no argument sql"},
		"no query":                    {`query       = query.stock`, ``, "control stock has no query"},
		"no query of a node":          {`query    = query.things`, ``, "node has no query"},
		"a query and nodes":           {`title = "A picture"`, "title = \"A picture\"\n query = query.things", "graph has a query, and nodes and edges besides"},
		"an unknown query":            {`query       = query.stock`, `query = query.stocks`, "there is no query stocks"},
		"a query as text":             {`query       = query.stock`, `query = "stock"`, "query of control stock should name a query"},
		"an unknown control":          {`[control.stock]`, `[control.stocks]`, "there is no control stocks"},
		"a child of another type":     {`[control.stock]`, `[query.stock]`, "children of benchmark all should name a control or a benchmark"},
		"a child twice":               {`[control.stock]`, `[control.stock, control.stock]`, "names control.stock twice"},
		"no children":                 {`[control.stock]`, `[]`, "children of benchmark all is empty"},
		"an unknown category":         {`category = category.thing`, `category = category.things`, "there is no category things"},
		"an unknown variable":         {`default     = var.min_stock`, `default = var.stock`, "Unsupported attribute"},
		"an unknown local":            {`tags        = local.common_tags`, `tags = local.tags`, "Unsupported attribute"},
		"an unknown input":            {`self.input.id.value`, `self.input.name.value`, "Unsupported attribute"},
		"an input elsewhere":          {`default     = var.min_stock`, `default = self.input.id.value`, "Unknown variable"},
		"an unknown function":         {`merge(local`, `merged(local`, "Call to unknown function"},
		"an unknown file":             {`./docs/thing.md`, `./docs/things.md`, "file does not exist"},
		"an unknown dashboard":        {`"${dashboard.thing.url_path}?input.id={{.'id'`, `"${dashboard.things.url_path}?input.id={{.'id'`, "Unsupported attribute"},
		"an unknown dashboard's path": {`"${dashboard.thing.url_path}?input.id={{.'id'`, `"/shop.dashboard.things?input.id={{.'id'`, "there is no dashboard things"},
		"a link to an unknown input":  {`?input.id={{.'id'`, `?input.name={{.'id'`, "dashboard thing has no input name"},
		"an argument not passed":      {`args  = { id = self.input.id.value }`, ``, "table does not pass id, which query thing needs"},
		"an unknown argument passed":  {`{ id = self`, `{ name = self`, "query thing takes no name"},
		"args without a query": {`query = query.thing
        args`, `args`, "table has args, and no query that takes them"},
		"a place without a param":   {`where id = $1"`, `where id = $1 or id = $2"`, "the SQL has $2, and there are 1 params"},
		"a param without a place":   {`where id = $1"`, `where id = 1"`, "the SQL does not have $1, for the param id"},
		"a default of another type": {`default     = 3`, `default = "three"`, "the default of min_stock is no number"},
		"an empty list":             {`["", "b"]`, `[]`, "an empty list, which Powerpipe takes for none"},
		"no default":                {`default     = 3`, ``, "variable min_stock has no default"},
		"a text for a number":       {`width = 6`, `width = "6"`, "width of container is no number"},
		"too wide":                  {`width = 6`, `width = 13`, "the width of container is 13, and there are 12 columns"},
		"a number for a text":       {`color = "blue"`, `color = 3`, "color of category thing is no string"},
	}
	for name, tt := range tests {
		if strings.Count(good, tt.old) != 1 {
			t.Errorf("%s: %q stands %d times in the mod, want once", name, tt.old, strings.Count(good, tt.old))
		}
		_, err := read(strings.Replace(good, tt.old, tt.changed, 1))
		if err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: error %v, want %q", name, err, tt.want)
		}
	}
}
