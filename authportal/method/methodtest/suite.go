package methodtest

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gatehouse-auth/gatehouse/authportal/method"
	"github.com/gatehouse-auth/gatehouse/store"
)

// Suite describes how to test a method with a single input step, such as a password or a code.
type Suite struct {
	// Users opens an empty users store.
	Users func(t *testing.T) store.UserStore

	// Open opens the method over users.
	Open func(t *testing.T, users store.UserStore) method.Method

	// Enrol gives u the credential that the method checks. Right is an answer that is valid from then on, by field
	// names of the API; each of Wrong is not.
	Enrol func(t *testing.T, users store.UserStore, u store.User)
	Right map[string]string
	Wrong []map[string]string

	// State is the state of the previous step; nil: the input comes in the first step.
	State []byte

	// Repeats is set if the right answer stays valid, like a password and unlike a one-time code.
	Repeats bool

	// Work returns the number of expensive computations (hashings) since the method was opened; nil: it makes none. The
	// suite counts them, because time measures nothing on a busy machine.
	Work func(method.Method) int64
}

// Run tests the method against the contract of [method.Method].
func Run(t *testing.T, s Suite) {
	for name, try := range map[string]func(*testing.T, *bench){
		"a right answer proves the account, by a credential as stored":  right,
		"a wrong answer is refused and is no error":                     wrong,
		"an unknown account is refused at the same cost":                unknown,
		"an account without the credential is refused at the same cost": unenrolled,
		"another account's answer is refused":                           anothers,
		"odd answers are refused":                                       odd,
		"a store that is away is an error and no refusal":               away,
		"a cancelled request is an error and no proof":                  cancelled,
		"no step repeats what was sent":                                 silent,
		"many people at once do not mix":                                parallel,
	} {
		t.Run(name, func(t *testing.T) {
			b := &bench{Suite: s, users: &outage{UserStore: s.Users(t)}}
			b.method = s.Open(t, b.users)
			b.user = b.add(t, "ada")
			s.Enrol(t, b.users, b.user)
			try(t, b)
		})
	}
}

// bench is a method over a store with one account that can sign in.
type bench struct {
	Suite
	users  *outage
	method method.Method
	user   store.User
}

func (b *bench) add(t *testing.T, name string) store.User {
	t.Helper()
	u := store.User{ID: strings.Repeat("a", 26-len(name)) + name, Username: name, Email: name + "@example.com",
		Confirmed: true, Enabled: true, Approved: true, Attributes: map[string]any{}, Created: time.Now()}
	if err := b.users.CreateUser(t.Context(), u); err != nil {
		t.Fatal(err)
	}
	u, err := b.users.User(t.Context(), u.ID)
	if err != nil {
		t.Fatal(err)
	}
	return u
}

// try sends the fields as u, and returns the step and its work.
func (b *bench) try(ctx context.Context, u *store.User, fields map[string]string) (method.Step, int64, error) {
	before := b.work()
	step, err := b.method.Continue(ctx, &method.Attempt{User: u, Field: func(n string) string { return fields[n] },
		State: b.State, Address: netip.MustParseAddr("192.0.2.1"), Host: "app.example.com",
		Return: "https://app.example.com/callback/test", Now: time.Now()})
	return step, b.work() - before, err
}

func (b *bench) work() int64 {
	if b.Work == nil {
		return 0
	}
	return b.Work(b.method)
}

func (b *bench) refused(t *testing.T, u *store.User, fields map[string]string) int64 {
	t.Helper()
	step, work, err := b.try(t.Context(), u, fields)
	r, ok := step.(method.Refused)
	if err != nil || !ok {
		t.Errorf("got %T, %v; want Refused", step, err)
	} else if r.Reason == "" {
		t.Error("refused without a reason for the log")
	}
	return work
}

func (b *bench) proven(t *testing.T, u store.User) (method.Proven, int64) {
	t.Helper()
	step, work, err := b.try(t.Context(), &u, b.Right)
	p, ok := step.(method.Proven)
	if err != nil || !ok {
		t.Fatalf("got %T, %v; want Proven", step, err)
	}
	return p, work
}

func right(t *testing.T, b *bench) {
	if b.method.Kind() == "" {
		t.Error("the method has no kind")
	}
	p, _ := b.proven(t, b.user)
	if p.User.ID != b.user.ID {
		t.Errorf("proved %s, want %s", p.User.ID, b.user.ID)
	}
	if p.Kind != "" {
		c, err := b.users.Credential(t.Context(), p.Kind, p.ID)
		if err != nil || c.Version != p.Version || c.Owner != b.user.ID {
			t.Errorf("proven by %s/%s version %d; stored is version %d of %s (%v)", p.Kind, p.ID, p.Version, c.Version,
				c.Owner, err)
		}
	}
	step, _, err := b.try(t.Context(), &b.user, b.Right)
	if _, ok := step.(method.Proven); err != nil || ok != b.Repeats {
		t.Errorf("the same answer again: %T, %v", step, err)
	}
}

