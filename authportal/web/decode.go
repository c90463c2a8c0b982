package web

import (
	"encoding/json"
	"errors"
	"io"
	"mime"
	"net/http"

	"github.com/gatehouse-auth/gatehouse/authportal/problem"
)

const (
	maxJSON      = 64 << 10
	maxJSONDepth = 16
)

// decodeJSON reads the JSON object of a request into dst. It ignores unknown fields, so that a newer page works with an
// older gateway during a rolling upgrade; a field that dst does not have cannot be assigned. It refuses anything but
// one object of at most 64 KiB and 16 levels.
func decodeJSON(w http.ResponseWriter, r *http.Request, dst any) error {
	// A page of another origin cannot send this type without a preflight, so requiring it also prevents CSRF.
	if t, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); err != nil || t != "application/json" {
		return &problem.Problem{Status: http.StatusUnsupportedMediaType, Code: "malformed",
			Detail: "Content-Type must be application/json"}
	}
	b, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxJSON))
	if err != nil {
		if _, ok := errors.AsType[*http.MaxBytesError](err); ok {
			return &problem.Problem{Status: http.StatusRequestEntityTooLarge, Code: "too_large",
				Detail: "the body is longer than 64 KiB"}
		}
		return malformed("the body could not be read")
	}
	if tooDeep(b) {
		return malformed("the body is nested too deep")
	}
	// Unmarshal refuses trailing data, but would accept `null` and leave dst unchanged.
	if len(b) == 0 || firstByte(b) != '{' {
		return malformed("the body must be a JSON object")
	}
	if err := json.Unmarshal(b, dst); err != nil {
		return malformed("the body is not the JSON object that this call takes")
	}
	return nil
}

func malformed(detail string) *problem.Problem {
	return &problem.Problem{Status: http.StatusBadRequest, Code: "malformed", Detail: detail}
}

func firstByte(b []byte) byte {
	for _, c := range b {
		if c != ' ' && c != '\t' && c != '\r' && c != '\n' {
			return c
		}
	}
	return 0
}

// tooDeep reports whether a body is nested too deeply, by counting the brackets outside strings.
func tooDeep(b []byte) bool {
	depth, inString := 0, false
	for i := 0; i < len(b); i++ {
		switch c := b[i]; {
		case inString && c == '\\':
			i++
		case c == '"':
			inString = !inString
		case inString:
		case c == '{' || c == '[':
			if depth++; depth > maxJSONDepth {
				return true
			}
		case c == '}' || c == ']':
			depth--
		}
	}
	return false
}

// writeJSON responds with a value.
func writeJSON(w http.ResponseWriter, status int, v any) {
	b, err := json.Marshal(v)
	if err != nil {
		(&problem.Problem{Status: http.StatusInternalServerError, Code: "internal"}).Write(w)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	w.WriteHeader(status)
	_, _ = w.Write(append(b, '\n'))
}
