package authportal

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gatehouse-auth/gatehouse/authportal/accounts"
	"github.com/gatehouse-auth/gatehouse/authportal/admin"
	"github.com/gatehouse-auth/gatehouse/authportal/settings"
	"github.com/gatehouse-auth/gatehouse/store"
)

// figured is a world with statistics, whose trail is written at once.
func figured(w **world) worldOption {
	return func(c *Config) {
		audited(w)(c)
		c.Statistics = c.Users.(*flakyUsers).UserStore.(store.Statistics)
	}
}

type overviewAnswer struct {
	Attention []struct {
		Kind, Detail string
		Count        int
		Hint         bool
		Accounts     []struct{ ID, Username string }
	}
	Sessions    *int
	Hours, Days []figureAnswer
}

type figureAnswer struct {
	Start    time.Time
	SignIns  int `json:"sign_ins"`
	Refusals int
	SignUps  int `json:"sign_ups"`
	Sessions *int
}

// String is "sign-ins refusals sign-ups sessions".
func (f figureAnswer) String() string {
	s := fmt.Sprintf("%d %d %d", f.SignIns, f.Refusals, f.SignUps)
	if f.Sessions != nil {
		s += fmt.Sprintf(" %d", *f.Sessions)
	}
	return s
}

func overviewOf(t *testing.T, b *browser) (o overviewAnswer) {
	t.Helper()
	p := b.api("GET", aloneAPI+"admin/overview", "")
	p.wants(t, 200, `"attention":[`)
	if err := json.Unmarshal([]byte(p.body), &o); err != nil {
		t.Fatal(err)
	}
	return o
}

func (o overviewAnswer) kinds() (list []string) {
	for _, a := range o.Attention {
		list = append(list, a.Kind)
	}
	return list
}

func TestTheOverviewCountsWhatHappened(t *testing.T) {
	var w *world
	w, _ = newAccounts(t, figured(&w))
	root, _ := w.administrator("root")
	w.browser().api("POST", aloneAPI+"login", `{"login":"root","password":"wrong"}`).wants(t, 401, "")
	w.pass(2 * time.Hour) // and the day goes on: it is noon
	root.enter("root", "right")
	// A sign-up is a sign-in too.
	w.browser().api("POST", aloneAPI+"signup", `{"email":"new@example.com","password":"long enough"}`).wants(t, 201, "")
	if err := admin.CountOnce(t.Context(), w.shop, w.cfg.Statistics, w.clock()); err != nil {
		t.Fatal(err)
	}
	o := overviewOf(t, root)
	if len(o.Hours) != 24 || len(o.Days) != 30 || !o.Hours[23].Start.Equal(w.clock().Truncate(time.Hour)) ||
		o.Sessions == nil {
		t.Fatalf("%+v", o)
	}
	open := *o.Sessions
	for what, got := range map[string]string{
		"1 1 0": o.Hours[21].String(), "0 0 0": o.Hours[22].String(),
		fmt.Sprintf("2 0 1 %d", open): o.Hours[23].String(), fmt.Sprintf("3 1 1 %d", open): o.Days[29].String(),
	} {
		if got != what {
			t.Errorf("counted %q, want %q", got, what)
		}
	}
	root.get(alone+"/admin").wants(t, 200, fmt.Sprintf(`"Open":%d`, open))
}

