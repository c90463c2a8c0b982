package authportal

import (
	"strings"
	"testing"

	"github.com/gatehouse-auth/gatehouse/authportal/pages"
	"github.com/gatehouse-auth/gatehouse/store"
)

func TestTheTestLetterIsWritten(t *testing.T) {
	set, err := pages.New(pages.Brand{Name: "Example"})
	if err != nil {
		t.Fatal(err)
	}
	p := &Portal{pages: set}
	m, err := p.Compose(t.Context(), store.Mail{Kind: LetterTest, To: "ann@example.org", Payload: []byte(`{"lang":"de"}`)})
	if err != nil {
		t.Fatal(err)
	}
	if m.To != "ann@example.org" || m.Subject != "Example kann E-Mails senden" || m.Text == "" || !strings.Contains(m.HTML, `lang="de"`) {
		t.Errorf("%+v", m)
	}
	if m, err := p.Compose(t.Context(), store.Mail{Kind: "of tomorrow", To: "ann@example.org"}); err == nil {
		t.Errorf("a letter of an unknown kind was not kept: %+v", m)
	}
}
