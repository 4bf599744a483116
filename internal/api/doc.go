// Package api is a read-only client for the REST API of Bitbucket Cloud.
//
// A [Client] sends GET requests through a stack of small HTTP transports, from the outside in:
//
//	semaphore   limits the requests in flight
//	quota       makes all requests wait together when the request quota is used up
//	retry       retries temporary failures
//	authorize   adds a token to requests to the API's own host, and renews it once if it is refused
//	exchange    performs one exchange, and reads its whole body up to a limit
//
// [Client.Get] fetches one object and [Client.List] walks a paged collection. Both return raw JSON as [jsontree.Value],
// so that an unknown or missing field never breaks a page. [Client.Bytes] fetches a file, a key or another body that is
// not JSON. Failures are returned as an [*Error], a [*QuotaError], a [*ProtocolError] or a [*ConnectionError].
package api
