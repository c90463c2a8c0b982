package authportal

import (
	"encoding/json"
	"errors"
	"testing"

	"github.com/gatehouse-auth/gatehouse/authportal/web"
)

func TestMembersOfAnObject(t *testing.T) {
	o := web.Object{}
	if err := json.Unmarshal([]byte(`{"code":"12","count":12,"none":null,"passkey":{"id":"x","response":{"a":[1]}}}`), &o); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]struct {
		text string
		ok   bool
	}{"code": {"12", true}, "count": {"", false}, "none": {"", true}, "absent": {"", true}, "passkey": {"", false}} {
		if text, ok := o.Text(name); text != want.text || ok != want.ok {
			t.Errorf("%s is the text %q, %v", name, text, ok)
		}
	}
	if got := string(o.JSON("passkey")); got != `{"id":"x","response":{"a":[1]}}` || o.JSON("absent") != nil {
		t.Errorf("the object within it is %s", got)
	}
	var count string
	wrong := errors.New("wrong")
	if _, err := o.Read(map[string]any{"count": &count}, func(string) error { return wrong }); !errors.Is(err, wrong) {
		t.Errorf("a number was read as text: %v", err)
	}
}

// A text field of another type is a mistake in the client, not a wrong code.
func TestLoginFieldOfAnotherTypeIsMalformed(t *testing.T) {
	w := newWorld(t)
	w.user("ada")
	for body, want := range map[string]string{
		`{"login":"ada","password":7}`:                  "malformed",
		`{"login":7,"password":"right"}`:                "malformed",
		`{"login":"ada","password":"wrong","later":{}}`: "invalid_credentials",
	} {
		status := map[string]int{"malformed": 400, "invalid_credentials": 401}[want]
		w.browser().api("POST", solo+"/.gatehouse/api/v1/login", body).wants(t, status, want)
	}
	w.browser().api("POST", solo+"/.gatehouse/api/v1/login", `{"login":"ada","password":"right","later":7}`).wants(t, 200, "signed_in")
}
