package stories

import (
	"net/http"
	"testing"

	"github.com/gatehouse-auth/gatehouse/integration/gateway"
)

// A newcomer confirms an address and later forgets the password, with two gateways on the same stores: the link of a letter
// works once and on either, and neither a mail server that hangs nor the kill of a gateway keeps letters from leaving.
func TestLettersOfTwoGateways(t *testing.T) {
	t.Parallel()
	for name, stores := range mailStores(t) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			global, _ := stores(t)
			mail, word := startPostbox(t)
			a, _, siteA, siteB := twoGateways(t, global+word)
			api := func(p *gateway.Person, site, call string, body map[string]any, status int) gateway.Answer {
				t.Helper()
				got := p.Do(http.MethodPost, site+"/.gatehouse/api/v1/"+call, body)
				if got.Status != status {
					t.Fatalf("%s: %d %s, want %d", call, got.Status, got.Body, status)
				}
				return got
			}
			const email = "ann@example.com"
			p, stranger := gateway.NewPerson(t), gateway.NewPerson(t)
			api(p, siteA, "signup", map[string]any{"email": email, "password": gateway.Password}, http.StatusCreated)
			if got := p.TryPassword(siteA, email, gateway.Password); got.Status != http.StatusForbidden || got.Code() != "email_not_confirmed" {
				t.Fatalf("before the address is confirmed: %d %s", got.Status, got.Body)
			}
			token := mail.link(t, email, "confirm")
			stranger.Get(siteB+"/.gatehouse/confirm?token="+token, "Accept", "text/html") // a scanner of mail
			api(p, siteA, "email/confirm", map[string]any{"token": token}, http.StatusOK)
			api(stranger, siteB, "email/confirm", map[string]any{"token": token}, http.StatusBadRequest)
			if got := p.Get(siteB + "/page"); got.Status != http.StatusOK {
				t.Fatalf("the browser that signed up is not signed in: %d", got.Status)
			}

			// The mail server hangs, and the gateway that holds on to it dies.
			mail.Hang()
			api(stranger, siteA, "password/forgot", map[string]any{"email": email}, http.StatusAccepted)
			api(stranger, siteA, "password/forgot", map[string]any{"email": "nobody@example.com"}, http.StatusAccepted)
			a.Kill()
			mail.Answer()
			a.Run()
			api(stranger, siteB, "password/forgot", map[string]any{"email": email}, http.StatusAccepted)
			reset := mail.link(t, email, "reset")
			api(stranger, siteB, "password/reset", map[string]any{"token": reset, "password": "another horse battery staple"}, http.StatusOK)
			api(stranger, siteA, "password/reset", map[string]any{"token": reset, "password": "a third horse battery staple"}, http.StatusBadRequest)
			gateway.Eventually(t, "the session of the old password ends", func() bool { return p.Get(siteA+"/page").Status == http.StatusUnauthorized })
			if got := p.TryPassword(siteA, email, gateway.Password); got.Status != http.StatusUnauthorized {
				t.Errorf("the old password: %d", got.Status)
			}
			if got := p.TryPassword(siteA, email, "another horse battery staple"); got.Status != http.StatusOK {
				t.Errorf("the new password: %d %s", got.Status, got.Body)
			}
		})
	}
}
