package rolepolicy

import (
	"slices"
	"testing"
)

func TestReadingsAreThoseBesideTheOneAsSent(t *testing.T) {
	for _, c := range []struct {
		path string
		want string // one of them; "" = there are none
	}{
		{"/admin/x", ""},
		{"/admin/", "/admin"},
		{"/admin;x=1/secret", "/admin/secret"},
		{"/%61dmin/secret", "/admin/secret"},
		{"/%2561dmin/secret", "/admin/secret"},
		{"/x/../admin/secret", "/admin/secret"},
		{`/admin\secret`, "/admin/secret"},
		{"/broken%", ""},
	} {
		got := Readings(c.path)
		if c.want == "" && len(got) > 0 || c.want != "" && !slices.Contains(got, c.want) {
			t.Errorf("%s: %q, want %q among them", c.path, got, c.want)
		}
	}
}
