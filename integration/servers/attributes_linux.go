package servers

import "syscall"

// childAttributes makes a server die with the process that started it, so that a test binary which panics or is killed
// leaves nothing behind. The kernel forgets that wish when the user changes; os/exec states it after that change.
func childAttributes(owner *syscall.Credential) *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Credential: owner, Setpgid: true, Pdeathsig: syscall.SIGKILL}
}
