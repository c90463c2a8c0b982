package emaillink

import (
	"bytes"
	"errors"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gatehouse-auth/gatehouse/authportal/keyring"
	"github.com/gatehouse-auth/gatehouse/authportal/method"
	"github.com/gatehouse-auth/gatehouse/authportal/method/methodtest"
	"github.com/gatehouse-auth/gatehouse/store"
	"github.com/gatehouse-auth/gatehouse/store/sql"
	"github.com/gatehouse-auth/gatehouse/store/sql/sqltest"
)

func open(t *testing.T, users store.UserStore, tickets store.Tickets) *Method {
	t.Helper()
	keys, err := keyring.New(nil, "a root secret of the tests, long enough")
	if err != nil {
		t.Fatal(err)
	}
	m, err := Module{}.Open(method.Env{Name: Kind, Users: users, Tickets: tickets, Keys: keys, Now: time.Now})
	if err != nil {
		t.Fatal(err)
	}
	return m.(*Method)
}

func TestConformance(t *testing.T) {
	half := bytes.Repeat([]byte("h"), halfBytes)
	right := map[string]string{"code": ""}
	var tickets store.Tickets
	methodtest.Run(t, methodtest.Suite{
		Users: func(t *testing.T) store.UserStore {
			db := sqltest.Open(t, time.Now)
			tickets = db.EmbeddedSessions()
			return db
		},
		Open: func(t *testing.T, users store.UserStore) method.Method { return open(t, users, tickets) },
		Enrol: func(t *testing.T, users store.UserStore, u store.User) {
			var err error
			if _, right["code"], err = open(t, users, tickets).Write(t.Context(), &u, refOf(half),
				time.Now().Add(time.Minute)); err != nil {
				t.Fatal(err)
			}
		},
		Right: right,
		Wrong: []map[string]string{{"code": "abcdef"}, {"code": "12345"}, {"code": "1234567"}, {"code": "１２３４５６"},
			{"token": "123456"}, {"password": "right"}},
		State: half,
	})
}

// message is a request with its message.
type message struct {
	m           *Method
	db          *sql.Store
	u           store.User
	half        []byte
	token, code string
}

