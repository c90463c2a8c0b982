package caddymodule

import (
	"strings"
	"testing"
)

const mailBlock = "mail smtp://mail.example.com {\n\tfrom auth@example.com\n}"

// Links in mail begin with what the configuration says, never with what a request says. A site for every host has no
// address to offer.
func TestAGateOfEveryHostSendsNoLinks(t *testing.T) {
	_, _, err := prepared(t, t.TempDir(), globals(mailBlock)+"http://:8080 {\n\tgate\n\trespond hello\n}\n")
	if err == nil || !strings.Contains(err.Error(), "links in mails") {
		t.Errorf("started: %v", err)
	}
}

func TestLinksInMailBeginWithTheSiteOfTheGate(t *testing.T) {
	for _, block := range []string{mailBlock, mailBlock + "\nconfirm_email off", "signup open"} {
		app, _, err := prepared(t, t.TempDir(), globals(block)+"http://app.example.com:8080 {\n\tgate\n\trespond hello\n}\n")
		if err != nil {
			t.Fatal(err)
		}
		if got := app.Mounts()[0].Location.Origins(); len(got) != 1 || got[0] != "http://app.example.com:8080" {
			t.Errorf("links may begin with %q", got)
		}
	}
}
