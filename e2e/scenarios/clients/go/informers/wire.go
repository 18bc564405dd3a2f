package main

import (
	"errors"
	"io"
	"net/http"
	"sync"
	"sync/atomic"
)

// wire notes every request that goes through it, and can break watches as a bad network does.
type wire struct {
	next http.RoundTripper
	// Watches begun before this is set break after some more reads; those begun later last.
	breakWatches atomic.Bool
	lock         sync.Mutex
	watchLists   int
	plainLists   []string
	resumed      int
	broken       int
	contentTypes map[string]int
}

func (w *wire) RoundTrip(request *http.Request) (*http.Response, error) {
	query := request.URL.Query()
	response, err := w.next.RoundTrip(request)
	if err != nil {
		return nil, err
	}
	w.lock.Lock()
	defer w.lock.Unlock()
	w.contentTypes[response.Header.Get("Content-Type")]++
	switch {
	case query.Get("watch") == "":
		w.plainLists = append(w.plainLists, request.URL.String())
	case query.Get("sendInitialEvents") == "true":
		w.watchLists++
	default:
		w.resumed++
	}
	if query.Get("watch") != "" && !w.breakWatches.Load() {
		response.Body = &breaking{ReadCloser: response.Body, wire: w}
	}
	return response, nil
}

func (w *wire) report() report {
	w.lock.Lock()
	defer w.lock.Unlock()
	plain := append([]string{}, w.plainLists...)
	return report{WatchLists: w.watchLists, PlainLists: plain, Resumed: w.resumed, Broken: w.broken, ContentTypes: w.contentTypes}
}

// breaking is the body of a watch that fails some reads after watches are to be broken.
type breaking struct {
	io.ReadCloser
	wire  *wire
	reads int
}

func (b *breaking) Read(into []byte) (int, error) {
	if b.wire.breakWatches.Load() {
		if b.reads++; b.reads > cutAfter {
			b.wire.lock.Lock()
			b.wire.broken++
			b.wire.lock.Unlock()
			_ = b.ReadCloser.Close()
			return 0, errors.New("the connection is broken on purpose")
		}
	}
	return b.ReadCloser.Read(into)
}
