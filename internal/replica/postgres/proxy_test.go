package postgres_test

import (
	"encoding/binary"
	"io"
	"net"
	"strings"
	"sync"
	"testing"
)

// A proxy is between a run and the server. It counts the messages of both, and stops before one of them.
type proxy struct {
	t        testing.TB
	listener net.Listener
	socket   string

	mu       sync.Mutex
	count    int
	stops    func(n int, message []byte) bool // nil if it does not stop any more
	open     []net.Conn
	stopped  chan struct{} // closed when it has stopped
	goesOn   chan struct{} // closed when it may go on
	handlers sync.WaitGroup
}

// listen starts a proxy in front of the server's socket.
func listen(t testing.TB, socket string) *proxy {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	p := &proxy{t: t, listener: listener, socket: socket}
	p.stopAt(nil)
	p.handlers.Go(func() {
		for {
			client, err := listener.Accept()
			if err != nil {
				return
			}
			p.connect(client)
		}
	})
	t.Cleanup(func() {
		_ = listener.Close()
		p.cut()
		p.release()
		p.handlers.Wait()
	})
	return p
}

// location is a URL of the server behind the proxy.
func (p *proxy) location() string {
	return "postgres://steampipe@" + p.listener.Addr().String() + "/postgres?sslmode=disable"
}

// stopAt makes the proxy stop before a message, and count from 0. It returns what is closed then.
func (p *proxy) stopAt(stops func(n int, message []byte) bool) (stopped <-chan struct{}) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.count, p.stops, p.stopped, p.goesOn = 0, stops, make(chan struct{}), make(chan struct{})
	return p.stopped
}

// release lets the message go on that the proxy stopped before.
func (p *proxy) release() {
	p.mu.Lock()
	defer p.mu.Unlock()
	select {
	case <-p.goesOn:
	default:
		close(p.goesOn)
	}
}

// messages is how many messages there were.
func (p *proxy) messages() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.count
}

// cut ends all connections, without what is on its way.
func (p *proxy) cut() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, c := range p.open {
		_ = c.Close()
	}
	p.open = nil
}

func (p *proxy) connect(client net.Conn) {
	server, err := net.Dial("unix", p.socket)
	if err != nil {
		_ = client.Close()
		return
	}
	p.mu.Lock()
	p.open = append(p.open, client, server)
	p.mu.Unlock()
	copyMessages := func(to, from net.Conn, header int) {
		defer to.Close()
		defer from.Close()
		for {
			message, err := readMessage(from, header)
			if err != nil {
				return
			}
			header = 5
			p.wait(message)
			if _, err := to.Write(message); err != nil {
				return
			}
		}
	}
	p.handlers.Go(func() { copyMessages(server, client, 4) }) // the first message has no type
	p.handlers.Go(func() { copyMessages(client, server, 5) })
}

// wait stops before the message if it is the one.
func (p *proxy) wait(message []byte) {
	p.mu.Lock()
	p.count++
	goesOn := p.goesOn
	if p.stops != nil && p.stops(p.count, message) {
		p.stops = nil
		close(p.stopped)
	} else {
		goesOn = nil
	}
	p.mu.Unlock()
	if goesOn != nil {
		<-goesOn
	}
}

// readMessage reads a message of the protocol: its type, unless it is the first one, its length, and the rest.
func readMessage(from io.Reader, header int) ([]byte, error) {
	message := make([]byte, header)
	if _, err := io.ReadFull(from, message); err != nil {
		return nil, err
	}
	rest := make([]byte, int(binary.BigEndian.Uint32(message[header-4:]))-4)
	_, err := io.ReadFull(from, rest)
	return append(message, rest...), err
}

// isCommit says whether the message commits a transaction.
func isCommit(message []byte) bool {
	return message[0] == 'Q' && strings.HasPrefix(string(message[5:]), "commit")
}
