package authportal

import (
	"bytes"
	"encoding/json"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/pb33f/libopenapi"
	validator "github.com/pb33f/libopenapi-validator"
	"github.com/pb33f/libopenapi-validator/config"
	"github.com/pb33f/libopenapi-validator/errors"

	"github.com/gatehouse-auth/gatehouse/authportal/web"
)

const apiPrefix = "/api/v1"

// description is openapi.json for checking responses. It is closed, so that a member that it does not describe fails.
var description = sync.OnceValue(func() *described {
	doc := map[string]any{}
	if err := json.Unmarshal(OpenAPI, &doc); err != nil {
		panic(err)
	}
	paths := doc["paths"].(map[string]any)
	closeObjects(doc["components"].(map[string]any))
	for _, path := range paths {
		for _, operation := range path.(map[string]any) {
			closeObjects(operation.(map[string]any)["responses"])
		}
	}
	closed, err := json.Marshal(doc)
	if err != nil {
		panic(err)
	}
	return &described{paths: paths, v: newValidator(closed)}
})

type described struct {
	paths map[string]any
	v     validator.Validator
}

func newValidator(doc []byte) validator.Validator {
	model, err := libopenapi.NewDocument(doc)
	if err != nil {
		panic(err)
	}
	v, errs := validator.NewValidator(model, config.WithoutSecurityValidation(), config.WithFormatAssertions())
	if len(errs) > 0 {
		panic(errs[0])
	}
	return v
}

// closeObjects forbids additional members in every schema that has members.
func closeObjects(v any) {
	switch v := v.(type) {
	case map[string]any:
		if _, open := v["additionalProperties"]; v["properties"] != nil && !open {
			v["additionalProperties"] = false
		}
		for _, child := range v {
			closeObjects(child)
		}
	case []any:
		for _, child := range v {
			closeObjects(child)
		}
	}
}

// described serves a call, and checks an API request and its response against the description.
func (w *world) described(rw http.ResponseWriter, r *http.Request, v *web.Visit) {
	path, ok := strings.CutPrefix(v.Path, apiPrefix)
	if !ok || r.Method == http.MethodOptions || r.Method == http.MethodHead {
		w.p.Web.Serve(rw, r, v)
		return
	}
	asked, answered := &bytes.Buffer{}, &teeWriter{ResponseWriter: rw, rec: httptest.NewRecorder()}
	r.Body = struct {
		io.Reader
		io.Closer
	}{io.TeeReader(r.Body, asked), r.Body}
	w.p.Web.Serve(answered, r, v)
	body, rec := asked.Bytes(), answered.rec

	if !w.p.Web.Knows(r.Method, v.Path) || rec.Code == http.StatusMethodNotAllowed {
		return
	}
	for _, fault := range description().judge(r, path, body, rec) {
		w.t.Errorf("the response to %s %s is not as in openapi.json: %s", r.Method, v.Path, fault)
	}
}

// teeWriter passes a response on and records it.
type teeWriter struct {
	http.ResponseWriter
	rec  *httptest.ResponseRecorder
	sent bool // status and headers
}

func (w *teeWriter) WriteHeader(status int) {
	maps.Copy(w.rec.Header(), w.Header()) // before it is sent
	w.rec.WriteHeader(status)
	w.sent = true
	w.ResponseWriter.WriteHeader(status)
}

func (w *teeWriter) Write(b []byte) (int, error) {
	if !w.sent {
		w.WriteHeader(http.StatusOK)
	}
	_, _ = w.rec.Write(b)
	return w.ResponseWriter.Write(b)
}

func (w *teeWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// judge checks a response against the description, and the request too if it succeeded.
func (d *described) judge(r *http.Request, path string, body []byte, rec *httptest.ResponseRecorder) (faults []string) {
	ask := httptest.NewRequest(r.Method, "/.gatehouse"+apiPrefix+strings.TrimSuffix(path, "/")+"?"+r.URL.RawQuery, bytes.NewReader(body))
	ask.Header = r.Header.Clone()
	_, errs := d.v.ValidateHttpResponse(ask, rec.Result())
	if rec.Code < 300 {
		_, more := d.v.ValidateHttpRequestSync(ask)
		errs = append(errs, more...)
	}
	for _, e := range errs {
		faults = append(faults, fault(e))
	}
	return faults
}

func fault(e *errors.ValidationError) string {
	s := e.Message + ": " + e.Reason
	for _, se := range e.SchemaValidationErrors {
		s += "; " + se.FieldPath + " " + se.Reason
	}
	return s
}

func TestDescriptionIsValidOpenAPI(t *testing.T) {
	if ok, errs := newValidator(OpenAPI).ValidateDocument(); !ok {
		for _, e := range errs {
			t.Error(fault(e))
		}
	}
}

func TestDescriptionCoversExactlyTheAPI(t *testing.T) {
	w := newWorld(t)
	served := map[string]bool{}
	for _, rt := range w.p.Web.Routes() {
		if path, ok := strings.CutPrefix(rt.Path, apiPrefix); ok {
			served[rt.Method+" "+path] = true
		}
	}
	described := map[string]bool{}
	for path, item := range description().paths {
		for method := range item.(map[string]any) {
			described[strings.ToUpper(method)+" "+path] = true
		}
	}
	for _, call := range slices.Sorted(maps.Keys(served)) {
		if !described[call] {
			t.Errorf("%s is not in openapi.json", call)
		}
	}
	for _, call := range slices.Sorted(maps.Keys(described)) {
		if !served[call] {
			t.Errorf("%s is in openapi.json, but no route serves it", call)
		}
	}
}

// Anyone may read the description, and it names the address of the API that serves it.
func TestDescriptionIsPublicAndNamesItsServer(t *testing.T) {
	w := newWorld(t)
	for address, want := range map[string]string{solo + "/.gatehouse": "/.gatehouse/api/v1", "https://both.example.com/auth": "/auth/api/v1", auth: "/api/v1"} {
		p := w.browser().api("GET", address+apiPrefix+"/openapi.json", "")
		p.wants(t, 200, `"openapi":"3.1`)
		servers, _ := p.json(t)["servers"].([]any)
		if len(servers) != 1 || servers[0].(map[string]any)["url"] != want {
			t.Errorf("%s: servers are %v", address, servers)
		}
	}
}

// A member, status or type that is not described must fail, or the tests above prove nothing.
func TestDescriptionRefusesOtherResponses(t *testing.T) {
	ask := httptest.NewRequest("GET", "/x", nil)
	for name, c := range map[string]struct {
		status     int
		kind, body string
	}{
		"an untold member":       {200, "application/json", `{"tokens":[],"more":1}`},
		"an untold inner member": {200, "application/json", `{"tokens":[{"id":"a","name":"b","created":"2026-11-23T20:34:25Z","secret":"x"}]}`},
		"a missing member":       {200, "application/json", `{}`},
		"another type":           {200, "application/json", `{"tokens":{}}`},
		"no time":                {200, "application/json", `{"tokens":[{"id":"a","name":"b","created":"yesterday"}]}`},
		"an untold status":       {418, "application/json", `{}`},
		"an untold code":         {403, "application/problem+json", `{"type":"about:blank","title":"Forbidden","status":403,"code":"teapot"}`},
		"another media type":     {200, "text/plain", `{"tokens":[]}`},
	} {
		rec := httptest.NewRecorder()
		rec.Header().Set("Content-Type", c.kind)
		rec.WriteHeader(c.status)
		_, _ = rec.WriteString(c.body)
		if len(description().judge(ask, "/tokens", nil, rec)) == 0 {
			t.Errorf("%s passes", name)
		}
	}
}
