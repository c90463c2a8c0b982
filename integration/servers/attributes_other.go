//go:build !linux

package servers

import "syscall"

// childAttributes keeps a Ctrl-C at the terminal from the server: whoever started it stops it.
func childAttributes(owner *syscall.Credential) *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Credential: owner, Setpgid: true}
}
