package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// rig is one Caddy with every variant on a port of its own, and the upstream behind them.
type rig struct {
	dir      string
	caddy    *exec.Cmd
	upstream *exec.Cmd
	ports    map[string]int
	cookie   string
}

// The variants. Six constant headers are what the gate's default preset sets.
const (
	gated    = "gate"
	control  = "control"
	null     = "null control"
	noHeader = "no headers"
)

var variants = []string{gated, control, null, noHeader}

const caddyfile = `{
	admin off
	auto_https off
	persist_config off
	storage file_system {dir}/storage
	log {
		level ERROR
		output file {dir}/caddy.log
	}
	gatehouse {
		users sqlite {dir}/gatehouse.db
		{sessions}
		session {
			idle 12h
		}
	}
}

http://127.0.0.1:{gate} {
	gate {
		public /healthz /assets/*
		allow role:admin /admin/*
		allow user
	}
	reverse_proxy 127.0.0.1:{upstream}
}

http://127.0.0.1:{control}, http://127.0.0.1:{null control} {
	reverse_proxy 127.0.0.1:{upstream} {
		header_up Remote-User bench@example.com
		header_up Remote-User-Id aaaaaaaaaaaaaaaaaaaaaaaaaa
		header_up Remote-Email bench@example.com
		header_up Remote-Name Bench
		header_up Remote-Roles member
		header_up Remote-Groups member
	}
}

http://127.0.0.1:{no headers} {
	reverse_proxy 127.0.0.1:{upstream}
}
`

// start builds the configuration and runs everything. The upstream is this program itself, in a process of its own, so that
// its cost is not counted.
func start(caddyBinary, sessions string) (*rig, error) {
	dir, err := os.MkdirTemp("", "gatehouse-bench-*")
	if err != nil {
		return nil, err
	}
	r := &rig{dir: dir, ports: map[string]int{}}
	replace := []string{"{dir}", dir, "{sessions}", sessions}
	for _, name := range append([]string{"upstream"}, variants...) {
		port, err := freePort()
		if err != nil {
			return r, err
		}
		r.ports[name] = port
		replace = append(replace, "{"+name+"}", strconv.Itoa(port))
	}
	config := filepath.Join(dir, "Caddyfile")
	if err := os.WriteFile(config, []byte(strings.NewReplacer(replace...).Replace(caddyfile)), 0o600); err != nil {
		return r, err
	}
	self, err := os.Executable()
	if err != nil {
		return r, err
	}
	r.upstream = exec.Command(self, "-upstream", strconv.Itoa(r.ports["upstream"]))
	r.caddy = exec.Command(caddyBinary, "run", "--adapter", "caddyfile", "--config", config)
	env := append(os.Environ(), "XDG_DATA_HOME="+dir, "XDG_CONFIG_HOME="+dir, upstreamMark+"=1")
	if err := addUser(caddyBinary, config, env, "member"); err != nil {
		return r, err
	}
	for _, cmd := range []*exec.Cmd{r.upstream, r.caddy} {
		cmd.Stderr = os.Stderr
		cmd.Env = env
		if err := cmd.Start(); err != nil {
			return r, err
		}
	}
	for name, port := range r.ports {
		if err := reachable(port); err != nil {
			return r, fmt.Errorf("%s: %w", name, err)
		}
	}
	return r, r.signIn()
}

// upstreamMark tells a test binary that it is run as the upstream.
const upstreamMark = "GATEHOUSE_BENCH_UPSTREAM"

func freePort() (int, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 0, err
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port, nil
}

func reachable(port int) error {
	deadline := time.Now().Add(30 * time.Second)
	for {
		c, err := net.DialTimeout("tcp", fmt.Sprintf("127.0.0.1:%d", port), time.Second)
		if err == nil {
			return c.Close()
		}
		if time.Now().After(deadline) {
			return err
		}
		time.Sleep(50 * time.Millisecond)
	}
}

// The account whose session the load uses: every one of the six headers has something to say about it.
const (
	email    = "bench@example.com"
	password = "a long enough password"
)

func addUser(caddyBinary, config string, env []string, role string) error {
	cmd := exec.Command(caddyBinary, "gatehouse", "users", "add", email, "--name", "Bench", "--role", role, "--password-stdin", "--config", config)
	cmd.Stdin, cmd.Env = strings.NewReader(password+"\n"), env
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("adding the user: %w\n%s", err, out)
	}
	return nil
}

// signIn opens the session that the load shows.
func (r *rig) signIn() error {
	body := fmt.Sprintf(`{"login":%q,"password":%q}`, email, password)
	url := fmt.Sprintf("http://127.0.0.1:%d/.gatehouse/api/v1/login", r.ports[gated])
	answer, err := http.Post(url, "application/json", strings.NewReader(body))
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	text, _ := io.ReadAll(answer.Body)
	for _, c := range answer.Cookies() {
		if c.Name == "gatehouse" {
			r.cookie = c.Name + "=" + c.Value
		}
	}
	var got struct{ Status string }
	if err := json.Unmarshal(text, &got); err != nil || got.Status != "signed_in" || r.cookie == "" {
		return fmt.Errorf("signing in: %s %s", answer.Status, bytes.TrimSpace(text))
	}
	return nil
}

// load returns the load for one variant: the same bytes for each, cookie included.
func (r *rig) load(variant string, conns int) *load {
	addr := fmt.Sprintf("127.0.0.1:%d", r.ports[variant])
	request := "GET /page/1?q=1 HTTP/1.1\r\nHost: " + addr + "\r\nUser-Agent: Mozilla/5.0 (X11; Linux x86_64) bench\r\n" +
		"Accept: text/html,application/xhtml+xml\r\nAccept-Language: en\r\nAccept-Encoding: identity\r\nCookie: theme=dark; " + r.cookie + "\r\n\r\n"
	return &load{addr: addr, request: []byte(request), conns: conns}
}

// cpu returns the processor time that Caddy has used so far, user and system.
func (r *rig) cpu() (time.Duration, error) {
	raw, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", r.caddy.Process.Pid))
	if err != nil {
		return 0, fmt.Errorf("reading processor time (this needs Linux): %w", err)
	}
	_, rest, ok := bytes.Cut(raw, []byte(") "))
	fields := strings.Fields(string(rest))
	if !ok || len(fields) < 13 {
		return 0, errors.New("reading processor time: unknown format")
	}
	user, err1 := strconv.ParseInt(fields[11], 10, 64)
	system, err2 := strconv.ParseInt(fields[12], 10, 64)
	const ticksPerSecond = 100 // USER_HZ, the same on every Linux architecture that Go runs on
	return time.Duration(user+system) * time.Second / ticksPerSecond, errors.Join(err1, err2)
}

// stop ends what start began.
func (r *rig) stop() {
	for _, cmd := range []*exec.Cmd{r.caddy, r.upstream} {
		if cmd != nil && cmd.Process != nil {
			_ = cmd.Process.Kill()
			_ = cmd.Wait()
		}
	}
	_ = os.RemoveAll(r.dir)
}

// serveUpstream answers every request with 1 KiB.
func serveUpstream(port string) error {
	body := bytes.Repeat([]byte("x"), 1024)
	return http.ListenAndServe("127.0.0.1:"+port, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		h := w.Header()
		h["Content-Type"] = []string{"text/plain"}
		h["Content-Length"] = []string{"1024"}
		_, _ = w.Write(body)
	}))
}
