package fakebitbucket

import "testing"

func TestFields(t *testing.T) {
	t.Parallel()
	o := object{
		{name: "uuid", value: "{1}"},
		{name: "owner", value: lazy(func() any {
			return object{{name: "uuid", value: "{2}"}, {name: "type", value: "user"}, {name: "created_on", value: "then", extra: true}}
		})},
		{name: "mainbranch", value: nil},
		{name: "reviewers", value: []object{{{name: "id", value: 1}, {name: "x", value: 2}}}, extra: true},
		{name: "links", value: object{{name: "self", value: href("a")}, {name: "html", value: href("b")}}},
	}
	tests := map[string]string{
		"":                                     `{"uuid":"{1}","owner":{"uuid":"{2}","type":"user"},"mainbranch":null,"links":{"self":{"href":"a"},"html":{"href":"b"}}}`,
		"uuid":                                 `{"uuid":"{1}"}`,
		"owner":                                `{"owner":{"uuid":"{2}","type":"user"}}`,
		"owner.uuid,uuid":                      `{"uuid":"{1}","owner":{"uuid":"{2}"}}`,
		"owner.created_on":                     `{"owner":{"created_on":"then"}}`,
		"mainbranch.name":                      `{"mainbranch":null}`,
		"uuid.x":                               `{}`,
		"nothing":                              `{}`,
		"links.nothing":                        `{"links":{}}`,
		"links.*.href":                         `{"links":{"self":{"href":"a"},"html":{"href":"b"}}}`,
		"*.uuid":                               `{"owner":{"uuid":"{2}"},"mainbranch":null,"reviewers":[{}],"links":{}}`,
		"reviewers.id":                         `{"reviewers":[{"id":1}]}`,
		"-links":                               `{"uuid":"{1}","owner":{"uuid":"{2}","type":"user"},"mainbranch":null}`,
		"-links.*,-owner":                      `{"uuid":"{1}","mainbranch":null,"links":{}}`,
		"-links.html":                          `{"uuid":"{1}","owner":{"uuid":"{2}","type":"user"},"mainbranch":null,"links":{"self":{"href":"a"}}}`,
		"+owner.created_on,-links,-mainbranch": `{"uuid":"{1}","owner":{"uuid":"{2}","type":"user","created_on":"then"}}`,
		"+reviewers.id,-links,-owner":          `{"uuid":"{1}","mainbranch":null,"reviewers":[{"id":1}]}`,
		"-*,+uuid":                             `{"uuid":"{1}"}`,
		"-owner,+owner.type,-links":            `{"uuid":"{1}","owner":{"type":"user"},"mainbranch":null}`,
		"*":                                    `{"uuid":"{1}","owner":{"uuid":"{2}","type":"user"},"mainbranch":null,"reviewers":[{"id":1,"x":2}],"links":{"self":{"href":"a"},"html":{"href":"b"}}}`,
		"*,-links,-reviewers":                  `{"uuid":"{1}","owner":{"uuid":"{2}","type":"user"},"mainbranch":null}`,
	}
	for fields, want := range tests {
		t.Run(fields, func(t *testing.T) {
			t.Parallel()
			selected := allFields
			if fields != "" {
				selected = parseFields(fields)
			}
			if got := string(appendJSON(nil, o, selected)); got != want {
				t.Errorf("\n got %s\nwant %s", got, want)
			}
		})
	}
}
