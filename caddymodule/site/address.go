package site

import (
	"cmp"
	"net"
	"strconv"
	"strings"
)

// Location is where a handler is mounted: the addresses under which requests reach it. It is found by walking the
// http app.
type Location struct {
	// Hosts are the names of the sites above the handler, lower case, without port; a name may begin with "*.". Empty:
	// every host.
	Hosts []string

	// Addresses are all combinations of scheme, host and port, best first: https before http, the scheme's own port
	// before others, then by name. Empty where Hosts is.
	Addresses []Address

	// StrippedPrefixes are what `handle_path` and the like above the handler have cut off the path, such as "/pub";
	// usually none.
	StrippedPrefixes []string
}

// Address is one way to reach a handler.
type Address struct {
	Host   string // lower case, without port; may begin with "*."
	Port   int
	Secure bool // https
}

// String returns the origin: "https://auth.example.com", with the port where it is not the scheme's own.
func (a Address) String() string {
	scheme := "http"
	if a.Secure {
		scheme = "https"
	}
	if !a.ownPort() {
		return scheme + "://" + net.JoinHostPort(a.Host, strconv.Itoa(a.Port))
	}
	if strings.Contains(a.Host, ":") {
		return scheme + "://[" + a.Host + "]"
	}
	return scheme + "://" + a.Host
}

func (a Address) ownPort() bool { return a.Port == 443 && a.Secure || a.Port == 80 && !a.Secure }

// compare orders addresses, best first.
func (a Address) compare(b Address) int {
	return cmp.Or(no(a.Secure)-no(b.Secure), no(a.ownPort())-no(b.ownPort()), cmp.Compare(a.Host, b.Host),
		cmp.Compare(a.Port, b.Port))
}

func no(b bool) int {
	if b {
		return 0
	}
	return 1
}

// Origins are the addresses of a place as browsers write them.
func (l Location) Origins() (list []string) {
	for _, a := range l.Addresses {
		list = append(list, a.String())
	}
	return list
}
