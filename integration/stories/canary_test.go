package stories

import (
	"fmt"
	"net/http"
	"net/url"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/gatehouse-auth/gatehouse/integration/gateway"
)

// canaries are secrets that no log may hold.
type canaries map[string]string

// cookies takes every cookie that a person keeps for a site.
func (c canaries) cookies(t *testing.T, who string, p *gateway.Person, site string) {
	t.Helper()
	u, err := url.Parse(site)
	if err != nil {
		t.Fatal(err)
	}
	for _, cookie := range p.Client.Jar.Cookies(u) {
		c[who+"'s cookie "+cookie.Name] = cookie.Value
	}
}

// notIn fails where one of them stands in the text.
func (c canaries) notIn(t *testing.T, where, text string) {
	t.Helper()
	for what, secret := range c {
		for _, spelling := range []string{secret, url.QueryEscape(secret)} {
			if strings.Contains(text, spelling) {
				t.Errorf("%s holds %s", where, what)
			}
		}
	}
}

// Every flow runs with Caddy's log at its most talkative, access logs included. The set-up link is the only secret in it, and
// neither the audit trail nor what the webhook is told holds one.
func TestNoSecretIsInAnyLog(t *testing.T) {
	t.Parallel()
	up := gateway.StartUpstream(t)
	database := filepath.Join(t.TempDir(), "users.db")
	hook := startReceiver(t)
	hook.up.Store(true)
	text := strings.Replace(shared("sqlite "+database, "embedded")+hookBlock(hook), "a-secret-of-this-test-that-is-long-enough", "canary-root-key-material-1234567890", 1)
	g, port := secure(t, text, `
https://app.one.test:PORT {
	log
	gate {
		public /open/*
		allow user
		basic
	}
	reverse_proxy APP
}
https://wiki.two.example:PORT {
	log
	gate
	reverse_proxy APP
}
https://auth.three.test:PORT {
	log
	portal
}
`, up)
	// the same, talkative
	text = strings.Replace(g.Text(), "\tskip_install_trust", "\tdebug\n\tskip_install_trust", 1)
	g.Write(text)
	if err := g.Reload(); err != nil {
		t.Fatal(err)
	}
	one, wiki, auth := "https://app.one.test"+port, "https://wiki.two.example"+port, "https://auth.three.test"+port
	ready(t, one, wiki, auth)
	secrets := canaries{"the password": gateway.Password, "the wrong password": "canary-wrong-guess", "the new password": "canary-new-password-77",
		"the password from the command line": "canary-by-command-line", "the root key": "canary-root-key-material",
		"the key of the webhook": hookKey, "the path of the webhook": "canary-hook-path"}

	// the first administrator
	link := regexp.MustCompile(`https://auth\.three\.test[^"]*/setup\?token=[^"]+`).FindString(g.Log())
	browser := gateway.SharedChromium(t).Window(t, true)
	browser.Open(link).Reads("Welcome") // a browser tells what it loads for a page which page that is
	root := gateway.NewPerson(t)
	form := url.Values{"token": {link[strings.Index(link, "=")+1:]}, "email": {"root@example.com"}, "password": {gateway.Password}}
	if root.Get(link, "Accept", "text/html").Status != http.StatusOK || root.Post(auth+"/setup", form.Encode(), "Origin", auth).Status != http.StatusSeeOther {
		t.Fatal("the set-up link does not work")
	}
	secrets.cookies(t, "root", root, auth)

	// signing up, signing in wrongly and rightly, by the API and by forms, over three hosts
	gateway.NewPerson(t).SignUpAt(auth, "ann@example.com")
	ann := gateway.NewPerson(t)
	gateway.NewPerson(t).TryPassword(one, "ann@example.com", "canary-wrong-guess")
	gateway.NewPerson(t).Post(auth+"/login", url.Values{"login": {"canary-wrong-guess"}, "password": {"canary-wrong-guess"}}.Encode(), "Origin", auth, "Accept", "text/html")
	callback := byCallback(t, &town{auth: auth}, ann, one+"/page?q=1", "ann@example.com")
	secrets["the code"] = callback[strings.Index(callback, "code=")+5:]
	gateway.NewPerson(t).Get(callback, "Accept", "text/html") // stolen
	ann.Browse(callback)
	ann.Browse(wiki + "/page")
	_, anew := gateway.NewPerson(t).Browse(callback, one+"/.gatehouse/login?to=")
	broken := byCallback(t, &town{auth: auth}, gateway.NewPerson(t), anew, "ann@example.com")
	secrets["the code of a sign-in that breaks"] = broken[strings.Index(broken, "code=")+5:]
	browser.Open(broken).Reads("Your browser did not keep")
	for _, site := range []string{one, wiki, auth} {
		secrets.cookies(t, "Ann, at "+site, ann, site)
	}

	// a token, as a header and as a password
	var made struct{ Token string }
	ann.Do(http.MethodPost, one+"/.gatehouse/api/v1/tokens", map[string]any{"name": "script"}).JSON(t, &made)
	if !strings.HasPrefix(made.Token, "ghk_") {
		t.Fatalf("no token: %+v", made)
	}
	secrets["the token"], secrets["a token that is none"] = made.Token, "ghk_canary-of-nobody"
	gateway.NewPerson(t).Get(one+"/x", "Authorization", "Bearer ghk_canary-of-nobody")
	for _, path := range []string{"/x", "/open/x"} {
		gateway.NewPerson(t).Get(one+path, "Authorization", "Bearer "+made.Token)
		gateway.NewPerson(t).Get(strings.Replace(one, "://", "://ann:"+made.Token+"@", 1) + path)
		gateway.NewPerson(t).Get(one+path, "Cookie", sessionCookie+"="+ann.Cookie(one, sessionCookie))
	}

	// a new password, people of the command line, streams, and the end
	ann.Do(http.MethodPost, one+"/.gatehouse/api/v1/password/change", map[string]any{"current": "canary-wrong-guess", "password": "canary-new-password-77"})
	if got := ann.Do(http.MethodPost, one+"/.gatehouse/api/v1/password/change", map[string]any{"current": gateway.Password, "password": "canary-new-password-77"}); got.Status != http.StatusOK {
		t.Fatalf("%d %s", got.Status, got.Body)
	}
	secrets.cookies(t, "Ann, later,", ann, one)
	g.MustCommand("canary-by-command-line\n", "users", "add", "bob@example.com", "--password-stdin")
	g.MustCommand("canary-new-password-77\n", "users", "set", "bob@example.com", "--password-stdin")
	ann.Events(one + "/events")
	ann.Socket(one + "/socket")
	up.Release()
	ann.SignOut(one)
	if err := g.Reload(); err != nil {
		t.Fatal(err)
	}
	trail := func() []map[string]any { return everything(t, root, auth+"/api/v1") }
	gateway.Eventually(t, "what happened is written", func() bool { return strings.Contains(fmt.Sprint(trail()), "sign_out") })
	hook.hears(t, trail)
	events := fmt.Sprint(trail())
	for _, must := range []string{"setup", "sign_up", "wrong password", "token_create", "password_change", "command line", "invalid_token"} {
		if !strings.Contains(events, must) {
			t.Errorf("the trail says nothing of %s, so it proves little", must)
		}
	}
	g.Stop()

	secrets.notIn(t, "the trail", events)
	secrets.notIn(t, "what the webhook was told", fmt.Sprint(hook.bodies))
	for _, fault := range hook.faults {
		t.Error(fault)
	}
	log := g.Log()
	for what, secret := range secrets {
		for _, spelling := range []string{secret, url.QueryEscape(secret)} {
			for line := range strings.Lines(log) {
				if at := strings.Index(line, spelling); at >= 0 {
					t.Errorf("the log holds %s: …%s", what, line[:min(len(line), 1200)])
					break
				}
			}
		}
	}
	for _, must := range []string{`"logger":"http.log.access`, `"level":"debug"`, "/page?q=1", "ann@example.com"} {
		if !strings.Contains(log, must) {
			t.Errorf("the log says nothing of %s, so it proves nothing", must)
		}
	}
	if n := strings.Count(log, "setup?token="); n != 2 { // one for each start of a configuration without administrator
		t.Errorf("the set-up link is in %d lines", n)
	}
}
