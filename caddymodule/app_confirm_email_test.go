package caddymodule

import (
	"strings"
	"testing"
)

const mailBlock = "mail smtp://mail.example.com {\n\tfrom auth@example.com\n}"

// Links in letters begin with what the configuration says: a site for whatever host a request names has nothing to offer.
func TestAGateOfEveryHostSendsNoLinks(t *testing.T) {
	_, _, err := prepared(t, t.TempDir(), globals(mailBlock)+"http://:8080 {\n\tgate\n\trespond hello\n}\n")
	if err == nil || !strings.Contains(err.Error(), "links in mails") {
		t.Errorf("started: %v", err)
	}
}

func TestAddressesAreConfirmedWhereThereIsMail(t *testing.T) {
	for block, want := range map[string]bool{mailBlock: true, mailBlock + "\nconfirm_email off": false, "signup open": false} {
		app, _, err := prepared(t, t.TempDir(), globals(block)+"http://app.example.com:8080 {\n\tgate\n\trespond hello\n}\n")
		if err != nil {
			t.Fatal(err)
		}
		if app.settings().ConfirmEmail != want {
			t.Errorf("%s: confirm_email is %v", block, !want)
		}
		site := app.handlers[0].(*Gate).site
		if len(site.Addresses) != 1 || site.Addresses[0] != "http://app.example.com:8080" {
			t.Errorf("links may begin with %q", site.Addresses)
		}
	}
}
