package stories

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gatehouse-auth/gatehouse/integration/gateway"
	"github.com/gatehouse-auth/gatehouse/integration/servers"
	"github.com/gatehouse-auth/gatehouse/store"
)

// door is an action to which anybody can name any address.
type door struct {
	name   string
	call   string            // of the API
	page   string            // with the same form
	fields map[string]string // beside the address
	known  string            // state of the known account that makes the most work; see states
}

// doors are all that must not tell who has an account.
var doors = []door{
	{name: "sign-up", call: "signup", page: "signup", fields: map[string]string{"password": gateway.Password}, known: "confirmed"},
	{name: "a forgotten password", call: "password/forgot", page: "forgot", known: "confirmed"},
	{name: "a letter to sign in by", call: "login/link", page: "link", known: "confirmed"},
	{name: "the letter of confirmation once more", call: "email/resend", page: "confirm/resend", known: "unconfirmed"},
}

// states are the accounts that an outsider may ask for; their addresses are as long as those of nobody.
var states = map[string]map[string]any{
	"confirmed":   {},
	"unconfirmed": {"confirmed": false},
	"disabled":    {"enabled": false},
	"unapproved":  {"approved": false},
}

func addressIn(state string, n int) string {
	return fmt.Sprintf("%-12s", state)[:4] + fmt.Sprintf("-%05d@example.com", n)
}

const nobody = "none"

const pairs = 300

// TestNobodyLearnsFromAnswersOrTimesWhoHasAnAccount asks each door for accounts in every state and for nobody, compares the
// answers to the byte and, in long runs, how long they took.
func TestNobodyLearnsFromAnswersOrTimesWhoHasAnAccount(t *testing.T) {
	t.Parallel()
	for name, stores := range mailStores(t) {
		if name != "SQLite" && !servers.Long(t) {
			continue // the other store is for long runs
		}
		t.Run(name, func(t *testing.T) {
			global, users := stores(t)
			mail, word := startPostbox(t)
			site := newSite(t)
			g := gateway.Start(t, plain(global+word+"\n\t\tlogin password\n\t\tlogin email_link", site, "allow user", gateway.StartUpstream(t)))
			n := 1
			if servers.Long(t) {
				n = pairs
			}
			for state, fields := range states {
				importKnown(t, g, state, n, fields)
			}
			o := &outsider{t: t, site: site, mail: mail, outbox: outbox{users.(store.Outbox)}, Person: gateway.NewPerson(t)}
			o.Client.Jar = nil // a browser that has seen nothing yet, every time
			for _, d := range doors {
				t.Run(d.name, func(t *testing.T) {
					o.t = t
					o.comparesAnswers(d)
					if servers.Long(t) { // a busy machine adds noise in which a difference drowns
						o.comparesTimes(d)
					}
				})
			}
		})
	}
}

// importKnown makes n accounts in one state.
func importKnown(t *testing.T, g *gateway.Gateway, state string, n int, fields map[string]any) {
	t.Helper()
	var list []map[string]any
	for i := range n {
		row := map[string]any{"email": addressIn(state, i)}
		for name, value := range fields {
			row[name] = value
		}
		list = append(list, row)
	}
	text, err := json.Marshal(list)
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "people.json")
	if err := os.WriteFile(file, text, 0o600); err != nil {
		t.Fatal(err)
	}
	g.MustCommand("", "users", "import", file)
}

// outsider is one who wants to know who has an account.
type outsider struct {
	*gateway.Person
	t      *testing.T
	site   string
	mail   *postbox
	outbox outbox
	asked  int // for nobody so far
}

// nobody returns an address that has never been seen.
func (o *outsider) nobody() string {
	o.asked++
	return addressIn(nobody, o.asked)
}

func (o *outsider) asks(d door, email string) gateway.Answer {
	body := map[string]any{"email": email}
	for name, value := range d.fields {
		body[name] = value
	}
	return o.Do(http.MethodPost, o.site+"/.gatehouse/api/v1/"+d.call, body)
}

