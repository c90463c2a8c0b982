package sql

import (
	"encoding/json"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/gatehouse-auth/gatehouse/store"
)

// micros is how times are stored: to the microsecond, as both databases could, and 0 for the zero time.
func micros(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMicro()
}

func timeOf(us int64) time.Time {
	if us == 0 {
		return time.Time{}
	}
	return time.UnixMicro(us).UTC()
}

// now is the store's clock as it is compared with what is stored.
func (s *Store) now() int64 { return micros(s.env.Now()) }

// storable tells whether a database can hold text at all. PostgreSQL refuses NUL and what is not UTF-8; something with
// them in it is in no database of ours, so that looking for it is "not found", never an outage.
func storable(text string) bool { return utf8.ValidString(text) && strings.IndexByte(text, 0) < 0 }

// free makes free text storable: names, labels and what a browser says of itself.
func free(text string) string {
	if storable(text) {
		return text
	}
	return strings.ReplaceAll(strings.ToValidUTF8(text, "\uFFFD"), "\x00", "")
}

// data never stores NULL for an empty value.
func data(b []byte) []byte {
	if b == nil {
		return []byte{}
	}
	return b
}

func rolesText(roles []string) (string, error) {
	if len(roles) == 0 {
		return "[]", nil
	}
	b, err := json.Marshal(roles)
	return string(b), err
}

func attributesText(attributes map[string]any) (string, error) {
	if len(attributes) == 0 {
		return "{}", nil
	}
	b, err := json.Marshal(attributes)
	if err != nil {
		return "", fmt.Errorf("an attribute cannot be stored: %w", err)
	}
	return string(b), nil
}

func decodeRoles(text string) (roles []string, err error) {
	if text == "[]" {
		return nil, nil
	}
	if err := json.Unmarshal([]byte(text), &roles); err != nil {
		return nil, fmt.Errorf("stored roles: %w", err)
	}
	return roles, nil
}

// decodeRights fills in roles and attributes, each a fresh value that the caller owns.
func decodeRights(roles, attributes string) (r []string, a map[string]any, err error) {
	if r, err = decodeRoles(roles); err != nil {
		return nil, nil, err
	}
	a = map[string]any{}
	if attributes != "{}" {
		if err := json.Unmarshal([]byte(attributes), &a); err != nil {
			return nil, nil, fmt.Errorf("stored attributes: %w", err)
		}
	}
	return r, a, nil
}

// storedProof is a proof as it lies in the database.
type storedProof struct {
	Method string `json:"m"`
	At     int64  `json:"t"`
	Level  int    `json:"l,omitempty"` // where it is more than 1; earlier versions pass over it
}

func proofsText(proofs []store.Proof) (string, error) {
	stored := make([]storedProof, len(proofs))
	for i, p := range proofs {
		stored[i] = storedProof{Method: p.Method, At: micros(p.At)}
		if p.Factors() > 1 {
			stored[i].Level = p.Level
		}
	}
	b, err := json.Marshal(stored)
	return string(b), err
}

func decodeProofs(text string) ([]store.Proof, error) {
	var stored []storedProof
	if err := json.Unmarshal([]byte(text), &stored); err != nil {
		return nil, fmt.Errorf("stored proofs: %w", err)
	}
	if len(stored) == 0 {
		return nil, nil
	}
	proofs := make([]store.Proof, len(stored))
	for i, p := range stored {
		proofs[i] = store.Proof{Method: p.Method, At: timeOf(p.At), Level: p.Level}
	}
	return proofs, nil
}
