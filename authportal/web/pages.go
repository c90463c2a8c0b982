package web

import (
	"fmt"
	"io"
	"net/http"

	"github.com/gatehouse-auth/gatehouse/authportal/pages"
)

// Pages writes pages and serves their assets; *pages.Set implements it.
type Pages interface {
	Write(w http.ResponseWriter, r *http.Request, status int, p pages.Page)
	Assets() http.Handler
}

// Secret returns n random bytes.
func (s *Server) Secret(n int) ([]byte, error) {
	b := make([]byte, n)
	if _, err := io.ReadFull(s.rand, b); err != nil {
		return nil, fmt.Errorf("reading randomness: %w", err)
	}
	return b, nil
}
