// Package api is a read-only client for the REST API of Bitbucket Cloud.
//
// A [Client] sends GET requests through one stack of small HTTP transports, from the outside in:
//
//	semaphore   no more than a number of requests in flight
//	quota       everybody waits together when the request quota is used up
//	retry       a passing failure is tried again
//	authorize   a token on requests to the API's own host, renewed once when refused
//	exchange    one exchange, its body read whole and bounded
//
// [Client.Get] fetches one object and [Client.List] walks a paged collection. Both hand out raw
// JSON as [jsontree.Value], so that an unknown or missing field never breaks a page. [Client.Bytes]
// fetches what is no JSON: a file, a key. What goes wrong comes back as an [*Error], a
// [*QuotaError], a [*ProtocolError] or a [*ConnectionError].
package api
