package message

import (
	"net/url"
	"strings"
	"testing"
)

func (l *MailMessage) Token(t *testing.T) string {
	t.Helper()
	u, err := url.Parse(l.Link)
	if err != nil || !strings.HasPrefix(l.Link, "https://") || u.Query().Get("token") == "" {
		t.Fatalf("the letter links to %q", l.Link)
	}
	return u.Query().Get("token")
}
