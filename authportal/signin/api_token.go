package signin

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/gatehouse-auth/gatehouse/authportal/audit"
	"github.com/gatehouse-auth/gatehouse/authportal/problem"
	"github.com/gatehouse-auth/gatehouse/store"
)

// TokenPrefix begins every API token of ours, and nothing else that we judge.
const TokenPrefix = "ghk_"

// TokenBytes is the randomness of a token: what cannot be guessed need not be counted.
const TokenBytes = 32

// TokenData is what a credential of kind store.KindAPIToken holds besides its label, as JSON.
type TokenData struct {
	Roles []string `json:"roles"` // null: all that its owner holds; else at most these
}

// TokenID returns the id of the credential of a token.
func TokenID(token string) string {
	sum := sha256.Sum256([]byte(token))
	return hex.EncodeToString(sum[:])
}

// CheckToken returns whom an API token speaks for: its owner as stored now, with no more roles than the token has. An
// unknown, expired or revoked token, or one of an inactive account, is the problem invalid_token (401); any other error
// means that the store failed (503). The session in the answer is none of the store's: it serves to judge and to sign by.
func (s *callers) CheckToken(ctx context.Context, token string) (*store.ActiveSession, error) {
	if len(token) > 128 || !strings.HasPrefix(token, TokenPrefix) {
		return nil, problem.InvalidToken
	}
	id := TokenID(token)
	c, err := s.users.Credential(ctx, store.KindAPIToken, id)
	if errors.Is(err, store.ErrNotFound) {
		return nil, problem.InvalidToken
	} else if err != nil {
		return nil, fmt.Errorf("reading the token: %w", err)
	}
	now := s.now()
	if !c.Expires.IsZero() && !now.Before(c.Expires) {
		return nil, problem.InvalidToken
	}
	var data TokenData
	if err := json.Unmarshal(c.Data, &data); err != nil {
		return nil, fmt.Errorf("reading the token: %w", err) // limits that cannot be read are not no limits
	}
	u, err := s.users.User(ctx, c.Owner)
	if errors.Is(err, store.ErrNotFound) {
		return nil, problem.InvalidToken
	} else if err != nil {
		return nil, fmt.Errorf("reading the token's owner: %w", err)
	}
	if !u.Enabled || !u.Approved {
		return nil, problem.InvalidToken
	}
	identity := u.Identity()
	identity.Active = true // a password that is due is no matter of programs
	if data.Roles != nil {
		// The limit may name a role that is only included in one held: compare with all of them.
		identity.Roles = intersect(s.expandRoles(u.InForce()), data.Roles)
	}
	s.tokenUsed(ctx, c, now)
	return &store.ActiveSession{Identity: identity, Session: store.Session{
		Key: store.KeyOf([]byte(token)), ID: id[:26], UserID: u.ID, Created: c.Created, LastSeen: now, Expires: c.Expires,
		Proofs: []store.Proof{{Method: audit.TokenProof}},
	}}, nil
}

// tokenUsed keeps the owner's list truthful to the hour, without a write for every request.
func (s *callers) tokenUsed(ctx context.Context, c store.Credential, now time.Time) {
	if now.Sub(c.Used) < time.Hour {
		return
	}
	if err := s.accounts.TokenUsed(ctx, c, now); err != nil {
		s.log.WarnContext(ctx, "could not note the use of an API token", "user_id", c.Owner, "error", err)
	}
}

func intersect(held, limit []string) []string {
	both := []string{}
	for _, r := range held {
		if slices.Contains(limit, r) {
			both = append(both, r)
		}
	}
	return both
}

// OwnToken reads one Authorization value (RFC 6750 §2.1, RFC 7617) and returns the API token of ours in it: a Bearer
// value, or with basic the password of a Basic one. It reads what lax servers read: any white space after the scheme,
// and base64 without padding or of the other alphabet. Anything else is the upstream's.
func OwnToken(value string, basic bool) (string, bool) {
	value = strings.Trim(value, " \t")
	end := strings.IndexAny(value, " \t")
	if end < 0 {
		return "", false
	}
	scheme, rest := value[:end], strings.Trim(value[end:], " \t")
	switch {
	case strings.EqualFold(scheme, "Bearer") && strings.HasPrefix(rest, TokenPrefix):
		return rest, true
	case basic && strings.EqualFold(scheme, "Basic"):
		rest = strings.NewReplacer("-", "+", "_", "/").Replace(strings.TrimRight(rest, "="))
		decoded, err := base64.RawStdEncoding.DecodeString(rest)
		if err != nil {
			return "", false
		}
		if _, password, found := strings.Cut(string(decoded), ":"); found && strings.HasPrefix(password, TokenPrefix) {
			return password, true
		}
	}
	return "", false
}

// TokenOf returns the API token among the lines of Authorization, on whichever it is, and the lines that are the
// upstream's. Several different ones are none that can be judged, and come back as an empty token, which is refused: a
// revoked token must not hide behind another line. ok reports whether there was one.
func TokenOf(lines []string, basic bool) (token string, others []string, ok bool) {
	for _, line := range lines {
		found, own := OwnToken(line, basic)
		switch {
		case !own:
			others = append(others, line)
		case ok && found != token:
			token = ""
		default:
			token, ok = found, true
		}
	}
	return token, others, ok
}
