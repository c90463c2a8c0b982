package caddymodule

import (
	"mime"
	"net/http"
	"strconv"
	"strings"
)

// asker is who waits for the answer of a request that is not let in, for each can follow another kind of answer.
type asker uint8

const (
	askProgram    asker = iota // fetch, curl, an app: a status and a problem document
	askNavigation              // a browser that shows what it gets: 302
	askForm                    // a browser that posted a form: 303
	askGRPC                    // a gRPC client: a trailers-only answer
)

// whoAsks reads the kind of asker from r as CONTRACT §2.2 defines it.
func whoAsks(r *http.Request) asker {
	if isGRPC(r.Header) {
		return askGRPC
	}
	if _, upgrade := r.Header["Upgrade"]; upgrade {
		return askProgram
	}
	if _, xhr := r.Header["X-Requested-With"]; xhr {
		return askProgram
	}
	if mode := r.Header.Get("Sec-Fetch-Mode"); mode != "" && mode != "navigate" {
		return askProgram
	}
	if dest := r.Header.Get("Sec-Fetch-Dest"); dest != "" && dest != "document" {
		return askProgram
	}
	if !acceptsHTML(r.Header["Accept"]) {
		return askProgram
	}
	switch r.Method {
	case http.MethodGet, http.MethodHead:
		return askNavigation
	case http.MethodPost:
		switch mediaType(r.Header.Get("Content-Type")) {
		case "application/x-www-form-urlencoded", "multipart/form-data", "text/plain":
			return askForm
		}
	}
	return askProgram
}

// isGRPC tells whether a request is a gRPC call. gRPC-Web is not: it is a fetch of a browser.
func isGRPC(h http.Header) bool {
	lines := h["Content-Type"]
	if len(lines) == 0 {
		return false
	}
	const kind = "application/grpc"
	line := strings.TrimLeft(lines[0], " \t")
	if len(line) < len(kind) || !strings.EqualFold(line[:len(kind)], kind) {
		return false
	}
	return len(line) == len(kind) || strings.IndexByte("+; \t", line[len(kind)]) >= 0
}

// acceptsHTML tells whether one of the Accept lines names text/html with a weight above zero.
func acceptsHTML(lines []string) bool {
	for _, line := range lines {
		for part := range strings.SplitSeq(line, ",") {
			name, params, err := mime.ParseMediaType(part)
			if err == nil && name == "text/html" {
				weight, err := strconv.ParseFloat(params["q"], 64)
				return err != nil || weight > 0
			}
		}
	}
	return false
}

func mediaType(contentType string) string {
	name, _, _ := mime.ParseMediaType(contentType)
	return name
}
