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
	list := AdminData{Accounts: []AdminAccount{ada, bob, eve}, Total: 120, Query: "example", Sort: "name", Next: "c:Eve", Later: true}
	one := AdminUserData{Account: ada, RoleNames: "admin editor", Passwords: true, MinLength: 8, Attributes: []Field{{Name: "company", Value: "Analytical Engines Ltd"}},
		Sessions: []Session{{ID: "s1", Host: "auth.example.com", Address: "203.0.113.7", LastSeen: day, Device: "something else"}}}
	audit := auditSample(day)
	noAddress := problem("problem_invalid_field", "field", "address")
	last := problem("problem_last_administrator")
	return []sample{
		{name: "admin", Page: Page{Name: Admin, Data: list}},
		{name: "admin-none", Page: Page{Name: Admin, Data: AdminData{Query: "nobody"}, Notice: problem("done_deleted")}},
		{name: "admin-user", Page: Page{Name: AdminUser, Data: one, Notice: problem("done_saved")}},
		{name: "admin-audit", Page: Page{Name: AdminAudit, Data: audit}},
		{name: "admin-audit-none", status: http.StatusUnprocessableEntity, Page: Page{Name: AdminAudit, Data: AuditData{Address: "office"}, Problem: noAddress,
			FieldProblems: map[string]*Message{"address": noAddress}}},
		{name: "admin-user-waits", status: http.StatusConflict, Page: Page{Name: AdminUser, Data: AdminUserData{Account: bob}, Problem: last}},
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
