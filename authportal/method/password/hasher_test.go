package password

import (
	"bytes"
	"errors"
	"strings"
	"testing"

	"golang.org/x/crypto/bcrypt"
)

// cheap is the least that the settings allow, and fast under the race detector too (assembly does the work).
var cheap = Settings{Hash: Hash{Algorithm: Argon2id, Memory: 7 << 10, Time: 5}}

// cheapest hashers for tests of what does not depend on the cost: below the bounds, so they are made by hand.
func cheapest(algorithm string) *hasher {
	h := &hasher{settings: Settings{MinLength: 8, Hash: Hash{Algorithm: algorithm}}, pool: newPool(2, queueLength)}
	if algorithm == Bcrypt {
		h.settings.Hash.Cost = bcrypt.MinCost
	} else {
		h.settings.Hash.Memory, h.settings.Hash.Time, h.settings.Hash.Threads = 64, 1, 1
	}
	return h
}

func verify(t *testing.T, h *hasher, stored []byte, typed string) (match, outdated bool) {
	t.Helper()
	match, outdated, err := h.verify(t.Context(), stored, typed)
	if err != nil {
		t.Fatal(err)
	}
	return match, outdated
}

func hash(t *testing.T, h *hasher, typed string) []byte {
	t.Helper()
	encoded, err := h.hash(t.Context(), typed)
	if err != nil {
		t.Fatal(err)
	}
	return encoded
}

func each(t *testing.T, f func(t *testing.T, h *hasher)) {
	for _, algorithm := range []string{Bcrypt, Argon2id} {
		t.Run(algorithm, func(t *testing.T) { f(t, cheapest(algorithm)) })
	}
}

// Vectors from jBCrypt's test suite.
func TestBcryptAgreesWithJBCrypt(t *testing.T) {
	for typed, encoded := range map[string]string{
		"":                                   "$2a$06$DCq7YPn5Rq63x1Lad4cll.TV4S6ytwfsfvkgY8jIucDrjc8deX1s.",
		"a":                                  "$2a$06$m0CrhHm10qJ3lXRY.5zDGO3rS2KdeeWLuGmsfGlMfOxih58VYVfxe",
		"abc":                                "$2a$06$If6bvum7DFjUnE9p2uDeDu0YHzrHM6tf.iqN8.yx.jNN1ILEf7h0i",
		"abcdefghijklmnopqrstuvwxyz":         "$2a$06$.rCVZVOThsIa97pEDOxvGuRRgzG64bvtJ0938xuqzv18d3ZpQhstC",
		"~!@#$%^&*()      ~!@#$%^&*()PNBFRD": "$2a$06$fPIsBO8qRqkjj273rfaOI.HtSV9jLDpTbZn782DC6/t7qT67P6FfO",
	} {
		h := cheapest(Bcrypt)
		if match, outdated := verify(t, h, []byte(encoded), typed); !match || !outdated {
			t.Errorf("%q: match %v, outdated %v", typed, match, outdated)
		}
		if match, _ := verify(t, h, []byte(encoded), typed+"x"); match {
			t.Errorf("%q with a letter more matches", typed)
		}
	}
}

// Vectors from the reference implementation's test suite (P-H-C/phc-winner-argon2, src/test.c).
func TestArgon2idAgreesWithTheReferenceImplementation(t *testing.T) {
	for encoded, typed := range map[string]string{
		"$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc": "password",
		"$argon2id$v=19$m=256,t=2,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4":   "password",
		"$argon2id$v=19$m=256,t=2,p=2$c29tZXNhbHQ$bQk8UB/VmZZF4Oo79iDXuL5/0ttZwg2f/5U52iv1cDc":   "password",
		"$argon2id$v=19$m=65536,t=1,p=1$c29tZXNhbHQ$9qWtwbpyPd3vm1rB1GThgPzZ3/ydHL92zKL+15XZypg": "password",
		"$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$C4TWUs9rDEvq7w3+J4umqA32aWKB1+DSiRuBfYxFj94": "differentpassword",
		"$argon2id$v=19$m=65536,t=2,p=1$ZGlmZnNhbHQ$vfMrBczELrFdWP0ZsfhWsRPaHppYdP3MVEMIVlqoFBw": "password",
	} {
		h := cheapest(Argon2id)
		if match, _ := verify(t, h, []byte(encoded), typed); !match {
			t.Errorf("%s does not match %q", encoded, typed)
		}
		if match, _ := verify(t, h, []byte(encoded), typed+"x"); match {
			t.Errorf("%s matches another password", encoded)
		}
	}
}

