package authportal

import (
	"net/netip"
	"slices"
	"strings"
	"testing"

	"github.com/gatehouse-auth/gatehouse/authportal/message"
	"github.com/gatehouse-auth/gatehouse/authportal/pages"
	"github.com/gatehouse-auth/gatehouse/authportal/selfservice"
	"github.com/gatehouse-auth/gatehouse/store"
)

func TestTestMessageIsComposed(t *testing.T) {
	set, err := pages.New(pages.Brand{Name: "Example"})
	if err != nil {
		t.Fatal(err)
	}
	p := selfservice.New(selfservice.Deps{Pages: set})
	m, err := p.Compose(t.Context(), store.Mail{Kind: selfservice.TestMail, To: "ann@example.org", Payload: []byte(`{"lang":"de"}`)})
	if err != nil {
		t.Fatal(err)
	}
	if m.To != "ann@example.org" || m.Subject != "Example kann E-Mails senden" || m.Text == "" || !strings.Contains(m.HTML, `lang="de"`) {
		t.Errorf("%+v", m)
	}
	if m, err := p.Compose(t.Context(), store.Mail{Kind: "of tomorrow", To: "ann@example.org"}); err == nil {
		t.Errorf("a message of an unknown kind was not kept: %+v", m)
	}
}

// Every kind of message is composed in full, with its link, in both languages.
func TestEveryMessageIsComposedFromTheOutbox(t *testing.T) {
	set, err := pages.New(pages.Brand{Name: "Example"})
	if err != nil {
		t.Fatal(err)
	}
	w, box := mailWorld(t, approval)
	w.appoint("root")
	w.cfg.Pages = set
	w.reload()
	b := w.browser()
	b.api("POST", aloneAPI+"signup", annSignsUp)
	b.api("POST", aloneAPI+"password/forgot", `{"email":"root@example.com"}`)
	b.api("POST", aloneAPI+"signup", `{"email":"root@example.com","password":"correct horse"}`)
	b.api("POST", aloneAPI+"signup", annSignsUp)
	u := w.account("ann@example.com")
	if u, err = w.p.Accounts().Confirm(t.Context(), u.ID, u.Email); err != nil {
		t.Fatal(err)
	}
	queue := box.take()
	u.Confirmed = false
	if u, err = w.users.UpdateUser(t.Context(), u); err != nil {
		t.Fatal(err)
	}
	u.Confirmed = true
	w.p.Accounts().Decided(t.Context(), byRoot, message.Approved, &u)
	w.p.Accounts().Decided(t.Context(), byRoot, message.Declined, &u)
	w.p.SignIn.SessionTheft(t.Context(), &store.ActiveSession{Session: store.Session{UserID: u.ID}, Identity: u.Identity()}, netip.Addr{}, "alone.example.org")
	queue = append(queue, box.take()...)
	queue = slices.DeleteFunc(queue, func(m store.Mail) bool { // those that only equalize the timing
		got, err := w.p.SelfService.Compose(t.Context(), m)
		return m.Kind == message.Waiting && got == nil && err == nil
	})
	want := []string{"/confirm?token=", "/reset?token=", "/login", "/reset?token=", "/login", "", ""}
	if len(queue) != len(want) {
		t.Fatalf("%d messages are queued", len(queue))
	}
	for i, m := range queue {
		m.Payload = []byte(strings.Replace(string(m.Payload), `{"`, `{"l":"de","`, 1))
		got, err := w.p.SelfService.Compose(t.Context(), m)
		if err != nil || got == nil {
			t.Fatalf("%s: %v", m.Kind, err)
		}
		link := alone + want[i]
		if got.To != m.To || want[i] != "" && (!strings.Contains(got.Text, link) || !strings.Contains(got.HTML, link)) || !strings.Contains(got.HTML, `lang="de"`) {
			t.Errorf("%s: %+v, want a link to %s", m.Kind, got, link)
		}
	}
}