func wrong(t *testing.T, b *bench) {
	for i, w := range b.Wrong {
		if b.refused(t, &b.user, w); t.Failed() {
			t.Fatalf("wrong answer %d", i)
		}
	}
	b.proven(t, b.user) // failed attempts have no effect on the owner: the portal counts them
}

func unknown(t *testing.T, b *bench) {
	known := b.refused(t, &b.user, b.Wrong[0])
	for _, fields := range []map[string]string{b.Wrong[0], b.Right} {
		if work := b.refused(t, nil, fields); work != known {
			t.Errorf("an unknown account cost %d computations, a known one %d", work, known)
		}
	}
}

func unenrolled(t *testing.T, b *bench) {
	known := b.refused(t, &b.user, b.Wrong[0])
	bob := b.add(t, "bob")
	if work := b.refused(t, &bob, b.Right); work != known {
		t.Errorf("an account without the credential cost %d computations, another %d", work, known)
	}
}

func anothers(t *testing.T, b *bench) {
	bob := b.add(t, "bob")
	step, _, err := b.try(t.Context(), &bob, b.Right)
	if p, ok := step.(method.Proven); err != nil || ok {
		t.Errorf("ada's answer proved %s (%v)", p.User.ID, err)
	}
}

func odd(t *testing.T, b *bench) {
	for _, v := range []string{"", " ", "\x00", "%00", "*", "\xff\xfe", strings.Repeat("a", 1<<16), "a\nb", "{}"} {
		fields := map[string]string{}
		for name := range b.Right {
			fields[name] = v
		}
		b.refused(t, &b.user, fields)
		b.refused(t, nil, fields)
	}
	b.refused(t, &b.user, nil)
}

func away(t *testing.T, b *bench) {
	b.users.away = true
	for _, fields := range []map[string]string{b.Right, b.Wrong[0]} {
		step, _, err := b.try(t.Context(), &b.user, fields)
		if err == nil {
			t.Errorf("got %T without an error", step)
		} else if !errors.Is(err, store.ErrUnavailable) {
			t.Errorf("the cause is lost: %v", err)
		}
	}
}

func cancelled(t *testing.T, b *bench) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if step, _, err := b.try(ctx, &b.user, b.Right); err == nil {
		t.Errorf("got %T without an error", step)
	}
}

func silent(t *testing.T, b *bench) {
	for _, fields := range append([]map[string]string{b.Right}, b.Wrong...) {
		step, _, err := b.try(t.Context(), &b.user, fields)
		shown := fmt.Sprintf("%+v %v", step, err)
		for name, v := range fields {
			if len(v) > 3 && strings.Contains(shown, v) {
				t.Errorf("the field %s comes back in %T or its error", name, step)
			}
		}
	}
}

func parallel(t *testing.T, b *bench) {
	bob := b.add(t, "bob")
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			u := &b.user
			if i%2 == 1 {
				u = &bob
			}
			step, _, err := b.try(t.Context(), u, b.Right)
			p, ok := step.(method.Proven)
			if ok && p.User.ID != b.user.ID {
				t.Errorf("proved %s", p.User.ID)
			}
			if b.Repeats && (ok != (i%2 == 0)) && !errors.Is(err, method.ErrBusy) {
				t.Errorf("person %d: %T, %v", i, step, err)
			}
		})
	}
	wg.Wait()
}

// outage is a users store that can be made unavailable.
type outage struct {
	store.UserStore
	away bool
}

func (o *outage) err() error {
	if o.away {
		return fmt.Errorf("reading: %w", store.ErrUnavailable)
	}
	return nil
}

// User fails while the store is unavailable.
func (o *outage) User(ctx context.Context, id string) (store.User, error) {
	if err := o.err(); err != nil {
		return store.User{}, err
	}
	return o.UserStore.User(ctx, id)
}

// FindUser fails while the store is unavailable.
func (o *outage) FindUser(ctx context.Context, login string) (store.User, error) {
	if err := o.err(); err != nil {
		return store.User{}, err
	}
	return o.UserStore.FindUser(ctx, login)
}

// Credential fails while the store is unavailable.
func (o *outage) Credential(ctx context.Context, kind, id string) (store.Credential, error) {
	if err := o.err(); err != nil {
		return store.Credential{}, err
	}
	return o.UserStore.Credential(ctx, kind, id)
}

// CredentialsOf fails while the store is unavailable.
func (o *outage) CredentialsOf(ctx context.Context, owner, kind string) ([]store.Credential, error) {
	if err := o.err(); err != nil {
		return nil, err
	}
	return o.UserStore.CredentialsOf(ctx, owner, kind)
}
