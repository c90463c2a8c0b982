package selfservice

import (
	"encoding/json"
	"fmt"

	"github.com/gatehouse-auth/gatehouse/authportal/message"
	"github.com/gatehouse-auth/gatehouse/authportal/web"
)

const cookieSignUp = "gatehouse-signup" // names the account that this browser made, sealed

// signUpMark is what a browser that signed up keeps until the address is confirmed: confirming signs in that browser
// alone.
type signUpMark struct {
	User  string `json:"u"`
	Until int64  `json:"e"`
}

// markSignUp leaves the mark. A browser whose sign-up made nothing, because the address was known, gets one that looks
// the same.
func (s *signups) markSignUp(c *web.Call, user string) error {
	b, err := json.Marshal(signUpMark{User: user, Until: s.now().Add(message.ConfirmLife).Unix()})
	if err != nil {
		return err
	}
	v, err := s.keys.Seal(cookieSignUp, b, []byte(c.Visit.Host))
	if err != nil {
		return fmt.Errorf("marking the browser: %w", err)
	}
	c.SetCookie(cookieSignUp, v, message.ConfirmLife)
	return nil
}

// signedUp reports whether this browser made that account.
func (s *signups) signedUp(c *web.Call, user string) bool {
	v, ok := web.TheCookie(c.Request, cookieSignUp, c.Visit.Secure)
	if !ok || len(v) > 1024 {
		return false
	}
	b, err := s.keys.Open(cookieSignUp, v, []byte(c.Visit.Host))
	var m signUpMark
	return err == nil && json.Unmarshal(b, &m) == nil && m.User == user && s.now().Unix() < m.Until
}
