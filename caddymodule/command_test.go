package caddymodule

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"net/http/cookiejar"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	caddycmd "github.com/caddyserver/caddy/v2/cmd"
	"github.com/rogpeppe/go-internal/testscript"

	"github.com/gatehouse-auth/gatehouse/authportal/selfservice"
	"github.com/gatehouse-auth/gatehouse/integration/servers"
	"github.com/gatehouse-auth/gatehouse/store"
	"github.com/gatehouse-auth/gatehouse/store/sql"
)

// TestMain lets scripts run this test's binary as `caddy`.
func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"caddy": caddycmd.Main})
}

// TestTheCommandLine runs the scripts in testdata/script. Besides testscript's own commands they know
//
//	serve <Caddyfile>              starts a server and waits until it is ready; it ends with the script
//	signin <login> <password>      signs in at $SITE over the JSON API and keeps the cookies
//	visit <status> <path>          GETs a page of $SITE with those cookies and compares the status
//	letter <to> <text>             a letter to that address arrived at the mail server at $MAIL, and says so
//	queue <to>                     puts the letter that tests mail into the outbox
//	mailserver refuse|answer       what that server does with recipients from now on
func TestTheCommandLine(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir: "testdata/script",
		Setup: func(env *testscript.Env) error {
			port, err := freePort()
			if err != nil {
				return err
			}
			jar, err := cookiejar.New(nil)
			if err != nil {
				return err
			}
			env.Values["client"] = &http.Client{Jar: jar}
			env.Setenv("XDG_DATA_HOME", filepath.Join(env.WorkDir, "data"))
			env.Setenv("XDG_CONFIG_HOME", filepath.Join(env.WorkDir, "config"))
			env.Setenv("CADDY_ADMIN", "unix/"+filepath.Join(env.WorkDir, "admin.sock"))
			env.Setenv("PORT", strconv.Itoa(port))
			server := servers.StartSMTP(t, servers.SMTPOptions{User: "ann@example.com", Password: "s3cret", Openly: true})
			env.Values["mail"] = server
			env.Setenv("MAIL", server.Addr)
			env.Setenv("SITE", "http://localhost:"+strconv.Itoa(port))
			return nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){"serve": serve, "signin": signIn, "visit": visit, "letter": letter, "mailserver": mailServer,
			"queue": queue},
	})
}

// freePort returns a port that was free a moment ago.
func freePort() (int, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 0, err
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port, nil
}

// serve runs `caddy run` and waits for its ping, which it sends once everything has started.
func serve(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: serve <Caddyfile>")
	}
	back, err := net.Listen("tcp", "127.0.0.1:0")
	ts.Check(err)
	defer back.Close()
	var caddy string
	for _, dir := range filepath.SplitList(ts.Getenv("PATH")) {
		if _, err := os.Stat(filepath.Join(dir, "caddy")); err == nil {
			caddy = filepath.Join(dir, "caddy")
			break
		}
	}
	word := rand.Text()
	var log bytes.Buffer
	cmd := exec.Command(caddy, "run", "--config", args[0], "--pingback", back.Addr().String())
	cmd.Dir, cmd.Stdin, cmd.Stdout, cmd.Stderr = ts.Getenv("WORK"), strings.NewReader(word), &log, &log
	for _, name := range []string{"XDG_DATA_HOME", "XDG_CONFIG_HOME", "CADDY_ADMIN", "PORT", "MAIL", "PATH"} {
		cmd.Env = append(cmd.Env, name+"="+ts.Getenv(name))
	}
	ts.Check(cmd.Start())
	gone := make(chan struct{})
	go func() {
		_ = cmd.Wait()
		close(gone)
		back.Close() // no ping will come
	}()
	ts.Defer(func() {
		_ = cmd.Process.Signal(syscall.SIGTERM)
		<-gone
		ts.Logf("server:\n%s", &log)
	})
	conn, err := back.Accept()
	if err != nil {
		ts.Fatalf("the server did not start")
	}
	defer conn.Close()
	got, _ := io.ReadAll(conn)
	if string(got) != word {
		ts.Fatalf("another process pinged")
	}
}

func signIn(ts *testscript.TestScript, neg bool, args []string) {
	if len(args) != 2 {
		ts.Fatalf("usage: signin <login> <password>")
	}
	body, err := json.Marshal(map[string]string{"login": args[0], "password": args[1]})
	ts.Check(err)
	client := ts.Value("client").(*http.Client)
	answer, err := client.Post(ts.Getenv("SITE")+"/.gatehouse/api/v1/login", "application/json", bytes.NewReader(body))
	ts.Check(err)
	defer answer.Body.Close()
	if ok := answer.StatusCode == http.StatusOK; ok == neg {
		said, _ := io.ReadAll(answer.Body)
		ts.Fatalf("sign-in answered %s %s", answer.Status, said)
	}
}

func visit(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: visit <status> <path>")
	}
	answer, err := ts.Value("client").(*http.Client).Get(ts.Getenv("SITE") + args[1])
	ts.Check(err)
	defer answer.Body.Close()
	if strconv.Itoa(answer.StatusCode) != args[0] {
		ts.Fatalf("%s answered %s, want %s", args[1], answer.Status, args[0])
	}
}

// letter <to> <text>: a letter to that address arrived, and says so.
func letter(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: letter <to> <text>")
	}
	select {
	case got := <-ts.Value("mail").(*servers.SMTP).Letters():
		if got.To != args[0] || !strings.Contains(got.Text, args[1]) || !strings.Contains(got.HTML, args[1]) {
			ts.Fatalf("to %s: %s", got.To, got.Raw)
		}
	case <-time.After(20 * time.Second):
		ts.Fatalf("no letter arrived")
	}
}

// mailserver refuse|answer: what the mail server does with recipients from now on.
func mailServer(ts *testscript.TestScript, neg bool, args []string) {
	server := ts.Value("mail").(*servers.SMTP)
	switch {
	case !neg && slices.Equal(args, []string{"refuse"}):
		server.RefuseRecipients(550, [3]int{5, 1, 1}, "nobody of that name")
	case !neg && slices.Equal(args, []string{"answer"}):
		server.Answer()
	default:
		ts.Fatalf("usage: mailserver refuse|answer")
	}
}

// queue <to>: as a gateway would that ended before it could send the letter.
func queue(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: queue <to>")
	}
	file := filepath.Join(ts.Getenv("XDG_DATA_HOME"), "caddy", "gatehouse", "gatehouse.db")
	s, err := sql.OpenSQLite(context.Background(), file, store.Env{})
	ts.Check(err)
	defer s.Close()
	now := time.Now()
	ts.Check(s.QueueMail(context.Background(), store.Mail{ID: strings.ToLower(rand.Text()), Kind: selfservice.TestMail, To: args[0],
		Created: now, Due: now}))
}