func TestTheOverviewTellsWhatNeedsAttention(t *testing.T) {
	var w *world
	box := &postbox{}
	feedDown := false
	w, _ = newAccounts(t, figured(&w), func(c *Config) {
		c.Mail = box
		c.Settings.Account = settings.Limit{Count: 2, Window: 15 * time.Minute}
		c.Watch = func() (list []admin.Alert) {
			if feedDown {
				list = append(list, admin.Alert{Kind: "session_feed"})
			}
			return list
		}
	})
	root, _ := w.administrator("root")
	if got := overviewOf(t, root).kinds(); !slices.Equal(got, []string{"one_administrator"}) {
		t.Errorf("%q", got)
	}
	second := w.user("second")
	w.holds(second, "admin")
	if got := overviewOf(t, root).kinds(); len(got) > 0 {
		t.Errorf("all is well, but for %q", got)
	}

	waits := w.user("waits")
	if _, err := w.p.Accounts().Set(t.Context(), accounts.Actor{}, waits.ID,
		accounts.UserChange{Approved: new(false)}); err != nil {
		t.Fatal(err)
	}
	for range 3 {
		w.browser().api("POST", aloneAPI+"login", `{"login":"second","password":"wrong"}`)
	}
	box.failure = store.MailFailure{Count: 2, Oldest: w.clock(), Fault: "no route " + strings.Repeat("x", 1000)}
	feedDown = true
	o := overviewOf(t, root)
	if got := o.kinds(); !slices.Equal(got, []string{"session_feed", "mail", "throttled", "approvals"}) {
		t.Fatalf("%q", got)
	}
	if a := o.Attention[1]; a.Count != 2 || len(a.Detail) > admin.FaultShown ||
		!strings.HasPrefix(a.Detail, "no route") {
		t.Errorf("%+v", a)
	}
	if a := o.Attention[2].Accounts; len(a) != 1 || a[0].ID != second.ID || a[0].Username != "second" {
		t.Errorf("%+v", a)
	}
	if a := o.Attention[3]; a.Count != 1 {
		t.Errorf("%+v", a)
	}
	root.get(alone+"/admin/users?approved=false&enabled=true").wants(t, 200, `"Total":1`)

	// An hour later no account is throttled any more.
	w.pass(admin.ThrottledFor + time.Second)
	root.enter("root", "right")
	box.failure, feedDown = store.MailFailure{}, false
	if got := overviewOf(t, root).kinds(); !slices.Equal(got, []string{"approvals"}) {
		t.Errorf("%q", got)
	}
}

// With a role that includes admin, an administrator sees that no account holds admin itself: the set-up link is open.
func TestTheOverviewTellsThatTheSetupLinkIsOpen(t *testing.T) {
	w, _ := newAccounts(t, func(c *Config) {
		c.Includes = map[string][]string{"boss": {"admin"}}
		c.ExpandRoles = func(held []string) []string {
			if slices.Contains(held, "boss") {
				return []string{"admin", "boss"}
			}
			return held
		}
	})
	b, u := w.member("boss")
	w.holds(u, "boss")
	if got := overviewOf(t, b).kinds(); !slices.Equal(got, []string{"setup_open"}) {
		t.Errorf("%q", got)
	}
	w.holds(w.user("root"), "admin")
	if got := overviewOf(t, b).kinds(); len(got) > 0 {
		t.Errorf("%q", got)
	}
}

// A session store that cannot count leaves the rest of the page intact.
func TestTheOverviewStandsWithoutFigures(t *testing.T) {
	w, _ := newAccounts(t)
	root, _ := w.administrator("root")
	w.cfg.Sessions = failingCounter{w.shop}
	w.reload()
	o := overviewOf(t, root)
	if o.Sessions != nil || len(o.Hours) != 0 || !slices.Equal(o.kinds(),
		[]string{"session_store", "one_administrator"}) {
		t.Errorf("%+v", o)
	}
	w.cfg.Sessions = struct{ store.SessionStore }{w.shop}
	w.reload()
	if o := overviewOf(t, root); o.Sessions != nil || !slices.Equal(o.kinds(), []string{"one_administrator"}) {
		t.Errorf("%+v", o)
	}
}

type failingCounter struct{ store.SessionStore }

func (failingCounter) CountSessions(context.Context) (int, error) { return 0, store.ErrUnavailable }

type unable struct{}

func (unable) CountSessions(context.Context) (int, error) { return 0, errors.ErrUnsupported }

func TestSessionsAreNotCountedOnceTheyAreNotToBe(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	admin.CountSessions(ctx, unable{}, nil, time.Now, slog.New(slog.DiscardHandler)) // returns
	if err := admin.CountOnce(t.Context(), unable{}, nil, time.Now()); !errors.Is(err, errors.ErrUnsupported) {
		t.Error(err)
	}
}

