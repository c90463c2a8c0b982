package rolepolicy

import (
	"strings"
	"testing"
)

func TestWhoExpressions(t *testing.T) {
	roles, err := NewRoles(map[string][]string{"admin": {"editor"}, "editor": {"member"}})
	if err != nil {
		t.Fatal(err)
	}
	ann := roles.NewSubject("ann", "Ann@Example.com", []string{"admin", "x"})
	unconfirmed := roles.NewSubject("bob@example.com", "", []string{"editor"})
	for expr, want := range map[string][2]bool{
		"user":                             {true, true},
		"role:admin":                       {true, false},
		"role:member":                      {true, true}, // by inclusion
		"role:Admin":                       {false, false},
		"role:admin&role:x":                {true, false},
		"role:admin&role:y":                {false, false},
		"user&role:editor":                 {true, true},
		"user:ann":                         {true, false},
		"user:Ann":                         {false, false},
		"user:ann@example.com":             {true, false},
		"user:ANN@EXAMPLE.COM":             {true, false},
		"user:bob@example.com":             {false, false}, // a username is no address
		"domain:example.com":               {true, false},
		"domain:EXAMPLE.com":               {true, false},
		"domain:xample.com":                {false, false},
		"domain:com":                       {false, false},
		"domain:sub.example.com":           {false, false},
		"domain:example.com&user:ann":      {true, false},
		"domain:example.com&role:nobodies": {false, false},
	} {
		who, err := parseWho(expr)
		if err != nil {
			t.Errorf("%s: %v", expr, err)
			continue
		}
		if got := [2]bool{who.holds(ann), who.holds(unconfirmed)}; got != want {
			t.Errorf("%s: %v, want %v", expr, got, want)
		}
	}
}

// Whose domain such an address has would depend on who reads it.
func TestAnAddressWithSeveralReadingsIsNoAddress(t *testing.T) {
	for _, address := range []string{`"a@evil.com"@example.com`, "a@evil.com@example.com", "@example.com", "a@", "a", "a@example.com ", "a@.example.com", "a@example.com,b@example.org"} {
		s := (*Roles)(nil).NewSubject("a", address, nil)
		if s.email != "" || s.domain != "" {
			t.Errorf("%q is taken for an address of %q", address, s.domain)
		}
	}
}

func TestBadWhoExpressionsAreErrorsWithACure(t *testing.T) {
	for expr, want := range map[string]string{
		"":                     "a term is missing",
		"&":                    "a term is missing",
		"user&":                "a term is missing",
		"role:a&&role:b":       "a term is missing",
		"admin":                "none of user, role:<role>",
		"Role:admin":           "none of user, role:<role>",
		"role:":                "role name is empty",
		"role":                 "none of user",
		"role:a,b":             "separators",
		"role:a b":             "separators",
		"role:a;b":             "separators",
		"role:a|b":             "separators",
		"role:a\u00a0b":        "separators",
		"role:a\x00":           "invisible",
		"role:a\u200bdmin":     "invisible",
		"role:\xff":            "not UTF-8",
		"user:":                "username is empty",
		"user:a b":             "separators",
		"user:@":               "no e-mail address",
		"user:a@":              "no e-mail domain",
		"user:a@b@c":           "no e-mail address",
		"user:*@example.com":   "",
		"domain:":              "no e-mail domain",
		"domain:@example.com":  "no e-mail domain",
		"domain:*.example.com": "no e-mail domain",
		"domain:.example.com":  "no e-mail domain",
		"domain:example.com.":  "no e-mail domain",
		"group:x":              "none of user",
		"role:a & role:b":      "separators",
	} {
		err := CheckWho(expr)
		if want == "" {
			if err != nil {
				t.Errorf("%q: %v", expr, err)
			}
		} else if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %q", expr, err, want)
		}
	}
}

func TestNamesThatCouldPoseAsTwoAreRefused(t *testing.T) {
	for _, name := range []string{"", "a,b", "a;b", "a|b", "a b", "a\tb", "a\nb", "a\u2003b", "a\u2028b", "a\x7f", "a\u202eb", "\xc0"} {
		if CheckRoleName(name) == nil || CheckUsername(name) == nil {
			t.Errorf("%q passes", name)
		}
	}
	for _, name := range []string{"ann", "ann@example.com", "Ömer", "a.b-c_d", "管理员", "corp:admins", "a+b"} {
		if CheckRoleName(name) != nil || CheckUsername(name) != nil {
			t.Errorf("%q is refused", name)
		}
	}
	if CheckRoleName("a&b") == nil {
		t.Error("a role that no who-expression can name passes")
	}
}

func FuzzWho(f *testing.F) {
	for _, expr := range []string{"user", "role:a&role:b", "user:a@b.c", "domain:example.com", "user:ann", "&", "role:"} {
		f.Add(expr, "ann", "ann@example.com", "admin")
	}
	f.Fuzz(func(t *testing.T, expr, username, email, role string) {
		s := (*Roles)(nil).NewSubject(username, email, []string{role})
		who, err := parseWho(expr)
		if err != nil {
			if who.holds(s) || CheckWho(expr) == nil {
				t.Errorf("%q is an error (%v) and yet names somebody", expr, err)
			}
			return
		}
		if !who.holds(s) {
			return
		}
		// Whoever is named has what every term asks for, in so many words.
		for part := range strings.SplitSeq(expr, "&") {
			word, value, _ := strings.Cut(part, ":")
			lower := strings.ToLower(value)
			named := word == "user" && (value == "" || value == username || strings.Contains(value, "@") && lower == strings.ToLower(email)) ||
				word == "role" && value == role && CheckRoleName(role) == nil ||
				word == "domain" && strings.HasSuffix(strings.ToLower(email), "@"+lower)
			if !named {
				t.Errorf("%q names %q <%s> with role %q", expr, username, email, role)
			}
		}
	})
}

func TestARuleTellsWhichRolesItNames(t *testing.T) {
	r := Rule{Kind: Allow, Who: []string{"role:editor&domain:example.com", "role:admin", "user:ann", "role:editor&role:author", "user", "role:"}}
	if got := strings.Join(r.Roles(), " "); got != "admin author editor" {
		t.Errorf("%q", got)
	}
	if got := (Rule{Kind: Deny}).Roles(); len(got) > 0 {
		t.Errorf("%q", got)
	}
}
