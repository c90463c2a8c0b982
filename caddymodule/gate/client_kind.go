package gate

import (
	"mime"
	"net/http"
	"strconv"
	"strings"
)

// clientKind is what waits for the answer of a request that is not let in: each kind can follow another answer.
type clientKind uint8

const (
	clientProgram    clientKind = iota // fetch, curl, an app: a status and a problem document
	clientNavigation                   // a browser that shows what it gets: 302
	clientForm                         // a browser that posted a form: 303
	clientGRPC                         // a gRPC client: a trailers-only answer
)

// classifyClient reads the kind of client from r, as docs/gate.md defines it.
func classifyClient(r *http.Request) clientKind {
	if isGRPC(r.Header) {
		return clientGRPC
	}
	if _, upgrade := r.Header["Upgrade"]; upgrade {
		return clientProgram
	}
	if _, xhr := r.Header["X-Requested-With"]; xhr {
		return clientProgram
	}
	if mode := r.Header.Get("Sec-Fetch-Mode"); mode != "" && mode != "navigate" {
		return clientProgram
	}
	if dest := r.Header.Get("Sec-Fetch-Dest"); dest != "" && dest != "document" {
		return clientProgram
	}
	if !acceptsHTML(r.Header["Accept"]) {
		return clientProgram
	}
	switch r.Method {
	case http.MethodGet, http.MethodHead:
		return clientNavigation
	case http.MethodPost:
		switch mediaType(r.Header.Get("Content-Type")) {
		case "application/x-www-form-urlencoded", "multipart/form-data", "text/plain":
			return clientForm
		}
	}
	return clientProgram
}

// isGRPC reports whether a request is a gRPC call. gRPC-Web is not: it is a fetch of a browser.
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

// acceptsHTML reports whether one of the Accept lines names text/html with a weight above zero.
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
