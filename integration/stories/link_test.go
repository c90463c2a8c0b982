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

// Somebody signs in by mail, with two gateways on the same stores: one is asked, and the other redeems link or code. A scanner
// that follows links, and another browser that has read the letter, use nothing up.
func TestSigningInByMailThroughTwoGateways(t *testing.T) {
	t.Parallel()
	for name, global := range map[string]string{
		"SQLite":               shared("sqlite "+filepath.Join(t.TempDir(), "users.db"), "embedded"),
		"PostgreSQL and Redis": shared("postgres "+servers.FreshPostgres(t), "redis "+servers.FreshRedis(t)),
	} {
		t.Run(name, func(t *testing.T) {
			mail := servers.StartSMTP(t, servers.SMTPOptions{})
			_, _, siteA, siteB := twoGateways(t, global+fmt.Sprintf(`
		login password
		login email_link
		confirm_email off
		mail smtp://%s {
			from auth@example.com
		}`, mail.Addr))
			const email = "ann@example.com"
			gateway.NewPerson(t).SignUp(siteA, email)
			finish := func(p *gateway.Person, field, value string) gateway.Answer {
				t.Helper()
				return p.Do(http.MethodPost, siteB+"/.gatehouse/api/v1/login/link/finish", map[string]any{field: value})
			}
			asked := func(p *gateway.Person) (link, token, code string) {
				t.Helper()
				if got := p.Do(http.MethodPost, siteA+"/.gatehouse/api/v1/login/link", map[string]any{"email": email}); got.Status != http.StatusAccepted {
					t.Fatalf("asking: %d %s", got.Status, got.Body)
				}
				return loginLetter(t, mail, email)
			}

			p, other := gateway.NewPerson(t), gateway.NewPerson(t)
			link, token, code := asked(p)
			for range 2 {
				if got := other.Get(link, "Accept", "text/html"); got.Status != http.StatusOK {
					t.Fatalf("a scanner: %d", got.Status)
				}
			}
			if got := finish(other, "code", code); got.Status != http.StatusUnauthorized || got.Code() != "invalid_code" {
				t.Errorf("the code in another browser: %d %s", got.Status, got.Body)
			}
			if got := finish(other, "token", token); got.Status != http.StatusBadRequest || got.Code() != "invalid_token" {
				t.Errorf("the link in another browser: %d %s", got.Status, got.Body)
			}
			if got := finish(p, "code", code); got.Status != http.StatusOK {
				t.Fatalf("the code: %d %s", got.Status, got.Body)
			}
			if got := p.Get(siteA + "/page"); got.Status != http.StatusOK {
				t.Errorf("not signed in: %d", got.Status)
			}
			if got := finish(p, "token", token); got.Status != http.StatusBadRequest {
				t.Errorf("the link after the code: %d %s", got.Status, got.Body)
			}

			q := gateway.NewPerson(t)
			_, token, code = asked(q)
			if got := finish(q, "token", token); got.Status != http.StatusOK {
				t.Fatalf("the link: %d %s", got.Status, got.Body)
			}
			if got := finish(q, "code", code); got.Status != http.StatusUnauthorized {
				t.Errorf("the code after the link: %d %s", got.Status, got.Body)
			}
			// The mailbox was proven: what the sign-up had set without proof is gone.
			if got := gateway.NewPerson(t).TryPassword(siteA, email, gateway.Password); got.Status != http.StatusUnauthorized {
				t.Errorf("the password of an address that nobody had confirmed: %d", got.Status)
			}
		})
	}
}

// loginLetter waits for a letter to sign in by, and returns what it brings.
func loginLetter(t *testing.T, mail *servers.SMTP, to string) (link, token, code string) {
	t.Helper()
	select {
	case l := <-mail.Letters():
		found := regexp.MustCompile(`(?s)(http://localhost:\d+/\.gatehouse/link\?token=(\S+)).*\n(\d{6})\s`).FindStringSubmatch(l.Text)
		if l.To != to || found == nil {
			t.Fatalf("a letter to %s:\n%s", l.To, l.Text)
		}
		return found[1], found[2], found[3]
	case <-time.After(time.Minute):
		t.Fatalf("no letter to %s", to)
		return "", "", ""
	}
}
