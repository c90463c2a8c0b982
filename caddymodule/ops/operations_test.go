package ops

import (
	"strings"
	"testing"
)

// auditedAs says of every operation that changes something what the audit trail says of it, or why nothing.
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
	"POST /gatehouse/doctor/mail":         "nothing: a letter that says nothing goes to whom the operator names",
	"POST /gatehouse/policy/explain":      "nothing: it changes nothing",
}

// Whoever adds an operation adds what the audit trail says of it.
func TestEveryOperationOfTheOperatorIsTold(t *testing.T) {
	for pattern := range new(operator).operations() {
		if !strings.HasPrefix(pattern, "GET ") && auditedAs[pattern] == "" {
			t.Errorf("%s: write into operationsTold what the audit trail says of it, or why nothing", pattern)
		}
	}
}
