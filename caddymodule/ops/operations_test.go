package ops

import (
	"strings"
	"testing"
)

// auditedAs holds, for every operation that changes something, what the audit trail records of it, or why nothing.
var auditedAs = map[string]string{
	"POST /gatehouse/users":               "user_create",
	"POST /gatehouse/users/import":        "user_create, one for every account",
	"POST /gatehouse/users/{who}/approve": "user_change",
	"POST /gatehouse/users/{who}/decline": "user_delete",
	"POST /gatehouse/users/{who}/invite":  "user_change",
	"PATCH /gatehouse/users/{who}":        "user_change, password_change",
	"DELETE /gatehouse/users/{who}":       "user_delete",
	"POST /gatehouse/users/{who}/ticket":  "ticket_create",
	"POST /gatehouse/sessions/revoke":     "session_end",
	"POST /gatehouse/doctor/mail":         "nothing: a message without content goes to the address that the operator names",
	"POST /gatehouse/policy/explain":      "nothing: it changes nothing",
}

// A new operation needs a row in auditedAs.
func TestEveryOperationHasAnAuditRow(t *testing.T) {
	for pattern := range new(operator).operations() {
		if !strings.HasPrefix(pattern, "GET ") && auditedAs[pattern] == "" {
			t.Errorf("%s: write into auditedAs what the audit trail records of it, or why nothing", pattern)
		}
	}
}
