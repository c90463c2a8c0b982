package accounts

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/gatehouse-auth/gatehouse/authportal/method"
	"github.com/gatehouse-auth/gatehouse/store"
)

// Recovery is an act that takes an account back from an attacker who may have access to it.
type Recovery string

// Acts of recovery.
const (
	RecoveryPassword       Recovery = "password"        // a new one: chosen, reset by mail, or set by an administrator
	RecoveryDemandPassword Recovery = "demand_password" // an administrator demands a new one
	RecoveryDisable        Recovery = "disable"         // an administrator disables it, or withdraws its approval
	RecoveryMailbox        Recovery = "mailbox"         // the first proof of an unconfirmed address
	RecoveryEmailUndo      Recovery = "email_undo"      // "this was not me": the old address takes the account back
	RecoveryFactors        Recovery = "factors"         // an administrator clears second factors
	RecoverySessions       Recovery = "sessions"        // an administrator ends all sessions
)

// Reach is which sessions, or credentials of one class, an act ends.
type Reach int

const (
	reachNone   Reach = iota // they stay
	ReachStale               // they stay and are void: they depend on what the act changes
	reachOthers              // all but the one that performs the act
	ReachSince               // those created since the request of the change that is undone
	ReachAll                 // all
)

// recovery is a row of the table: what an act ends, with one column for everything that opens an account.
type recovery struct {
	sessions Reach
	primary, factors, links,
	marks, tickets, pending, tokens Reach
	unknown   Reach // credentials of unregistered kinds
	MailLinks Reach // in queued or sent messages: of a reset, of an invitation

	// first ends sessions before anything else as well: if that fails, nothing has changed, and the act can be retried.
	// A concurrent sign-in checks its credential once more and gives up.
	first bool
	// What may fail after the act was committed: it is logged, and the act is valid.
	lateSessions, lateCredentials bool
}

// Recoveries is the one list of what opens an account, and of what each act of recovery does to it.
var Recoveries = map[Recovery]recovery{
	// A device cookie has a throttle of its own, and may be that of the attacker whom a new password is to shut out.
	// The session that changes its own password stays. The act itself replaces the password.
	RecoveryPassword: {sessions: reachOthers, marks: ReachAll, tickets: ReachAll, pending: ReachStale,
		MailLinks: ReachStale, first: true, lateCredentials: true},
	// The new version of the account makes its tickets stale.
	RecoveryDemandPassword: {sessions: ReachAll, tickets: ReachStale, lateSessions: true},
	RecoveryDisable:        {sessions: ReachAll, tickets: ReachStale, lateSessions: true},
	RecoveryMailbox: {sessions: ReachAll, primary: ReachAll, factors: ReachAll, links: ReachAll, marks: ReachAll,
		tickets: ReachAll, pending: ReachAll, tokens: ReachAll, unknown: ReachAll, MailLinks: ReachStale, first: true},
	// A factor from before the change stays: the mailbox alone gives no more access than it gave then.
	RecoveryEmailUndo: {sessions: ReachAll, primary: ReachAll, factors: ReachSince, links: ReachSince, marks: ReachAll,
		tickets: ReachSince, pending: ReachSince, tokens: ReachAll, unknown: ReachSince, MailLinks: ReachStale,
		first: true},
	RecoveryFactors:  {factors: ReachAll, marks: ReachAll, tickets: ReachAll},
	RecoverySessions: {sessions: ReachAll, tickets: ReachAll},
}

// Of returns which credentials of a class the act ends.
func (r *recovery) Of(class method.CredentialClass) Reach {
	switch class {
	case method.ClassPrimary:
		return r.primary
	case method.ClassFactor:
		return r.factors
	case method.ClassLink:
		return r.links
	case method.ClassMark:
		return r.marks
	case method.ClassTicket:
		return r.tickets
	case method.ClassPending:
		return r.pending
	case method.ClassToken:
		return r.tokens
	}
	return r.unknown
}

func (r *recovery) endsCredentials() bool {
	return max(r.primary, r.factors, r.links, r.marks, r.tickets, r.pending, r.tokens, r.unknown) > ReachStale
}

// recoveryAct is one act on one account.
type recoveryAct struct {
	act     Recovery
	account string
	session string       // that performs the act; empty: none
	spare   string       // id of the credential that authorises the act, which the caller deletes at the end
	since   time.Time    // when the change that is undone was requested
	change  func() error // stores the act itself; nil: nothing to store
}

// carryOut performs an act as the table says, and returns how many sessions ended. The order is always the same:
// sessions, if the row has first; the change; credentials; sessions that began meanwhile. Tickets end before sessions:
// a ticket in use creates its session before it is spent, so that session ends with the others.
func (a *core) carryOut(ctx context.Context, in recoveryAct) (ended int, err error) {
	r := Recoveries[in.act]
	if r.first {
		if ended, err = a.endSessionsBut(ctx, in.account, in.session); err != nil {
			return ended, err
		}
	}
	if in.change != nil {
		if err := in.change(); err != nil {
			return ended, err
		}
		ctx = context.WithoutCancel(ctx) // a client that disconnects must not cut off the rest
	}
	if r.endsCredentials() {
		err := a.endCredentials(ctx, &r, &in)
		if err != nil && !r.lateCredentials {
			return ended, err
		} else if err != nil {
			a.log.WarnContext(ctx, "ending credentials after a change of password failed",
				slog.String("user_id", in.account),
				slog.Any("error", err))
		}
	}
	if r.links > ReachStale { // and the roles that they granted
		if _, err := a.giveRoles(ctx, in.account); err != nil && !errors.Is(err, store.ErrNotFound) {
			return ended, err
		}
	}
	switch {
	case r.sessions == reachNone:
		return ended, nil
	case r.lateSessions:
		a.endSessions(ctx, in.account)
		return ended, nil
	}
	n, err := a.endSessionsBut(ctx, in.account, in.session)
	return ended + n, err
}

// endCredentials deletes the credentials that the act ends. With lateCredentials it goes on after an error.
func (a *core) endCredentials(ctx context.Context, r *recovery, in *recoveryAct) (err error) {
	list, err := a.users.CredentialsOf(ctx, in.account, "")
	if err != nil {
		return fmt.Errorf("reading credentials: %w", err)
	}
	for i := range list {
		k := &list[i]
		switch r.Of(a.kinds[k.Kind]) {
		case ReachAll:
		case ReachSince:
			if k.ID == in.spare || k.Created.Before(in.since) {
				continue
			}
		default:
			continue
		}
		e := a.users.DeleteCredential(ctx, k.Kind, k.ID)
		if e == nil || errors.Is(e, store.ErrNotFound) {
			continue
		}
		err = errors.Join(err, fmt.Errorf("ending a credential: %w", e))
		if !r.lateCredentials {
			return err
		}
	}
	return err
}

// endSessionsBut ends every session of an account but one.
func (a *core) endSessionsBut(ctx context.Context, id, except string) (int, error) {
	n, err := a.sessions.EndSessionsOf(ctx, id, except)
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return n, fmt.Errorf("ending sessions: %w", err)
	}
	return n, nil
}

// endSessions ends the sessions of a deleted or disabled account at once. If this fails, the relay ends them by the
// outbox row of the change.
func (a *core) endSessions(ctx context.Context, id string) {
	ctx = context.WithoutCancel(ctx)
	if _, err := a.sessions.EndSessionsOf(ctx, id, ""); err != nil {
		a.log.WarnContext(ctx, "ending sessions deferred to relay", slog.String("user_id", id),
			slog.Any("error", err))
	}
}
