package signin

import (
	"encoding/json"
	"net/http"
	"slices"
	"time"

	"github.com/gatehouse-auth/gatehouse/authportal/pages"
	"github.com/gatehouse-auth/gatehouse/authportal/problem"
	"github.com/gatehouse-auth/gatehouse/authportal/web"
	"github.com/gatehouse-auth/gatehouse/store"
)

// methodJSON is a configured method in JSON.
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
func (s *forms) loginMethodsAPI(c *web.Call) error {
	fields := []fieldJSON{}
	for _, f := range s.settings.Signup.Fields {
		fields = append(fields, fieldJSON(f))
	}
	return c.JSON(http.StatusOK, map[string]any{
		"methods":  methodsJSON(s.methodList(c, LoginInput{})),
		"signup":   s.settings.Signup.Mode,
		"remember": !s.settings.RememberOff,
		"fields":   fields,
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

// loginAPI answers POST login.
func (s *forms) loginAPI(c *web.Call) error {
	var body struct {
		Login, Method, Step, To, Flow string
		Remember                      bool
	}
	o, err := c.JSONObject()
	if err != nil {
		return err
	}
	// Other fields belong to the method, or come from a newer page.
	if _, err := o.Read(map[string]any{"login": &body.Login, "method": &body.Method, "step": &body.Step, "to": &body.To,
		"flow": &body.Flow, "remember": &body.Remember}, func(string) error { return problem.Malformed }); err != nil {
		return err
	}
	if _, ok := o.Text("password"); !ok {
		return problem.Malformed
	}
	// A method reads a field of the wrong type as empty; the request is then refused as malformed.
	wrongType := false
	input := LoginInput{Method: body.Method, Login: body.Login, Step: body.Step, To: body.To, Flow: body.Flow,
		Remember: body.Remember}
	input.Field = func(name string) string {
		text, ok := o.Text(name)
		wrongType = wrongType || !ok
		return text
	}
	input.JSON = o.JSON
	for name, raw := range o {
		if !slices.Contains(inputFields, name) && string(raw) != "null" && string(raw) != `""` {
			input.Answered = true
		}
	}
	result, err := s.dispatcher.signIn(c, input)
	if wrongType && web.ToldProblem(err) != nil {
		return problem.Malformed
	}
	if err != nil {
		return err
	}
	return s.SignedIn(c, http.StatusOK, result)
}

// SignedIn answers an API request with the result of a step.
func (s *forms) SignedIn(c *web.Call, status int, result *LoginResult) error {
	switch {
	case len(result.Factors) > 0:
		return c.JSON(status, map[string]any{"status": "second_factor",
			"methods": methodsJSON(pageMethods(result.Factors)), "step": result.Step.Token})
	case result.NewPasswordFor != "":
		return c.JSON(status, map[string]any{"status": "new_password", "step": result.Step.Token,
			"min_length": s.accounts.Passwords().MinLength()})
	case result.Step != nil:
		answer := map[string]any{"status": "step", "step": result.Step.Token, "method": result.Step.Method,
			"fields": result.Step.Fields}
		if result.Step.Options != "" {
			answer["options"] = json.RawMessage(result.Step.Options)
		}
		return c.JSON(status, answer)
	case result.Post != nil:
		return c.JSON(status, map[string]any{"status": "post", "location": result.Post.URL,
			"fields": result.Post.Fields})
	case result.Challenge != "":
		c.Writer.Header().Add("WWW-Authenticate", result.Challenge)
		return problem.LoginRequired
	case result.Session == nil && !result.AtProvider:
		return problem.LoginRequired // the challenge was not answered
	case result.AtProvider:
		return c.JSON(status, map[string]any{"status": "redirect", "location": result.Location})
	}
	answer := map[string]any{"status": "signed_in"}
	if result.Location != "" {
		answer["location"] = result.Location
	}
	return c.JSON(status, answer)
}

// sessionAPI answers GET session with the user and the session.
func (s *forms) sessionAPI(c *web.Call) error {
	me, err := s.callers.Caller(c)
	if err != nil {
		return err
	}
	if me.Live == nil {
		return problem.LoginRequired
	}
	return c.JSON(http.StatusOK, map[string]any{"user": s.accounts.IdentityJSON(&me.Live.Identity),
		"session": SessionJSON(&me.Live.Session)})
}

// SessionJSON describes a session by the id of its parent, as the owner's list of sessions does.
func SessionJSON(s *store.Session) map[string]any {
	out := map[string]any{"id": s.RootID(), "created": s.Created.UTC().Format(time.RFC3339),
		"methods": methodsOf(s.Proofs), "remembered": s.Remembered}
	if !s.Expires.IsZero() {
		out["expires"] = s.Expires.UTC().Format(time.RFC3339)
	}
	return out
}

func userOf(active *store.ActiveSession) *pages.User {
	id := &active.Identity
	return &pages.User{ID: id.UserID, Username: id.Username, Email: id.Email, Name: id.Name, Roles: id.Roles,
		Confirmed: id.Email != ""}
}
