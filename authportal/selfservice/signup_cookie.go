package selfservice

import (
	"encoding/json"
	"fmt"

	"github.com/gatehouse-auth/gatehouse/authportal/message"
	"github.com/gatehouse-auth/gatehouse/authportal/web"
)

const cookieSignUp = "gatehouse-signup"

// signUpCookie is the sealed value of the cookie that a browser keeps from sign-up until the address is confirmed: only
// that browser is signed in by the confirmation.
type signUpCookie struct {
	User  string `json:"u"`
	Until int64  `json:"e"`
}

// setSignUpCookie sets the cookie. A sign-up that made no account, because the address already has one, gets one that
// looks the same.
func (s *signups) setSignUpCookie(c *web.Call, user string) error {
	b, err := json.Marshal(signUpCookie{User: user, Until: s.now().Add(message.ConfirmLife).Unix()})
	if err != nil {
		return err
	}
	v, err := s.keys.Seal(cookieSignUp, b, []byte(c.Visit.Host))
	if err != nil {
		return fmt.Errorf("sealing the sign-up cookie: %w", err)
	}
	c.SetCookie(cookieSignUp, v, message.ConfirmLife)
	return nil
}

// signedUpHere reports whether this browser signed up for the account.
func (s *signups) signedUpHere(c *web.Call, user string) bool {
	v, ok := web.TheCookie(c.Request, cookieSignUp, c.Visit.Secure)
	if !ok || len(v) > 1024 {
		return false
	}
	b, err := s.keys.Open(cookieSignUp, v, []byte(c.Visit.Host))
	var m signUpCookie
	return err == nil && json.Unmarshal(b, &m) == nil && m.User == user && s.now().Unix() < m.Until
}