func (o *outsider) fillsIn(d door, email string) gateway.Answer {
	form := url.Values{"email": {email}}
	for name, value := range d.fields {
		form.Set(name, value)
	}
	return o.Post(o.site+"/.gatehouse/"+d.page, form.Encode(), "Accept", "text/html", "Origin", o.site)
}

// comparesAnswers holds both faces of a door against what they say of nobody.
func (o *outsider) comparesAnswers(d door) {
	o.t.Helper()
	for face, ask := range map[string]func(door, string) gateway.Answer{"API": o.asks, "form": o.fillsIn} {
		plain := func(email string) string { return strings.ReplaceAll(likeness(ask(d, email)), email, "ADDRESS") }
		want := plain(o.nobody())
		if !strings.HasPrefix(want, "20") {
			o.t.Fatalf("%s, of nobody: %s", face, want)
		}
		for state := range states {
			if got := plain(addressIn(state, 0)); got != want {
				o.t.Errorf("%s, of an account that is %s:\n%s\nand of nobody:\n%s", face, state, got, want)
			}
		}
	}
}

// How the times are judged. Each of 300 pairs asks for a known and an unknown address, in an order that a coin decides, and the
// difference of the two times is one observation. Where both are alike, either is the slower one with a chance of one half
// whatever the noise is like: load, drift and outliers of a busy machine make differences larger, not more often positive.
// That is the sign test, exact and without assumptions on distributions: of 300 fair coins 193 or more fall on one side with a
// chance of 4e-7, of either side 8e-7.
//
// A difference that nobody can use is no leak: only differences beyond 0.3 ms count, which makes false alarms rarer still. A real
// one of 1 ms is found as soon as the noise of one pair is not much larger than it: where the middle half of differences lies
// within ±1 ms of 1 ms, 70 of 100 pairs lie beyond 0.3 ms, 210 of 300.
const (
	beyond = 300 * time.Microsecond
	tooFar = 193
)

func (o *outsider) comparesTimes(d door) {
	o.t.Helper()
	for range 10 { // statements get prepared, connections opened
		o.takes(d, o.nobody())
	}
	coin := rand.New(rand.NewPCG(1, 2))
	var known, unknown, differences []time.Duration
	slower, faster := 0, 0
	for i := range pairs {
		var k, u time.Duration
		if coin.IntN(2) == 0 {
			k = o.takes(d, addressIn(d.known, i))
			u = o.takes(d, o.nobody())
		} else {
			u = o.takes(d, o.nobody())
			k = o.takes(d, addressIn(d.known, i))
		}
		known, unknown, differences = append(known, k), append(unknown, u), append(differences, k-u)
		if k-u > beyond {
			slower++
		} else if u-k > beyond {
			faster++
		}
	}
	slices.Sort(known)
	slices.Sort(unknown)
	slices.Sort(differences)
	o.t.Logf("%s: known %v, unknown %v (medians); differences %v, %v, %v (quartiles); known slower by more than %v in %d of %d pairs, faster in %d",
		d.name, known[pairs/2], unknown[pairs/2], differences[pairs/4], differences[pairs/2], differences[pairs*3/4], beyond, slower, pairs, faster)
	if slower >= tooFar || faster >= tooFar {
		o.t.Errorf("%s: the time tells who has an account", d.name)
	}
}

// takes asks once and returns how long that took. What the question before it left to do in the background is done first.
func (o *outsider) takes(d door, email string) time.Duration {
	o.t.Helper()
	o.outbox.empties(o.t)
	o.mail.all() // a mail server keeps a thousand letters at most
	start := time.Now()
	got := o.asks(d, email)
	took := time.Since(start)
	if got.Status/100 != 2 {
		o.t.Fatalf("%s, %s: %d %s", d.name, email, got.Status, got.Body)
	}
	return took
}
