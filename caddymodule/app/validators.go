package app

import (
	"errors"
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strings"
)

// portalAddress checks an address of the pages and returns it without a slash at its end.
func portalAddress(raw string) (string, error) {
	const cure = "write for example https://auth.example.com"
	u, err := url.Parse(raw)
	switch {
	case err != nil:
		return "", fmt.Errorf("portal %q is no address: %s", raw, cure)
	case strings.ContainsAny(raw, "{}"):
		return "", fmt.Errorf("portal %q holds a placeholder, which is not replaced here: %s", raw, cure)
	case u.Scheme != "https" && u.Scheme != "http", u.Hostname() == "", u.Opaque != "":
		return "", fmt.Errorf("portal %q must be an address with scheme and host: %s", raw, cure)
	case u.User != nil, u.RawQuery != "", u.Fragment != "", u.ForceQuery, strings.HasSuffix(raw, "#"):
		return "", fmt.Errorf("portal %q may have a path, but no user, query or fragment: %s", raw, cure)
	case strings.Contains(u.Hostname(), "*"):
		return "", fmt.Errorf("portal %q must be one host: %s", raw, cure)
	case strings.ContainsAny(u.EscapedPath(), "%;\\") || strings.Contains(u.Path, "//") ||
		strings.Contains(u.Path+"/", "/./") || strings.Contains(u.Path+"/", "/../"):
		return "", fmt.Errorf("portal %q has an odd path: %s", raw, cure)
	}
	u.Host = strings.ToLower(u.Host)
	if (u.Scheme == "https" && u.Port() == "443") || (u.Scheme == "http" && u.Port() == "80") {
		u.Host = u.Host[:strings.LastIndexByte(u.Host, ':')]
	}
	return strings.TrimRight(u.String(), "/"), nil
}

var signupFieldName = regexp.MustCompile(`^[a-z][a-z0-9_]{0,62}$`)

// takenFields are the names that the API's sign-up and account bodies use themselves: a field of that name would
// write over what is not the person's to choose.
var takenFields = []string{"id", "email", "login", "password", "current", "name", "roles", "role", "groups",
	"attributes", "enabled", "approved", "confirmed", "created", "version", "invite", "to", "token", "code", "remember",
	"method", "status"}

// checkFieldName reports what is wrong with the name of a sign-up field.
func checkFieldName(name string) error {
	if !signupFieldName.MatchString(name) {
		return fmt.Errorf("field %q: use lower-case letters, digits and _, beginning with a letter, at most 63 of them", name)
	}
	if slices.Contains(takenFields, name) {
		return fmt.Errorf("field %q has a meaning already: choose another name", name)
	}
	return nil
}

var hexColour = regexp.MustCompile(`^#([0-9a-fA-F]{3}|[0-9a-fA-F]{6})$`)

func checkColour(s string) error {
	if !hexColour.MatchString(s) {
		return errors.New(`the accent must be a colour as "#rgb" or "#rrggbb", in quotes, because # begins a comment`)
	}
	return nil
}
