package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"time"
)

// errEmpty ends a measurement that has used up its requests.
var errEmpty = errors.New("no more requests")

// requests returns the next request, ready for the wire.
type requests func() ([]byte, error)

// repeated returns the same request forever.
func repeated(request []byte) requests { return func() ([]byte, error) { return request, nil } }

// drained returns each request once.
func drained(all [][]byte) requests {
	var next atomic.Int64
	return func() ([]byte, error) {
		i := int(next.Add(1)) - 1
		if i >= len(all) {
			return nil, errEmpty
		}
		return all[i], nil
	}
}

// outcome is what a measurement found.
type outcome struct {
	count   int
	elapsed time.Duration
	p50     time.Duration
	p99     time.Duration
}

// measure sends requests over parallel connections for a while.
func measure(ctx context.Context, address string, connections int, d time.Duration, next requests) (outcome, error) {
	ctx, cancel := context.WithTimeout(ctx, d)
	defer cancel()
	began := time.Now()
	times := make([][]time.Duration, connections)
	errs := make([]error, connections)
	var group sync.WaitGroup
	for i := range connections {
		group.Go(func() { times[i], errs[i] = worker(ctx, address, next) })
	}
	group.Wait()
	elapsed := time.Since(began)
	all := slices.Concat(times...)
	if len(all) == 0 {
		return outcome{}, errors.Join(errs...)
	}
	slices.Sort(all)
	return outcome{count: len(all), elapsed: elapsed, p50: all[len(all)/2], p99: all[len(all)*99/100]}, errors.Join(errs...)
}

// worker sends one request after the other over one connection.
func worker(ctx context.Context, address string, next requests) ([]time.Duration, error) {
	conn, err := (&net.Dialer{}).DialContext(ctx, "tcp", address)
	if err != nil {
		return nil, err
	}
	defer conn.Close()
	reader := bufio.NewReaderSize(conn, 16<<10)
	var times []time.Duration
	for ctx.Err() == nil {
		request, err := next()
		if errors.Is(err, errEmpty) {
			return times, nil
		}
		began := time.Now()
		if _, err := conn.Write(request); err != nil {
			return times, err
		}
		if err := readResponse(reader); err != nil {
			return times, err
		}
		times = append(times, time.Since(began))
	}
	return times, nil
}

// readResponse reads a response with a length and expects success.
func readResponse(reader *bufio.Reader) error {
	line, err := reader.ReadSlice('\n')
	if err != nil {
		return err
	}
	if !bytes.HasPrefix(line, []byte("HTTP/1.1 200")) && !bytes.HasPrefix(line, []byte("HTTP/1.1 302")) {
		return fmt.Errorf("the server answered %q", bytes.TrimSpace(line))
	}
	length := 0
	for {
		line, err := reader.ReadSlice('\n')
		if err != nil {
			return err
		}
		line = bytes.TrimSpace(line)
		if len(line) == 0 {
			break
		}
		if name, value, ok := bytes.Cut(line, []byte(": ")); ok && bytes.EqualFold(name, []byte("Content-Length")) {
			if length, err = strconv.Atoi(string(value)); err != nil {
				return err
			}
		}
	}
	_, err = reader.Discard(length)
	return err
}

// wire returns a request as bytes.
func wire(method, target, body string, header http.Header) []byte {
	var b bytes.Buffer
	fmt.Fprintf(&b, "%s %s HTTP/1.1\r\nHost: 127.0.0.1\r\n", method, target)
	if method == http.MethodPost {
		fmt.Fprintf(&b, "Content-Type: application/x-www-form-urlencoded\r\nContent-Length: %d\r\n", len(body))
	}
	_ = header.Write(&b) // a buffer takes everything
	b.WriteString("\r\n")
	b.WriteString(body)
	return b.Bytes()
}
