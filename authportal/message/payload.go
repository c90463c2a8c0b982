package message

import (
	"github.com/gatehouse-auth/gatehouse/store"
)

// Payload is what a queued message says of itself. It holds no secret: whatever opens a door is made when the
// message is written.
type Payload struct {
	Lang string `json:"l,omitempty"` // Accept-Language of the browser that asked
	Base string `json:"b"`           // of our pages: what links begin with
	User string `json:"u,omitempty"` // the account that it is about, where that is known; else the address tells
	To   string `json:"t,omitempty"` // where the person was going, sealed or a path
	Flow string `json:"f,omitempty"`
	Who  string `json:"w,omitempty"` // another address that it names: of a newcomer, in a message to an administrator
	ID   string `json:"i,omitempty"` // of the credential that its link is about
	Ref  []byte `json:"r,omitempty"` // of the browser that a sign-in by mail is for, as the method has it
}

// Readable reports whether the account may get messages that open it.
func Readable(u *store.User, to string) bool { return u.Enabled && u.Email == to }
