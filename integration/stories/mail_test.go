package stories

import (
	"fmt"
	"net/http"
	"path/filepath"
	"regexp"
	"testing"
	"time"

	"github.com/gatehouse-auth/gatehouse/integration/gateway"
	"github.com/gatehouse-auth/gatehouse/integration/servers"
)

// letter waits for the next letter to an address and returns the token of the link in it.
func letter(t *testing.T, mail *servers.SMTP, to, page string) string {
	t.Helper()
	select {
	case l := <-mail.Letters():
		link := regexp.MustCompile(`http://localhost:\d+/\.gatehouse/` + page + `\?token=(\S+)`).FindStringSubmatch(l.Text)
		if l.To != to || link == nil {
			t.Fatalf("a letter to %s:\n%s\nwant one to %s with a link to %s", l.To, l.Text, to, page)
		}
		return link[1]
	case <-time.After(20 * time.Second):
		t.Fatalf("no letter to %s", to)
		return ""
	}
}

// A newcomer confirms an address and later forgets the password, with two gateways on the same stores: the link of a letter
// works once and on either, and neither a mail server that hangs nor the kill of a gateway keeps letters from leaving.
func TestLettersOfTwoGateways(t *testing.T) {
	for name, global := range map[string]string{
		"SQLite":               shared("sqlite "+filepath.Join(t.TempDir(), "users.db"), "embedded"),
		"PostgreSQL and Redis": shared("postgres "+servers.FreshPostgres(t), "redis "+servers.FreshRedis(t)),
	} {
		t.Run(name, func(t *testing.T) {
			mail := servers.StartSMTP(t, servers.SMTPOptions{})
			a, _, siteA, siteB := twoGateways(t, global+fmt.Sprintf("\n\t\tmail smtp://%s {\n\t\t\tfrom auth@example.com\n\t\t}", mail.Addr))
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
			token := letter(t, mail, email, "confirm")
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
			reset := letter(t, mail, email, "reset")
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
