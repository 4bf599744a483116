package fakebitbucket

import (
	"net/url"

	"github.com/kindor/steampipe-plugin-bitbucket/internal/fakebitbucket/organization"
)

func downloadObject(r *organization.Repository, d *organization.Download) object {
	return object{
		{name: "type", value: "download"},
		{name: "name", value: d.Name},
		{name: "size", value: d.Size},
		{name: "downloads", value: d.Downloads},
		{name: "created_on", value: timestampOf(d.CreatedOn)},
		{name: "user", value: lazy(func() any { return embeddedUser(d.User) })},
		{name: "links", value: lazy(func() any {
			return linksOf("self", linkAPI+"/repositories/"+r.FullName()+"/downloads/"+url.PathEscape(d.Name))
		})},
	}
}
