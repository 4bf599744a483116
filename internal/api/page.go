package api

import (
	"context"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/tidwall/gjson"

	"github.com/kindor/steampipe-plugin-bitbucket/internal/jsontree"
)

// A listPage is one response of a paged collection.
//
// https://developer.atlassian.com/cloud/bitbucket/rest/intro/#pagination
type listPage struct {
	at     *url.URL       // address after redirects
	values jsontree.Value // the array of items
	next   *url.URL       // nil at the end
	number int64          // number of this page, 0 if unknown
	length int64          // items on a full page, 0 if unknown
	size   int64          // items in the whole collection, -1 if unknown
}

// fetchPage fetches the page at an address. Next pages are resolved from the page's address after redirects: the first
// page of a list may be a redirect to another list.
//
// The API doesn't document how a selection of fields changes a page without items. If the answer has no list of values,
// fetchPage requests it once more without the selection.
func (c *Client) fetchPage(ctx context.Context, u *url.URL) (*listPage, error) {
	f, err := c.follow(ctx, u)
	if err != nil {
		return nil, err
	}
	if mayBeEmptied(f.document) {
		if whole := unselected(u); whole != u {
			return c.fetchPage(ctx, whole)
		}
	}
	return parsePage(f.document, f.at)
}

// mayBeEmptied reports whether a selection may have emptied a page without items: the answer has no list of values, and
// no field that implies items.
func mayBeEmptied(document jsontree.Value) bool {
	isNull := func(name string) bool { return document.Field(name).Result().Type == gjson.Null } // or missing
	return document.Raw() == "null" ||
		document.IsObject() && isNull("values") && isNull("next") && isNull("error") && count(document.Field("size"), 0) == 0
}

// parsePage reads the envelope. Only the values are always there: an answer without them is not a page, and must not
// look like an empty page.
func parsePage(document jsontree.Value, u *url.URL) (*listPage, error) {
	p := &listPage{at: u, size: -1}
	var next gjson.Result
	for value := range document.Values() {
		switch value.Name() {
		case "values":
			p.values = value
		case "next":
			next = value.Result()
		case "page":
			p.number = count(value, 0)
		case "pagelen":
			p.length = count(value, 0)
		case "size":
			p.size = count(value, -1)
		}
	}
	if !document.IsObject() || !p.values.IsArray() {
		return nil, protocolError(u, "answered with JSON that is not a page: it has no list of values")
	}
	if asked := pageNumber(u); asked > 0 && p.number > 0 && p.number != asked {
		return nil, protocolError(u, "answered with page %d when asked for page %d", p.number, asked)
	}
	if next.Type == gjson.Null { // or missing
		return p, nil
	}
	var err error
	p.next, err = nextURL(next, u)
	return p, err
}

func count(value jsontree.Value, unknown int64) int64 {
	number := value.Result()
	if number.Type != gjson.Number || number.Int() < 0 {
		return unknown
	}
	return number.Int()
}

// spellings are the addresses that Bitbucket uses for its own API, whatever address was called.
var spellings = []string{"https://api.bitbucket.org/", "https://bitbucket.org/api/", "https://bitbucket.org/!api/"}

// onHost returns an address of Bitbucket's API on the host that was called, and any other address unchanged.
func onHost(host *url.URL, address string) string {
	for _, spelling := range spellings {
		if rest, ok := strings.CutPrefix(address, spelling); ok {
			return host.Scheme + "://" + host.Host + "/" + rest
		}
	}
	return address
}

// nextURL returns the address of the next page. It is requested with a token: it must be on the same host, and lead to
// the same collection. Its query is up to Bitbucket.
func nextURL(value gjson.Result, from *url.URL) (*url.URL, error) {
	next, err := url.Parse(onHost(from, value.String()))
	if value.Type != gjson.String || err != nil || !next.IsAbs() || next.Host == "" || next.User != nil {
		return nil, protocolError(from, "named a next page that is not an address")
	}
	if !sameOrigin(next, from) {
		return nil, protocolError(from, "named a next page on another host, %s; the plugin does not follow this", sanitize(origin(next), maxWord))
	}
	if !sameCollection(next, from) {
		return nil, protocolError(from, "named a next page of another list, %s", cleanPath(next))
	}
	next.Fragment = ""
	return next, nil
}

// sameCollection compares paths segment by segment. Bitbucket may replace a slug by a UUID or a UUID by a slug, change
// the case of slugs, and replace a branch by its commit.
func sameCollection(next, from *url.URL) bool {
	to, was := segments(next), segments(from)
	if len(to) != len(was) {
		return false
	}
	for i := range to {
		isRevision := i > 0 && slices.Contains(ofRevision, was[i-1])
		switch {
		case strings.EqualFold(to[i], was[i]), isUUID(to[i]) != isUUID(was[i]):
		case isRevision && isCommit(to[i]) && !isCommit(was[i]):
		default:
			return false
		}
	}
	return true
}

// ofRevision are path segments before a revision: the name of a branch or tag, or the hash of a commit.
var ofRevision = []string{"src", "commits", "filehistory"}

var commitHash = regexp.MustCompile(`^[0-9a-f]{12,40}$`)

func isCommit(segment string) bool { return commitHash.MatchString(segment) }

func isUUID(segment string) bool {
	return strings.HasPrefix(segment, "{") && strings.HasSuffix(segment, "}")
}

// pageParameter returns the page number in an address and its position: of page=2, but not of page=8xhd.
func pageParameter(u *url.URL) (number int64, from, to int) {
	const name = "page="
	for parameter := range strings.SplitSeq(u.RawQuery, "&") {
		to = from + len(parameter)
		if digits, ok := strings.CutPrefix(parameter, name); ok && len(digits) < 10 {
			if number, err := strconv.ParseUint(digits, 10, 63); err == nil && number > 0 {
				return int64(number), from + len(name), to
			}
		}
		from = to + 1
	}
	return 0, 0, 0
}

// pageNumber returns the page number in an address, or 0.
func pageNumber(u *url.URL) int64 {
	number, _, _ := pageParameter(u)
	return number
}

// numbered returns the address of another page of the same collection.
func numbered(u *url.URL, number int64) *url.URL {
	other, digits := *u, strconv.FormatInt(number, 10)
	switch is, from, to := pageParameter(u); {
	case is > 0:
		other.RawQuery = u.RawQuery[:from] + digits + u.RawQuery[to:]
	case u.RawQuery == "":
		other.RawQuery = "page=" + digits
	default:
		other.RawQuery += "&page=" + digits
	}
	return &other
}

// differsByNumber reports whether two addresses differ only by an added or changed page number.
func differsByNumber(next, first *url.URL) bool {
	if pageNumber(next) == 0 {
		return false
	}
	a, b := next.Query(), first.Query()
	a.Del("page")
	b.Del("page")
	return a.Encode() == b.Encode()
}
