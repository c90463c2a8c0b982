package pages

import (
	"net/http"
	"slices"
	"time"
)

func adminSamples(user User, problem func(string, ...any) *Message) []sample {
	day := time.Date(2026, 11, 20, 8, 42, 0, 0, time.UTC)
	ada := AdminAccount{User: user, State: "active", Enabled: true, Approved: true, Created: day, LastSignIn: day.Add(30 * time.Hour)}
	bob := AdminAccount{User: User{ID: "b", Username: "bob@example.com", Email: "bob@example.com"}, State: "waiting", Enabled: true, Created: day}
	eve := AdminAccount{User: User{ID: "c", Username: "eve", Email: "eve@example.com", Name: "Eve", Roles: []string{"editor", "member"}}, State: "disabled", Approved: true, Created: day}
	ian := AdminAccount{User: User{ID: "d", Username: "ian@example.com", Email: "ian@example.com"}, State: "invited", Enabled: true, Approved: true, Created: day, Invited: day}
	acts := []string{"enable", "disable", "approve", "decline", "add_role", "remove_role", "end_sessions", "new_password", "delete"}
	list := AdminData{Accounts: []AdminAccount{ada, bob, eve, ian}, Total: 120, Query: "example", Role: "editor", Enabled: "false", Approved: "false",
		Sort: "name", Next: "c:Eve", Later: true,
		ExportCSV: "/.gatehouse/admin/export?format=csv&query=example", ExportJSON: "/.gatehouse/admin/export?format=json&query=example",
		State: "waiting", Waiting: 3, Invites: true, Acts: acts, Bulk: 500}
	eight := NewPassword{MinLength: 8}
	one := AdminUserData{Account: ada, RoleNames: "admin editor", Passwords: true, HasPassword: true, NewPassword: eight, Attributes: []Field{{Name: "legacy_id", Value: "4711"}},
		Sessions: []Session{{ID: "s1", Host: "auth.example.com", Address: "203.0.113.7", LastSeen: day, Device: "something else"}}}
	one.Factors = []Factor{{Kind: "totp", Label: "Phone", Created: day, Used: day}, {Kind: "passkey", Created: day}}
	text := AdminColumn{Key: "company", Type: "text", Listed: true, Configured: true, Position: 1}
	plan := AdminColumn{Key: "plan", Label: "Plan", Type: "text", Choices: []string{"free", "gold"}, Listed: true, Position: 1}
	seats := AdminColumn{Key: "seats", Label: "Seats", Type: "number", Listed: true, Position: 2}
	beta := AdminColumn{Key: "beta", Label: "Beta tester", Type: "yes_no", Listed: true, Position: 3}
	since := AdminColumn{Key: "since", Label: "Customer since", Type: "date", Listed: true, Position: 4}
	teams := AdminColumn{Key: "teams", Label: "Teams", Type: "list", Position: 5}
	sorts := AdminColumn{Key: "sorts", Label: "Sorts", Type: "list", Choices: []string{"red", "blue"}, Position: 6}
	cells := []AdminCell{{text, "Analytical Engines Ltd"}, {plan, "gold"}, {seats, "3.5"}, {beta, "true"}, {since, "2025-12-24"}, {teams, "blue, red"}, {sorts, ""}}
	list.Columns = []AdminColumn{text, plan, seats, beta, since}
	list.Accounts[0].Cells, list.Accounts[1].Cells = cells[:5], []AdminCell{{text, ""}, {plan, ""}, {seats, ""}, {beta, "false"}, {since, ""}}
	one.Account.Cells = append(slices.Clone(cells), AdminCell{plan, "platinum"}) // no longer a choice
	one.Account.Cells[7].Column.Key = "former"
	ticket := one
	ticket.Ticket = "https://auth.example.com/ticket?token=example"
	audit := auditSample(day)
	noAddress := problem("problem_invalid_field", "field", "address")
	last := problem("problem_last_administrator")
	many := AdminBulkData{Action: "add_role", Role: "editor", Rows: []BulkRow{{Account: bob}, {Account: eve}}}
	report := AdminBulkData{Action: "delete", Done: true, Refused: 1, Rows: []BulkRow{{Account: ada, Problem: last}, {Account: bob, Gone: true}}}
	return slices.Concat(overviewSamples(user), importSamples(problem), columnSamples([]AdminColumn{text, plan, seats, beta, since, teams}, problem), []sample{
		{name: "admin", Page: Page{Name: Admin, Data: list}},
		{name: "admin-none", Page: Page{Name: Admin, Data: AdminData{Query: "nobody", ExportCSV: "/.gatehouse/admin/export?format=csv", ExportJSON: "/.gatehouse/admin/export?format=json"}, Notice: problem("done_deleted")}},
		{name: "admin-user", Page: Page{Name: AdminUser, Data: one, Notice: problem("done_saved")}},
		{name: "admin-audit", Page: Page{Name: AdminAudit, Data: audit}},
		{name: "admin-audit-none", status: http.StatusUnprocessableEntity, Page: Page{Name: AdminAudit, Data: AuditData{Address: "office"}, Problem: noAddress,
			FieldProblems: map[string]*Message{"address": noAddress}}},
		{name: "admin-user-waits", status: http.StatusConflict, Page: Page{Name: AdminUser, Data: AdminUserData{Account: bob}, Problem: last}},
		{name: "admin-user-invited", Page: Page{Name: AdminUser, Data: AdminUserData{Account: ian, Passwords: true, Invites: true, NewPassword: eight}}},
		{name: "admin-user-ticket", Page: Page{Name: AdminUser, Data: ticket, Notice: problem("done_ticket")}},
		{name: "admin-bulk", Page: Page{Name: AdminBulk, Data: many}},
		{name: "admin-bulk-done", Page: Page{Name: AdminBulk, Data: report}},
		{name: "ticket", Page: Page{Name: Ticket, Data: TicketData{Token: "token", User: user, SignedIn: "bob@example.com", LoginURL: "/login"}}},
		{name: "ticket-expired", status: http.StatusBadRequest, Page: Page{Name: Ticket, Data: TicketData{Expired: true, LoginURL: "/login"}}},
		{name: "login-new-password", Page: Page{Name: Login, LeavesSite: true, Data: LoginData{To: "sealed", Reason: "new_password", NewPassword: eight, Account: "ada", Step: &Step{Token: "token"}}}},
	})
}

