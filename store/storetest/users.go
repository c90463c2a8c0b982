package storetest

import (
	"errors"
	"reflect"
	"slices"
	"testing"
	"time"

	"github.com/gatehouse-auth/gatehouse/store"
)

// UsersHarness is what a driver of the users store gives the suite: one set of data and a way to reach it.
type UsersHarness struct {
	// Open opens a handle on the data. It is called several times: each handle stands for a process of its own, and a
	// handle opened after another was closed finds what that one left. The suite closes every handle; one may be
	// closed twice.
	Open func(t *testing.T, now func() time.Time) store.UserStore
}

// Users holds a users store against package store. fresh is called once for every test, and returns data that is empty
// and that no other test uses.
func Users(t *testing.T, fresh func(t *testing.T) UsersHarness) {
	tests := []struct {
		name string
		run  func(*people)
	}{
		{"an account is read back as it was stored", accountReadBack},
		{"attributes keep their types", attributesRoundTrip},
		{"what a caller does to a returned account stays with the caller", accountCopies},
		{"an unknown account is not found", unknownAccount},
		{"a taken address or username is named", takenNames},
		{"accounts without an address do not collide", emptyAddresses},
		{"an account is stored with its credentials or not at all", createWhole},
		{"of racing sign-ups with one address one wins", createRace},
		{"an account is found by address before username", findAddressFirst},

		{"a change moves the version and is seen by every handle", updateSeen},
		{"a change of an older version is stale", updateStale},
		{"of racing changes of one version one wins", updateRace},
		{"a change cannot take another's address or username", updateTaken},
		{"a change leaves creation and last sign-in alone", updateKeeps},
		{"a sign-in is recorded and changes no version", signedIn},
		{"a deleted account is gone with its credentials", deleteCascades},
		{"of racing deletions one wins", deleteRace},
		{"a username is not given out again", usernamesRetire},
		{"the last administrator stays", lastAdministrator},
		{"of administrators who demote one another one stays", administratorsRace},
		{"of administrators who are deleted at once one stays", administratorsDeleteRace},

		{"accounts are listed in pages, oldest first", listPages},
		{"paging goes on after an account that was deleted", listAfterDeleted},
		{"accounts are found by a part of address, username or name", listText},
		{"accounts are found by role", listRole},
		{"accounts are listed in every order, both ways", listOrders},
		{"accounts that have a text are listed in every order, both ways", listOrdersOfText},
		{"paging goes on in every order after an account that changed or went", listAfterChanged},
		{"accounts are found by what they are called now", listTextFollows},
		{"accounts are found and counted by state", listState},

		{"a credential is read back as it was stored", credentialReadBack},
		{"a credential replaces one of the same owner only", credentialReplace},
		{"a credential without an owner is not found", credentialNoOwner},
		{"an expired credential is not found", credentialExpires},
		{"a credential is swapped at its version only", credentialSwap},
		{"of racing swaps one wins", credentialSwapRace},
		{"of racing deletions of a credential one wins", credentialDeleteRace},
		{"credentials are listed oldest first", credentialList},

		{"a change leaves one row in the outbox, a refused one leaves none", outboxRows},
		{"rows stay until they are acknowledged", outboxAck},
		{"the outbox wakes its reader, here and elsewhere", outboxWakes},
		{"of racing settings one wins", settingRace},
		{"a setting is replaced only where it is known", settingSwap},

		{"reopening keeps everything", usersReopening},
		{"every call after closing is ErrClosed", usersAfterClose},
		{"a cancelled call fails and changes nothing", usersCancelled},
		{"text that no database can hold is not found", oddText},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			p := &people{world: &world{T: t, clock: NewClock()}, h: fresh(t)}
			p.s = p.openUsers()
			test.run(p)
		})
	}
}

// people is one test's data, clock and first handle.
type people struct {
	*world
	h UsersHarness
	s store.UserStore
}

func (p *people) openUsers() store.UserStore {
	p.Helper()
	s := p.h.Open(p.T, p.clock.Now)
	p.Cleanup(func() { _ = s.Close() })
	return s
}

// person is an account that is not stored yet.
func (p *people) person(name string, roles ...string) store.User {
	slices.Sort(roles)
	return store.User{ID: newID(), Username: name, Email: name + "@example.com", Confirmed: true, Name: "The " + name,
		Roles: roles, Attributes: map[string]any{}, Enabled: true, Approved: true, Created: p.clock.Now(), Version: 1}
}

// made stores an account.
func (p *people) made(name string, roles ...string) store.User {
	p.Helper()
	u := p.person(name, roles...)
	p.must(p.s.CreateUser(p.ctx(), u))
	return u
}

// read returns an account that must be there.
func (p *people) read(id string) store.User {
	p.Helper()
	u, err := p.s.User(p.ctx(), id)
	p.must(err)
	return u
}

func (p *people) noUser(id, what string) {
	p.Helper()
	_, err := p.s.User(p.ctx(), id)
	p.wantErr(err, store.ErrNotFound, what)
}

func (p *people) sameUser(got, want store.User) {
	p.Helper()
	if !got.Created.Equal(want.Created) || !got.LastSignIn.Equal(want.LastSignIn) {
		p.Fatalf("got an account of %v, last signed in %v, want %v, %v", got.Created, got.LastSignIn, want.Created, want.LastSignIn)
	}
	got.Created, got.LastSignIn = want.Created, want.LastSignIn
	if got.Invited.Equal(want.Invited) {
		got.Invited = want.Invited
	}
	if len(got.Roles) == 0 && len(want.Roles) == 0 {
		got.Roles, want.Roles = nil, nil
	}
	if got.Attributes == nil {
		p.Fatal("attributes are nil")
	}
	if !reflect.DeepEqual(got, want) {
		p.Fatalf("got\n%+v, want\n%+v", got, want)
	}
}

// taken fails unless err names the field.
func (p *people) taken(err error, field string) {
	p.Helper()
	var taken *store.TakenError
	if !errors.As(err, &taken) || taken.Field != field || !errors.Is(err, store.ErrTaken) {
		p.Fatalf("got %v, want that %s is taken", err, field)
	}
}

// only fails unless err is nil or one of the errors that a racer may lose with; it returns whether the racer won.
func (p *people) only(err error, losers ...error) bool {
	for _, loser := range losers {
		if errors.Is(err, loser) {
			return false
		}
	}
	if err != nil {
		p.Errorf("a racer failed: %v", err)
	}
	return err == nil
}

func (p *people) one(won int, what string) {
	p.Helper()
	if won != 1 {
		p.Fatalf("%d racers %s, want 1", won, what)
	}
}
