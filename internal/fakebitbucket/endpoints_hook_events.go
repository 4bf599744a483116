package fakebitbucket

import "github.com/kindor/steampipe-plugin-bitbucket/internal/fakebitbucket/organization"

// hookEventEndpoints return the kinds of events to everybody.
// https://developer.atlassian.com/cloud/bitbucket/rest/api-group-webhooks/
var hookEventEndpoints = []endpoint{
	{path: "/2.0/hook_events", get: func(*call) (any, error) {
		subjects := object{}
		for _, subject := range []string{"repository", "workspace"} {
			subjects = append(subjects, jsonMember{name: subject, value: object{
				{name: "links", value: linksOf("events", linkAPI+"/hook_events/"+subject)},
			}})
		}
		return subjects, nil
	}},
	{
		path: "/2.0/hook_events/{subject_type}", needs: aHookSubject,
		list: &listing{
			of:      func(c *call) collection { return collect(organization.HookEvents(c.path["subject_type"]), hookEvent) },
			pagelen: 30,
		},
	},
}

func aHookSubject(c *call) error {
	if organization.HookEvents(c.path["subject_type"]) == nil {
		return notFound("Invalid subject type: %s", c.path["subject_type"])
	}
	return nil
}

func hookEvent(e organization.HookEvent) object {
	return object{
		{name: "category", value: e.Category}, {name: "event", value: e.Event}, {name: "label", value: e.Label},
		{name: "description", value: e.Description},
	}
}
