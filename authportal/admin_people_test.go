package authportal

import (
	"strings"
	"testing"

	"github.com/gatehouse-auth/gatehouse/authportal/accounts"
	"github.com/gatehouse-auth/gatehouse/authportal/audit"
	"github.com/gatehouse-auth/gatehouse/authportal/method"
	"github.com/gatehouse-auth/gatehouse/authportal/settings"
	"github.com/gatehouse-auth/gatehouse/authportal/web"
	"github.com/gatehouse-auth/gatehouse/store"
)

func TestAdministratorsInviteInEveryModeOfSignUp(t *testing.T) {
	for _, mode := range []settings.SignupMode{settings.SignupOpen, settings.SignupApproval, settings.SignupInvite,
		settings.SignupClosed} {
		w, box := mailWorld(t, func(c *Config) { c.Settings.Signup.Mode = mode })
		admin, root := w.administrator("root")
		p := admin.api("POST", adminAPI, `{"email":"ann@example.com","roles":["editor"],"invite":true}`)
		p.wants(t, 201, `"invited":"2026-`)
		id, _ := p.json(t)["id"].(string)
		box.one(w, "invite", "ann@example.com")
		admin.api("POST", adminAPI+"/"+id+"/invite", "").wants(t, 202, `{"status":"sent"}`)
		_, token, _ := strings.Cut(box.one(w, "invite", "ann@example.com").Link, "invite=")
		b := w.browser()
		b.api("POST", aloneAPI+"signup", jsonOf(map[string]string{"invite": token,
			"password": "correct horse"})).wants(t, 201, "signed_in")
		if b.signedInAs() != "ann@example.com" {
			t.Errorf("%s: not signed in", mode)
		}
		admin.api("POST", adminAPI+"/"+id+"/invite", "").wants(t, 409, "conflict")
		var told int
		for _, e := range w.eventsOf(audit.EventUserChange) {
			if e.Reason == "invited" && e.Actor == root.ID && e.UserID == id {
				told++
			}
		}
		if told != 2 {
			t.Errorf("%s: %d events", mode, told)
		}
	}
}

func TestWhereNobodyCanBeInvitedNoAccountIsMade(t *testing.T) {
	w, _ := newAccounts(t)
	admin, _ := w.administrator("root")
	admin.api("POST", adminAPI, `{"email":"ann@example.com","invite":true}`).wants(t, 409, "conflict")
	admin.post(alone+"/admin/users", values("email", "ann@example.com", "invite", "1")).wants(t, 409, "conflict")
	w2, box := mailWorld(t)
	admin2, _ := w2.administrator("root")
	admin2.api("POST", adminAPI, `{"email":"ann@example.com","invite":true,"password":"correct horse"}`).wants(t, 409,
		"conflict")
	admin2.api("POST", adminAPI, `{"email":"ann@example.com","invite":true,"enabled":false}`).wants(t, 409, "conflict")
	admin2.api("POST", adminAPI, `{"email":"ann@example.com","invite":"yes"}`).wants(t, 422, `"field":"invite"`)
	box.none(w2)
	if w.count() != 1 || w2.count() != 1 {
		t.Error("an account was made")
	}
}

func TestAdministratorsInviteByTheForm(t *testing.T) {
	w, box := mailWorld(t)
	admin, _ := w.administrator("root")
	p := admin.post(alone+"/admin/users", values("email", "ann@example.com", "name", "Ann", "roles", "editor", "invite",
		"1"))
	p.wants(t, 200, `"State":"invited"`)
	box.one(w, "invite", "ann@example.com")
	at := alone + "/admin/users/" + w.account("ann@example.com").ID
	admin.get(at).wants(t, 200, `"Invites":true`)
	admin.post(at+"/act", values("do", "invite")).wants(t, 200, "done_saved")
	box.one(w, "invite", "ann@example.com")
	ben := w.user("ben")
	admin.get(alone+"/admin/users/"+ben.ID).wants(t, 200, `"Invites":false`)
	admin.post(alone+"/admin/users/"+ben.ID+"/act", values("do", "invite")).wants(t, 409, "conflict")
}

