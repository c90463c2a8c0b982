package api

import _ "embed"

// OpenAPI describes the whole API, as OpenAPI 3.1. Tests hold every answer of the API against it.
//
//go:embed openapi.json
var OpenAPI []byte
