package accounts

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/gatehouse-auth/gatehouse/authportal/audit"
	"github.com/gatehouse-auth/gatehouse/authportal/method"
	"github.com/gatehouse-auth/gatehouse/authportal/problem"
	"github.com/gatehouse-auth/gatehouse/store"
)

// IdentityRequest is an identity that a method has proven, and what to do with it.
type IdentityRequest struct {
	Method   string                 // as configured
	Options  method.ProviderOptions // of the method
	Identity method.Identity
	Owner    *store.User // authenticated: link the identity to this account; nil: sign in by it
	Actor    Actor       // for the audit trail
}

// SignUpRules decide whether an identity without an account gets one, and with what.
type SignUpRules struct {
	Open           bool // anyone may sign up
	Approval       bool // anyone may sign up, and an administrator approves
	ChooseUsername bool // users choose their username, so the one of an outside source is accepted
	Domains        []string
	Roles          []string // of a new account
}

// LinkedIdentity is the Data of a credential of the kind identity.
type LinkedIdentity struct {
	Method     string         `json:"method"` // that proved it last
	Issuer     string         `json:"issuer"`
	Subject    string         `json:"subject"`
	Groups     []string       `json:"groups,omitempty"`
	Roles      []string       `json:"roles,omitempty"` // that it grants now
	Attributes map[string]any `json:"attributes,omitempty"`
	Seen       time.Time      `json:"seen"`
	Refresh    string         `json:"refresh,omitempty"` // sealed
}

const (
	// SealRefresh is the purpose that seals LinkedIdentity.Refresh.
	SealRefresh = "identity-refresh"

	// MaxOutside bounds the bytes of an issuer or a subject.
	MaxOutside = 2048

	// SeenRenew is the accuracy of LinkedIdentity.Seen.
	SeenRenew = time.Hour

	maxGroups = 1000 // stored of an identity
)

var (
	errIdentityLinked = &problem.Problem{Status: 409, Code: "identity_linked",
		Detail: "this identity is linked to another account"}
	errLinkRequired = &problem.Problem{Status: 409, Code: "link_required",
		Detail: "there is an account with this address; sign in to it and link this identity there"}
	errNoSignUp  = &problem.Problem{Status: 403, Code: "signup_closed", Detail: "nobody can sign up here"}
	errNoAddress = &problem.Problem{Status: 403, Code: "email_not_confirmed",
		Detail: "the provider does not vouch for an e-mail address"}
	errOtherDomain = problem.InvalidField("email", "is not of a domain that may sign in here")
)

// identityID returns the credential id of an identity. The length prefixes make the encoding of the pair unambiguous.
func identityID(issuer, subject string) string {
	h := sha256.New()
	for _, part := range []string{issuer, subject} {
		_ = binary.Write(h, binary.BigEndian, uint64(len(part))) // a hash takes everything
		h.Write([]byte(part))
	}
	return hex.EncodeToString(h.Sum(nil))
}

// ForIdentity returns the account of an outside identity, and the credential that links the two. It finds the account
// by issuer and subject alone, never by an address or a name, which can change hands. If there is none, it links the
// identity to its authenticated owner, creates an account, or refuses: the owner of an existing account must sign in to
// it first. It also stores what the identity says now.
func (a *identities) ForIdentity(ctx context.Context,
	r IdentityRequest) (u store.User, link store.Credential, err error) {
	id := &r.Identity
	if id.Issuer == "" || id.Subject == "" || len(id.Issuer) > MaxOutside || len(id.Subject) > MaxOutside {
		return u, link, errors.New("the issuer or subject of an identity is empty or too long")
	}
	email, err := r.address()
	if err != nil {
		return u, link, a.identityRefused(ctx, &r, err)
	}
	for range UpdateTries {
		link, err = a.users.Credential(ctx, store.KindIdentity, identityID(id.Issuer, id.Subject))
		switch {
		case err == nil:
			link, err = a.refreshLink(ctx, &r, link)
		case errors.Is(err, store.ErrNotFound) && r.Owner != nil:
			link, err = a.linkIdentity(ctx, &r)
		case errors.Is(err, store.ErrNotFound):
			u, link, err = a.signUpIdentity(ctx, &r, email)
		}
		// A concurrent call was first, perhaps the same user in another tab: look again.
		if !errors.Is(err, store.ErrTaken) && !errors.Is(err, store.ErrStale) && !errors.Is(err, store.ErrNotFound) {
			break
		}
	}
	if err == nil {
		u, err = a.core.giveRoles(ctx, link.Owner)
	}
	if err != nil {
		return store.User{}, store.Credential{}, a.identityRefused(ctx, &r, Problem(err))
	}
	return u, link, nil
}

// identityRefused records the refusal of an identity, and returns its error.
func (a *identities) identityRefused(ctx context.Context, r *IdentityRequest, err error) error {
	var p *problem.Problem
	if !errors.As(err, &p) {
		return fmt.Errorf("finding the account of an identity: %w", err)
	}
	e := audit.Event{Kind: audit.EventSignUp, Result: audit.ResultRefused, Reason: p.Code, Method: r.Method}
	if r.Owner != nil {
		e.Kind, e.UserID, e.Username = audit.EventProfileChange, r.Owner.ID, r.Owner.Username
	}
	a.identityEvent(ctx, r, e)
	return err
}

func (a *identities) identityEvent(ctx context.Context, r *IdentityRequest, e audit.Event) {
	e.Address, e.Host, e.Method = r.Actor.Address, r.Actor.Host, r.Method
	a.events.Emit(ctx, e)
}

