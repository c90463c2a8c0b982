package gate

import (
	"encoding/base64"
	"net/http"
	"strings"
	"testing"
)

func TestOurCookiesAreTakenOutAndAllOthersStayAsSent(t *testing.T) {
	for _, c := range []struct {
		sent, want []string
	}{
		{[]string{"a=1"}, []string{"a=1"}},
		{[]string{"__Host-gatehouse=s"}, nil},
		{[]string{"gatehouse=s"}, nil},
		{[]string{"a=1; __Host-gatehouse=s; b=2"}, []string{"a=1; b=2"}},
		{[]string{"__Host-gatehouse=s; a=\"x y\"; b"}, []string{"a=\"x y\"; b"}},
		{[]string{"a=1;__Host-gatehouse=s;b=2"}, []string{"a=1;b=2"}},
		{[]string{"__Host-gatehouse=s", "a=1", "gatehouse-flow=f"}, []string{"a=1"}},
		{[]string{"a=1; gatehouse=s; gatehouse=t; __Host-gatehouse-flow=f"}, []string{"a=1"}},
		{[]string{"my-gatehouse=1; gatehouse2=2"}, []string{"my-gatehouse=1; gatehouse2=2"}},
		{[]string{"a=gatehouse=s"}, []string{"a=gatehouse=s"}},
		{[]string{"a=1; GATEHOUSE=s; b=2; __host-Gatehouse-Flow=s; c=3"}, []string{"a=1; b=2; c=3"}},
		{[]string{"\tgatehouse\t=s;a=1"}, []string{"a=1"}},
		{[]string{`"gatehouse"=s; a=1`}, []string{"a=1"}},
		{[]string{"gatehouse; a=1"}, []string{"a=1"}},
		{[]string{"a=1;", "gatehouse=s;"}, []string{"a=1;"}},
		{[]string{"; ;a=1"}, []string{"; ;a=1"}},
	} {
		h := http.Header{"Cookie": c.sent}
		stripCookies(h)
		if got := strings.Join(h["Cookie"], "|"); got != strings.Join(c.want, "|") {
			t.Errorf("%q: left %q, want %q", c.sent, got, c.want)
		}
		if _, ok := h["Cookie"]; ok && len(c.want) == 0 {
			t.Errorf("%q: an empty Cookie line is left", c.sent)
		}
	}
}

func basicAuth(user, password string) string {
	return "Basic " + base64.StdEncoding.EncodeToString([]byte(user+":"+password))
}

func TestOnlyOurTokensAreTakenFromAuthorization(t *testing.T) {
	for _, c := range []struct {
		name  string
		sent  []string
		basic bool
		token string
		ours  bool
		left  int
	}{
		{"none", nil, true, "", false, 0},
		{"ours", []string{"Bearer ghk_x"}, false, "ghk_x", true, 0},
		{"ours in any letter case of the scheme", []string{"bEARER   ghk_x "}, false, "ghk_x", true, 0},
		{"another's bearer", []string{"Bearer eyJ"}, false, "", false, 1},
		{"another's basic", []string{basicAuth("ann", "secret")}, true, "", false, 1},
		{"ours as basic", []string{basicAuth("ann", "ghk_x")}, true, "ghk_x", true, 0},
		{"ours as basic where it is off is the upstream's", []string{basicAuth("ann", "ghk_x")}, false, "", false, 1},
		{"ours beside another's", []string{"Bearer eyJ", "Bearer ghk_x"}, false, "ghk_x", true, 1},
		{"two different ones are none", []string{"Bearer ghk_x", "Bearer ghk_y"}, false, "", true, 0},
		{"digest", []string{`Digest username="ghk_x"`}, true, "", false, 1},
	} {
		h := http.Header{}
		if c.sent != nil {
			h["Authorization"] = c.sent
		}
		token, ours := stripToken(h, c.basic)
		if token != c.token || ours != c.ours || len(h["Authorization"]) != c.left {
			t.Errorf("%s: token %q, ours %v, left %q", c.name, token, ours, h["Authorization"])
		}
	}
}
