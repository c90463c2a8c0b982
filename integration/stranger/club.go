package stranger

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"net/url"
	"time"

	"github.com/gatehouse-auth/gatehouse/authportal/keyring"
	"github.com/gatehouse-auth/gatehouse/authportal/method"
	"github.com/gatehouse-auth/gatehouse/store"
)

// ClubConfig is Club in a configuration.
type ClubConfig struct {
	method.ProviderOptions
	Issuer string `json:"issuer"`
}

var (
	_ method.Driver   = ClubConfig{}
	_ method.Provider = ClubConfig{}
)

// Open wires the method.
func (c ClubConfig) Open(env method.Env) (method.Method, error) {
	if c.Issuer == "" {
		return nil, errors.New("club needs an issuer")
	}
	return &Club{issuer: c.Issuer, keys: env.Keys, tickets: env.Tickets}, nil
}

// Club is a method that leads to a provider, whose answer is sealed with a secret that both know.
type Club struct {
	issuer  string
	keys    *keyring.Keys
	tickets store.Tickets
}

// Card is what the provider answers, sealed for the purpose "club card".
type Card struct {
	ID, Subject, Nonce string
}

const cardPurpose = "club card"

// Kind returns "club".
func (*Club) Kind() string { return "club" }

// Begin leads to the provider.
func (c *Club) Begin(_ context.Context, a *method.Attempt) (method.Step, error) {
	nonce := rand.Text()
	q := url.Values{"state": {a.Token}, "nonce": {nonce}, "back": {a.Return}}
	return method.Redirect{URL: c.issuer + "/door?" + q.Encode(), State: []byte(nonce)}, nil
}

// Continue reads the card that the provider gave. A card is good once.
func (c *Club) Continue(ctx context.Context, a *method.Attempt) (method.Step, error) {
	if len(a.State) == 0 || a.Query.Get("state") != a.Token {
		return method.Refused{Reason: "another sign-in's answer"}, nil
	}
	raw, err := c.keys.Open(cardPurpose, a.Query.Get("card"), nil)
	var card Card
	if err != nil || json.Unmarshal(raw, &card) != nil || card.Subject == "" || card.Nonce != string(a.State) {
		return method.Refused{Reason: "no card of this sign-in"}, nil
	}
	err = c.tickets.PutTicket(ctx, cardPurpose, store.KeyOf([]byte(card.ID)), []byte{1}, a.Now.Add(time.Hour))
	if errors.Is(err, store.ErrTaken) {
		return method.Refused{Reason: "a card that was used"}, nil
	} else if err != nil {
		return nil, err
	}
	return method.Identified{Identity: method.Identity{Issuer: c.issuer, Subject: card.Subject}}, nil
}
