package message

import (
	"github.com/gatehouse-auth/gatehouse/store"
)

// Payload is what the outbox keeps of a queued message. It holds no secret: tokens and codes are made when the message
// is composed, so that none lies in a queue or a log.
type Payload struct {
	Lang string `json:"l,omitempty"` // Accept-Language of the browser that requested it
	Base string `json:"b"`           // URL of the portal's pages, which links begin with
	User string `json:"u,omitempty"` // id of the account; empty: found by the address
	To   string `json:"t,omitempty"` // return URL: sealed, or a path
	Flow string `json:"f,omitempty"` // sealed state of a sign-in for another host
	Who  string `json:"w,omitempty"` // another address that it names, such as that of an account to approve
	ID   string `json:"i,omitempty"` // id of the credential behind its link
	Ref  []byte `json:"r,omitempty"` // what the email-link method keeps of the browser that signs in
}

// Readable reports whether a message to that address may give access to the account.
func Readable(u *store.User, to string) bool { return u.Enabled && u.Email == to }
