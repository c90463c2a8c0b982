package authportal

import (
	_ "embed"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
)

// OpenAPI describes the whole API, as OpenAPI 3.1. Tests hold every answer of the API against it.
//
//go:embed openapi.json
var OpenAPI []byte

// openAPIRoute serves the description of the API. Anybody may read it: it is the same in every gateway of this version.
func (p *Portal) openAPIRoute() []route {
	return []route{{method: http.MethodGet, path: "/api/v1/openapi.json", do: (*call).openAPI}}
}

// openAPI answers GET openapi.json. A gate may stand below any prefix, so the address of the API is filled in here.
func (c *call) openAPI() error {
	doc := maps.Clone(c.p.described)
	servers, err := json.Marshal([]map[string]string{{"url": c.link("/api/v1")}})
	if err != nil {
		return err
	}
	doc["servers"] = servers
	return c.json(http.StatusOK, doc)
}

// readOpenAPI takes the document apart as far as it is changed.
func readOpenAPI() (map[string]json.RawMessage, error) {
	doc := map[string]json.RawMessage{}
	if err := json.Unmarshal(OpenAPI, &doc); err != nil {
		return nil, fmt.Errorf("reading openapi.json: %w", err)
	}
	return doc, nil
}
