package methodtest

import (
	"encoding/json"
	"net/netip"
	"slices"
	"testing"
	"time"

	"github.com/gatehouse-auth/gatehouse/authportal/method"
	"github.com/gatehouse-auth/gatehouse/store"
)

// Enrolment describes how to test a method that enrols credentials.
type Enrolment struct {
	Users func(t *testing.T) store.UserStore
	Open  func(t *testing.T, users store.UserStore) method.Method

	// Answer is the owner's input after the first step, by field names of the API; Wrong is an invalid one.
	Answer func(t *testing.T, s method.Show) map[string]json.RawMessage
	Wrong  []map[string]json.RawMessage
}

// RunEnrolment tests the method against the contract of [method.Enroller].
func RunEnrolment(t *testing.T, s Enrolment) {
	for name, try := range map[string]func(*testing.T, *enrolling){
		"a credential of the method's own kind is enrolled": enrols,
		"a wrong answer enrols nothing":                     enrolsNothing,
		"an answer without its first step enrols nothing":   enrolsLate,
	} {
		t.Run(name, func(t *testing.T) {
			b := &bench{users: &outage{UserStore: s.Users(t)}}
			b.method = s.Open(t, b.users)
			try(t, &enrolling{Enrolment: s, bench: b, user: b.add(t, "ada")})
		})
	}
}

type enrolling struct {
	Enrolment
	*bench
	user store.User
}

func (e *enrolling) attempt(state []byte, fields map[string]json.RawMessage) *method.Attempt {
	return &method.Attempt{Purpose: method.Enrol, Token: "one", User: &e.user, State: state,
		Field: func(name string) (v string) { _ = json.Unmarshal(fields[name], &v); return v },
		JSON:  func(name string) json.RawMessage { return fields[name] }, Address: netip.MustParseAddr("192.0.2.1"),
		Host: "auth.example.com", Return: "https://auth.example.com/callback/test", Now: time.Now()}
}

func (e *enrolling) begin(t *testing.T) method.Show {
	t.Helper()
	s, err := e.method.Begin(t.Context(), e.attempt(nil, nil))
	show, ok := s.(method.Show)
	if err != nil || !ok {
		t.Fatalf("Begin: %T, %v; want Show", s, err)
	}
	return show
}

func enrols(t *testing.T, e *enrolling) {
	show := e.begin(t)
	s, err := e.method.Continue(t.Context(), e.attempt(show.State, e.Answer(t, show)))
	made, ok := s.(method.Enrolled)
	if err != nil || !ok {
		t.Fatalf("got %T, %v; want Enrolled", s, err)
	}
	kind := e.method.(method.Enroller).CredentialKind()
	if c := made.Credential; c.ID == "" || c.Kind != kind || !method.CredentialKinds(e.method)[kind].Valid() {
		t.Fatalf("the credential %s/%s is not of the kind %q, or that of no class", c.Kind, c.ID, kind)
	}
	made.Credential.Owner, made.Credential.Created = e.user.ID, time.Now()
	if err := e.users.PutCredential(t.Context(), made.Credential); err != nil {
		t.Fatal(err)
	}
	if f, ok := e.method.(method.SecondFactor); ok {
		if has, err := f.Enrolled(t.Context(), &e.user); err != nil || !has {
			t.Errorf("enrolled: %v, %v", has, err)
		}
	}
}

func enrolsNothing(t *testing.T, e *enrolling) {
	for i, wrong := range append(slices.Clone(e.Wrong), nil) {
		show := e.begin(t)
		s, err := e.method.Continue(t.Context(), e.attempt(show.State, wrong))
		if _, ok := s.(method.Refused); err != nil || !ok {
			t.Errorf("wrong answer %d: %T, %v; want Refused", i, s, err)
		}
	}
}

func enrolsLate(t *testing.T, e *enrolling) {
	show := e.begin(t)
	s, err := e.method.Continue(t.Context(), e.attempt(nil, e.Answer(t, show)))
	if _, ok := s.(method.Refused); err != nil || !ok {
		t.Errorf("%T, %v; want Refused", s, err)
	}
}
