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
	list := AdminData{Accounts: []AdminAccount{ada, bob, eve}, Total: 120, Query: "example", Sort: "name", Next: "c:Eve", Later: true,
		ExportCSV: "/.gatehouse/admin/export?format=csv&query=example", ExportJSON: "/.gatehouse/admin/export?format=json&query=example"}
	one := AdminUserData{Account: ada, RoleNames: "admin editor", Passwords: true, MinLength: 8, Attributes: []Field{{Name: "company", Value: "Analytical Engines Ltd"}},
		Sessions: []Session{{ID: "s1", Host: "auth.example.com", Address: "203.0.113.7", LastSeen: day, Device: "something else"}}}
	last := problem("problem_last_administrator")
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
		{name: "admin", Page: Page{Name: Admin, Data: list}},
		{name: "admin-none", Page: Page{Name: Admin, Data: AdminData{Query: "nobody", ExportCSV: "/.gatehouse/admin/export?format=csv", ExportJSON: "/.gatehouse/admin/export?format=json"}, Notice: problem("done_deleted")}},
		{name: "admin-user", Page: Page{Name: AdminUser, Data: one, Notice: problem("done_saved")}},
		{name: "admin-user-waits", status: http.StatusConflict, Page: Page{Name: AdminUser, Data: AdminUserData{Account: bob}, Problem: last}},
	}
}
