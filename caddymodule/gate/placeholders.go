package gate

import (
	"strings"

	"github.com/gatehouse-auth/gatehouse/store"
)

// placeholder answers {http.auth.user.*} for the handlers behind the gate. It is installed only after a
// verdict that let the request in with this identity.
func (id *identity) placeholder(key string) (any, bool) {
	name, ok := strings.CutPrefix(key, "http.auth.user.")
	if !ok {
		return nil, false
	}
	switch name {
	case "id":
		return id.live.Identity.UserID, true
	case "username":
		return id.live.Identity.Username, true
	case "email":
		return id.live.Identity.Email, true
	case "name":
		return id.live.Identity.Name, true
	case "roles":
		return strings.Join(id.roles, ","), true
	case "session":
		return id.live.Session.SignIn(), true
	case "methods":
		return strings.Join(id.methods, ","), true
	}
	if attribute, ok := strings.CutPrefix(name, "attributes."); ok {
		return store.AttributeText(id.live.Identity.Attributes[attribute], ","), true
	}
	return nil, false
}

// placeholder answers for a request that came without an identity: with nothing, so that no handler takes the name of a
// placeholder for the name of a person; or with what a gate behind this one has found out since.
func (x *exchange) placeholder(key string) (any, bool) {
	if !strings.HasPrefix(key, "http.auth.user.") {
		return nil, false
	}
	if x.identityWritten != nil {
		return x.identityWritten.placeholder(key)
	}
	return "", true
}