func TestWhatIsHashedMatchesAndIsUpToDate(t *testing.T) {
	each(t, func(t *testing.T, h *hasher) {
		stored := hash(t, h, "correct horse")
		if match, outdated := verify(t, h, stored, "correct horse"); !match || outdated {
			t.Errorf("match %v, outdated %v", match, outdated)
		}
		if match, _ := verify(t, h, stored, "Correct horse"); match {
			t.Error("letter case is not compared")
		}
		if bytes.Equal(stored, hash(t, h, "correct horse")) {
			t.Error("two hashes of one password are equal: no salt")
		}
		if bytes.Contains(stored, []byte("horse")) {
			t.Error("the hash holds the password")
		}
	})
}

// bcrypt looks at 72 bytes: a service that hands it more lets in who knows the beginning (CVE-2025-22228 and kin).
func TestPasswordsThatDifferBeyondByte72AreDifferent(t *testing.T) {
	each(t, func(t *testing.T, h *hasher) {
		for _, n := range []int{71, 72, 73, 127, 128, 1023} {
			long := strings.Repeat("a", n)
			stored := hash(t, h, long+"1")
			if match, _ := verify(t, h, stored, long+"2"); match {
				t.Errorf("byte %d is not compared", n+1)
			}
			if match, _ := verify(t, h, stored, long); match {
				t.Errorf("a password cut to %d bytes matches", n)
			}
			if match, _ := verify(t, h, stored, long+"1"); !match {
				t.Errorf("%d bytes do not match themselves", n+1)
			}
		}
	})
}

// C strings end at NUL: what comes after it would be for show.
func TestPasswordsThatDifferAfterANULAreDifferent(t *testing.T) {
	each(t, func(t *testing.T, h *hasher) {
		stored := hash(t, h, "secret\x00tail one")
		for _, wrong := range []string{"secret\x00tail two", "secret", "secret\x00", "\x00secret\x00tail one"} {
			if match, _ := verify(t, h, stored, wrong); match {
				t.Errorf("%q matches", wrong)
			}
		}
		if match, _ := verify(t, h, stored, "secret\x00tail one"); !match {
			t.Error("a password with a NUL does not match itself")
		}
		if match, _ := verify(t, h, hash(t, h, "\x00leading"), "\x00other"); match {
			t.Error("a leading NUL ends the password")
		}
	})
}

func TestAPasswordOf1024BytesIsHashedAndOneMoreIsNot(t *testing.T) {
	each(t, func(t *testing.T, h *hasher) {
		longest := strings.Repeat("x", maxBytes)
		stored := hash(t, h, longest)
		if match, _ := verify(t, h, stored, longest); !match {
			t.Error("1,024 bytes do not match")
		}
		for _, extra := range []int{1, 4 * maxBytes, 1 << 20} {
			if match, _ := verify(t, h, stored, longest+strings.Repeat("x", extra)); match {
				t.Errorf("%d bytes more match", extra)
			}
		}
		if _, err := h.hash(t.Context(), longest+"x"); err == nil {
			t.Error("1,025 bytes were hashed")
		}
		// The dummy of what cannot be prepared is the empty password: an account with an empty hash must not open to it.
		if match, _ := verify(t, h, hash(t, h, ""), longest+"x"); match {
			t.Error("too long a password matches the hash of nothing")
		}
	})
}

func TestPasswordsOfUnicodeTwinsMatch(t *testing.T) {
	each(t, func(t *testing.T, h *hasher) {
		stored := hash(t, h, "Ame\u0301lie\u00a0Å\u3000ok")
		for typed, want := range map[string]bool{
			"Am\u00e9lie \u212b ok":           true,  // composed, plain spaces, ångström sign
			"Am\u00e9lie A\u030a ok":          true,  // decomposed
			"amélie å ok":                     false, // letter case counts
			"Amelie A ok":                     false,
			"Am\u00e9lie \u00c5 \uff4f\uff4b": false, // full width is another character
			" Am\u00e9lie \u00c5 ok":          false, // so are spaces at the ends
		} {
			if match, _ := verify(t, h, stored, typed); match != want {
				t.Errorf("%q: %v", typed, match)
			}
		}
	})
}

func TestBytesThatAreNotUTF8AreComparedAsTheyAre(t *testing.T) {
	each(t, func(t *testing.T, h *hasher) {
		stored := hash(t, h, "abc\xff\xfedefg")
		if match, _ := verify(t, h, stored, "abc\xff\xffdefg"); match {
			t.Error("two broken strings are one")
		}
		if match, _ := verify(t, h, stored, "abc\xff\xfedefg"); !match {
			t.Error("a broken string does not match itself")
		}
	})
}

