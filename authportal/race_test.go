package authportal

import (
	"testing"

	"github.com/gatehouse-auth/gatehouse/store"
)

func TestASignInThatADisablementOvertookEndsInNothing(t *testing.T) {
	disable := func(w *world, u store.User) {
		u.Enabled = false
		if _, err := w.users.UpdateUser(w.t.Context(), u); err != nil {
			w.t.Error(err)
		}
	}
	t.Run("before the session is stored", func(t *testing.T) {
		w := newWorld(t)
		u := w.user("ada")
		w.shop.created = func() { disable(w, u) }
		b := w.browser()
		b.signIn(b.get(solo+"/"), "ada", "right").wants(t, 403, "account_disabled")
		if b.cookie(solo, "__Host-gatehouse") != "" {
			t.Error("a cookie was given")
		}
	})
	t.Run("while the code is on its way", func(t *testing.T) {
		w := newWorld(t)
		u := w.user("ada")
		b := w.browser()
		callback := codeURL(t, b, app+"/private")
		disable(w, u)
		if got := b.get(callback); got.url.Path != "/login" || b.cookie(app, "__Host-gatehouse") != "" {
			t.Errorf("ended at %s", got.url)
		}
	})
	t.Run("before the proof", func(t *testing.T) {
		w := newWorld(t)
		disable(w, w.user("ada"))
		b := w.browser()
		at := b.get(solo + "/")
		b.signIn(at, "ada", "right").wants(t, 403, "account_disabled")
		b.signIn(at, "ada", "wrong").wants(t, 401, "invalid_credentials")
	})
}

func TestAPasswordThatWasChangedMeanwhileOpensNothing(t *testing.T) {
	w := newWorld(t)
	u := w.user("ada")
	w.pw.hook = func() { // between the check of the old password and the session
		c, err := w.users.Credential(t.Context(), store.KindPassword, u.ID)
		if err != nil {
			t.Error(err)
		}
		c.Data = []byte("changed")
		if err := w.users.SwapCredential(t.Context(), c); err != nil {
			t.Error(err)
		}
	}
	b := w.browser()
	b.signIn(b.get(solo+"/"), "ada", "right").wants(t, 401, "invalid_credentials")
	if b.cookie(solo, "__Host-gatehouse") != "" {
		t.Error("a cookie was given")
	}
	if list, err := w.shop.SessionsOf(t.Context(), u.ID); err != nil || len(list) != 0 {
		t.Errorf("%d sign-ins (%v), want none", len(list), err)
	}
}

func TestARoleThatChangedDuringSignInIsInTheSession(t *testing.T) {
	w := newWorld(t)
	u := w.user("ada")
	w.shop.created = func() {
		u.Roles = []string{"admin"}
		if _, err := w.users.UpdateUser(t.Context(), u); err != nil {
			t.Error(err)
		}
	}
	b := w.browser()
	b.api("POST", solo+"/.gatehouse/api/v1/login", `{"login":"ada","password":"right"}`).wants(t, 200, "signed_in")
	b.api("GET", solo+"/.gatehouse/api/v1/session", "").wants(t, 200, `"roles":["admin","editor"]`)
}
