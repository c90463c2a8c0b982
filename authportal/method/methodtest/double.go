package methodtest

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"net/url"
	"strings"
	"sync"

	"github.com/gatehouse-auth/gatehouse/authportal/method"
	"github.com/gatehouse-auth/gatehouse/store"
)

// Provider is a test double of a provider of outside identities and of its method, by redirects or by forms in both
// directions. Tests of the portal use it in place of OpenID Connect and SAML.
type Provider struct {
	Name  string
	Forms bool // request and answer are forms, posted across sites

	mu    sync.Mutex
	codes map[string]grant // single-use
}

type grant struct {
	nonce string
	id    method.Identity
}

var (
	_ method.Method    = (*Provider)(nil)
	_ method.Endpoints = (*Provider)(nil)
)

// Kind returns "provider".
func (*Provider) Kind() string { return "provider" }

// Address is the sign-in page of the provider.
func (p *Provider) Address() string { return "https://" + p.Name + ".idp.example/sign-in" }

// Endpoints returns the address of posted answers and metadata.
func (p *Provider) Endpoints() []method.Endpoint {
	list := []method.Endpoint{{Path: "/provider/" + p.Name + "/metadata",
		Document: func(_ context.Context, base string) ([]byte, string, error) {
			return []byte(`{"base":"` + base + `"}`), "application/json", nil
		}}}
	if p.Forms {
		list = append(list, method.Endpoint{Path: "/callback/" + p.Name, Post: true})
	}
	return list
}

// Begin leads to the provider. The nonce binds its answer to the browser's state.
func (p *Provider) Begin(_ context.Context, a *method.Attempt) (method.Step, error) {
	nonce := rand.Text()
	q := url.Values{"state": {a.Token + ".1"}, "nonce": {nonce}, "redirect_uri": {a.Return}}
	if p.Forms {
		return method.PostForm{URL: p.Address(), Fields: q, State: []byte(nonce)}, nil
	}
	return method.Redirect{URL: p.Address() + "?" + q.Encode(), State: []byte(nonce)}, nil
}

// Continue checks the provider's answer.
func (p *Provider) Continue(_ context.Context, a *method.Attempt) (method.Step, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	code := a.Query.Get("code")
	g, ok := p.codes[code]
	delete(p.codes, code)
	switch {
	case len(a.State) == 0 || a.Query.Get("state") != a.Token+".1":
		return method.Refused{Reason: "another sign-in's answer"}, nil
	case a.Query.Get("error") != "":
		return method.Refused{Reason: "denied there"}, nil
	case !ok:
		return method.Refused{Reason: "unknown code"}, nil
	case g.nonce != string(a.State):
		return method.Refused{Reason: "wrong nonce"}, nil
	}
	return method.Identified{Identity: g.id}, nil
}

// SignIn signs in at the provider with the query or fields of a request, and returns the answer for the callback.
func (p *Provider) SignIn(sent url.Values, id method.Identity) url.Values {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.codes == nil {
		p.codes = map[string]grant{}
	}
	code := rand.Text()
	p.codes[code] = grant{nonce: sent.Get("nonce"), id: id}
	return url.Values{"code": {code}, "state": {sent.Get("state")}}
}

// Device is a test double of a challenge-response factor, such as a passkey: a first or second factor that its owner
// enrols.
type Device struct {
	Users store.UserStore
	Level int // of its proofs

	mu    sync.Mutex
	begun int
}

// deviceKind is the kind of a Device's credentials.
const deviceKind = "device"

var (
	_ method.Method       = (*Device)(nil)
	_ method.SecondFactor = (*Device)(nil)
	_ method.Enroller     = (*Device)(nil)
)

// Kind returns "device".
func (*Device) Kind() string { return "device" }

// CredentialKind returns the kind of its credentials.
func (*Device) CredentialKind() string { return deviceKind }

// Enrolled reports whether the account has a device.
func (d *Device) Enrolled(ctx context.Context, u *store.User) (bool, error) {
	list, err := d.Users.CredentialsOf(ctx, u.ID, deviceKind)
	return len(list) > 0, err
}

// Begun returns the number of calls of Begin.
func (d *Device) Begun() int {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.begun
}

// deviceAnswer is the answer of a device to a challenge.
type deviceAnswer struct {
	Device    string `json:"device"`
	Challenge string `json:"challenge"`
}

// Answer returns the answer of the device with that id to the options of a step.
func (*Device) Answer(device string, options json.RawMessage) json.RawMessage {
	var o deviceAnswer
	_ = json.Unmarshal(options, &o)
	b, _ := json.Marshal(deviceAnswer{Device: device, Challenge: o.Challenge})
	return b
}

// Begin makes a challenge.
func (d *Device) Begin(context.Context, *method.Attempt) (method.Step, error) {
	d.mu.Lock()
	d.begun++
	d.mu.Unlock()
	challenge := rand.Text()
	options, err := json.Marshal(map[string]string{"challenge": challenge})
	return method.Show{Fields: []method.Field{{Name: "answer", Type: "text", Required: true}},
		Options: options, State: []byte(challenge)}, err
}

// Continue checks the answer of a device, or enrols a new one.
func (d *Device) Continue(ctx context.Context, a *method.Attempt) (method.Step, error) {
	var sent deviceAnswer
	if raw := a.JSON("answer"); raw == nil || json.Unmarshal(raw, &sent) != nil {
		return method.Refused{Reason: "no answer"}, nil
	}
	if len(a.State) == 0 || sent.Challenge != string(a.State) || sent.Device == "" || len(sent.Device) > 100 {
		return method.Refused{Reason: "wrong challenge"}, nil
	}
	if a.Purpose == method.Enrol {
		return method.Enrolled{Credential: store.Credential{Kind: deviceKind, ID: sent.Device, Data: []byte("key")},
			ShowOnce: []string{"recovery of " + sent.Device}}, nil
	}
	c, err := d.Users.Credential(ctx, deviceKind, sent.Device)
	if errors.Is(err, store.ErrNotFound) {
		return method.Refused{Reason: "unknown device"}, nil
	} else if err != nil {
		return nil, err
	}
	u, err := d.Users.User(ctx, c.Owner)
	if err != nil {
		return nil, err
	}
	if a.User != nil && a.User.ID != u.ID {
		return method.Refused{Reason: "another account's device"}, nil
	}
	return method.Proven{User: u, Kind: c.Kind, ID: c.ID, Version: c.Version, Level: d.Level}, nil
}

// Negotiator is a test double of Kerberos: the browser answers a challenge with a ticket, "ticket of <subject>".
type Negotiator struct{ Issuer string }

var (
	_ method.Method  = Negotiator{}
	_ method.Ambient = Negotiator{}
)

// Kind returns "negotiate".
func (Negotiator) Kind() string { return "negotiate" }

// Ambient implements method.Ambient.
func (Negotiator) Ambient() {}

// Begin challenges the browser, or checks its ticket.
func (n Negotiator) Begin(_ context.Context, a *method.Attempt) (method.Step, error) {
	subject, ok := strings.CutPrefix(string(a.Negotiate), "ticket of ")
	switch {
	case a.Negotiate == nil:
		return method.Challenge{Header: "Negotiate"}, nil
	case !ok:
		return method.Refused{Reason: "no ticket"}, nil
	}
	return method.Identified{Identity: method.Identity{Issuer: n.Issuer, Subject: subject}}, nil
}

// Continue refuses: there is no further step.
func (Negotiator) Continue(context.Context, *method.Attempt) (method.Step, error) {
	return method.Refused{Reason: "no further step"}, nil
}
