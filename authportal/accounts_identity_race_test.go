package authportal

import (
	"encoding/json"
	"slices"
	"strconv"
	"sync"
	"testing"

	"github.com/gatehouse-auth/gatehouse/authportal/accounts"
	"github.com/gatehouse-auth/gatehouse/authportal/method"
	"github.com/gatehouse-auth/gatehouse/store"
)

func readLinked(t *testing.T, data []byte) (d accounts.LinkedIdentity) {
	t.Helper()
	if err := json.Unmarshal(data, &d); err != nil {
		t.Fatal(err)
	}
	return d
}

// atOnce signs in many identities concurrently, and returns their accounts and the codes of refusals.
func atOnce(t *testing.T, a *accounts.Accounts, asked []accounts.IdentityRequest) (ids, codes []string) {
	t.Helper()
	var (
		wg sync.WaitGroup
		mu sync.Mutex
	)
	for _, r := range asked {
		wg.Go(func() {
			u, _, err := a.ForIdentity(t.Context(), r)
			mu.Lock()
			defer mu.Unlock()
			if err != nil {
				codes = append(codes, codeOf(err))
				return
			}
			ids = append(ids, u.ID)
		})
	}
	wg.Wait()
	slices.Sort(ids)
	return slices.Compact(ids), codes
}

func TestFirstSignInsOfOneIdentityAtOnce(t *testing.T) {
	for name, change := range map[string]func(*method.Identity){
		"with an address": nil,
		"without one":     func(id *method.Identity) { id.Email = "" },
	} {
		t.Run(name, func(t *testing.T) {
			w, a := outside(t, accounts.SignUpRules{Open: true, ChooseUsername: true})
			asked := make([]accounts.IdentityRequest, 12)
			for i := range asked {
				asked[i] = ask(identity(change), method.ProviderOptions{})
			}
			if ids, codes := atOnce(t, a, asked); len(ids) != 1 || codes != nil || w.count() != 1 {
				t.Errorf("accounts %v, refusals %v, %d stored", ids, codes, w.count())
			}
		})
	}
}

func TestIdentitiesWithOneAddressAtOnce(t *testing.T) {
	w, a := outside(t, accounts.SignUpRules{Open: true})
	asked := make([]accounts.IdentityRequest, 8)
	for i := range asked {
		asked[i] = ask(identity(func(id *method.Identity) { id.Subject = strconv.Itoa(i) }), method.ProviderOptions{})
	}
	ids, codes := atOnce(t, a, asked)
	if len(ids) != 1 || len(codes) != 7 || w.count() != 1 {
		t.Errorf("accounts %v, refusals %v, %d stored", ids, codes, w.count())
	}
	for _, code := range codes {
		if code != "link_required" {
			t.Error(code)
		}
	}
}

func TestOneIdentityLinkedByManyAtOnce(t *testing.T) {
	w, a := outside(t, accounts.SignUpRules{})
	var asked []accounts.IdentityRequest
	for _, name := range []string{"ann", "ben", "eve", "lee"} {
		u := w.user(name)
		r := ask(identity(nil), method.ProviderOptions{})
		r.Owner = &u
		asked = append(asked, r)
	}
	ids, codes := atOnce(t, a, asked)
	if len(ids) != 1 || !slices.Equal(codes, []string{"identity_linked", "identity_linked", "identity_linked"}) {
		t.Errorf("accounts %v, refusals %v", ids, codes)
	}
}

func TestIdentitiesOfOneAccountRefreshedAtOnce(t *testing.T) {
	w, a := outside(t, accounts.SignUpRules{})
	u := w.user("ann")
	var (
		asked []accounts.IdentityRequest
		want  []string
	)
	for i := range 6 {
		role := "r" + strconv.Itoa(i)
		r := ask(identity(func(id *method.Identity) { id.Subject, id.Groups = role, []string{"g:" + role} }),
			method.ProviderOptions{})
		r.Owner = &u
		asked, want = append(asked, r), append(want, role)
	}
	if ids, codes := atOnce(t, a, asked); len(ids) != 1 || codes != nil {
		t.Errorf("accounts %v, refusals %v", ids, codes)
	}
	if got := w.account("ann"); !slices.Equal(got.InForce(), want) {
		t.Errorf("%v, want %v", got.InForce(), want)
	}
	if list, err := w.users.CredentialsOf(t.Context(), u.ID, store.KindIdentity); err != nil || len(list) != 6 {
		t.Errorf("%d links, %v", len(list), err)
	}
}
