package stories

import (
	"fmt"
	"net/http"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/gatehouse-auth/gatehouse/integration/gateway"
	"github.com/gatehouse-auth/gatehouse/integration/servers"
)

// The limit is ten guesses at an account, whoever guesses, at whichever gateway, in whichever spelling, and whatever is
// restarted meanwhile. The tenth wrong one is refused, the eleventh not looked at, right or wrong.
func TestTenGuessesAtAnAccountWhereverTheyAreMade(t *testing.T) {
	t.Parallel()
	redis := servers.FreshRedis(t)
	global := shared("sqlite "+filepath.Join(t.TempDir(), "users.db"), "redis "+redis)
	a, b, siteA, siteB := twoGateways(t, global)
	owner := gateway.NewPerson(t)
	owner.SignUp(siteA, "ann@example.com") // leaves a mark in the owner's browser
	gateway.NewPerson(t).SignUp(siteA, "bob@example.com")

	spellings := []string{"ann@example.com", "ANN@example.com", "Ann@Example.COM", " ann@example.com ", "ａnn@example.com"}
	for i := range 10 {
		site := []string{siteA, siteB}[i%2]
		switch i {
		case 4:
			if err := a.Reload(); err != nil {
				t.Fatal(err)
			}
		case 6:
			b.Stop()
			b.Run()
		case 8:
			a.Kill()
			a.Run()
		}
		// a header that anybody can write says nothing about who guesses
		got := gateway.NewPerson(t).TryPassword(site, spellings[i%len(spellings)], "wrong", "X-Forwarded-For", fmt.Sprintf("192.0.2.%d", i))
		if got.Status != http.StatusUnauthorized || got.Code() != "invalid_credentials" {
			t.Fatalf("wrong guess %d, %q: %d %s", i+1, spellings[i%len(spellings)], got.Status, got.Body)
		}
	}
	for _, site := range []string{siteA, siteB} {
		for _, password := range []string{gateway.Password, "wrong"} {
			got := gateway.NewPerson(t).TryPassword(site, "ann@example.com", password)
			wait, err := strconv.Atoi(got.Header.Get("Retry-After"))
			if got.Status != http.StatusTooManyRequests || got.Code() != "too_many_attempts" || err != nil || wait < 1 || wait > 900 || got.Header["Set-Cookie"] != nil {
				t.Errorf("the eleventh (%s): %d %v %s", password, got.Status, got.Header, got.Body)
			}
		}
	}
	// the form says the same
	page := gateway.NewPerson(t)
	if got := page.SubmitLogin(siteA, page.Get(siteA+"/page", "Accept", "text/html").Header.Get("Location"), "ann@example.com"); got.Status != http.StatusTooManyRequests || got.Header.Get("Retry-After") == "" {
		t.Errorf("the form: %d %v", got.Status, got.Header)
	}
	// others are not concerned, and the owner is not shut out where they signed in before
	gateway.NewPerson(t).SignIn(siteB, "bob@example.com")
	owner.SignOut(siteA)
	owner.SignIn(siteB, "ann@example.com")
	// An open session is no way round: the question for the present password has the same counter, the known browser's own.
	thief := gateway.NewPerson(t)
	cookie := "gatehouse=" + owner.Cookie(siteA, "gatehouse")
	if got := thief.Do(http.MethodPost, siteA+"/.gatehouse/api/v1/password/change", map[string]any{"current": gateway.Password, "password": "another battery staple"},
		"Cookie", cookie); got.Status != http.StatusTooManyRequests {
		t.Errorf("changing the password with a stolen cookie: %d %s", got.Status, got.Body)
	}
}

// A name that nobody has counts like one that somebody has, so that the limit tells nothing.
func TestGuessesAtNobodyLookTheSame(t *testing.T) {
	t.Parallel()
	_, site, _, _ := localSite(t, "allow user")
	gateway.NewPerson(t).SignUp(site, "ann@example.com")
	var answers [2][]string
	for i, login := range []string{"ann@example.com", "nobody@example.com"} {
		for range 12 {
			got := gateway.NewPerson(t).TryPassword(site, login, "wrong")
			answers[i] = append(answers[i], fmt.Sprint(got.Status, got.Body, got.Header["Set-Cookie"]))
		}
	}
	if known, unknown := strings.Join(answers[0], "\n"), strings.Join(answers[1], "\n"); known != unknown {
		t.Errorf("a known account:\n%s\nan unknown one:\n%s", known, unknown)
	}
	for i, got := range answers[0] {
		if want := map[bool]string{true: "401", false: "429"}[i < 10]; !strings.HasPrefix(got, want) {
			t.Errorf("guess %d: %s", i+1, got)
		}
	}
}

// A burst over two gateways at once gets no more than the limit. The right password among too many wrong ones does not help.
func TestABurstOverTwoGatewaysGetsTenGuesses(t *testing.T) {
	t.Parallel()
	for name, global := range mainStores(t) {
		if strings.Contains(name, "watched") {
			continue
		}
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, _, siteA, siteB := twoGateways(t, global(t))
			login := fmt.Sprintf("ann-%d@example.com", servers.FreePort(t))
			gateway.NewPerson(t).SignUp(siteA, login)
			var mu sync.Mutex
			count := map[int]int{}
			var burst sync.WaitGroup
			for i := range 40 {
				burst.Go(func() {
					got := gateway.NewPerson(t).TryPassword([]string{siteA, siteB}[i%2], login, "wrong")
					mu.Lock()
					defer mu.Unlock()
					count[got.Status]++
				})
			}
			burst.Wait()
			if count[http.StatusUnauthorized] != 10 || count[http.StatusTooManyRequests] != 30 {
				t.Errorf("%v", count)
			}
		})
	}
}

// The limit of an address is counted apart, and its ways to be written are one.
func TestAnAddressHasItsLimitOverAllAccounts(t *testing.T) {
	t.Parallel()
	site := newSite(t)
	gateway.Start(t, plain(shared("sqlite", "embedded")+"\n\t\tthrottle {\n\t\t\taddress 12 per 15m\n\t\t}", site, "allow user", gateway.StartUpstream(t)))
	gateway.NewPerson(t).SignUp(site, "ann@example.com")
	for i := range 12 {
		if got := gateway.NewPerson(t).TryPassword(site, fmt.Sprintf("nobody-%d@example.com", i), "wrong", "X-Forwarded-For", fmt.Sprintf("198.51.100.%d", i)); got.Status != http.StatusUnauthorized {
			t.Fatalf("guess %d: %d %s", i+1, got.Status, got.Body)
		}
	}
	if got := gateway.NewPerson(t).TryPassword(site, "ann@example.com", gateway.Password, "X-Forwarded-For", "203.0.113.9", "X-Real-Ip", "203.0.113.9", "Forwarded", "for=203.0.113.9"); got.Status != http.StatusTooManyRequests {
		t.Errorf("the thirteenth: %d %s", got.Status, got.Body)
	}
}
