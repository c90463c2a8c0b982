package gateway

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gatehouse-auth/gatehouse/integration/servers"
)

// startLimit is generous: it is reached by broken configurations only, and two busy cores are slow.
const startLimit = 60 * time.Second

// Gateway is one running Caddy.
type Gateway struct {
	Dir   string // holds its data, its Caddyfile and nothing of others
	Admin string // host:port of Caddy's admin endpoint

	t      testing.TB
	binary string
	cmd    *exec.Cmd
	log    *output
	exited chan struct{}
}

// Start runs the built Caddy with a Caddyfile and waits until it serves. The text "ADMIN" in it stands for the address of the
// admin endpoint, "DIR" for the gateway's folder.
func Start(t testing.TB, caddyfile string) *Gateway {
	t.Helper()
	return StartBinary(t, servers.Caddy(t), caddyfile)
}

// StartBinary is Start with another binary, such as one with the race detector.
func StartBinary(t testing.TB, binary, caddyfile string) *Gateway {
	t.Helper()
	g := &Gateway{t: t, binary: binary, Dir: t.TempDir(), Admin: fmt.Sprintf("127.0.0.1:%d", servers.FreePort(t))}
	g.Write(caddyfile)
	g.Run()
	t.Cleanup(g.Stop)
	return g
}

// Write replaces the Caddyfile, for Reload and for Run.
func (g *Gateway) Write(caddyfile string) {
	g.t.Helper()
	text := strings.NewReplacer("ADMIN", g.Admin, "DIR", g.Dir).Replace(caddyfile)
	if err := os.WriteFile(g.file(), []byte(text), 0o600); err != nil {
		g.t.Fatal(err)
	}
}

// Text returns the Caddyfile as it is now.
func (g *Gateway) Text() string {
	g.t.Helper()
	text, err := os.ReadFile(g.file())
	if err != nil {
		g.t.Fatal(err)
	}
	return string(text)
}

func (g *Gateway) file() string { return filepath.Join(g.Dir, "Caddyfile") }

func (g *Gateway) env() []string {
	return append(os.Environ(), "HOME="+g.Dir, "XDG_DATA_HOME="+g.Dir, "XDG_CONFIG_HOME="+g.Dir)
}

// Run starts the process, after Stop or Kill once more with the same data.
func (g *Gateway) Run() {
	g.t.Helper()
	g.log, g.exited = &output{}, make(chan struct{})
	g.cmd = exec.Command(g.binary, "run", "--adapter", "caddyfile", "--config", g.file())
	g.cmd.Env, g.cmd.Dir = g.env(), g.Dir
	g.cmd.Stdout, g.cmd.Stderr = g.log, g.log
	if err := g.cmd.Start(); err != nil {
		g.t.Fatal(err)
	}
	cmd, exited := g.cmd, g.exited
	go func() {
		_ = cmd.Wait()
		close(exited)
	}()
	g.await(func() bool {
		answer, err := http.Get("http://" + g.Admin + "/config/")
		if err != nil {
			return false
		}
		body, _ := io.ReadAll(answer.Body)
		answer.Body.Close()
		return len(bytes.TrimSpace(body)) > len("null")
	}, "it serves")
}

// await polls until ready or until the process has ended.
func (g *Gateway) await(ready func() bool, what string) {
	g.t.Helper()
	deadline := time.After(startLimit)
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for !ready() {
		select {
		case <-g.exited:
			g.t.Fatalf("the gateway ended before %s:\n%s", what, g.Log())
		case <-deadline:
			g.t.Fatalf("the gateway did not get as far as that %s:\n%s", what, g.Log())
		case <-tick.C:
		}
	}
}

// Stop ends the process in its orderly way.
func (g *Gateway) Stop() { g.end(os.Interrupt) }

// Kill ends it as a power cut would.
func (g *Gateway) Kill() { g.end(os.Kill) }

func (g *Gateway) end(signal os.Signal) {
	g.t.Helper()
	_ = g.cmd.Process.Signal(signal)
	select {
	case <-g.exited:
	case <-time.After(startLimit):
		_ = g.cmd.Process.Kill()
		g.t.Errorf("the gateway did not end on %v:\n%s", signal, g.Log())
	}
}

// Reload loads the Caddyfile as it is now, and returns what Caddy said if it refused.
func (g *Gateway) Reload() error {
	g.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), startLimit)
	defer cancel()
	text, err := os.ReadFile(g.file())
	if err != nil {
		return err
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://"+g.Admin+"/load", bytes.NewReader(text))
	if err != nil {
		return err
	}
	request.Header.Set("Content-Type", "text/caddyfile")
	request.Header.Set("Cache-Control", "must-revalidate") // the same configuration is loaded anew
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	body, _ := io.ReadAll(answer.Body)
	if answer.StatusCode != http.StatusOK {
		return fmt.Errorf("%s: %s", answer.Status, body)
	}
	return nil
}

// Command runs `caddy gatehouse …` against this gateway and returns what it printed.
func (g *Gateway) Command(stdin string, args ...string) (string, error) {
	g.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), startLimit)
	defer cancel()
	cmd := exec.CommandContext(ctx, g.binary, append(append([]string{"gatehouse"}, args...), "--address", g.Admin)...)
	cmd.Stdin, cmd.Env, cmd.Dir = strings.NewReader(stdin), g.env(), g.Dir
	out, err := cmd.CombinedOutput()
	return string(out), err
}

// MustCommand is Command for what must succeed.
func (g *Gateway) MustCommand(stdin string, args ...string) string {
	g.t.Helper()
	out, err := g.Command(stdin, args...)
	if err != nil {
		g.t.Fatalf("caddy gatehouse %s: %v\n%s\n%s", strings.Join(args, " "), err, out, g.Log())
	}
	return out
}

// Log returns what the process has said so far.
func (g *Gateway) Log() string { return g.log.String() }

// Memory and goroutines of the process, from its admin endpoint.
func (g *Gateway) Goroutines() string {
	g.t.Helper()
	answer, err := http.Get("http://" + g.Admin + "/debug/pprof/goroutine?debug=1")
	if err != nil {
		g.t.Fatal(err)
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		g.t.Fatal(err)
	}
	return string(text)
}

// output collects what a process says, from any goroutine.
type output struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.buf.Write(p)
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.buf.String()
}

// dialLoopback connects every host name to this machine, at the port that the address names.
func dialLoopback(ctx context.Context, network, address string) (net.Conn, error) {
	_, port, err := net.SplitHostPort(address)
	if err != nil {
		return nil, err
	}
	var d net.Dialer
	return d.DialContext(ctx, network, "127.0.0.1:"+port)
}
