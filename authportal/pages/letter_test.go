package pages

import (
	"strings"
	"testing"
)

func TestALetterSpeaksTheReadersLanguage(t *testing.T) {
	s := newSet(t, Brand{Name: "Ex<ample", Accent: "#0a7"})
	for lang, want := range map[string]string{"": "Ex<ample can send mail", "fr": "Ex<ample can send mail", "de-AT": "Ex<ample kann E-Mails senden"} {
		subject, plain, rich, err := s.Letter(lang, "test", nil)
		if err != nil {
			t.Fatal(err)
		}
		if subject != want {
			t.Errorf("%s: subject %q, want %q", lang, subject, want)
		}
		if !strings.Contains(plain, "\n\nEx<ample\n") || strings.Contains(plain, "&lt;") {
			t.Errorf("%s: %s", lang, plain)
		}
		if !strings.Contains(rich, "Ex&lt;ample") || strings.Contains(rich, "Ex<ample") || !strings.Contains(rich, "#00aa77") {
			t.Errorf("%s: %s", lang, rich)
		}
		for _, tracking := range []string{"<img", "<link", "<script", "url("} {
			if strings.Contains(rich, tracking) {
				t.Errorf("the letter loads something: %s", tracking)
			}
		}
	}
	if _, _, _, err := s.Letter("", "nonsense", nil); err == nil {
		t.Error("an unknown letter was written")
	}
}

func TestALetterIsReplacedByFileName(t *testing.T) {
	dir := t.TempDir()
	put(t, dir, "mail_test.txt", "{{define \"subject\"}}Ours\nBcc: x{{end}}Hello from {{.Brand}}")
	put(t, dir, "mail-notes.txt", "no template of ours")
	s := newSet(t, Brand{Templates: dir})
	subject, plain, rich, err := s.Letter("", "test", nil)
	if err != nil || subject != "Ours Bcc: x" || plain != "Hello from Gatehouse\n" || !strings.Contains(rich, "<html") {
		t.Errorf("%q %q %v", subject, plain, err)
	}
	for file, c := range map[string][2]string{
		"mail_testt.txt":  {"x", `did you mean "mail_test.txt"?`},
		"mail_test.html":  {"{{.Nonsense}}", "Nonsense"},
		"mail_test.txt":   {"", "subject"},
		"mail_layout.txt": {`{{define "layout"}}{{.T "mail_nonsense"}}{{end}}`, "mail_nonsense"},
	} {
		dir := t.TempDir()
		put(t, dir, file, c[0])
		if _, err := New(Brand{Templates: dir}); err == nil || !strings.Contains(err.Error(), c[1]) || !strings.Contains(err.Error(), "mail_") && !strings.Contains(err.Error(), "letter") {
			t.Errorf("%s: %v, want %q", file, err, c[1])
		}
	}
}

// A reader of mail about a change of address must see which address replaces which.
func TestMailAboutAChangeOfAddressNamesBoth(t *testing.T) {
	s := newSet(t, Brand{Name: "Example"})
	data := LetterData{Account: "ada@example.com", Email: "ada@example.net", Link: "https://auth.example.com/email?token=token"}
	for _, lang := range []string{"en", "de"} {
		for _, name := range []string{"email_change", "email_asked", "email_changed"} {
			_, plain, rich, err := s.Letter(lang, name, data)
			if err != nil {
				t.Fatal(err)
			}
			for _, want := range []string{data.Account, data.Email, data.Link} {
				if !strings.Contains(plain, want) || !strings.Contains(rich, want) {
					t.Errorf("%s %s: %q is missing in %s", lang, name, want, plain)
				}
			}
		}
		// The message to the owner of a taken address reveals nothing about the user who wanted it.
		if _, plain, _, err := s.Letter(lang, "email_taken", data); err != nil || strings.Contains(plain, data.Email) {
			t.Errorf("%s: %v %s", lang, err, plain)
		}
	}
}

func TestSignInMailHoldsItsLinkAndItsCodeInBothForms(t *testing.T) {
	s := newSet(t, Brand{Name: "Example"})
	data := LetterData{Account: "ada@example.com", Link: "https://auth.example.com/link?token=sealed", Code: "012345"}
	for _, lang := range []string{"en", "de"} {
		subject, plain, rich, err := s.Letter(lang, "link", data)
		if err != nil {
			t.Fatal(err)
		}
		for _, secret := range []string{data.Link, data.Code} {
			if strings.Contains(subject, secret) || !strings.Contains(plain, "\n\n"+secret+"\n\n") || !strings.Contains(rich, secret) {
				t.Errorf("%s: %q, %q, %s", lang, subject, plain, rich)
			}
		}
	}
}
