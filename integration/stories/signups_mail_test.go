package stories

import (
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/gatehouse-auth/gatehouse/integration/gateway"
	"github.com/gatehouse-auth/gatehouse/integration/servers"
	"github.com/gatehouse-auth/gatehouse/store"
)

// A hundred sign-ups with one mailbox, in several spellings, at two gateways at once: nobody is told who was first. The
// mailbox gets no more letters than the throttle allows for one address, and its owner confirms once.
func TestAHundredSignUpsWithOneMailboxAreAnsweredAlikeAndMakeOneAccount(t *testing.T) {
	t.Parallel()
	for name, stores := range mailStores(t) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			global, users := stores(t)
			mail, word := startPostbox(t)
			a, _, siteA, siteB := twoGateways(t, global+word)
			email := fmt.Sprintf("ann-%d@example.com", servers.FreePort(t))
			answers := signUpsAtOnce(t, 100, []string{siteA, siteB}, email)
			for _, got := range answers {
				if got != answers[0] {
					t.Errorf("%s\nbut also\n%s", answers[0], got)
				}
			}
			if !strings.HasPrefix(answers[0], `201 {"status":"confirm_email"}`) {
				t.Errorf("the answer: %s", answers[0])
			}
			if n := usersNamed(t, a, email); n != 1 {
				t.Errorf("%d accounts", n)
			}
			if n := sessionsOf(t, a, email); n != 0 {
				t.Errorf("%d sessions before the address is confirmed", n)
			}

			outbox{users.(store.Outbox)}.empties(t)
			letters, confirm := mail.to(email), []string(nil)
			for _, l := range letters {
				if token, is := tokenOf(l, "confirm"); is {
					confirm = append(confirm, token)
				} else if _, is := tokenOf(l, "reset"); !is {
					t.Errorf("a letter that leads nowhere: %s", l.Text)
				}
			}
			if len(letters) > 10 || len(mail.all()) != len(letters) || len(confirm) != 1 {
				t.Fatalf("%d letters to %s, %d in all, %d of them to confirm the sign-up that counts", len(letters), email, len(mail.all()), len(confirm))
			}
			if n := confirmationsAtOnce(t, 20, []string{siteA, siteB}, confirm[0]); n != 1 {
				t.Errorf("the link worked %d times", n)
			}
			gateway.NewPerson(t).SignIn(siteB, email)
		})
	}
}

// signUpsAtOnce posts the sign-up of n browsers, and returns their answers without what differs by nature.
func signUpsAtOnce(t *testing.T, n int, sites []string, email string) []string {
	t.Helper()
	spellings := []string{email, strings.ToUpper(email), strings.Replace(email, "example.com", "Example.COM", 1), "Ann" + email[3:]}
	answers := make([]string, n)
	var race sync.WaitGroup
	for i := range answers {
		race.Go(func() {
			got := gateway.NewPerson(t).DoPatiently(http.MethodPost, sites[i%len(sites)]+"/.gatehouse/api/v1/signup",
				map[string]any{"email": spellings[i%len(spellings)], "password": gateway.Password})
			answers[i] = likeness(got)
		})
	}
	race.Wait()
	return answers
}

// confirmationsAtOnce uses a link n times, and returns how often it worked.
func confirmationsAtOnce(t *testing.T, n int, sites []string, token string) (worked int) {
	t.Helper()
	statuses := make([]int, n)
	var race sync.WaitGroup
	for i := range statuses {
		race.Go(func() {
			got := gateway.NewPerson(t).DoPatiently(http.MethodPost, sites[i%len(sites)]+"/.gatehouse/api/v1/email/confirm", map[string]any{"token": token})
			if statuses[i] = got.Status; got.Status != http.StatusOK && got.Code() != "invalid_token" {
				t.Errorf("%d %s", got.Status, got.Body)
			}
		})
	}
	race.Wait()
	for _, status := range statuses {
		if status == http.StatusOK {
			worked++
		}
	}
	return worked
}

var (
	expiry = regexp.MustCompile(`Expires=[^;]*`)
	nonce  = regexp.MustCompile(`nonce(-|=")[A-Z2-7]+`)
	step   = regexp.MustCompile(`name="step" value="[^"]+"`)
)

// likeness is what an outsider can compare of an answer: all but the time of day, nonces and what is sealed in cookies and
// forms, of which name, length and attributes remain.
func likeness(got gateway.Answer) string {
	var lines []string
	for name, values := range got.Header {
		for _, value := range values {
			switch name {
			case "Date":
				value = ""
			case "Set-Cookie":
				cookie, attributes, _ := strings.Cut(value, ";")
				key, secret, _ := strings.Cut(cookie, "=")
				value = fmt.Sprintf("%s=<%d characters>;%s", key, len(secret), expiry.ReplaceAllString(attributes, "Expires=…"))
			}
			lines = append(lines, name+": "+value)
		}
	}
	slices.Sort(lines)
	all := fmt.Sprintf("%d %s\n%s", got.Status, strings.TrimSpace(got.Body), strings.Join(lines, "\n"))
	all = step.ReplaceAllStringFunc(all, func(sealed string) string { return fmt.Sprintf("step of %d characters", len(sealed)) })
	return nonce.ReplaceAllString(all, "nonce")
}
