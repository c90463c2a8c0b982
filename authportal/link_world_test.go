package authportal

import (
	"bytes"
	"context"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gatehouse-auth/gatehouse/authportal/method"
	"github.com/gatehouse-auth/gatehouse/store"
)

// plainLink is a simple email_link: a ticket under the browser's half, the account and a code, and a token that
// contains the code in clear.
type plainLink struct {
	c      *Config
	drawn  atomic.Int64
	proven func() // runs between the ticket and the session
}

type plainToken struct {
	Ref         []byte
	Code, Email string
	Until       int64
}

func (*plainLink) Kind() string { return "email_link" }

func (*plainLink) Begin(context.Context, *method.Attempt) (method.Step, error) {
	return method.Show{}, nil
}

func (m *plainLink) Ask() (state, ref []byte, err error) {
	state = fmt.Appendf(nil, "half %d", m.drawn.Add(1))
	return state, []byte("hash of " + string(state)), nil
}

func (m *plainLink) key(ref []byte, user, code string) store.Key {
	return store.KeyOf(fmt.Appendf(nil, "%s %s %s", ref, user, code))
}

func (m *plainLink) Write(ctx context.Context, u *store.User, ref []byte, until time.Time) (string, string, error) {
	code := fmt.Sprintf("%06d", m.drawn.Add(1))
	b, err := json.Marshal(plainToken{ref, code, u.Email, until.Unix()})
	if err != nil {
		return "", "", err
	}
	return hex.EncodeToString(b), code, m.c.Sessions.PutTicket(ctx, "plain link", m.key(ref, u.ID, code),
		[]byte(u.Email), until)
}

func (m *plainLink) read(token string) (t plainToken, ok bool) {
	b, err := hex.DecodeString(token)
	return t, err == nil && json.Unmarshal(b, &t) == nil && m.c.Now().Unix() < t.Until
}

func (m *plainLink) Address(token string) (string, bool) {
	t, ok := m.read(token)
	return t.Email, ok
}

func (m *plainLink) Fits(token string, state []byte) bool {
	t, ok := m.read(token)
	return ok && bytes.Equal(t.Ref, []byte("hash of "+string(state)))
}

func (m *plainLink) Continue(ctx context.Context, a *method.Attempt) (method.Step, error) {
	code, id := a.Field("code"), "nobody"
	if t, ok := m.read(a.Field("token")); ok {
		code = t.Code
	}
	if a.User != nil {
		id = a.User.ID
	}
	email, err := m.c.Sessions.TakeTicket(ctx, "plain link", m.key([]byte("hash of "+string(a.State)), id, code))
	if errors.Is(err, store.ErrNotFound) {
		return method.Refused{Reason: "wrong"}, nil
	} else if err != nil {
		return nil, err
	}
	if string(email) != a.User.Email {
		return method.Refused{Reason: "changed"}, nil
	}
	p := method.Proven{User: *a.User, Mailbox: true}
	if k, err := m.c.Users.Credential(ctx, store.KindPassword, id); err == nil {
		p.Kind, p.ID, p.Version = k.Kind, k.ID, k.Version
	}
	if m.proven != nil {
		m.proven()
	}
	return p, nil
}

// linkWorld is mailWorld with email sign-in besides the password.
func linkWorld(t *testing.T, opts ...worldOption) (*world, *postbox, *plainLink) {
	m := &plainLink{}
	w, box := mailWorld(t, append([]worldOption{func(c *Config) {
		m.c = c
		c.Methods = append(c.Methods, method.Configured{Name: "email_link", Method: m})
	}}, opts...)...)
	return w, box, m
}

// asksForLink requests a link at alone.example.org and returns the message.
func (b *browser) asksForLink(box *postbox, email string, more ...string) *sentMail {
	b.w.t.Helper()
	b.api("POST", aloneAPI+"login/link", field(append([]string{"email", email}, more...)...)).
		wants(b.w.t, 202, `{"status":"sent"}`)
	return box.one(b.w, "link", email)
}

// finishes sends "token" or "code", and other fields.
func (b *browser) finishes(fields ...string) page {
	b.w.t.Helper()
	return b.api("POST", aloneAPI+"login/link/finish", field(fields...))
}

func field(pairs ...string) string {
	f := map[string]string{}
	for i := 0; i+1 < len(pairs); i += 2 {
		f[pairs[i]] = pairs[i+1]
	}
	return jsonOf(f)
}
