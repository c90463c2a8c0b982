package authportal

import (
	"encoding/json"
	"net/http"
	"slices"
	"time"

	"github.com/gatehouse-auth/gatehouse/authportal/pages"
	"github.com/gatehouse-auth/gatehouse/authportal/problem"
	"github.com/gatehouse-auth/gatehouse/store"
)

// methodJSON is a way to sign in, as programs read it.
type methodJSON struct {
	Name  string `json:"name"`
	Kind  string `json:"kind"`
	Label string `json:"label"`
	URL   string `json:"url,omitempty"`
}

type fieldJSON struct {
	Name     string `json:"name"`
	Required bool   `json:"required"`
}

// loginMethodsAPI answers GET login.
func (c *call) loginMethodsAPI() error {
	fields := []fieldJSON{}
	for _, f := range c.p.set.Signup.Fields {
		fields = append(fields, fieldJSON(f))
	}
	return c.json(http.StatusOK, map[string]any{
		"methods": methodsJSON(c.methodList(try{})), "signup": c.p.set.Signup.Mode, "remember": !c.p.set.RememberOff, "fields": fields,
	})
}

func methodsJSON(list []pages.Method) []methodJSON {
	out := make([]methodJSON, 0, len(list))
	for _, m := range list {
		if m.Label == "" {
			m.Label = m.Kind
		}
		out = append(out, methodJSON(m))
	}
	return out
}

// loginAPI answers POST login: the JSON face of signIn.
func (c *call) loginAPI() error {
	var body struct {
		Login, Method, Step, To, Flow string
		Remember                      bool
	}
	o, err := c.jsonObject()
	if err != nil {
		return err
	}
	// What else was sent is the method's, or a newer page's: it is left alone.
	if _, err := o.read(map[string]any{"login": &body.Login, "method": &body.Method, "step": &body.Step, "to": &body.To,
		"flow": &body.Flow, "remember": &body.Remember}, func(string) error { return problem.Malformed }); err != nil {
		return err
	}
	if _, ok := o.Text("password"); !ok {
		return problem.Malformed
	}
	// A method that asks for text where something else was sent is told that there is none; so is whoever sent it.
	noText := false
	t := try{Method: body.Method, Login: body.Login, Step: body.Step, To: body.To, Flow: body.Flow, Remember: body.Remember}
	t.Field = func(name string) string {
		text, ok := o.Text(name)
		noText = noText || !ok
		return text
	}
	t.JSON = o.JSON
	for name, raw := range o {
		if !slices.Contains(envelope, name) && string(raw) != "null" && string(raw) != `""` {
			t.Answers = true
		}
	}
	out, err := c.signIn(t)
	if noText && toldProblem(err) != nil {
		return problem.Malformed
	}
	if err != nil {
		return err
	}
	return c.signedIn(http.StatusOK, out)
}

// signedIn answers a program whose person has signed in, or has a further step to take.
func (c *call) signedIn(status int, out *outcome) error {
	switch {
	case len(out.Factors) > 0:
		return c.json(status, map[string]any{"status": "second_factor", "methods": methodsJSON(named(out.Factors)), "step": out.Step.Token})
	case out.Choose != "":
		return c.json(status, map[string]any{"status": "new_password", "step": out.Step.Token, "min_length": c.p.accounts.Passwords().MinLength()})
	case out.Step != nil:
		answer := map[string]any{"status": "step", "step": out.Step.Token, "method": out.Step.Method, "fields": out.Step.Fields}
		if out.Step.Options != "" {
			answer["options"] = json.RawMessage(out.Step.Options)
		}
		return c.json(status, answer)
	case out.Post != nil:
		return c.json(status, map[string]any{"status": "post", "location": out.Post.URL, "fields": out.Post.Fields})
	case out.Challenge != "":
		c.w.Header().Add("WWW-Authenticate", out.Challenge)
		return problem.LoginRequired
	case out.Live == nil && !out.Provider:
		return problem.LoginRequired // the challenge was not answered
	case out.Provider:
		return c.json(status, map[string]any{"status": "redirect", "location": out.Location})
	}
	answer := map[string]any{"status": "signed_in"}
	if out.Location != "" {
		answer["location"] = out.Location
	}
	return c.json(status, answer)
}

// sessionAPI answers GET session: who is signed in, and since when.
func (c *call) sessionAPI() error {
	me, err := c.caller()
	if err != nil {
		return err
	}
	if me.live == nil {
		return problem.LoginRequired
	}
	return c.json(http.StatusOK, map[string]any{"user": c.p.accounts.IdentityJSON(&me.live.Identity), "session": sessionJSON(&me.live.Session)})
}

// sessionJSON names the sign-in, as the owner's list does, not the child of one host.
func sessionJSON(s *store.Session) map[string]any {
	out := map[string]any{"id": s.RootID(), "created": s.Created.UTC().Format(time.RFC3339), "methods": methodsOf(s.Proofs),
		"remembered": s.Remembered}
	if !s.Expires.IsZero() {
		out["expires"] = s.Expires.UTC().Format(time.RFC3339)
	}
	return out
}

func userOf(l *store.ActiveSession) *pages.User {
	id := &l.Identity
	return &pages.User{ID: id.UserID, Username: id.Username, Email: id.Email, Name: id.Name, Roles: id.Roles, Confirmed: id.Email != ""}
}
