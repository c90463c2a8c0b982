package cache

import (
	"context"
	"testing"

	"github.com/gatehouse-auth/gatehouse/store"
)

// The feed is silent in all of these: what is changed here is forgotten here, however slow the word of it.
func TestWhatIsChangedHereIsForgottenHere(t *testing.T) {
	ctx := t.Context()
	for name, change := range map[string]func(*Cache) error{
		"a session ended": func(c *Cache) error { return c.EndSession(ctx, "ann", "s-ann") },
		"all ended":       func(c *Cache) error { _, err := c.EndSessionsOf(ctx, "ann", ""); return err },
		"other rights": func(c *Cache) error {
			return c.RefreshIdentity(ctx, store.Identity{UserID: "ann", Version: 2})
		},
		"a known secret replaced": func(c *Cache) error {
			return c.ProveSession(ctx, benchKey(1), benchKey(11), store.Proof{Method: "totp"})
		},
	} {
		t.Run(name, func(t *testing.T) {
			c, f, clk := open(t)
			f.put(live(benchKey(1), "ann", clk.Now()))
			f.put(live(benchKey(2), "bob", clk.Now()))
			get(t, c, f, benchKey(1), nil, 1)
			get(t, c, f, benchKey(2), nil, 1)
			if err := change(c); err != nil {
				t.Fatal(err)
			}
			get(t, c, f, benchKey(1), store.ErrNotFound, 1)
			get(t, c, f, benchKey(2), nil, 0)
		})
	}
}

func TestAFailedChangeIsForgottenToo(t *testing.T) {
	c, f, clk := open(t)
	f.put(live(benchKey(1), "ann", clk.Now()))
	get(t, c, f, benchKey(1), nil, 1)
	c.inner = refusing{f}
	if err := c.EndSession(t.Context(), "ann", "s-ann"); err == nil {
		t.Fatal("no error")
	}
	get(t, c, f, benchKey(1), nil, 1) // it may have happened: only the store knows
}

// The second factor is given on the portal's host, whose session is not remembered; the session of the app's host is,
// without the proof.
func TestAProofOnOneHostIsKnownOnTheOthers(t *testing.T) {
	c, f, clk := open(t)
	f.put(live(benchKey(1), "ann", clk.Now()))
	app := live(benchKey(2), "ann", clk.Now())
	app.Session.ID, app.Session.Parent = "s-child", "s-ann"
	f.put(app)
	get(t, c, f, benchKey(2), nil, 1)
	if err := c.ProveSession(t.Context(), benchKey(1), benchKey(11), store.Proof{Method: "totp"}); err != nil {
		t.Fatal(err)
	}
	if e := get(t, c, f, benchKey(2), nil, 1); len(e.Live().Session.Proofs) != 1 {
		t.Errorf("proofs %v", e.Live().Session.Proofs)
	}
}

func TestAProofWhoseOwnerCannotBeReadForgetsAll(t *testing.T) {
	c, f, clk := open(t)
	f.put(live(benchKey(1), "ann", clk.Now()))
	f.put(live(benchKey(2), "bob", clk.Now()))
	get(t, c, f, benchKey(2), nil, 1)
	f.failWith(store.ErrUnavailable) // the proof is written, the read after it fails
	if err := c.ProveSession(t.Context(), benchKey(1), benchKey(11), store.Proof{}); err != nil {
		t.Fatal(err)
	}
	f.failWith(nil)
	get(t, c, f, benchKey(2), nil, 1)
	get(t, c, f, benchKey(2), nil, 0)
}

func TestSessionIsNeverAnsweredFromMemory(t *testing.T) {
	c, f, clk := open(t)
	f.put(live(benchKey(1), "ann", clk.Now()))
	get(t, c, f, benchKey(1), nil, 1)
	before := f.count()
	if _, err := c.Session(t.Context(), benchKey(1)); err != nil || f.count() != before+1 {
		t.Errorf("%v, %d reads", err, f.count()-before)
	}
}

// refusing is a fake that fails to end sessions.
type refusing struct{ *fake }

func (refusing) EndSession(context.Context, string, string) error { return store.ErrUnavailable }
