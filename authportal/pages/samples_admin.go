package pages

import (
	"net/http"
	"time"
)

func adminSamples(user User, problem func(string, ...any) *Message) []sample {
	day := time.Date(2026, 11, 20, 8, 42, 0, 0, time.UTC)
	ada := AdminAccount{User: user, Enabled: true, Approved: true, Created: day, LastSignIn: day.Add(30 * time.Hour)}
	bob := AdminAccount{User: User{ID: "b", Username: "bob@example.com", Email: "bob@example.com"}, Enabled: true, Created: day}
	eve := AdminAccount{User: User{ID: "c", Username: "eve", Email: "eve@example.com", Name: "Eve", Roles: []string{"editor", "member"}}, Approved: true, Created: day}
	list := AdminData{Accounts: []AdminAccount{ada, bob, eve}, Total: 120, Query: "example", Role: "editor", Enabled: "false", Approved: "false", Sort: "name", Next: "c:Eve", Later: true}
	one := AdminUserData{Account: ada, RoleNames: "admin editor", Passwords: true, MinLength: 8, Attributes: []Field{{Name: "company", Value: "Analytical Engines Ltd"}},
		Sessions: []Session{{ID: "s1", Host: "auth.example.com", Address: "203.0.113.7", LastSeen: day, Device: "something else"}}}
	last := problem("problem_last_administrator")
	return append(overviewSamples(user), []sample{
		{name: "admin", Page: Page{Name: Admin, Data: list}},
		{name: "admin-none", Page: Page{Name: Admin, Data: AdminData{Query: "nobody"}, Notice: problem("done_deleted")}},
		{name: "admin-user", Page: Page{Name: AdminUser, Data: one, Notice: problem("done_saved")}},
		{name: "admin-user-waits", status: http.StatusConflict, Page: Page{Name: AdminUser, Data: AdminUserData{Account: bob}, Problem: last}},
	}...)
}

func overviewSamples(user User) []sample {
	now := time.Date(2026, 11, 25, 9, 0, 0, 0, time.UTC)
	figures := func(n int, step time.Duration) (list []Figure) {
		for i := range n {
			f := Figure{Start: now.Truncate(step).Add(time.Duration(i+1-n) * step), SignIns: i * 37 % 61, Refused: i * i % 13, SignUps: i % 3, Sessions: 40 + i*7%23}
			if i < 3 {
				f.Sessions = -1
			}
			list = append(list, f)
		}
		return list
	}
	busy := AdminOverviewData{Open: 57, Hours: figures(24, time.Hour), Days: figures(30, 24*time.Hour), Attention: []Attention{
		{Kind: "setup_open"},
		{Kind: "mail", Count: 12, Since: now.Add(-time.Hour), Detail: "smtp.example.com: connection refused"},
		{Kind: "session_feed"}, {Kind: "session_store"},
		{Kind: "throttled", Count: 1, Accounts: []User{user}},
		{Kind: "approvals", Count: 3, Link: "/admin/users?approved=false"},
		{Kind: "one_administrator", Hint: true},
		{Kind: "of another version"},
	}}
	roles := []AdminRole{
		{Name: "admin", Counted: true, Assigned: 1, Held: 1, Includes: []string{"editor", "member"}, Own: true,
			Rules: []RoleRule{{Rule: "allow role:admin /admin/*", Hosts: []string{"app.example.com"}, Paths: []string{"/admin/*"}, Source: "Caddyfile:12"}}},
		{Name: "author", Counted: true, Rules: []RoleRule{{Rule: "allow role:author", Methods: []string{"POST", "PUT"}, Narrowed: true, Source: "Caddyfile:14"}}, Nobody: true},
		{Name: "guest", Counted: true, Assigned: 120, Held: 120, Idle: true, GivenAtSignup: true},
		{Name: "member", Counted: true, Assigned: 80, Held: 81, ComeWith: []string{"admin"}},
	}
	return []sample{
		{name: "admin-overview", Page: Page{Name: AdminOverview, Data: busy}},
		{name: "admin-overview-well", Page: Page{Name: AdminOverview, Data: AdminOverviewData{Open: -1}}},
		{name: "admin-roles", Page: Page{Name: AdminRoles, Data: AdminRolesData{Roles: roles, More: 2}}},
		{name: "admin-roles-none", Page: Page{Name: AdminRoles, Data: AdminRolesData{}}},
	}
}
