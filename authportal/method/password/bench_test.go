package password

import (
	"fmt"
	"strings"
	"testing"
)

// BenchmarkVerify is what a guess costs under several settings. One slot of the pool does as many a second.
func BenchmarkVerify(b *testing.B) {
	for _, c := range []Hash{
		{Algorithm: Bcrypt, Cost: 10}, {Algorithm: Bcrypt, Cost: 12},
		{Algorithm: Argon2id, Memory: 7 << 10, Time: 5}, {Algorithm: Argon2id, Memory: 19 << 10, Time: 2},
		{Algorithm: Argon2id},
	} {
		h, err := newHasher(Settings{Hash: c})
		if err != nil {
			b.Fatal(err)
		}
		c = h.settings.Hash
		b.Run(fmt.Sprintf("%s/cost=%d,m=%d,t=%d,p=%d", c.Algorithm, c.Cost, c.Memory, c.Time, c.Threads),
			func(b *testing.B) {
				b.ReportAllocs()
				for b.Loop() {
					h.verify(b.Context(), nil, "correct horse battery staple")
				}
			})
	}
}

// BenchmarkPrepare is what a stranger can spend of ours outside the pool.
func BenchmarkPrepare(b *testing.B) {
	for name, typed := range map[string]string{"ascii": "correct horse battery staple",
		"longest": strings.Repeat("e\u0301", 512), "too long": strings.Repeat("e\u0301", 1<<14)} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				prepare(typed)
			}
		})
	}
}