func TestAddressesOfTheListOfAccountsStillLeadThere(t *testing.T) {
	w, _ := newAccounts(t)
	root, _ := w.administrator("root")
	if p := root.get(alone + "/admin?query=ROOT&sort=name&evil=//x"); p.url.Path != "/.gatehouse/admin/users" ||
		p.url.RawQuery != "query=ROOT&sort=name" {
		t.Errorf("leads to %s", p.url)
	}
	root.get(alone+"/admin").wants(t, 200, `"Name":"admin-overview"`)
}

func TestRolesTellWhoHoldsThemAndWhatDemandsThem(t *testing.T) {
	var w *world
	rule := admin.RoleRule{Hosts: []string{"app.example.com"}, Methods: []string{"POST"}, Paths: []string{"/x/*"},
		Rule: "allow role:editor /x/*", Source: "Caddyfile:7"}
	w, _ = newAccounts(t, figured(&w), withSignup(settings.SignupSettings{Mode: settings.SignupOpen,
		Roles: []string{"guest"}}), func(c *Config) {
		c.Includes = map[string][]string{"admin": {"editor"}, "spare": nil}
		c.RoleUses = func() []admin.RoleUse {
			return []admin.RoleUse{{Role: "editor", RoleRule: rule},
				{Role: "author", RoleRule: admin.RoleRule{Rule: "allow role:author"}}}
		}
	})
	root, _ := w.administrator("root")
	w.holds(w.user("ann"), "editor", "<b>odd")
	var answer struct {
		Roles []struct {
			Role           string
			Assigned, Held int
			Includes       []string
			ComesWith      []string `json:"comes_with"`
			Given          bool     `json:"given_at_signup"`
			Nobody         bool     `json:"nobody_holds"`
			Idle           bool     `json:"demanded_nowhere"`
			Rules          []struct {
				Rule, Source          string
				Paths, Hosts, Methods []string
			}
		}
	}
	p := root.api("GET", aloneAPI+"admin/roles", "")
	p.wants(t, 200, `"hosts":["app.example.com"]`)
	p.wants(t, 200, `"administers":true`)
	if err := json.Unmarshal([]byte(p.body), &answer); err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, r := range answer.Roles {
		s := fmt.Sprintf("%s %d/%d %v<%v", r.Role, r.Assigned, r.Held, r.Includes, r.ComesWith)
		for _, rule := range r.Rules {
			s += " " + rule.Source + "`" + rule.Rule + "`"
		}
		for word, is := range map[string]bool{" nobody": r.Nobody, " idle": r.Idle} {
			if is {
				s += word
			}
		}
		got = append(got, s)
	}
	want := []string{"<b>odd 1/1 []<[] idle", "admin 1/1 [editor]<[]", "author 0/0 []<[] `allow role:author` nobody",
		"editor 1/2 []<[admin] Caddyfile:7`allow role:editor /x/*`", "guest 0/0 []<[] idle", "spare 0/0 []<[]"}
	if !slices.Equal(got, want) {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	root.get(alone+"/admin/roles").wants(t, 200, `"Name":"admin-roles"`)
	root.get(alone+"/admin/users?role=editor").wants(t, 200, `"Total":1`)
}

func TestTheOverviewIsForAdministrators(t *testing.T) {
	w, _ := newAccounts(t)
	root, _ := w.administrator("root")
	ann, _ := w.member("ann")
	all, none := root.token(`{"name":"x"}`), root.token(`{"name":"x","roles":["editor"]}`)
	for _, path := range []string{"admin/overview", "admin/roles"} {
		w.browser().api("GET", aloneAPI+path, "").wants(t, 401, "login_required")
		ann.api("GET", aloneAPI+path, "").wants(t, 403, "forbidden")
		w.withToken(none, "GET", aloneAPI+path, "").wants(t, 403, "forbidden")
		w.withToken(all, "GET", aloneAPI+path, "").wants(t, 200, "")
	}
}
