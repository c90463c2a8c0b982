package stories

import (
	"fmt"
	"regexp"
	"sync"
	"testing"
	"time"

	"github.com/gatehouse-auth/gatehouse/integration/gateway"
	"github.com/gatehouse-auth/gatehouse/integration/servers"
	"github.com/gatehouse-auth/gatehouse/store"
	"github.com/gatehouse-auth/gatehouse/store/sql/sqltest"
)

// postbox sorts what a mail server took by recipient.
type postbox struct {
	*servers.SMTP

	mu     sync.Mutex
	came   map[string][]servers.Letter
	opened map[string]int // how many of a recipient's letters next has handed out
}

// startPostbox runs a mail server, and returns the word of the global block that sends letters to it.
func startPostbox(t *testing.T) (*postbox, string) {
	t.Helper()
	mail := servers.StartSMTP(t, servers.SMTPOptions{})
	return &postbox{SMTP: mail, came: map[string][]servers.Letter{}, opened: map[string]int{}},
		fmt.Sprintf("\n\t\tmail smtp://%s {\n\t\t\tfrom auth@example.com\n\t\t}", mail.Addr)
}

// sort must be called with mu held.
func (p *postbox) sort() {
	for {
		select {
		case l := <-p.Letters():
			p.came[l.To] = append(p.came[l.To], l)
		default:
			return
		}
	}
}

// to returns every letter that an address has got so far.
func (p *postbox) to(address string) []servers.Letter {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.sort()
	return append([]servers.Letter(nil), p.came[address]...)
}

// all returns every letter of everybody.
func (p *postbox) all() (list []servers.Letter) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.sort()
	for _, letters := range p.came {
		list = append(list, letters...)
	}
	return list
}

// unopened hands out the oldest letter to an address that it has not handed out, if there is one.
func (p *postbox) unopened(address string) (l servers.Letter, is bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.sort()
	n := p.opened[address]
	if n >= len(p.came[address]) {
		return l, false
	}
	p.opened[address]++
	return p.came[address][n], true
}

// next waits for the next letter to an address.
func (p *postbox) next(t *testing.T, address string) (l servers.Letter) {
	t.Helper()
	gateway.Eventually(t, "a letter to "+address, func() (is bool) {
		l, is = p.unopened(address)
		return is
	})
	return l
}

// link waits for the next letter to an address, which must lead to that page, and returns the token of its link.
func (p *postbox) link(t *testing.T, address, page string) string {
	t.Helper()
	l := p.next(t, address)
	token, is := tokenOf(l, page)
	if !is {
		t.Fatalf("a letter to %s has no link to %s:\n%s", address, page, l.Text)
	}
	return token
}

var linkInLetter = regexp.MustCompile(`http://localhost:\d+/\.gatehouse/([a-z/]+)\?(?:token|invite)=(\S+)`)

// tokenOf returns the secret of a letter's link, if it leads to that page.
func tokenOf(l servers.Letter, page string) (string, bool) {
	found := linkInLetter.FindStringSubmatch(l.Text)
	if found == nil || found[1] != page {
		return "", false
	}
	return found[2], true
}

// outbox is the outbox of a gateway's users database, as a second gateway has it open.
type outbox struct{ store.Outbox }

// empties waits until everything in it was sent, or found to be nothing.
func (o outbox) empties(t *testing.T) {
	t.Helper()
	n := 0
	empty := gateway.Comes(func() bool {
		var err error
		if n, _, err = o.WaitingMail(t.Context()); err != nil {
			t.Fatal(err)
		}
		return n == 0
	})
	if !empty {
		t.Fatalf("%d letters wait for ever", n)
	}
}

// afterClaims makes those letters due that a gateway which is dead had taken in hand, as five minutes of waiting would.
func (o outbox) afterClaims(t *testing.T) {
	t.Helper()
	now := time.Now()
	if _, err := o.ClaimMail(t.Context(), now.Add(6*time.Minute), now, 10_000); err != nil {
		t.Fatal(err)
	}
}

// mailStores are the stores of gateways that send mail together: the words of the global block, and the database behind them.
func mailStores(t *testing.T) map[string]func(t *testing.T) (global string, users store.UserStore) {
	wide := "\n\t\tthrottle {\n\t\t\taddress 100000 per 15m\n\t\t}"
	return map[string]func(t *testing.T) (string, store.UserStore){
		"SQLite": func(t *testing.T) (string, store.UserStore) {
			file := t.TempDir() + "/users.db"
			return shared("sqlite "+file, "embedded") + wide, sqltest.OpenFile(t, file, time.Now)
		},
		"PostgreSQL and Redis": func(t *testing.T) (string, store.UserStore) {
			dsn := servers.FreshPostgres(t)
			return shared("postgres "+dsn, "redis "+servers.FreshRedis(t)) + wide, sqltest.OpenPostgres(t, dsn, time.Now)
		},
	}
}