func newMessage(t *testing.T) *message {
	t.Helper()
	db := sqltest.Open(t, time.Now)
	l := &message{m: open(t, db, db.EmbeddedSessions()), db: db}
	l.u = store.User{ID: strings.Repeat("a", 26), Username: "ann", Email: "ann@example.com", Confirmed: true,
		Enabled: true, Approved: true, Created: time.Now()}
	if err := db.CreateUser(t.Context(), l.u); err != nil {
		t.Fatal(err)
	}
	var ref []byte
	var err error
	if l.half, ref, err = l.m.Ask(); err == nil {
		l.token, l.code, err = l.m.Write(t.Context(), &l.u, ref, time.Now().Add(time.Minute))
	}
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func (l *message) try(t *testing.T, half []byte, pairs ...string) method.Step {
	t.Helper()
	f := map[string]string{}
	for i := 0; i < len(pairs); i += 2 {
		f[pairs[i]] = pairs[i+1]
	}
	s, err := l.m.Continue(t.Context(), &method.Attempt{User: &l.u, State: half,
		Field: func(n string) string { return f[n] }})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func proven(s method.Step) bool { _, ok := s.(method.Proven); return ok }

func TestLinkAndCodeAreOneThing(t *testing.T) {
	for _, order := range [][2]string{{"token", "code"}, {"code", "token"}} {
		l := newMessage(t)
		of := map[string]string{"token": l.token, "code": l.code}
		s := l.try(t, l.half, order[0], of[order[0]])
		if p, ok := s.(method.Proven); !ok || !p.Mailbox || p.User.ID != l.u.ID {
			t.Errorf("%s: %+v", order[0], s)
		}
		if proven(l.try(t, l.half, order[1], of[order[1]])) || proven(l.try(t, l.half, order[0], of[order[0]])) {
			t.Errorf("used twice: %v", order)
		}
	}
}

func TestACodeMayBeSetApart(t *testing.T) {
	l := newMessage(t)
	if !proven(l.try(t, l.half, "code", " "+l.code[:3]+" "+l.code[3:]+" ")) {
		t.Error("refused")
	}
}

// Another browser's half grants nothing and uses up nothing.
func TestLinksAreBoundToTheirBrowser(t *testing.T) {
	l := newMessage(t)
	other, _, err := l.m.Ask()
	if err != nil {
		t.Fatal(err)
	}
	for _, half := range [][]byte{other, nil, l.half[:31], refOf(l.half)} {
		if proven(l.try(t, half, "code", l.code)) || proven(l.try(t, half, "token", l.token)) ||
			l.m.Fits(l.token, half) {
			t.Errorf("%x opens", half)
		}
	}
	if !l.m.Fits(l.token, l.half) || !proven(l.try(t, l.half, "token", l.token)) {
		t.Error("used up")
	}
}

// A link reveals its address to its holder until it expires.
func TestAddressOfALink(t *testing.T) {
	l := newMessage(t)
	if email, ok := l.m.Address(l.token); !ok || email != "ann@example.com" {
		t.Errorf("%q, %v", email, ok)
	}
	if strings.Contains(l.token, l.code) {
		t.Error("the code can be read off the link")
	}
	for _, bad := range []string{"", ".", l.token[1:], l.token + "A", strings.Repeat("A", 3000)} {
		if _, ok := l.m.Address(bad); ok || proven(l.try(t, l.half, "token", bad)) {
			t.Errorf("%.20q is one", bad)
		}
	}
	l.m.now = func() time.Time { return time.Now().Add(time.Minute) }
	if _, ok := l.m.Address(l.token); ok || proven(l.try(t, l.half, "token", l.token)) {
		t.Error("it is too old")
	}
}

// A message is void once the address or the password of its account changes.
func TestAChangeVoidsEarlierMessages(t *testing.T) {
	l := newMessage(t)
	l.u.Email = "ann@example.net"
	if proven(l.try(t, l.half, "code", l.code)) {
		t.Error("the old address still opens")
	}
	l = newMessage(t)
	err := l.db.PutCredential(t.Context(), store.Credential{Kind: store.KindPassword, ID: l.u.ID, Owner: l.u.ID,
		Data: []byte("hash"), Created: time.Now()})
	if err != nil {
		t.Fatal(err)
	}
	if proven(l.try(t, l.half, "code", l.code)) {
		t.Error("a password was set meanwhile, and the message is still valid")
	}
	_, code, err := l.m.Write(t.Context(), &l.u, refOf(l.half), time.Now().Add(time.Minute))
	if err != nil {
		t.Fatal(err)
	}
	if p, ok := l.try(t, l.half, "code", code).(method.Proven); !ok || p.Kind != store.KindPassword || p.ID != l.u.ID ||
		p.Version != 1 {
		t.Errorf("the proof does not rest on the password as it is: %+v", p)
	}
}

func TestOfManyCallersOneTakesALetter(t *testing.T) {
	l := newMessage(t)
	var wg sync.WaitGroup
	var won atomic.Int64
	for i := range 16 {
		wg.Go(func() {
			how, what := "code", l.code
			if i%2 == 0 {
				how, what = "token", l.token
			}
			if proven(l.try(t, l.half, how, what)) {
				won.Add(1)
			}
		})
	}
	wg.Wait()
	if won.Load() != 1 {
		t.Errorf("%d of 16 were let in", won.Load())
	}
}

// zeros is randomness that always draws the same code.
type zeros struct{}

func (zeros) Read(p []byte) (int, error) { clear(p); return len(p), nil }

func TestTwoLettersToOneBrowserNeverShareACode(t *testing.T) {
	l := newMessage(t)
	l.m.rand = zeros{}
	ref := refOf(l.half)
	if _, _, err := l.m.Write(t.Context(), &l.u, ref, time.Now().Add(time.Minute)); err != nil {
		t.Fatal(err)
	}
	if _, _, err := l.m.Write(t.Context(), &l.u, ref, time.Now().Add(time.Minute)); !errors.Is(err, store.ErrTaken) {
		t.Errorf("got %v: the second message would have no link", err)
	}
}

func TestCodesAreSixDigitsAndAllOfThem(t *testing.T) {
	l := newMessage(t)
	low := false
	for range 200 {
		code, err := l.m.draw()
		if err != nil || len(code) != codeDigits || strings.Trim(code, "0123456789") != "" {
			t.Fatalf("%q, %v", code, err)
		}
		low = low || code[0] == '0'
	}
	if !low {
		t.Error("no code of 200 begins with 0")
	}
}

func TestAMethodWithoutTicketsDoesNotOpen(t *testing.T) {
	if _, err := New(method.Env{}); err == nil {
		t.Error("opened")
	}
}
