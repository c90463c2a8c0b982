package password

import (
	"errors"
	"strings"
	"testing"
	"time"

	"golang.org/x/crypto/argon2"

	"github.com/gatehouse-auth/gatehouse/store/sql/sqltest"
)

// Made by hashlib and openssl, of "correct horse".
var foreign = map[string]string{
	"Django":          "pbkdf2_sha256$1000$seasalt1$mGZsXYeddruvpV7LGOAomgrwbzXUQO7dnc2UcTnZ4Zs=",
	"Django, SHA-1":   "pbkdf2_sha1$1000$seasalt1$vFMAupBGYUvaHKx0zB84aNcOCsY=",
	"PBKDF2, SHA-256": "$pbkdf2-sha256$1000$8PHy8/T19vf4.fr7/P3./w$JwgcbJZlHBoE0uPBMy9SZsCsIJXsYLx/8XwH97PVwMU",
	"PBKDF2, SHA-512": "$pbkdf2-sha512$1000$8PHy8/T19vf4.fr7/P3./w$xqu1f3FSdHbs02z9AocIk0UpBf6S9uqlRTfcS56zkPqTxPMhm.kj4D.e8E9DRlH/uXf/Pe1g59vHIM0MwcvtiA",
	"PBKDF2, SHA-1":   "$pbkdf2$1000$8PHy8/T19vf4.fr7/P3./w$.5QX0J046SbyM4zUrpWK1an1PdA",
	"scrypt":          "$scrypt$ln=4,r=8,p=1$8PHy8/T19vf4+fr7/P3+/w$JvJWJIKH0DvalOuZloYFzm7z/NOUGrOUSepHfp4u5bk",
	"sha512-crypt":    "$6$seasalt$mBHkf1XNr6efhWrk3xP8ZomrgLiMqA4QR8lvxiCuRh/awCSvhxC2TQ6sspxZzzCF0QAk8fTWZUKj9fKkj.6gm1",
	"1,000 rounds":    "$6$rounds=1000$seasalt$F3BU1ax3Vw8e5Yopps5FW9ChwZ5dP4cVqpuZavoSdKHjHd9ftayWVLbsrkenLa3jnTMDJL58NmjWgT8ITvEJS.",
	"Keycloak": keycloak("pbkdf2-sha512", "1000",
		"xqu1f3FSdHbs02z9AocIk0UpBf6S9uqlRTfcS56zkPqTxPMhm+kj4D+e8E9DRlH/uXf/Pe1g59vHIM0MwcvtiA=="),
	"Keycloak, before": keycloak("pbkdf2-sha256", "1000",
		"JwgcbJZlHBoE0uPBMy9SZsCsIJXsYLx/8XwH97PVwMXOFTA/FRAmL2liI7G2o4+2Hu4XY9YNU9v6DTkptSo3RQ=="),
	"argon2i": "$argon2i$v=19$m=64,t=1,p=1$" + b64.EncodeToString([]byte("sixteen of salt!")) + "$" +
		b64.EncodeToString(argon2.Key([]byte("correct horse"), []byte("sixteen of salt!"), 1, 64, 1, 32)),
}

func keycloak(algorithm, iterations, value string) string {
	return `{"type":"password","credentialData":"{\"hashIterations\":` + iterations + `,\"algorithm\":\"` + algorithm +
		`\",\"additionalParameters\":{}}",` +
		`"secretData":"{\"value\":\"` + value +
		`\",\"salt\":\"8PHy8/T19vf4+fr7/P3+/w==\",\"additionalParameters\":{}}"}`
}

func TestHashesOfOtherSoftwareAreAcceptedAndOutdated(t *testing.T) {
	h := cheapest(Argon2id)
	for name, stored := range foreign {
		if err := checkEncoded([]byte(stored)); err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if match, outdated := verify(t, h, []byte(stored), "correct horse"); !match || !outdated {
			t.Errorf("%s: match %v, outdated %v", name, match, outdated)
		}
		for _, wrong := range []string{"", "correct hors", "correct horse ", "correct horse\x00", "Correct horse"} {
			if match, _ := verify(t, h, []byte(stored), wrong); match {
				t.Errorf("%s: %q matches", name, wrong)
			}
		}
	}
}