func TestNoPasswordMatchesANilHashOrADummy(t *testing.T) {
	each(t, func(t *testing.T, h *hasher) {
		for _, typed := range []string{"", "password", "correct horse"} {
			if match, outdated := verify(t, h, nil, typed); match || outdated {
				t.Errorf("%q matches nothing", typed)
			}
		}
	})
	for cost := bcryptMinCost; cost <= bcryptMaxCost; cost++ {
		Hash{Algorithm: Bcrypt, Cost: cost}.dummy() // panics if it cannot be read
	}
}

func TestTheDummyCostsWhatTheSettingsSay(t *testing.T) {
	b := Hash{Algorithm: Bcrypt, Cost: 13}.dummy().(*bcryptHash)
	if b.cost != 13 || b.salt == nil {
		t.Errorf("bcrypt dummy: %+v", b)
	}
	a := Hash{Algorithm: Argon2id, Memory: 20 << 10, Time: 3, Threads: 2}.dummy().(*argonHash)
	if a.memory != 20<<10 || a.time != 3 || a.threads != 2 {
		t.Errorf("argon2id dummy: %+v", a)
	}
}

func TestTheCostOfACheaperHashIsEqualized(t *testing.T) {
	for have := 4; have <= 16; have++ {
		for want := have; want <= 16; want++ {
			spent := 1 << have
			for _, cost := range bcryptMissing(have, want) {
				spent += 1 << cost
			}
			if spent != 1<<want {
				t.Errorf("cost %d raised to %d: 2^%d is not %d", have, want, want, spent)
			}
		}
	}
	for _, memory := range []uint32{8, 7 << 10, 19 << 10, 64 << 10, 256 << 10} {
		for _, time := range []uint32{1, 2, 3, 16} {
			old := &argonHash{memory: memory, time: time}
			for _, c := range []Hash{{Memory: 7 << 10, Time: 5}, {Memory: 64 << 10, Time: 3},
				{Memory: 256 << 10, Time: 16}} {
				m, n := argonMissing(old, c)
				want := uint32(c.Memory * c.Time)
				if m > argonMaxMemory {
					t.Errorf("%d×%d to %+v takes %d KiB", memory, time, c, m)
				}
				if got := old.work() + m*n; old.work() < want && (got > want || want-got > 16) {
					t.Errorf("%d×%d raised to %+v is %d", memory, time, c, got)
				}
			}
		}
	}
}

func TestAHashOfOtherSettingsIsOutdated(t *testing.T) {
	old := cheapest(Argon2id)
	for name, change := range map[string]func(*Hash){
		"memory":    func(c *Hash) { c.Memory = 128 },
		"time":      func(c *Hash) { c.Time = 2 },
		"threads":   func(c *Hash) { c.Threads = 2 },
		"algorithm": func(c *Hash) { *c = Hash{Algorithm: Bcrypt, Cost: 4} },
	} {
		now := cheapest(Argon2id)
		change(&now.settings.Hash)
		match, outdated := verify(t, now, hash(t, old, "correct horse"), "correct horse")
		if !match || !outdated {
			t.Errorf("%s: match %v, outdated %v", name, match, outdated)
		}
		if _, outdated := verify(t, now, hash(t, old, "correct horse"), "wrong horse"); outdated {
			t.Errorf("%s: outdated although the password is wrong", name)
		}
	}
	now := cheapest(Bcrypt)
	now.settings.Hash.Cost = 5
	if _, outdated := verify(t, now, hash(t, cheapest(Bcrypt), "correct horse"), "correct horse"); !outdated {
		t.Error("cost")
	}
}

// What other software stored is bcrypt of the first 72 bytes; nothing better can be had from it.
func TestPlainBcryptIsAcceptedAndOutdated(t *testing.T) {
	for _, typed := range []string{"correct horse", strings.Repeat("a", 100)} {
		plain, err := bcrypt.GenerateFromPassword([]byte(typed[:min(72, len(typed))]), bcrypt.MinCost)
		if err != nil {
			t.Fatal(err)
		}
		for _, version := range []string{"$2a$", "$2b$", "$2y$"} {
			stored := append([]byte(version), plain[4:]...)
			if match, outdated := verify(t, cheapest(Bcrypt), stored, typed); !match || !outdated {
				t.Errorf("%s: match %v, outdated %v", version, match, outdated)
			}
		}
	}
	// $2a$ of an implementation that stops at NUL: "abc" in the database, "abc\0anything" at the door.
	plain, _ := bcrypt.GenerateFromPassword([]byte("abc\x00def"), bcrypt.MinCost)
	if match, _ := verify(t, cheapest(Bcrypt), plain, "abc\x00def"); match {
		t.Error("a NUL is compared with a hash of other software, whose idea of NUL is unknown")
	}
}

