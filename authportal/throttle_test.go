package authportal

import (
	"fmt"
	"net/netip"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gatehouse-auth/gatehouse/authportal/accounts"
	"github.com/gatehouse-auth/gatehouse/authportal/method"
	"github.com/gatehouse-auth/gatehouse/authportal/settings"
	"github.com/gatehouse-auth/gatehouse/authportal/signin"
	"github.com/gatehouse-auth/gatehouse/store"
)

const loginCall = solo + "/.gatehouse/api/v1/login"

func (b *browser) tryLogin(login, password string) page {
	b.w.t.Helper()
	return b.api("POST", loginCall, fmt.Sprintf(`{"login":%q,"password":%q}`, login, password))
}

// Ten wrong guesses are checked and refused; the next is not checked, right or wrong.
func TestEleventhGuessIsNotChecked(t *testing.T) {
	for _, login := range []string{"ada", "nobody"} {
		w := newWorld(t)
		w.user("ada")
		b := w.browser()
		for i := range 10 {
			if p := b.tryLogin(login, "wrong"); p.StatusCode != 401 || p.code() != "invalid_credentials" {
				t.Fatalf("%s, guess %d: %d %s", login, i+1, p.StatusCode, p.body)
			}
		}
		spent := w.pw.spent.Load()
		for _, password := range []string{"wrong", "right"} {
			p := b.tryLogin(login, password)
			if p.StatusCode != 429 || p.code() != "too_many_attempts" || p.Header.Get("Retry-After") != "900" {
				t.Errorf("%s, then %s: %d %s, Retry-After %q", login, password, p.StatusCode, p.body,
					p.Header.Get("Retry-After"))
			}
		}
		if w.pw.spent.Load() != spent {
			t.Error("a guess beyond the limit was checked")
		}
		w.pass(15 * time.Minute)
		if p := b.tryLogin(login, "wrong"); p.StatusCode != 401 {
			t.Errorf("after the window: %d", p.StatusCode)
		}
	}
}

func TestUnknownAccountsLookAndCostLikeKnownOnes(t *testing.T) {
	w := newWorld(t)
	w.user("ada")
	known, unknown := w.browser().tryLogin("ada", "wrong"), w.browser().tryLogin("nobody", "wrong")
	if known.body != unknown.body || known.StatusCode != unknown.StatusCode ||
		fmt.Sprint(known.Header["Set-Cookie"]) != fmt.Sprint(unknown.Header["Set-Cookie"]) {
		t.Errorf("known: %s %v\nunknown: %s %v", known.body, known.Header, unknown.body, unknown.Header)
	}
	if w.pw.spent.Load() != 2 {
		t.Errorf("%d checks, want one each", w.pw.spent.Load())
	}
}

func TestAllSpellingsOfAnAccountCountTogether(t *testing.T) {
	w := newWorld(t)
	w.user("ada")
	b := w.browser()
	spellings := []string{"ada", "ADA", " ada ", "ada@example.com", "Ada@EXAMPLE.com", "ａｄａ", "ada", "Ada",
		"aDa", "adA"}
	for _, s := range spellings {
		if p := b.tryLogin(s, "wrong"); p.StatusCode != 401 {
			t.Fatalf("%q: %d", s, p.StatusCode)
		}
	}
	if p := b.tryLogin("ada", "right"); p.StatusCode != 429 {
		t.Errorf("got %d, want 429", p.StatusCode)
	}
}

func TestRightAnswerReleasesItsGuess(t *testing.T) {
	w := newWorld(t)
	w.user("ada")
	for range 9 {
		w.browser().tryLogin("ada", "wrong")
	}
	for range 12 {
		if p := w.browser().tryLogin("ada", "right"); p.StatusCode != 200 {
			t.Fatalf("got %d %s", p.StatusCode, p.body)
		}
	}
	w.browser().tryLogin("ada", "wrong")
	if p := w.browser().tryLogin("ada", "right"); p.StatusCode != 429 {
		t.Errorf("success released more than its own guess: %d", p.StatusCode)
	}
}

func TestABurstOfParallelGuessesGetsNoMoreThanTheLimit(t *testing.T) {
	w := newWorld(t)
	w.user("ada")
	var wg sync.WaitGroup
	var checked, refused atomic.Int64
	for range 40 {
		b := w.browser()
		wg.Go(func() {
			switch p := b.tryLogin("ada", "wrong"); p.StatusCode {
			case 401:
				checked.Add(1)
			case 429:
				refused.Add(1)
			}
		})
	}
	wg.Wait()
	if checked.Load() != 10 || refused.Load() != 30 || w.pw.spent.Load() != 10 {
		t.Errorf("%d checked, %d refused, %d spent; want 10, 30, 10", checked.Load(), refused.Load(), w.pw.spent.Load())
	}
}

func TestStrangersCannotLockTheOwnerOut(t *testing.T) {
	w := newWorld(t)
	w.user("ada")
	w.user("eve")
	ada, eve := w.browser(), w.browser()
	eve.addr = "203.0.113.9"
	ada.tryLogin("ada", "right").wants(t, 200, "signed_in")
	eve.tryLogin("eve", "right").wants(t, 200, "signed_in") // a device cookie, for her own account
	for range 15 {
		eve.tryLogin("ada", "wrong")
	}
	if p := eve.tryLogin("ada", "right"); p.StatusCode != 429 {
		t.Fatalf("the stranger: %d", p.StatusCode)
	}
	ada.tryLogin("ada", "right").wants(t, 200, "signed_in")
	for range 10 {
		if p := ada.tryLogin("ada", "wrong"); p.StatusCode != 401 {
			t.Fatalf("the owner mistypes: %d", p.StatusCode)
		}
	}
	if p := ada.tryLogin("ada", "right"); p.StatusCode != 429 {
		t.Errorf("the owner's browser has no limit: %d", p.StatusCode)
	}
}

