package stories

import (
	"net/http"
	"path"
	"testing"
	"time"

	"github.com/gatehouse-auth/gatehouse/integration/gateway"
)

// An administrator looks for somebody on the admin page of one gateway and gives them a role, and takes it by the API of the
// other: a session that is live on both may do more, and then less, without signing in again.
func TestARoleGivenOnTheAdminPageIsInForceOnBothGateways(t *testing.T) {
	t.Parallel()
	chromium := gateway.SharedChromium(t)
	for name, stores := range mailStores(t) {
		t.Run(name, func(t *testing.T) {
			global, _ := stores(t)
			a, _, siteA, siteB := twoGateways(t, global)
			for _, who := range []string{"ann@example.com", "bob@example.com"} {
				a.MustCommand(gateway.Password+"\n", "users", "add", who, "--password-stdin")
			}
			a.MustCommand(gateway.Password+"\n", "users", "add", "root@example.com", "--role", "admin", "--password-stdin")
			ann := gateway.NewPerson(t)
			ann.SignIn(siteA, "ann@example.com")
			onBoth := func(what string, status int) {
				t.Helper()
				for _, site := range []string{siteA, siteB} {
					start := time.Now()
					gateway.Eventually(t, what, func() bool { return ann.Get(site+"/edit/").Status == status })
					t.Logf("%s: in force at %s %v after it was looked for", what, site, time.Since(start))
				}
			}
			onBoth("without the role the door is closed", http.StatusForbidden) // and both have the session in their caches

			for _, scripts := range []bool{true, false} {
				w := chromium.Window(t, scripts)
				w.Open(siteA+"/.gatehouse/admin/users").Fill(`[name=login]`, "root@example.com", `[name=password]`, gateway.Password).Press(`main button[type=submit]`)
				w.Fill(`form[role=search] [name=query]`, "ANN@").Press(`form[role=search] button[type=submit]`).Reads("ann@example.com")
				if w.Ask(`String(document.querySelectorAll('main a[href*="/admin/users/"]').length)`) != "1" {
					t.Fatalf("the search finds others too:\n%s", w.Text())
				}
				w.Press(`main a[href*="/admin/users/"]`)
				id := path.Base(w.Ask("location.pathname"))
				w.Fill(`[name=roles]`, "editor").Press(`form[action$="` + id + `"] button[type=submit]`)
				onBoth("the role that was given opens the door", http.StatusOK)

				root := gateway.NewPerson(t)
				root.SignIn(siteB, "root@example.com")
				got := root.Do(http.MethodPatch, siteB+"/.gatehouse/api/v1/admin/users/"+id, map[string]any{"roles": []string{}})
				if got.Status != http.StatusOK {
					t.Fatalf("taking the role: %d %s", got.Status, got.Body)
				}
				onBoth("the role that was taken closes it", http.StatusForbidden)
			}
		})
	}
}
