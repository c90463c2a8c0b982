package app

import (
	"errors"
	"fmt"
	"regexp"
)

// confirmsEmail reports whether addresses are confirmed: by default where there is mail to do it by.
func (a *App) confirmsEmail() bool {
	if a.ConfirmEmail != nil {
		return *a.ConfirmEmail
	}
	return a.Mail != nil
}

// checkConfirm checks what JSON can say wrong of it.
func (a *App) checkConfirm() error {
	switch {
	case a.Mail == nil && a.confirmsEmail():
		return errors.New("confirm_email needs mail: configure `mail`, or set it to false")
	case a.Signup == nil:
		return nil
	case a.Mail == nil && a.Signup.Mode == "invite":
		return errors.New("signup: invite needs mail, by which invitations are sent: configure `mail`, or use open or closed")
	case len(a.Signup.Domains) > 0 && !a.confirmsEmail():
		return errors.New("signup: domains need confirmed addresses: configure `mail`, and leave confirm_email on")
	}
	for _, domain := range a.Signup.Domains {
		if err := checkDomain(domain); err != nil {
			return fmt.Errorf("signup: %w", err)
		}
	}
	return nil
}

var plainDomain = regexp.MustCompile(`^([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$`)

func checkDomain(s string) error {
	if !plainDomain.MatchString(s) {
		return fmt.Errorf("domain %q: write the part of addresses after the @, in lower case and ASCII, such as "+
			"example.com; it does not include sub-domains", s)
	}
	return nil
}