// address returns the verified address of the identity, empty if there is none. An unverified one could be anybody's
// and is ignored. If the provider is limited to some domains, a verified address is required.
func (r *IdentityRequest) address() (string, error) {
	email := ""
	if r.Identity.EmailVerified && r.Identity.Email != "" {
		var err error
		if email, err = NormalizeEmail(r.Identity.Email); err != nil {
			return "", Problem(err)
		}
	}
	switch _, domain, _ := strings.Cut(email, "@"); {
	case len(r.Options.Domains) == 0:
	case email == "":
		return "", errNoAddress
	case !slices.Contains(r.Options.Domains, domain):
		return "", errOtherDomain
	}
	return email, nil
}

// linkIdentity links the identity to the account of its owner.
func (a *identities) linkIdentity(ctx context.Context, r *IdentityRequest) (store.Credential, error) {
	link, err := a.newLink(r, r.Owner.ID)
	if err != nil {
		return link, err
	}
	if err := a.users.PutCredential(ctx, link); errors.Is(err, store.ErrNotFound) {
		return link, problem.NotFound // deleted meanwhile
	} else if err != nil {
		return link, err
	}
	a.identityEvent(ctx, r, audit.Event{Kind: audit.EventProfileChange, Result: audit.ResultOK, Reason: "identity",
		UserID: r.Owner.ID, Username: r.Owner.Username})
	return link, nil
}

// newLink returns the credential of an identity for an account.
func (a *identities) newLink(r *IdentityRequest, owner string) (link store.Credential, err error) {
	now := a.now()
	link = store.Credential{Kind: store.KindIdentity, ID: identityID(r.Identity.Issuer, r.Identity.Subject),
		Owner: owner, Label: r.label(), Created: now, Used: now, Version: 1}
	data, err := a.identityData(r, link.ID)
	if err == nil {
		link.Data, err = json.Marshal(data)
	}
	return link, err
}

// label is the name of the identity in the owner's list.
func (r *IdentityRequest) label() string {
	name := r.Identity.Email
	if name == "" {
		name = r.Identity.Username
	}
	return problem.Bounded(name, 200)
}

// identityData returns what to store of an identity.
func (a *identities) identityData(r *IdentityRequest, id string) (d LinkedIdentity, err error) {
	groups := slices.Compact(slices.Sorted(slices.Values(r.Identity.Groups)))
	d = LinkedIdentity{Method: r.Method, Issuer: r.Identity.Issuer, Subject: r.Identity.Subject,
		Groups: groups[:min(len(groups), maxGroups)], Seen: a.now().UTC(),
		Attributes: keptAttributes(r.Identity.Attributes)}
	if a.rolesFrom != nil {
		if d.Roles, err = a.changes.roles(a.rolesFrom(r.Method, groups)); err != nil {
			return d, err
		}
	}
	if a.seal != nil && len(r.Identity.Refresh) > 0 {
		d.Refresh, err = a.seal.Seal(SealRefresh, r.Identity.Refresh, []byte(id))
	}
	return d, err
}

// keptAttributes returns the attributes to store: at most as many, and with such values, as an account itself can have.
func keptAttributes(in map[string]any) map[string]any {
	kept := map[string]any{}
	for _, name := range slices.Sorted(maps.Keys(in)) {
		if list, ok := in[name].([]string); ok {
			all := make([]any, 0, len(list))
			for _, s := range list {
				all = append(all, s)
			}
			in = maps.Clone(in)
			in[name] = all
		}
		if v, why := attributeValue(in[name]); why == "" && len(name) <= maxName && len(kept) < maxAttributes {
			kept[name] = v
		}
	}
	return kept
}

// refreshLink stores what a linked identity says now. It writes only if that differs or was last seen long ago: each
// write changes the version of the credential, on which a sign-in in another tab may rest.
func (a *identities) refreshLink(ctx context.Context, r *IdentityRequest,
	link store.Credential) (store.Credential, error) {
	if r.Owner != nil && link.Owner != r.Owner.ID {
		return link, errIdentityLinked
	}
	var have LinkedIdentity
	if err := json.Unmarshal(link.Data, &have); err != nil {
		return link, fmt.Errorf("reading a linked identity: %w", err)
	}
	if have.Issuer != r.Identity.Issuer || have.Subject != r.Identity.Subject {
		return link, errors.New("a linked identity is stored under another id")
	}
	now, err := a.identityData(r, link.ID)
	if err != nil {
		return link, err
	}
	if now.Refresh == "" {
		now.Refresh = have.Refresh
	}
	same := now
	same.Seen = have.Seen
	data, err := json.Marshal(same)
	if err != nil {
		return link, err
	}
	if bytes.Equal(data, link.Data) && now.Seen.Sub(have.Seen) < SeenRenew && link.Label == r.label() {
		return link, nil
	}
	link.Used, link.Label = a.now(), r.label()
	if link.Data, err = json.Marshal(now); err != nil {
		return link, err
	}
	if err := a.users.SwapCredential(ctx, link); err != nil {
		return link, err
	}
	link.Version++
	return link, nil
}

// giveRoles sets the roles of an account that its linked identities grant: the union over all links. It reads the links
// after the account, so that of two concurrent refreshes the last one sees both.
func (a *core) giveRoles(ctx context.Context, id string) (store.User, error) {
	_, u, err := a.update(ctx, id, func(u *store.User) error {
		links, err := a.users.CredentialsOf(ctx, id, store.KindIdentity)
		if err != nil {
			return fmt.Errorf("reading linked identities: %w", err)
		}
		var given []string
		for i := range links {
			var d LinkedIdentity
			if err := json.Unmarshal(links[i].Data, &d); err != nil {
				return fmt.Errorf("reading a linked identity: %w", err)
			}
			given = append(given, d.Roles...)
		}
		if u.GivenRoles = nil; len(given) > 0 {
			u.GivenRoles = slices.Compact(slices.Sorted(slices.Values(given)))
		}
		return nil
	})
	return u, err
}
