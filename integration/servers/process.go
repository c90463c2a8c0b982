package servers

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

const (
	// startLimit is generous: it is reached by broken servers only, and two busy cores are slow.
	startLimit = 60 * time.Second
	stopLimit  = 20 * time.Second
	pollEvery  = 10 * time.Millisecond
)

// Process is one server process on a loopback port or socket of its own. Its address and data outlive it: after Stop or
// Kill, Start brings the same server back. Every method fails the test that owns the process when the act fails.
type Process struct {
	t       testing.TB
	name    string
	command []string
	log     string // file that collects what the process says
	owner   *syscall.Credential
	orderly syscall.Signal // asks for an orderly end at once
	ready   func(context.Context) error
	passing string // what it says where it cannot start yet, and can a moment later

	mu     sync.Mutex
	cmd    *exec.Cmd
	exited chan struct{}
	paused bool
}

// Start starts the server, waits until it answers, and does nothing where it runs already.
func (p *Process) Start() { p.t.Helper(); p.must(p.start()) }

// Stop ends the server in its orderly way and waits for it.
func (p *Process) Stop() { p.t.Helper(); p.must(p.signalAndWait(p.orderly)) }

// Kill ends the server, with every process it started, as a power cut would (SIGKILL).
func (p *Process) Kill() { p.t.Helper(); p.must(p.signalAndWait(syscall.SIGKILL)) }

// Pause freezes the server (SIGSTOP): connections stay open and are accepted by the kernel, nothing is answered.
func (p *Process) Pause() { p.t.Helper(); p.must(p.freeze(true)) }

// Resume ends a Pause.
func (p *Process) Resume() { p.t.Helper(); p.must(p.freeze(false)) }

// Running reports whether the process exists, paused or not.
func (p *Process) Running() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.running()
}

func (p *Process) must(err error) {
	p.t.Helper()
	if err != nil {
		p.t.Fatal(err)
	}
}

func (p *Process) running() bool {
	if p.cmd == nil {
		return false
	}
	select {
	case <-p.exited:
		return false
	default:
		return true
	}
}

func (p *Process) start() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	for deadline := time.Now().Add(startLimit); ; <-time.After(pollEvery) {
		err := p.launch()
		if err == nil || p.passing == "" || !strings.Contains(err.Error(), p.passing) || time.Now().After(deadline) {
			return err
		}
	}
}

func (p *Process) launch() error {
	if p.running() {
		return nil
	}
	log, err := os.OpenFile(p.log, os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o644)
	if err != nil {
		return err
	}
	defer log.Close()
	cmd := exec.Command(p.command[0], p.command[1:]...)
	cmd.Dir = filepath.Dir(p.log)
	cmd.Env = append(os.Environ(), "LC_ALL=C") // what it says is read by onFreePort
	cmd.Stdout, cmd.Stderr = log, log
	cmd.SysProcAttr = childAttributes(p.owner)
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("starting %s: %w", p.name, err)
	}
	exited := make(chan struct{})
	go func() {
		_ = cmd.Wait() // how it ended is of no interest: the log tells
		close(exited)
	}()
	p.cmd, p.exited, p.paused = cmd, exited, false
	if err := p.awaitReady(); err != nil {
		_ = p.end(syscall.SIGKILL)
		return err
	}
	return nil
}

func (p *Process) awaitReady() error {
	ctx, cancel := context.WithTimeout(context.Background(), startLimit)
	defer cancel()
	var last error
	for {
		if last = p.ready(ctx); last == nil {
			return nil
		}
		select {
		case <-p.exited:
			return fmt.Errorf("%s ended while starting: %s", p.name, p.said())
		case <-ctx.Done():
			return fmt.Errorf("%s does not answer: %w: %s", p.name, last, p.said())
		case <-time.After(pollEvery):
		}
	}
}

func (p *Process) signalAndWait(sig syscall.Signal) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.end(sig)
}

// end signals the server and waits. A SIGKILL goes to its children too, since those of PostgreSQL would live on for a
// while and hold its memory segment against the next start.
func (p *Process) end(sig syscall.Signal) error {
	if !p.running() {
		return nil
	}
	if p.paused {
		p.toAll(syscall.SIGCONT)
		p.paused = false
	}
	if sig == syscall.SIGKILL {
		p.toAll(sig)
	} else if err := p.cmd.Process.Signal(sig); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return fmt.Errorf("stopping %s: %w", p.name, err)
	}
	select {
	case <-p.exited:
		return nil
	case <-time.After(stopLimit):
		p.toAll(syscall.SIGKILL)
		<-p.exited
		return fmt.Errorf("%s did not stop within %s: %s", p.name, stopLimit, p.said())
	}
}

func (p *Process) freeze(stop bool) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.running() {
		return fmt.Errorf("pausing or resuming %s: it is not running", p.name)
	}
	sig := syscall.SIGCONT
	if stop {
		sig = syscall.SIGSTOP
	}
	p.toAll(sig)
	p.paused = stop
	return nil
}

// toAll signals the server first, so that it starts no further children, and then those it has.
func (p *Process) toAll(sig syscall.Signal) {
	children := childrenOf(p.cmd.Process.Pid)
	_ = p.cmd.Process.Signal(sig)
	for _, pid := range append(children, childrenOf(p.cmd.Process.Pid)...) {
		_ = syscall.Kill(pid, sig)
	}
}

// said returns the end of the server's log, for messages.
func (p *Process) said() string {
	b, err := os.ReadFile(p.log)
	if err != nil {
		return err.Error()
	}
	return string(b[max(0, len(b)-2000):])
}

// childrenOf reads the process table of Linux; elsewhere it finds none.
func childrenOf(parent int) []int {
	stats, _ := filepath.Glob("/proc/[0-9]*/stat")
	var pids []int
	for _, file := range stats {
		b, err := os.ReadFile(file)
		if err != nil {
			continue // ended meanwhile
		}
		// pid (name) state ppid …: the name may hold spaces and parentheses
		rest := string(b[strings.LastIndexByte(string(b), ')')+1:])
		fields := strings.Fields(rest)
		if len(fields) < 2 || fields[1] != strconv.Itoa(parent) {
			continue
		}
		if pid, err := strconv.Atoi(filepath.Base(filepath.Dir(file))); err == nil {
			pids = append(pids, pid)
		}
	}
	return pids
}