func importSamples(problem func(string, ...any) *Message) []sample {
	report := ImportReport{Dry: true, Made: 118, Exists: 2, Refused: 2, Total: 122, More: 117, Rows: []ImportRow{
		{Line: 7, Email: "nobody", Outcome: "refused", Why: problem("import_why", "field", "email")},
		{Line: 9, Email: "bob@example.com", Outcome: "refused", Why: problem("import_why", "field", "enabled")},
		{Line: 4, Email: "ada@example.com", Outcome: "exists", Why: problem("import_why", "reason", "user_exists")},
		{Line: 12, Email: "eve@example.com", Outcome: "exists", Why: problem("import_why", "reason", "user_exists")},
		{Line: 2, Email: "a.very.long.name.of.somebody@department.of.a.large.university.example.com", Outcome: "made"}}}
	done, stopped := report, ImportReport{Made: 40, Total: 40, StoppedAt: 42}
	done.Dry = false
	noFile := problem("problem_invalid_field", "field", "file")
	return []sample{
		{name: "admin-import", Page: Page{Name: AdminImport, Data: AdminImportData{}}},
		{name: "admin-import-checked", Page: Page{Name: AdminImport, Data: AdminImportData{Sum: "5a", Report: &report}}},
		{name: "admin-import-done", Page: Page{Name: AdminImport, Data: AdminImportData{Report: &done}, Notice: problem("done_imported")}},
		{name: "admin-import-stopped", status: http.StatusServiceUnavailable, Page: Page{Name: AdminImport, Data: AdminImportData{Report: &stopped}, Problem: problem("problem_import_time")}},
		{name: "admin-import-no-file", status: http.StatusUnprocessableEntity, Page: Page{Name: AdminImport, Data: AdminImportData{}, Problem: noFile,
			FieldProblems: map[string]*Message{"file": noFile}}},
	}
}

func columnSamples(list []AdminColumn, problem func(string, ...any) *Message) []sample {
	columns := ColumnsData{Columns: list}
	open := columns
	open.Open = "plan"
	return []sample{
		{name: "admin-columns", Page: Page{Name: Columns, Data: columns, Notice: problem("done_column_removed")}},
		{name: "admin-columns-none", Page: Page{Name: Columns, Data: ColumnsData{}}},
		{name: "admin-columns-taken", status: http.StatusConflict, Page: Page{Name: Columns, Data: open, Problem: problem("problem_column_taken"),
			Values: map[string]string{"plan_key": "seats"}, FieldProblems: map[string]*Message{"plan_key": problem("problem_column_taken")}}},
	}
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

func auditSample(day time.Time) AuditData {
	return AuditData{Whom: "eve", Kind: "sign_in", Result: "refused", Since: "2026-11-01", Kinds: []string{"sign_in", "sign_out", "user_change"}, Later: true,
		FirstURL: "/.gatehouse/admin/audit?whom=eve", NextURL: "/.gatehouse/admin/audit?after=x&whom=eve", CSVURL: "/.gatehouse/admin/audit/export?as=csv",
		LinesURL: "/.gatehouse/admin/audit/export?as=jsonl",
		Events: []AuditRow{
			{Time: day, Kind: "sign_in", Result: "refused", Reason: "wrong password", Method: "password", Address: "2001:db8:4:1::c0de", Host: "auth.example.com", Whom: "eve", WhomID: "c"},
			{Time: day, Kind: "user_change", Result: "ok", Reason: "name roles", Address: "203.0.113.7", Host: "auth.example.com", Whom: "eve", WhomID: "c", By: "ada", ByID: "a"},
			{Time: day, Kind: "user_create", Result: "ok", Whom: "eve", WhomID: "c", By: "command line"},
			{Time: day, Kind: "sign_in", Result: "failed", Reason: "of a later version", Method: "portal_key", Address: "203.0.113.7"},
		}}
}
