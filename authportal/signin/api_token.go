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

// TokenPrefix begins every API token of Gatehouse. A value without it belongs to the upstream.
const TokenPrefix = "ghk_"

// TokenBytes is the randomness of a token: 256 bits cannot be guessed, so attempts are not counted.
const TokenBytes = 32

// TokenData is the Data of a credential of kind store.KindAPIToken, as JSON.
type TokenData struct {
	Roles []string `json:"roles"` // null: every role of the owner; otherwise at most these
}

// TokenID returns the id of a token's credential.
func TokenID(token string) string {
	sum := sha256.Sum256([]byte(token))
	return hex.EncodeToString(sum[:])
}

// CheckToken returns the identity that an API token speaks for: its owner as stored now, with at most the roles of the
// token. For an unknown, expired or revoked token, and for one of an inactive account, it returns the problem
// invalid_token (401). Any other error means that the store failed (503). The returned session is not in the session
// store; it serves to apply rules and to sign identities.
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
		return nil, fmt.Errorf("reading the token: %w", err) // fail closed: an unreadable limit is not "no limit"
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
	identity.Active = true // a password that must be changed does not stop programs
	if data.Roles != nil {
		// The limit may name a role that a held role includes, so compare with the expanded roles.
		identity.Roles = intersect(s.expandRoles(u.InForce()), data.Roles)
	}
	s.tokenUsed(ctx, c, now)
	return &store.ActiveSession{Identity: identity, Session: store.Session{
		Key: store.KeyOf([]byte(token)), ID: id[:26], UserID: u.ID, Created: c.Created, LastSeen: now,
		Expires: c.Expires, Proofs: []store.Proof{{Method: audit.TokenProof}},
	}}, nil
}

// tokenUsed records the use of a token, at most once an hour to spare the store a write per request.
func (s *callers) tokenUsed(ctx context.Context, c store.Credential, now time.Time) {
	if now.Sub(c.Used) < time.Hour {
		return
	}
	if err := s.accounts.TokenUsed(ctx, c, now); err != nil {
		s.log.WarnContext(ctx, "recording the use of an API token failed", "user_id", c.Owner, "error", err)
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

// OwnToken reads one Authorization value (RFC 6750 §2.1, RFC 7617) and returns the API token in it: the Bearer value,
// or with basic the password of a Basic value. It is as lenient as lax servers are: any white space after the scheme,
// base64 without padding or in the URL alphabet. Everything else belongs to the upstream.
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

// TokenOf returns the API token among the Authorization lines, and the lines that belong to the upstream. Several
// different tokens come back as an empty one, which is refused: otherwise a revoked token could hide behind another
// line. ok reports whether there was any token.
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
