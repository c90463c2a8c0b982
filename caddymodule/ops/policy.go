package ops

import (
	"context"
	"net/http"
	"net/netip"
	"net/url"

	"github.com/gatehouse-auth/gatehouse/caddymodule/gate"
	"github.com/gatehouse-auth/gatehouse/rolepolicy"
)

// explanation is what one gate says of a request.
type explanation struct {
	Gate   string `json:"gate"`   // file:line of the directive
	Judged bool   `json:"judged"` // false: outside the directive's matcher, a reserved path, or refused
	*rolepolicy.Explanation
	Text string `json:"text"` // the same in words
}

// explain answers POST /gatehouse/policy/explain {method, url, as?, roles?, from?}: which rule decides, and why.
// Rewrites before a gate are not applied: the address is taken as the gate sees it.
func (o *operator) explain(r *http.Request) (any, error) {
	var in struct {
		Method string   `json:"method"`
		URL    string   `json:"url"`
		As     string   `json:"as"`
		Roles  []string `json:"roles"`
		From   string   `json:"from"`
	}
	if err := decodeBody(r, &in); err != nil {
		return nil, err
	}
	u, err := url.Parse(in.URL)
	if err != nil || u.Host == "" || (u.Scheme != "http" && u.Scheme != "https") {
		return nil, statusErrorf(http.StatusBadRequest, "%q is no address: write for example https://app.example.com/admin/",
			in.URL)
	}
	var from netip.Addr
	if in.From != "" {
		if from, err = netip.ParseAddr(in.From); err != nil {
			return nil, statusErrorf(http.StatusBadRequest, "%q is no address of a client: write for example 192.0.2.1", in.From)
		}
	}
	subject, err := o.subject(r.Context(), in.As, in.Roles)
	if err != nil {
		return nil, err
	}
	path := u.EscapedPath()
	if path == "" {
		path = "/"
	}
	found, err := o.gatesAt(u)
	if err != nil {
		return nil, err
	}
	sent := rolepolicy.Request{Method: in.Method, Path: path, Addr: from}
	var out []explanation
	for _, gate := range found {
		e := explanation{Gate: gate.Source}
		e.Explanation, e.Text = gate.Explain(&sent, u, subject, o.run.Now())
		e.Judged = e.Explanation != nil
		out = append(out, e)
	}
	return map[string]any{"gates": out}, nil
}

// subject returns whom to judge: an account, an unnamed holder of roles, or nil.
func (o *operator) subject(ctx context.Context, as string, roles []string) (*rolepolicy.Subject, error) {
	switch {
	case as != "" && roles != nil:
		return nil, statusErrorf(http.StatusBadRequest, "name a user or roles, not both")
	case as != "":
		u, err := o.find(ctx, as)
		if err != nil {
			return nil, err
		}
		id := u.Identity()
		switch {
		case !u.Enabled || !u.Approved:
			return nil, statusErrorf(http.StatusConflict, "%s is disabled, and so is signed in nowhere", u.Username)
		case !id.Active:
			return nil, statusErrorf(http.StatusConflict, "%s must choose a new password, and so is signed in nowhere",
				u.Username)
		}
		return o.run.Roles.NewSubject(id.Username, id.Email, id.Roles), nil
	case roles != nil:
		for _, role := range roles {
			if err := rolepolicy.CheckRoleName(role); err != nil {
				return nil, statusErrorf(http.StatusBadRequest, "%v", err)
			}
		}
		return o.run.Roles.NewSubject("", "", roles), nil
	}
	return nil, nil
}

// gatesAt returns the gates that a request for u meets, outermost first as far as that is known.
func (o *operator) gatesAt(u *url.URL) ([]*gate.Gate, error) {
	var found []*gate.Gate
	hosts := make(map[string]bool)
	for _, m := range o.app.Mounts() {
		gate, ok := m.Handler.(*gate.Gate)
		if !ok {
			continue
		}
		for _, host := range m.Location.Hosts {
			hosts[host] = true
		}
		if m.Answers(u) {
			found = append(found, gate)
		}
	}
	if found == nil {
		return nil, statusErrorf(http.StatusNotFound,
			"no gate stands at %s://%s%s: the site has none, or it is not in this configuration", u.Scheme, u.Host, u.Path)
	}
	return found, nil
}