// "Password shucking": an attacker who holds unsalted fast hashes of the same passwords tries those in place of
// passwords.
func TestTheInnerHashIsSaltedAndOurs(t *testing.T) {
	one, two := bcryptInput([]byte("0123456789abcdef"),
		[]byte("correct horse")), bcryptInput([]byte("0123456789abcdeg"), []byte("correct horse"))
	if bytes.Equal(one, two) {
		t.Error("the inner hash has no salt")
	}
	if len(one) != 64 || bytes.IndexByte(one, 0) >= 0 {
		t.Errorf("bcrypt gets %d bytes", len(one))
	}
	stored := hash(t, cheapest(Bcrypt), "correct horse")
	parsed, err := parseBcrypt(stored)
	if err != nil {
		t.Fatal(err)
	}
	if bcrypt.CompareHashAndPassword(parsed.crypt, []byte("correct horse")) == nil {
		t.Error("the password went to bcrypt as it is")
	}
	// Cut out of its envelope, our hash is one of other software, and the inner value must not become a password.
	if match, _ := verify(t, cheapest(Bcrypt), stored,
		string(bcryptInput(parsed.salt, []byte("correct horse")))); match {
		t.Error("the inner hash is accepted as a password")
	}
}

func TestGarbageInTheStoreIsAnErrorAndNeverAMatch(t *testing.T) {
	h := cheapest(Bcrypt)
	good := string(hash(t, h, "correct horse"))
	for _, stored := range []string{
		"", "$", "x", "$2b$", "$2x$04$" + strings.Repeat("a", 53), "$1$salt$sum", good + "a", good[:len(good)-1],
		good[1:],
		strings.Replace(good, "v=1", "v=2", 1), strings.Replace(good, "$2a$04", "$2a$4x", 1), strings.Replace(good,
			"$2a$04", "$2a$03", 1),
		"$argon2id$v=16$m=256,t=2,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4",
		"$argon2id$v=19$m=256,t=2$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4",
		"$argon2id$v=19$m=256,t=0,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4",
		"$argon2id$v=19$m=256,t=2,p=0$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4",
		"$argon2id$v=19$m=0256,t=2,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4",
		"$argon2id$v=19$m=256,t=2,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/5", // stray bits at the end
		"$argon2id$v=19$m=256,t=2,p=1$c29tZXNhbHQ$",
		"$argon2id$v=19$m=256,t=2,p=1$$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4",
	} {
		if match, _, err := h.verify(t.Context(), []byte(stored), "correct horse"); match || err == nil {
			t.Errorf("%q: match %v, err %v", stored, match, err)
		}
		if checkEncoded([]byte(stored)) == nil {
			t.Errorf("%q could be imported", stored)
		}
	}
}

func TestAStoredHashCannotAskForAbsurdWork(t *testing.T) {
	sum := "$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4"
	for _, stored := range []string{
		"$2a$31$" + strings.Repeat("a", 53), "$2b$17$" + strings.Repeat("a", 53),
		"$argon2id$v=19$m=4294967295,t=1,p=1" + sum, "$argon2id$v=19$m=262145,t=1,p=1" + sum,
		"$argon2id$v=19$m=65536,t=4294967295,p=1" + sum, "$argon2id$v=19$m=65536,t=3,p=255" + sum,
	} {
		if _, _, err := cheapest(Bcrypt).verify(t.Context(), []byte(stored), "x"); !errors.Is(err, errTooCostly) {
			t.Errorf("%s: %v", stored, err)
		}
	}
}

// FuzzVerifyEncoded: no stored string makes verification panic, run long, or take much memory.
func FuzzVerifyEncoded(f *testing.F) {
	f.Add([]byte("$2a$04$DCq7YPn5Rq63x1Lad4cll.TV4S6ytwfsfvkgY8jIucDrjc8deX1s."), "")
	f.Add([]byte("$argon2id$v=19$m=256,t=2,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4"), "password")
	f.Add([]byte("$argon2id$v=19$m=4294967295,t=4294967295,p=255$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4"), "x")
	f.Add(dummyBcrypt(4), "x\x00y")
	f.Fuzz(func(t *testing.T, stored []byte, typed string) {
		h, err := parse(stored)
		if err != nil {
			return
		}
		switch h := h.(type) {
		case *bcryptHash:
			if h.cost > bcryptMaxCost {
				t.Fatalf("cost %d", h.cost)
			}
			if h.cost > 6 {
				return // allowed, and too slow to fuzz
			}
		case *argonHash:
			if h.memory > argonMaxMemory || h.time > argonMaxTime || h.threads > argonMaxThreads {
				t.Fatalf("%+v", h)
			}
			if h.memory > 1<<10 {
				return
			}
		}
		prepared, _ := prepare(typed)
		h.matches(prepared)
	})
}