func TestDeviceCookiesOfAnAccountAreLimited(t *testing.T) {
	w := newWorld(t)
	u := w.user("ada")
	for range 14 {
		w.browser().tryLogin("ada", "right").wants(t, 200, "signed_in")
		w.pass(time.Second)
	}
	list, err := w.users.CredentialsOf(t.Context(), u.ID, "known_browser")
	if err != nil || len(list) != signin.DeviceCookiesKept {
		t.Errorf("%d device cookies (%v), want %d", len(list), err, signin.DeviceCookiesKept)
	}
}

// A thief who once knew the password keeps device cookies, each with a counter of its own.
func TestNewPasswordRevokesOtherDeviceCookies(t *testing.T) {
	w, _ := newAccounts(t)
	ada, u := w.member("ada")
	thieves := make([]*browser, 3)
	for i := range thieves {
		thieves[i] = w.browser()
		thieves[i].addr = "203.0.113.9"
		thieves[i].enter("ada", "right")
	}
	ada.api("POST", aloneAPI+"password/change", newPassword).wants(t, 200, "changed")
	checked := 0
	for _, b := range thieves {
		for range 10 {
			if b.api("POST", aloneAPI+"login", `{"login":"ada","password":"wrong"}`).StatusCode == 401 {
				checked++
			}
		}
	}
	if checked != 10 {
		t.Errorf("%d guesses checked, want those of one account", checked)
	}
	ada.enter("ada", "correct horse") // the account's guesses are used up; the owner has a device cookie
	next := "set by an administrator"
	if _, err := w.p.Accounts().Set(t.Context(), accounts.Actor{ID: "command line"}, u.ID,
		accounts.UserChange{Password: &next}); err != nil {
		t.Fatal(err)
	}
	if list, err := w.users.CredentialsOf(t.Context(), u.ID, store.KindKnownBrowser); err != nil || len(list) != 0 {
		t.Errorf("%d device cookies (%v) after an administrator set a password", len(list), err)
	}
}

func TestAnAddressHasALimitOfItsOwn(t *testing.T) {
	w := newWorld(t, func(c *Config) { c.Settings.Address = settings.Limit{Count: 5, Window: time.Minute} })
	w.user("ada")
	b := w.browser()
	for i, addr := range []string{"2001:db8::1", "2001:db8::2", "2001:db8:0:0:ffff::", "2001:db8::1", "2001:db8::9"} {
		b.addr = addr
		if p := b.tryLogin(fmt.Sprintf("user%d", i), "wrong"); p.StatusCode != 401 {
			t.Fatalf("%s: %d", addr, p.StatusCode)
		}
	}
	if p := b.tryLogin("ada", "right"); p.StatusCode != 429 {
		t.Errorf("the sixth from one /64: %d", p.StatusCode)
	}
	b.addr = "2001:db8:0:1::1"
	if p := b.tryLogin("ada", "right"); p.StatusCode != 200 {
		t.Errorf("the next /64: %d", p.StatusCode)
	}
}

func TestAnAddressIsTheSameInEveryWriting(t *testing.T) {
	for in, want := range map[string]string{
		"192.0.2.7": "192.0.2.7", "::ffff:192.0.2.7": "192.0.2.7", "2001:db8:1:2:3:4:5:6": "2001:db8:1:2::/64",
		"fe80::1%eth0": "fe80::/64",
	} {
		if got := signin.AddressBlock(netip.MustParseAddr(in)); got != want {
			t.Errorf("%s: %s, want %s", in, got, want)
		}
	}
	if got := signin.AddressBlock(netip.Addr{}); got != "unknown" {
		t.Errorf("no address: %s", got)
	}
}

func TestWhereNothingCanBeCountedNothingIsChecked(t *testing.T) {
	w := newWorld(t)
	w.user("ada")
	w.shop.countDown.Store(true)
	p := w.browser().tryLogin("ada", "right")
	if p.StatusCode != 503 || p.code() != "store_unavailable" || p.Header.Get("Retry-After") == "" ||
		w.pw.spent.Load() != 0 {
		t.Errorf("got %d %s, %d checked", p.StatusCode, p.body, w.pw.spent.Load())
	}
}

func TestFullHashingPoolCostsNoGuess(t *testing.T) {
	w := newWorld(t)
	w.user("ada")
	w.pw.err = fmt.Errorf("hashing: %w", method.ErrBusy)
	for range 12 {
		p := w.browser().tryLogin("ada", "right")
		if p.StatusCode != 503 || p.code() != "busy" || p.Header.Get("Retry-After") == "" {
			t.Fatalf("got %d %s", p.StatusCode, p.body)
		}
	}
	w.pw.err = nil
	w.browser().tryLogin("ada", "right").wants(t, 200, "signed_in")
}

func TestCounterNamesAreShortAndRevealNothing(t *testing.T) {
	n := signin.CounterName("account", strings.Repeat("hunter2", 1000))
	if len(n) > 40 || strings.Contains(n, "hunter") {
		t.Errorf("%q", n)
	}
}
