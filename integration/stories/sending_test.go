package stories

import (
	"context"
	"fmt"
	"net/http"
	"sync"
	"testing"

	"github.com/gatehouse-auth/gatehouse/integration/gateway"
	"github.com/gatehouse-auth/gatehouse/integration/servers"
	"github.com/gatehouse-auth/gatehouse/store"
)

// forgets asks for the new password of a known person.
func forgets(t *testing.T, site string, n int) {
	t.Helper()
	got := gateway.NewPerson(t).Do(http.MethodPost, site+"/.gatehouse/api/v1/password/forgot", map[string]any{"email": knownPerson(n)})
	if got.Status != http.StatusAccepted {
		t.Errorf("%s: %d %s", knownPerson(n), got.Status, got.Body)
	}
}

func knownPerson(n int) string { return fmt.Sprintf("known-%d@example.com", n) }

// A gateway dies while it sends. What the mail server had not taken comes once; what it had taken, but not acknowledged, comes a
// second time, with the same Message-ID, by which mail programs know it again: nobody could tell whether it had arrived.
func TestAKillInTheMiddleOfSendingLosesNoLetter(t *testing.T) {
	t.Parallel()
	for name, stores := range mailStores(t) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			global, users := stores(t)
			waiting := outbox{users.(store.Outbox)}
			mail, word := startPostbox(t)
			site := newSite(t)
			g := gateway.Start(t, plain(global+word, site, "allow user", gateway.StartUpstream(t)))
			const n = 2 * inHand
			importPeople(t, g, 2*n)
			restart := func() {
				g.Kill()
				mail.Answer()
				waiting.afterClaims(t)
				g.Run()
				waiting.empties(t)
			}

			mail.Hang()
			for i := range n {
				forgets(t, site, i)
			}
			restart()
			for i := range n {
				if got := len(mail.to(knownPerson(i))); got != 1 {
					t.Errorf("%s: %d letters of a server that had taken none before the kill", knownPerson(i), got)
				}
			}

			mail.TakeSilently()
			for i := range n {
				forgets(t, site, n+i)
			}
			taken := func() (list []int) {
				for i := range n {
					if len(mail.to(knownPerson(n+i))) > 0 {
						list = append(list, n+i)
					}
				}
				return list
			}
			gateway.Eventually(t, "the mail server takes what the gateway has in hand", func() bool { return len(taken()) == inHand })
			before := taken()
			restart()
			twice := 0
			for i := range n {
				letters := mail.to(knownPerson(n + i))
				if len(letters) == 2 && letters[0].Header.Get("Message-ID") == letters[1].Header.Get("Message-ID") {
					twice++
				} else if len(letters) != 1 {
					t.Errorf("%s: %d letters", knownPerson(n+i), len(letters))
				}
			}
			if twice != len(before) {
				t.Errorf("%d letters came twice, %d were not acknowledged", twice, len(before))
			}
		})
	}
}

// Reloads under load: every letter that was asked for comes, and comes once, because the end of a configuration gives back
// what it had in hand, or sees it off.
func TestReloadsWhileLettersAreSentLoseNoneAndSendNoneTwice(t *testing.T) {
	t.Parallel()
	global, users := mailStores(t)["SQLite"](t)
	mail, word := startPostbox(t)
	site := newSite(t)
	g := gateway.Start(t, plain(global+word, site, "allow user", gateway.StartUpstream(t)))
	n := max(24, servers.Scale(t, 800)) // the mail server keeps a thousand
	importPeople(t, g, n)
	var people sync.WaitGroup
	next := make(chan int)
	for range 4 {
		people.Go(func() {
			p := gateway.NewPerson(t)
			for i := range next {
				body := map[string]any{"email": knownPerson(i)}
				got, err := p.Try(context.WithoutCancel(t.Context()), http.MethodPost, site+"/.gatehouse/api/v1/password/forgot", body)
				if err != nil {
					// A connection that waited in the socket of the configuration before: see TestReloadsUnderLoad….
					got, err = p.Try(context.WithoutCancel(t.Context()), http.MethodPost, site+"/.gatehouse/api/v1/password/forgot", body)
				}
				if err != nil || got.Status != http.StatusAccepted {
					t.Errorf("%s: %v %d %s", knownPerson(i), err, got.Status, got.Body)
				}
			}
		})
	}
	for i := range n {
		next <- i
		if i%4 == 3 {
			if err := g.Reload(); err != nil {
				t.Errorf("reload: %v", err)
			}
		}
	}
	close(next)
	people.Wait()
	outbox{users.(store.Outbox)}.empties(t)
	for i := range n {
		if letters := mail.to(knownPerson(i)); len(letters) != 1 {
			t.Errorf("%s has %d letters", knownPerson(i), len(letters))
		}
	}
}
