package pages

import (
	"net/http"
	"time"
)

func adminSamples(user User, problem func(string, ...any) *Message) []sample {
	day := time.Date(2026, 11, 20, 8, 42, 0, 0, time.UTC)
	ada := AdminAccount{User: user, State: "active", Enabled: true, Approved: true, Created: day, LastSignIn: day.Add(30 * time.Hour)}
	bob := AdminAccount{User: User{ID: "b", Username: "bob@example.com", Email: "bob@example.com"}, State: "waiting", Enabled: true, Created: day}
	eve := AdminAccount{User: User{ID: "c", Username: "eve", Email: "eve@example.com", Name: "Eve", Roles: []string{"editor", "member"}}, State: "disabled", Approved: true, Created: day}
	ian := AdminAccount{User: User{ID: "d", Username: "ian@example.com", Email: "ian@example.com"}, State: "invited", Enabled: true, Approved: true, Created: day, Invited: day}
	acts := []string{"enable", "disable", "approve", "decline", "add_role", "remove_role", "end_sessions", "new_password", "delete"}
	list := AdminData{Accounts: []AdminAccount{ada, bob, eve, ian}, Total: 120, Query: "example", Sort: "name", Next: "c:Eve", Later: true,
		State: "waiting", Waiting: 3, Invites: true, Acts: acts, Bulk: 500}
	one := AdminUserData{Account: ada, RoleNames: "admin editor", Passwords: true, HasPassword: true, MinLength: 8, Attributes: []Field{{Name: "company", Value: "Analytical Engines Ltd"}},
		Sessions: []Session{{ID: "s1", Host: "auth.example.com", Address: "203.0.113.7", LastSeen: day, Device: "something else"}}}
	one.Factors = []Factor{{Kind: "totp", Label: "Phone", Created: day, Used: day}, {Kind: "passkey", Created: day}}
	ticket := one
	ticket.Ticket = "https://auth.example.com/ticket?token=example"
	last := problem("problem_last_administrator")
	many := AdminBulkData{Action: "add_role", Role: "editor", Rows: []BulkRow{{Account: bob}, {Account: eve}}}
	report := AdminBulkData{Action: "delete", Done: true, Refused: 1, Rows: []BulkRow{{Account: ada, Problem: last}, {Account: bob, Gone: true}}}
	return []sample{
		{name: "admin", Page: Page{Name: Admin, Data: list}},
		{name: "admin-none", Page: Page{Name: Admin, Data: AdminData{Query: "nobody"}, Notice: problem("done_deleted")}},
		{name: "admin-user", Page: Page{Name: AdminUser, Data: one, Notice: problem("done_saved")}},
		{name: "admin-user-waits", status: http.StatusConflict, Page: Page{Name: AdminUser, Data: AdminUserData{Account: bob}, Problem: last}},
		{name: "admin-user-invited", Page: Page{Name: AdminUser, Data: AdminUserData{Account: ian, Passwords: true, Invites: true, MinLength: 8}}},
		{name: "admin-user-ticket", Page: Page{Name: AdminUser, Data: ticket, Notice: problem("done_ticket")}},
		{name: "admin-bulk", Page: Page{Name: AdminBulk, Data: many}},
		{name: "admin-bulk-done", Page: Page{Name: AdminBulk, Data: report}},
		{name: "ticket", Page: Page{Name: Ticket, Data: TicketData{Token: "token", User: user, SignedIn: "bob@example.com", LoginURL: "/login"}}},
		{name: "ticket-expired", status: http.StatusBadRequest, Page: Page{Name: Ticket, Data: TicketData{Expired: true, LoginURL: "/login"}}},
		{name: "login-new-password", Page: Page{Name: Login, LeavesSite: true, Data: LoginData{To: "sealed", Reason: "new_password", MinLength: 8, Account: "ada", Step: &Step{Token: "token"}}}},
	}
}
