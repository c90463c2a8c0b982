package stranger

import (
	"context"
	"crypto/subtle"
	"errors"

	"github.com/gatehouse-auth/gatehouse/authportal/method"
	"github.com/gatehouse-auth/gatehouse/store"
)

// Word is a method with a form: a login name and a word.
type Word struct{ users store.UserStore }

var (
	_ method.Method           = (*Word)(nil)
	_ method.LoginNamer       = (*Word)(nil)
	_ method.CredentialKeeper = (*Word)(nil)
)

const wordKind = "stranger_word"

// Kind returns "word".
func (*Word) Kind() string { return "word" }

// AsksLogin says that the form asks for a login name.
func (*Word) AsksLogin() {}

// CredentialKinds says what is kept.
func (*Word) CredentialKinds() map[string]method.CredentialClass {
	return map[string]method.CredentialClass{wordKind: method.ClassPrimary}
}

// Begin shows the form.
func (*Word) Begin(context.Context, *method.Attempt) (method.Step, error) {
	return method.Show{Fields: []method.Field{{Name: "login", Type: "text", Required: true}, {Name: "word", Type: "text", Required: true}}}, nil
}

// Continue compares the word.
func (w *Word) Continue(ctx context.Context, a *method.Attempt) (method.Step, error) {
	id := "nobody"
	if a.User != nil {
		id = a.User.ID
	}
	c, err := w.users.Credential(ctx, wordKind, id)
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return nil, err
	}
	if err != nil || a.User == nil || subtle.ConstantTimeCompare(c.Data, []byte(a.Field("word"))) != 1 {
		return method.Refused{Reason: "wrong word"}, nil
	}
	return method.Proven{User: *a.User, Kind: c.Kind, ID: c.ID, Version: c.Version}, nil
}