func TestAForeignHashBecomesOursAtTheNextSignIn(t *testing.T) {
	users := sqltest.Open(t, time.Now)
	u := member(t, users, cheap, "another horse")
	c := stored(t, users, u)
	c.Data = []byte(foreign["Django"])
	if err := users.PutCredential(t.Context(), c); err != nil {
		t.Fatal(err)
	}
	m := open(t, cheap, users)
	try(t, m, &u, "wrong horse")
	if got := stored(t, users, u); string(got.Data) != foreign["Django"] {
		t.Errorf("a wrong password left %s", got.Data)
	}
	try(t, m, &u, "correct horse")
	if got := stored(t, users, u); !strings.HasPrefix(string(got.Data), argonPrefix) {
		t.Errorf("stored %s", got.Data)
	}
	if right, err := m.CheckPassword(t.Context(), &u, "correct horse"); !right || err != nil {
		t.Error(right, err)
	}
}

func TestAForeignHashCannotAskForAbsurdWork(t *testing.T) {
	for name, change := range map[string][2]string{
		"Django": {"$1000$", "$2000001$"}, "PBKDF2, SHA-512": {"$1000$", "$9999999999$"},
		"1,000 rounds": {"=1000$", "=999999999$"},
		"scrypt":       {"ln=4", "ln=30"}, "argon2i": {"m=64", "m=4294967295"},
	} {
		if err := checkEncoded([]byte(strings.Replace(foreign[name], change[0], change[1], 1))); !errors.Is(err,
			errTooCostly) {
			t.Errorf("%s: %v", name, err)
		}
	}
	for name, change := range map[string]string{"memory": "ln=18,r=9", "lanes": "ln=17,r=8,p=9",
		"wide": "ln=4,r=9999,p=9999"} {
		if err := checkEncoded([]byte(strings.Replace(strings.Replace(foreign["scrypt"], ",r=8,p=1", "", 1), "ln=4",
			ensureLanes(change), 1))); !errors.Is(err, errTooCostly) {
			t.Errorf("scrypt, %s: %v", name, err)
		}
	}
	if err := checkEncoded([]byte(keycloak("pbkdf2-sha512", "2000001",
		"xqu1f3FSdHbs02z9AocIk0UpBf6S9uqlRTfcS56zkPo="))); !errors.Is(err, errTooCostly) {
		t.Errorf("Keycloak: %v", err)
	}
}

func ensureLanes(params string) string {
	if !strings.Contains(params, "p=") {
		params += ",p=1"
	}
	return params
}

func TestWhatIsNoHashCannotBeStored(t *testing.T) {
	for _, encoded := range []string{"{}", "{", `{"credentialData":"x","secretData":"y"}`,
		keycloak("argon2", "5", "xqu1f3FSdHbs02z9AocIkw=="), keycloak("pbkdf2-sha256", "-1",
			"xqu1f3FSdHbs02z9AocIkw=="),
		"password", "$5$salt$sum", "$1$salt$sum", "$y$j9T$x$y",
		"pbkdf2_sha256$0$salt$mGZsXYeddruvpV7LGOAomgrwbzXUQO7dnc2UcTnZ4Zs=", "pbkdf2_md5$1$salt$AAAA",
		"$6$rounds=10$seasalt$" + strings.Repeat("a", 86), "$6$" + strings.Repeat("s", 17) + "$" +
			strings.Repeat("a", 86),
		"$scrypt$ln=0,r=8,p=1$8PHy8/T19vf4$JvJWJIKH0DvalOuZloYFzm7z",
		strings.Replace(foreign["argon2i"], "argon2i", "argon2d", 1), strings.Repeat("{", 5000)} {
		if err := checkEncoded([]byte(encoded)); err == nil {
			t.Errorf("%q could be stored", encoded)
		} else if strings.Contains(err.Error(), "seasalt") {
			t.Errorf("the error holds the hash: %v", err)
		}
	}
}
