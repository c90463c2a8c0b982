package stories

import (
	"net/http"
	"strings"
	"testing"

	"github.com/gatehouse-auth/gatehouse/integration/gateway"
)

// An administrator adds columns; the app behind the gate reads their values as text, from the next request of a session that was
// there before, whoever sets them; and has them no more soon after a column was removed.
func TestAppsReadTheColumnsOfTheOperatorsOwn(t *testing.T) {
	t.Parallel()
	site, up := newSite(t), gateway.StartUpstream(t)
	g := gateway.Start(t, plain("", site, `allow user
		header X-Plan {http.auth.user.attributes.plan}
		header X-Seats {http.auth.user.attributes.seats}
		header X-Beta {http.auth.user.attributes.beta}
		header X-Since {http.auth.user.attributes.since}
		header X-Teams {http.auth.user.attributes.teams}
		header X-Tier {http.auth.user.attributes.tier}`, up))
	g.MustCommand(gateway.Password+"\n", "users", "add", "ann@example.com", "--password-stdin")
	g.MustCommand(gateway.Password+"\n", "users", "add", "root@example.com", "--password-stdin", "--role", "admin")
	ann, root := gateway.NewPerson(t), gateway.NewPerson(t)
	ann.SignIn(site, "ann@example.com")
	root.SignIn(site, "root@example.com")

	columns := site + "/.gatehouse/api/v1/admin/columns"
	for key, kind := range map[string]string{"plan": "text", "seats": "number", "beta": "yes_no", "since": "date", "teams": "list"} {
		if got := root.Do(http.MethodPost, columns, map[string]any{"key": key, "type": kind}); got.Status != http.StatusCreated {
			t.Fatalf("%s: %d %s", key, got.Status, got.Body)
		}
	}
	if got := ann.Do(http.MethodPost, columns, map[string]any{"key": "mine", "type": "text"}); got.Status != http.StatusForbidden {
		t.Errorf("adding a column without the role: %d", got.Status)
	}
	reads := func(want string) bool {
		if got := ann.Get(site + "/page"); got.Status != http.StatusOK {
			t.Fatalf("%d %s", got.Status, got.Body)
		}
		seen := up.Requests()[len(up.Requests())-1].Header
		var got []string
		for _, name := range []string{"X-Plan", "X-Seats", "X-Beta", "X-Since", "X-Teams", "X-Tier"} {
			got = append(got, strings.Join(seen.Values(name), "+"))
		}
		return strings.Join(got, "|") == want
	}
	must := func(want string) {
		t.Helper()
		if !reads(want) {
			t.Errorf("the app does not read %s", want)
		}
	}
	must("|||||")
	var list struct {
		Users []struct{ ID, Username string }
	}
	root.Get(site+"/.gatehouse/api/v1/admin/users?query=ann@").JSON(t, &list)
	address := site + "/.gatehouse/api/v1/admin/users/" + list.Users[0].ID
	set := map[string]any{"attributes": map[string]any{"plan": "gold", "seats": "2500000", "beta": true, "since": "2025-12-24", "teams": []string{"red", "blue"}}}
	if got := root.Do(http.MethodPatch, address, set); got.Status != http.StatusOK {
		t.Fatalf("%d %s", got.Status, got.Body)
	}
	must("gold|2500000|true|2025-12-24|red,blue|")
	if got := root.Do(http.MethodPatch, address, map[string]any{"name": "Ann"}, "If-Match", `"1"`); got.Status != http.StatusPreconditionFailed {
		t.Errorf("a change of what has changed: %d %s", got.Status, got.Body)
	}

	g.MustCommand("", "users", "set", "ann@example.com", "--attribute", "seats=3", "--attribute", "teams=green, red", "--attribute", "beta=no")
	must("gold|3|false|2025-12-24|green,red|")
	if out, err := g.Command("", "users", "set", "ann@example.com", "--attribute", "seats=many"); err == nil || !strings.Contains(out, "seats") {
		t.Errorf("a number that is none, by the command line: %v %s", err, out)
	}

	if got := root.Do(http.MethodPatch, columns+"/plan", map[string]any{"key": "tier"}); got.Status != http.StatusOK {
		t.Fatalf("%d %s", got.Status, got.Body)
	}
	if got := root.Do(http.MethodDelete, columns+"/seats", nil); got.Status != http.StatusNoContent {
		t.Fatalf("%d %s", got.Status, got.Body)
	}
	gateway.Eventually(t, "the renamed value at its new name, the removed one gone", func() bool { return reads("||false|2025-12-24|green,red|gold") })
}
