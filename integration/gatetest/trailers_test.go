package gatetest

import (
	"bytes"
	"crypto/tls"
	"io"
	"net"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/net/http2"
	"golang.org/x/net/http2/hpack"
)

// A trailer reaches the upstream after the verdict: where it is read as a header it would name another person.
func TestTrailersCarryNoIdentityOverHTTP1(t *testing.T) {
	w := gated(t, headerGate, lax)
	ann := w.signedIn("ann", 0, "member")
	for _, path := range []string{"/private", "/public/x"} {
		for _, declared := range []string{"all", "another", "none"} {
			for batch := range slices.Chunk(append([]string{"Cookie", "Authorization"}, identityNames...), 12) { // net/http reads 4 KiB of them
				var names, lines strings.Builder
				for _, name := range append(batch, "X-Checksum") {
					for _, spelling := range spellings(name) {
						switch declared {
						case "all":
							names.WriteString("Trailer: " + spelling + "\r\n")
						case "another":
							names.WriteString("Trailer: X-Other\r\n")
						}
						lines.WriteString(spelling + ": mallory\r\n")
					}
				}
				res, _ := w.raw("POST " + path + " HTTP/1.1\r\nHost: <host>\r\nCookie: gatehouse=" + ann.secret + "\r\nTransfer-Encoding: chunked\r\n" +
					names.String() + "\r\n4\r\nbody\r\n0\r\n" + lines.String() + "\r\n")
				if res.StatusCode != http.StatusOK {
					t.Fatalf("%s: %d", path, res.StatusCode)
				}
				got := w.up.only(t)
				checkTrailers(t, got)
				if got.Body != "body" || declared != "none" && !strings.Contains(strings.Join(got.Trailers, " "), "X-Checksum: mallory") {
					t.Errorf("body %q, trailers %q", got.Body, got.Trailers)
				}
			}
		}
	}
}

// checkTrailers fails the test if anything but the harmless trailer came, in trailers or in what announces them.
func checkTrailers(t *testing.T, got seen) {
	t.Helper()
	for _, line := range got.Trailers {
		if name, value, _ := strings.Cut(line, ":"); strings.Contains(value, "mallory") && fold(name) != "x-checksum" {
			t.Errorf("the upstream got the trailer %q", line)
		}
	}
	for name := range strings.SplitSeq(got.header("Trailer"), ",") {
		for _, identity := range append([]string{"Cookie", "Authorization"}, identityNames...) {
			if fold(strings.TrimSpace(name)) == fold(identity) {
				t.Errorf("the upstream is promised the trailer %s", name)
			}
		}
	}
}

// Over HTTP/2 a client may send trailers that it never announced.
func TestTrailersCarryNoIdentityOverHTTP2(t *testing.T) {
	w := gated(t, headerGate, lax)
	ann := w.signedIn("ann", 0, "member")
	for _, announced := range []string{"", "remote-user", "x-checksum", "remote_user, remote-roles, cookie, x-checksum"} {
		header := [][2]string{{"cookie", "__Host-gatehouse=" + ann.secret}}
		if announced != "" {
			header = append(header, [2]string{"trailer", announced})
		}
		status := w.framed(t, "POST", "/private", header, "body",
			[][2]string{{"remote-user", "mallory"}, {"remote_user", "mallory"}, {"remote-roles", "mallory"}, {"x-gatehouse-jwt", "mallory"},
				{"cookie", "mallory"}, {"x-checksum", "1"}})
		if status != "200" {
			t.Fatalf("announced %q: %s", announced, status)
		}
		got := w.up.only(t)
		checkTrailers(t, got)
		if got.header("Remote-User") != "ann" || got.Body != "body" {
			t.Errorf("announced %q: the upstream got\n%s", announced, got.text())
		}
		if strings.Contains(announced, "x-checksum") != strings.Contains(strings.ToLower(strings.Join(got.Trailers, " ")), "x-checksum: 1") {
			t.Errorf("announced %q: trailers %q", announced, got.Trailers)
		}
	}
}

// framed sends one request frame by frame, for what no client library would send, and returns the status or the error code
// of a reset.
func (w *world) framed(t *testing.T, method, path string, header [][2]string, body string, trailer [][2]string) string {
	t.Helper()
	c, err := tls.Dial("tcp", w.https, &tls.Config{ServerName: host, InsecureSkipVerify: true, NextProtos: []string{"h2"}})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	_ = c.SetDeadline(time.Now().Add(time.Minute))
	_, _ = io.WriteString(c, http2.ClientPreface)
	framer := http2.NewFramer(c, c)
	framer.ReadMetaHeaders = hpack.NewDecoder(4096, nil)
	_ = framer.WriteSettings()
	var block bytes.Buffer
	enc := hpack.NewEncoder(&block)
	write := func(fields [][2]string, last bool) {
		block.Reset()
		for _, f := range fields {
			_ = enc.WriteField(hpack.HeaderField{Name: f[0], Value: f[1]})
		}
		_ = framer.WriteHeaders(http2.HeadersFrameParam{StreamID: 1, BlockFragment: block.Bytes(), EndHeaders: true, EndStream: last})
	}
	head := [][2]string{{":method", method}, {":scheme", "https"}, {":authority", net.JoinHostPort(host, port(w.https))}, {":path", path}}
	write(append(head, header...), body == "" && trailer == nil)
	if body != "" {
		_ = framer.WriteData(1, trailer == nil, []byte(body))
	}
	if trailer != nil {
		write(trailer, true)
	}
	for {
		frame, err := framer.ReadFrame()
		if err != nil {
			t.Fatal(err)
		}
		switch frame := frame.(type) {
		case *http2.MetaHeadersFrame:
			return frame.PseudoValue("status")
		case *http2.RSTStreamFrame:
			return frame.ErrCode.String()
		case *http2.GoAwayFrame:
			return frame.ErrCode.String()
		}
	}
}
