package main

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"time"
)

// load keeps a number of connections busy with one request over and over. It speaks HTTP/1.1 by hand, because a client that
// costs as much as the proxy would hide what is measured.
type load struct {
	addr    string
	request []byte
	conns   int
}

// result is what one slice of load saw.
type result struct {
	requests  int
	took      time.Duration
	latencies []time.Duration // of every request, sorted; only where a rate was kept
}

// closed sends as fast as answers come, for the given time.
func (l *load) closed(slice time.Duration) (result, error) {
	var n atomic.Int64
	start := time.Now()
	deadline := start.Add(slice)
	err := l.each(func(c *conn) error {
		for time.Now().Before(deadline) {
			if err := c.roundTrip(l.request); err != nil {
				return err
			}
			n.Add(1)
		}
		return nil
	})
	return result{requests: int(n.Load()), took: time.Since(start)}, err
}

// paced sends at a fixed rate and takes latencies from the moment when a request was due, so that a stall counts for every
// request that it delayed (coordinated omission).
func (l *load) paced(slice time.Duration, perSecond int) (result, error) {
	start := time.Now()
	interval := time.Second * time.Duration(l.conns) / time.Duration(perSecond)
	var (
		mu  sync.Mutex
		all []time.Duration
		num atomic.Int64
	)
	err := l.each(func(c *conn) error {
		mine := make([]time.Duration, 0, int(slice/interval)+1)
		due := start.Add(interval * time.Duration(num.Add(1)) / time.Duration(l.conns))
		for ; due.Before(start.Add(slice)); due = due.Add(interval) {
			time.Sleep(time.Until(due))
			if err := c.roundTrip(l.request); err != nil {
				return err
			}
			mine = append(mine, time.Since(due))
		}
		mu.Lock()
		all = append(all, mine...)
		mu.Unlock()
		return nil
	})
	slices.Sort(all)
	return result{requests: len(all), took: time.Since(start), latencies: all}, err
}

func (l *load) each(run func(*conn) error) error {
	errs := make(chan error, l.conns)
	for range l.conns {
		go func() {
			c, err := dial(l.addr)
			if err == nil {
				err = run(c)
				c.Close()
			}
			errs <- err
		}()
	}
	var first error
	for range l.conns {
		if err := <-errs; err != nil && first == nil {
			first = err
		}
	}
	return first
}

// conn is one kept-alive connection.
type conn struct {
	net.Conn
	r *bufio.Reader
}

func dial(addr string) (*conn, error) {
	c, err := net.DialTimeout("tcp", addr, 5*time.Second)
	if err != nil {
		return nil, err
	}
	return &conn{c, bufio.NewReaderSize(c, 8192)}, nil
}

var contentLength = []byte("Content-Length: ")

// roundTrip sends the request and reads the answer, which must be 200 and say its length.
func (c *conn) roundTrip(request []byte) error {
	if _, err := c.Write(request); err != nil {
		return err
	}
	status, err := c.r.ReadSlice('\n')
	if err != nil {
		return err
	}
	if !bytes.HasPrefix(status, []byte("HTTP/1.1 200")) {
		return fmt.Errorf("answer %q", bytes.TrimSpace(status))
	}
	length := -1
	for {
		line, err := c.r.ReadSlice('\n')
		if err != nil {
			return err
		}
		if len(line) <= 2 {
			break
		}
		if bytes.HasPrefix(line, contentLength) {
			if length, err = strconv.Atoi(string(bytes.TrimSpace(line[len(contentLength):]))); err != nil {
				return err
			}
		}
	}
	if length < 0 {
		return fmt.Errorf("answer without %s", http.CanonicalHeaderKey("content-length"))
	}
	_, err = io.CopyN(io.Discard, c.r, int64(length))
	return err
}
