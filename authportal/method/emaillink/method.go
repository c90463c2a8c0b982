package emaillink

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/big"
	"strings"
	"time"

	"github.com/gatehouse-auth/gatehouse/authportal/keyring"
	"github.com/gatehouse-auth/gatehouse/authportal/method"
	"github.com/gatehouse-auth/gatehouse/store"
)

// Kind is the name of the method in proofs and on the login page.
const Kind = "email_link"

// purpose is the purpose of tickets and of sealed links.
const purpose = "email link"

const (
	halfBytes  = 32
	codeDigits = 6
)

// Method makes links and codes and checks them. It is safe for concurrent use.
type Method struct {
	users   store.Credentials
	tickets store.Tickets
	keys    *keyring.Keys
	now     func() time.Time
	rand    io.Reader
}

var (
	_ method.Method    = (*Method)(nil)
	_ method.MailProof = (*Method)(nil)
)

// New returns the method. It calls no store.
func New(env method.Env) (*Method, error) {
	if env.Tickets == nil || env.Keys == nil {
		return nil, errors.New("opening the method email_link: no tickets or no keys")
	}
	m := &Method{users: env.Users, tickets: env.Tickets, keys: env.Keys, now: env.Now, rand: env.Rand}
	if m.now == nil {
		m.now = time.Now
	}
	if m.rand == nil {
		m.rand = rand.Reader
	}
	return m, nil
}

// Kind returns "email_link".
func (*Method) Kind() string { return Kind }

// Begin asks for the address.
func (*Method) Begin(context.Context, *method.Attempt) (method.Step, error) {
	return method.Show{Fields: []method.Field{{Name: "email", Type: "email", Required: true,
		Autocomplete: "email"}}}, nil
}

// ticket is the stored state of a message: what must not have changed when it is used.
type ticket struct {
	Email    string `json:"e"`
	Password int64  `json:"p,omitempty"` // version of the password; 0: there was none
}

// label is the sealed content of a link.
type label struct {
	Ref   []byte `json:"r"`
	Code  string `json:"c"`
	Email string `json:"e"`
	Until int64  `json:"d"`
}

// Ask makes the browser's half, and its hash for the queue.
func (m *Method) Ask() (state, ref []byte, err error) {
	state = make([]byte, halfBytes)
	if _, err := io.ReadFull(m.rand, state); err != nil {
		return nil, nil, fmt.Errorf("making the browser's half of a link: %w", err)
	}
	return state, refOf(state), nil
}

func refOf(state []byte) []byte {
	h := sha256.Sum256(append([]byte("gatehouse email link "), state...))
	return h[:]
}

// Write makes the link and the code of a message to u.
func (m *Method) Write(ctx context.Context, u *store.User, ref []byte, until time.Time) (token, code string,
	err error) {
	version, err := method.PasswordVersion(ctx, m.users, u.ID)
	if err != nil {
		return "", "", err
	}
	payload, err := json.Marshal(ticket{Email: u.Email, Password: version})
	if err != nil {
		return "", "", err
	}
	// A second message to the same browser may draw the code of the first.
	for range 8 {
		if code, err = m.draw(); err != nil {
			return "", "", err
		}
		err = m.tickets.PutTicket(ctx, purpose, ticketKey(ref, u.ID, code), payload, until)
		if !errors.Is(err, store.ErrTaken) {
			break
		}
	}
	if err != nil {
		return "", "", fmt.Errorf("making a link: %w", err)
	}
	sealed, err := json.Marshal(label{Ref: ref, Code: code, Email: u.Email, Until: until.Unix()})
	if err != nil {
		return "", "", err
	}
	if token, err = m.keys.Seal(purpose, sealed, nil); err != nil {
		return "", "", fmt.Errorf("making a link: %w", err)
	}
	return token, code, nil
}

func (m *Method) draw() (string, error) {
	n, err := rand.Int(m.rand, big.NewInt(1_000_000))
	if err != nil {
		return "", fmt.Errorf("drawing a code: %w", err)
	}
	return fmt.Sprintf("%0*d", codeDigits, n), nil
}

// ticketKey names the ticket that one browser can take with one code for one account. ref and code have fixed lengths.
func ticketKey(ref []byte, user, code string) store.Key {
	return store.KeyOf(append(append([]byte{}, ref...), code+user...))
}

// Address returns the address that a link was sent to. It does not use up the link.
func (m *Method) Address(token string) (email string, ok bool) {
	l, ok := m.read(token)
	return l.Email, ok
}

// Fits reports whether a link was made for the browser that keeps state. It does not use up the link.
func (m *Method) Fits(token string, state []byte) bool {
	l, ok := m.read(token)
	return ok && len(state) == halfBytes && string(l.Ref) == string(refOf(state))
}

func (m *Method) read(token string) (l label, ok bool) {
	if len(token) > 2048 {
		return label{}, false
	}
	b, err := m.keys.Open(purpose, token, nil)
	if err != nil || json.Unmarshal(b, &l) != nil || m.now().Unix() >= l.Until {
		return label{}, false
	}
	return l, true
}

// Continue takes the ticket of a link or code. It reads the users store first, for known and unknown accounts alike.
func (m *Method) Continue(ctx context.Context, a *method.Attempt) (method.Step, error) {
	user := "nobody"
	if a.User != nil {
		user = a.User.ID
	}
	version, err := method.PasswordVersion(ctx, m.users, user)
	if err != nil {
		return nil, err
	}
	code, ok := m.sent(a)
	if !ok || len(a.State) != halfBytes {
		return method.Refused{Reason: "no code, or no browser that asked"}, nil
	}
	raw, err := m.tickets.TakeTicket(ctx, purpose, ticketKey(refOf(a.State), user, code))
	if errors.Is(err, store.ErrNotFound) {
		return method.Refused{Reason: "wrong, used or old"}, nil
	} else if err != nil {
		return nil, fmt.Errorf("taking a link: %w", err)
	}
	var t ticket
	if err := json.Unmarshal(raw, &t); err != nil {
		return nil, fmt.Errorf("reading a link: %w", err)
	}
	switch {
	case a.User == nil:
		return method.Refused{Reason: "unknown user"}, nil
	case t.Email != a.User.Email:
		return method.Refused{Reason: "address changed meanwhile"}, nil
	case t.Password != version:
		return method.Refused{Reason: "password changed meanwhile"}, nil
	}
	p := method.Proven{User: *a.User, Mailbox: true}
	if version > 0 {
		// A change of password voids earlier messages, also one that is used at the same moment.
		p.Kind, p.ID, p.Version = store.KindPassword, user, version
	}
	return p, nil
}

// sent returns the code of the input: from a link, or typed digits with any separators.
func (m *Method) sent(a *method.Attempt) (string, bool) {
	if token := a.Field("token"); token != "" {
		l, _ := m.read(token)
		return l.Code, m.Fits(token, a.State)
	}
	code := strings.NewReplacer(" ", "", "-", "", "\u00a0", "").Replace(a.Field("code"))
	for _, c := range code {
		if c < '0' || c > '9' {
			return "", false
		}
	}
	return code, len(code) == codeDigits
}
