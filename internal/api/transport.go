package api

import (
	"net"
	"net/http"
	"time"
)

// NewTransport returns the transport that a client has unless its [Config] brings another. It is like Go's default one,
// but keeps as many connections to the one host as there are requests in flight, and does not wait for an answer for ever.
func NewTransport(concurrency int) *http.Transport {
	return &http.Transport{
		Proxy:                 http.ProxyFromEnvironment,
		DialContext:           (&net.Dialer{Timeout: 15 * time.Second, KeepAlive: 30 * time.Second}).DialContext,
		ForceAttemptHTTP2:     true,
		MaxIdleConns:          concurrency,
		MaxIdleConnsPerHost:   concurrency,
		MaxConnsPerHost:       concurrency, // one that is about to be idle again is waited for, not doubled
		IdleConnTimeout:       90 * time.Second,
		TLSHandshakeTimeout:   10 * time.Second,
		ResponseHeaderTimeout: 45 * time.Second,
		ExpectContinueTimeout: time.Second,
	}
}
