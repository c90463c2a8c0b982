package webhook

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/gatehouse-auth/gatehouse/store"
)

const (
	postFor     = 10 * time.Second // one try, from the look-up of the name to the end of the response
	maxHeaders  = 16 << 10         // of a response
	maxResponse = 16 << 10         // read, so that the connection can be reused, and dropped
)

// Endpoint is the server that events are posted to. It is safe for concurrent use.
type Endpoint struct {
	url    *url.URL
	keys   [][]byte
	client *http.Client
	now    func() time.Time
}

// New checks the address and makes the client. It opens no connection. The address is the operator's own, so that it
// may be one of this machine or network; over plain http it may be one of this machine only, because an audit trail
// must not be read on the path. now may be nil.
func New(address string, now func() time.Time, keys ...[]byte) (*Endpoint, error) {
	u, err := CheckURL(address)
	if err != nil {
		return nil, err
	}
	if len(keys) == 0 {
		return nil, errors.New("no key signs what is posted")
	}
	if now == nil {
		now = time.Now
	}
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.MaxResponseHeaderBytes = maxHeaders
	transport.DisableCompression = true // a small response must not become a large one
	transport.MaxIdleConnsPerHost = parallel
	return &Endpoint{url: u, keys: keys, now: now, client: &http.Client{
		Transport: transport, Timeout: postFor,
		// Control over the receiver must decide neither who gets the events nor what we connect to.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}, nil
}

// CheckURL reads the address of a webhook. No error shows it: it may hold a token.
func CheckURL(address string) (*url.URL, error) {
	const cure = "write for example https://log.example.com/hook"
	u, err := url.Parse(address)
	switch {
	case err != nil || u.Opaque != "" || u.Hostname() == "":
		return nil, errors.New("the address of the webhook is none: " + cure)
	case u.Fragment != "":
		return nil, errors.New("the address of the webhook has a fragment, which no server sees: take it out")
	case u.Scheme == "https", u.Scheme == "http" && thisMachine(u.Hostname()):
		return u, nil
	case u.Scheme == "http":
		return nil, errors.New("over plain http anyone on the way could read the events: use https, or an address of this machine")
	}
	return nil, errors.New("the address of the webhook begins with neither https:// nor http://: " + cure)
}

func thisMachine(host string) bool {
	if addr, err := netip.ParseAddr(host); err == nil {
		return addr.Unmap().IsLoopback()
	}
	host = strings.ToLower(strings.TrimSuffix(host, "."))
	return host == "localhost" || strings.HasSuffix(host, ".localhost")
}

// String names the receiver without what may be a secret in its address.
func (e *Endpoint) String() string { return e.url.Scheme + "://" + e.url.Host }

// StatusError is the response of a receiver that did not accept the event.
type StatusError struct {
	Status     int
	RetryAfter time.Duration // as the receiver requested; zero: it did not
}

func (e *StatusError) Error() string {
	if e.Status >= 300 && e.Status < 400 {
		return fmt.Sprintf("the receiver answered %d: redirects are not followed, write the address that it leads to", e.Status)
	}
	return fmt.Sprintf("the receiver answered %d", e.Status)
}

// aboutEvent reports whether the receiver works and rejects this event alone.
func (e *StatusError) aboutEvent() bool {
	switch e.Status {
	case http.StatusBadRequest, http.StatusRequestEntityTooLarge, http.StatusUnprocessableEntity:
		return true
	}
	return false
}

// message is the body that is posted.
type message struct {
	Type      string           `json:"type"`
	Timestamp time.Time        `json:"timestamp"`
	Data      store.AuditEvent `json:"data"`
}

// Post sends one event. Every outcome but a 2xx response is an error: a [*StatusError] if there was a response.
func (e *Endpoint) Post(ctx context.Context, event *store.AuditEvent) error {
	data := *event
	data.Time = event.Time.UTC()
	body, err := json.Marshal(message{data.Kind, data.Time, data})
	if err != nil {
		return fmt.Errorf("writing the event: %w", err)
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, e.url.String(), bytes.NewReader(body))
	if err != nil {
		return errors.New("making the request failed")
	}
	now := e.now()
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("User-Agent", "gatehouse")
	r.Header.Set("webhook-id", event.ID)
	r.Header.Set("webhook-timestamp", strconv.FormatInt(now.Unix(), 10))
	r.Header.Set("webhook-signature", sign(e.keys, event.ID, now, body))
	response, err := e.client.Do(r)
	if err != nil {
		return fmt.Errorf("posting to %s: %w", e, withoutURL(err))
	}
	defer response.Body.Close()
	_, _ = io.CopyN(io.Discard, response.Body, maxResponse) // the status says it all
	if response.StatusCode >= 200 && response.StatusCode < 300 {
		return nil
	}
	return &StatusError{response.StatusCode, retryAfter(response.Header.Get("Retry-After"))}
}

// withoutURL takes the address out of an error of the client: it may hold a token.
func withoutURL(err error) error {
	if u, ok := errors.AsType[*url.Error](err); ok {
		if u.Timeout() {
			return fmt.Errorf("no answer within %s", postFor)
		}
		return u.Err
	}
	return err
}

func retryAfter(s string) time.Duration {
	n, err := strconv.Atoi(s)
	if err != nil || n < 0 {
		return 0
	}
	return time.Duration(min(n, int(pauses.Longest/time.Second))) * time.Second
}

// Close closes idle connections.
func (e *Endpoint) Close() { e.client.CloseIdleConnections() }
