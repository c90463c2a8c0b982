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

// Recovery is an act that takes an account back from anybody else who may be inside.
type Recovery string

// Acts of recovery.
const (
	RecoveryPassword       Recovery = "password"        // a new one: chosen, reset by mail, or set by an administrator
	RecoveryDemandPassword Recovery = "demand_password" // an administrator demands a new one
	RecoveryDisable        Recovery = "disable"         // an administrator disables it, or takes back its approval
	RecoveryMailbox        Recovery = "mailbox"         // the first proof of an address that was never confirmed
	RecoveryEmailUndo      Recovery = "email_undo"      // "this was not me": the old address takes the account back
	RecoveryFactors        Recovery = "factors"         // an administrator clears second factors
	RecoverySessions       Recovery = "sessions"        // an administrator ends all sessions
)

// Reach says which of a sort of things an act ends.
type Reach int

const (
	reachNone   Reach = iota // they stay
	ReachStale               // they stay, and open nothing: they rest on what the act changes
	reachOthers              // all but what the act was done with
	ReachSince               // those from since the change was asked for that is taken back
	ReachAll
)

// recovery is a row of the table: what an act ends, in one column for everything that opens an account.
type recovery struct {
	sessions Reach
	primary, factors, links,
	marks, tickets, pending, tokens Reach
	unknown   Reach // credentials of kinds that are not registered
	MailLinks Reach // in messages under way: of a reset, of an invitation

	// first says that sessions end before anything else as well: where they cannot, nothing has changed, and the act
	// can be tried again. A sign-in under way meanwhile looks at its credential once more and gives up.
	first bool
	// What may fail after the act was committed: it is logged, and the act stands.
	lateSessions, lateCredentials bool
}

// Recoveries is the one list of what opens an account, and of what each act of recovery does to it.
var Recoveries = map[Recovery]recovery{
	// A device cookie is a counter of guesses of its own, which may be that of the thief whom a new password is to shut
	// out. Of sessions, the one that changes its own password stays. The password itself is replaced by the act.
	RecoveryPassword: {sessions: reachOthers, marks: ReachAll, tickets: ReachAll, pending: ReachStale,
		MailLinks: ReachStale, first: true, lateCredentials: true},
	// The new version of the account makes its tickets stale.
	RecoveryDemandPassword: {sessions: ReachAll, tickets: ReachStale, lateSessions: true},
	RecoveryDisable:        {sessions: ReachAll, tickets: ReachStale, lateSessions: true},
	RecoveryMailbox: {sessions: ReachAll, primary: ReachAll, factors: ReachAll, links: ReachAll, marks: ReachAll,
		tickets: ReachAll, pending: ReachAll, tokens: ReachAll, unknown: ReachAll, MailLinks: ReachStale, first: true},
	// A factor from before the change stays: the mailbox alone opens nothing that it did not open then.
	RecoveryEmailUndo: {sessions: ReachAll, primary: ReachAll, factors: ReachSince, links: ReachSince, marks: ReachAll,
		tickets: ReachSince, pending: ReachSince, tokens: ReachAll, unknown: ReachSince, MailLinks: ReachStale,
		first: true},
	RecoveryFactors:  {factors: ReachAll, marks: ReachAll, tickets: ReachAll},
	RecoverySessions: {sessions: ReachAll, tickets: ReachAll},
}

// Of returns what becomes of credentials of a class.
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

// recoveryOf is one act on one account.
type recoveryOf struct {
	act     Recovery
	account string
	session string       // that the act was done with; empty: none
	spare   string       // id of the credential by which the act was done, which its caller ends when all is done
	since   time.Time    // when the change was asked for that is taken back
	change  func() error // what the act itself stores; nil: nothing, or it was stored already
}

// carryOut does what the table says of an act, and returns how many sessions ended. The order is one for all: sessions,
// where the act must not be done beside them; the change; credentials; sessions that began meanwhile. Tickets go before
// sessions: of a ticket that is being used, the session is there before it is spent, and so ends with the others.
func (a *core) carryOut(ctx context.Context, in recoveryOf) (ended int, err error) {
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
		ctx = context.WithoutCancel(ctx) // not cut off by a client that hangs up between the two
	}
	if r.endsCredentials() {
		err := a.endCredentials(ctx, &r, &in)
		if err != nil && !r.lateCredentials {
			return ended, err
		} else if err != nil {
			a.log.WarnContext(ctx, "what was known of the old password is forgotten later",
				slog.String("user_id", in.account),
				slog.Any("error", err))
		}
	}
	if r.links > ReachStale { // and with the links goes what they gave
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

// endCredentials deletes what the act ends, as far as it can where that may be done later.
func (a *core) endCredentials(ctx context.Context, r *recovery, in *recoveryOf) (err error) {
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

// endSessions ends what an account that is gone or disabled still has. The change that was committed says the same, and
// reaches the session store even if we do not: this is only sooner.
func (a *core) endSessions(ctx context.Context, id string) {
	ctx = context.WithoutCancel(ctx)
	if _, err := a.sessions.EndSessionsOf(ctx, id, ""); err != nil {
		a.log.WarnContext(ctx, "sessions of an account will end a little later", slog.String("user_id", id),
			slog.Any("error", err))
	}
}
