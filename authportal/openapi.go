package authportal

import (
	_ "embed"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"

	"github.com/gatehouse-auth/gatehouse/authportal/web"
)

// OpenAPI describes the whole API, as OpenAPI 3.1. Tests hold every answer of the API against it.
//
//go:embed openapi.json
var OpenAPI []byte

// describedRoute serves the description of the API. Anybody may read it: it is the same in every gateway of this version.
func describedRoute() ([]web.Route, error) {
	doc := map[string]json.RawMessage{}
	if err := json.Unmarshal(OpenAPI, &doc); err != nil {
		return nil, fmt.Errorf("reading openapi.json: %w", err)
	}
	return []web.Route{{Method: http.MethodGet, Path: "/api/v1/openapi.json", Do: func(c *web.Call) error {
		// A gate may be mounted below any prefix, so the address of the API is filled in here.
		servers, err := json.Marshal([]map[string]string{{"url": c.Link("/api/v1")}})
		if err != nil {
			return err
		}
		answer := maps.Clone(doc)
		answer["servers"] = servers
		return c.JSON(http.StatusOK, answer)
	}}}, nil
}