func TestFactorsAreShownAndClearedAndThePasswordStays(t *testing.T) {
	w, _ := newAccounts(t, withKinds(keeperOf{"totp": method.ClassFactor, "passkey": method.ClassFactor}))
	admin, root := w.administrator("root")
	_, ann := w.member("ann")
	for _, k := range []store.Credential{{Kind: "totp", ID: "t1", Label: "Phone", Data: []byte("sealed")},
		{Kind: "passkey", ID: "p1", Data: []byte("key")}} {
		k.Owner, k.Created = ann.ID, w.clock()
		if err := w.users.PutCredential(t.Context(), k); err != nil {
			t.Fatal(err)
		}
	}
	at := alone + "/admin/users/" + ann.ID
	p := admin.get(at)
	p.wants(t, 200, `"Kind":"totp","Label":"Phone"`)
	if strings.Contains(p.body, "sealed") || strings.Contains(p.body, `"Kind":"password"`) ||
		strings.Contains(p.body, store.KindKnownBrowser) {
		t.Errorf("the page tells %s", p.body)
	}
	admin.post(at+"/act", values("do", "factors")).wants(t, 200, `"Factors":null`)
	left, err := w.users.CredentialsOf(t.Context(), ann.ID, "")
	if err != nil || len(left) != 1 || left[0].Kind != store.KindPassword {
		t.Errorf("%+v, %v", left, err)
	}
	if e := w.eventsOf(audit.EventUserChange); len(e) == 0 || e[len(e)-1].Reason != "factors" ||
		e[len(e)-1].Actor != root.ID || e[len(e)-1].UserID != ann.ID {
		t.Errorf("%+v", e)
	}
	w.pass(web.FreshFor)
	if p := admin.post(at+"/act", values("do", "factors")); p.url.Path != "/.gatehouse/login" {
		t.Errorf("leads to %s", p.url)
	}
}

func TestTheOwnerHearsOfAnApprovalHoweverItIsMade(t *testing.T) {
	for name, approve := range map[string]func(*browser, store.User) page{
		"page": func(b *browser, u store.User) page {
			return b.post(alone+"/admin/users/"+u.ID+"/act", values("do", "approve"))
		},
		"api": func(b *browser, u store.User) page { return b.api("PATCH", adminAPI+"/"+u.ID, `{"approved":true}`) },
		"bulk": func(b *browser, u store.User) page {
			return b.api("POST", adminAPI+"/bulk", bulkBody("approve", "", u.ID))
		},
	} {
		w, box := mailWorld(t)
		admin, _ := w.administrator("root")
		ann := w.user("ann")
		if _, err := w.p.Accounts().Set(t.Context(), accounts.Actor{}, ann.ID,
			accounts.UserChange{Approved: new(false)}); err != nil {
			t.Fatal(err)
		}
		if p := approve(admin, ann); p.StatusCode != 200 {
			t.Errorf("%s: %d %s", name, p.StatusCode, p.body)
		}
		if l := box.one(w, "approved", ann.Email); l.Link != alone+"/login" {
			t.Errorf("%s leads to %q", name, l.Link)
		}
	}
}

func TestThePageDeclinesWhoWaits(t *testing.T) {
	w, box := mailWorld(t)
	admin, _ := w.administrator("root")
	ann := w.user("ann")
	at := alone + "/admin/users/" + ann.ID + "/act"
	admin.post(at, values("do", "decline")).wants(t, 409, "conflict")
	if _, err := w.p.Accounts().Set(t.Context(), accounts.Actor{}, ann.ID,
		accounts.UserChange{Approved: new(false)}); err != nil {
		t.Fatal(err)
	}
	admin.post(at, values("do", "decline")).wants(t, 200, "done_deleted")
	box.one(w, "declined", ann.Email)
	admin.post(at, values("do", "add_role")).wants(t, 404, "not_found")
}
