package authportal

import (
	"strings"
	"testing"

	"github.com/gatehouse-auth/gatehouse/authportal/keyring"
	"github.com/gatehouse-auth/gatehouse/authportal/signin"
)

func FuzzOpenSealed(f *testing.F) {
	// Every worker of a fuzz run is a separate process, and all must agree on the sealed value.
	k, err := keyring.New(strings.NewReader(strings.Repeat("not so random", 100)), "the secret of last year, 32 bytes")
	if err != nil {
		f.Fatal(err)
	}
	good, err := k.Seal(signin.SealFlow, []byte(`{"h":"app.example.com"}`), nil)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(good)
	f.Add("")
	f.Add("AAAA")
	f.Add(good + "=")
	p := signin.New(signin.Deps{Keys: k})
	f.Fuzz(func(t *testing.T, s string) {
		var g signin.ReturnTo
		if p.Unseal(signin.SealFlow, s, &g) && s != good {
			t.Fatalf("opened %q", s)
		}
		if p.Unseal(signin.SealCode, s, &signin.Code{}) {
			t.Fatalf("opened %q as a code", s)
		}
	})
}
