package authportal

import (
	"encoding/json"
	"fmt"
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
func (c *call) markSignUp(user string) error {
	b, err := json.Marshal(signUpMark{User: user, Until: c.p.now().Add(confirmLife).Unix()})
	if err != nil {
		return err
	}
	v, err := c.p.keys.Seal(cookieSignUp, b, []byte(c.v.Host))
	if err != nil {
		return fmt.Errorf("marking the browser: %w", err)
	}
	c.setCookie(cookieSignUp, v, confirmLife)
	return nil
}

// signedUp reports whether this browser made that account.
func (c *call) signedUp(user string) bool {
	v, ok := theCookie(c.r, cookieSignUp, c.v.Secure)
	if !ok || len(v) > 1024 {
		return false
	}
	b, err := c.p.keys.Open(cookieSignUp, v, []byte(c.v.Host))
	var m signUpMark
	return err == nil && json.Unmarshal(b, &m) == nil && m.User == user && c.p.now().Unix() < m.Until
}
