package sql

import (
	"testing"
	"time"

	"github.com/gatehouse-auth/gatehouse/store"
)

// A rolling upgrade has records of both versions, read by both.
func TestProofLevelsInStoredText(t *testing.T) {
	at := time.UnixMicro(1).UTC()
	t.Run("a proof of one factor is written as before", func(t *testing.T) {
		for _, level := range []int{0, 1} {
			text, err := proofsText([]store.Proof{{Method: "password", At: at, Level: level}})
			if err != nil || text != `[{"m":"password","t":1}]` {
				t.Errorf("level %d: %s, %v", level, text, err)
			}
		}
	})
	t.Run("a proof of an earlier version is worth one factor", func(t *testing.T) {
		got, err := decodeProofs(`[{"m":"password","t":1}]`)
		if err != nil || len(got) != 1 || got[0].Factors() != 1 {
			t.Errorf("%+v, %v", got, err)
		}
	})
	t.Run("a proof of two factors is read as such", func(t *testing.T) {
		text, err := proofsText([]store.Proof{{Method: "passkey", At: at, Level: 2}})
		if err != nil {
			t.Fatal(err)
		}
		got, err := decodeProofs(text)
		if err != nil || len(got) != 1 || got[0].Factors() != 2 || got[0].Method != "passkey" {
			t.Errorf("%s: %+v, %v", text, got, err)
		}
	})
}
