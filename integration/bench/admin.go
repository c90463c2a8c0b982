package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/gatehouse-auth/gatehouse/store"
	"github.com/gatehouse-auth/gatehouse/store/sql"
)

// adminOptions are those of -admin.
type adminOptions struct {
	caddy         string
	users, rounds int
}

const adminCaddyfile = `{
	admin off
	auto_https off
	persist_config off
	storage file_system {dir}/storage
	log {
		level ERROR
	}
	gatehouse {
		users sqlite {dir}/gatehouse.db
	}
}

http://127.0.0.1:{port} {
	gate
	respond ok
}
`

// views are the pages that are measured, as queries of the admin page. Every third account has a name with "fg" in it, 64 have
// an address with "x7q", and nobody has a "zz" or a "zzz" anywhere.
func views() (list []view) {
	for _, order := range []string{"-created", "username", "email", "name", "-last_sign_in"} {
		for _, text := range []string{"", "fg", "zz", "fgh", "x7q", "zzz", "person 12"} {
			list = append(list, view{order, text, false})
		}
		list = append(list, view{order, "", true}, view{order, "fg", true})
	}
	return list
}

type view struct {
	order, text string
	next        bool // the page after the first
}

// measureAdmin fills a database, starts a gateway on it, and reports how long the admin page takes from the first byte sent to the
// last byte read. Figures, no verdict.
func measureAdmin(o adminOptions, out io.Writer) error {
	dir, err := os.MkdirTemp("", "gatehouse-bench-*")
	if err != nil {
		return err
	}
	r := &rig{dir: dir, ports: map[string]int{}}
	defer r.stop()
	file := filepath.Join(dir, "gatehouse.db")
	if err := fillAccounts(file, o.users); err != nil {
		return err
	}
	if err := r.startAdmin(o.caddy); err != nil {
		return err
	}
	fmt.Fprintf(out, "the admin page, SQLite, %d accounts, %d rounds\n\n| sorted by | search | page | median | p95 |\n| --- | --- | --- | --- | --- |\n", o.users, o.rounds)
	for _, v := range views() {
		times, err := r.view(v, o.rounds)
		if err != nil {
			return err
		}
		page := "first"
		if v.next {
			page = "next"
		}
		slices.Sort(times)
		fmt.Fprintf(out, "| %s | %s | %s | %.1f ms | %.1f ms |\n", v.order, v.text, page,
			percentile(times, 0.5).Seconds()*1e3, percentile(times, 0.95).Seconds()*1e3)
	}
	return nil
}

// fillAccounts makes the accounts through the store, as an import would.
func fillAccounts(file string, n int) error {
	ctx := context.Background()
	s, err := sql.OpenSQLite(ctx, file, store.Env{})
	if err != nil {
		return err
	}
	start := time.Now().Add(-time.Duration(n) * time.Minute)
	for i := range n {
		address := fmt.Sprintf("user%06d", i*7919%1_000_003)
		if i%(n/64+1) == 0 {
			address += "x7q"
		}
		name := fmt.Sprintf("Person %06d", i*104_729%1_000_003)
		if i%3 == 0 {
			name += " Efgh"
		}
		u := store.User{ID: fmt.Sprintf("%026d", i), Username: address, Email: address + "@example.com", Confirmed: true, Name: name,
			Roles: []string{"member"}, Enabled: true, Approved: true, Created: start.Add(time.Duration(i) * time.Minute),
			LastSignIn: start.Add(time.Duration(i*31%n) * time.Minute)}
		if err := s.CreateUser(ctx, u); err != nil {
			return fmt.Errorf("account %d: %w", i, err)
		}
	}
	return s.Close()
}

// startAdmin starts a gateway on the database, and signs an administrator in.
func (r *rig) startAdmin(caddyBinary string) error {
	port, err := freePort()
	if err != nil {
		return err
	}
	r.ports[gated] = port
	config := filepath.Join(r.dir, "Caddyfile")
	text := strings.NewReplacer("{dir}", r.dir, "{port}", fmt.Sprint(port)).Replace(adminCaddyfile)
	if err := os.WriteFile(config, []byte(text), 0o600); err != nil {
		return err
	}
	env := append(os.Environ(), "XDG_DATA_HOME="+r.dir, "XDG_CONFIG_HOME="+r.dir)
	if err := addUser(caddyBinary, config, env, "admin"); err != nil {
		return err
	}
	r.caddy = exec.Command(caddyBinary, "run", "--adapter", "caddyfile", "--config", config)
	r.caddy.Env, r.caddy.Stderr = env, os.Stderr
	if err := r.caddy.Start(); err != nil {
		return err
	}
	if err := reachable(port); err != nil {
		return err
	}
	return r.signIn()
}

// view loads a page some times.
func (r *rig) view(v view, rounds int) (times []time.Duration, err error) {
	base := fmt.Sprintf("http://127.0.0.1:%d/.gatehouse", r.ports[gated])
	query := url.Values{"sort": {v.order}, "query": {v.text}}
	if v.next {
		query.Set("limit", "50")
		first, err := r.get(base + "/api/v1/admin/users?" + query.Encode())
		if err != nil {
			return nil, err
		}
		var list struct{ Next string }
		if err := json.Unmarshal(first, &list); err != nil || list.Next == "" {
			return nil, fmt.Errorf("%+v has no next page: %w", v, err)
		}
		query.Del("limit")
		query.Set("after", list.Next)
	}
	for range rounds {
		start := time.Now()
		if _, err := r.get(base + "/admin?" + query.Encode()); err != nil {
			return nil, err
		}
		times = append(times, time.Since(start))
	}
	return times, nil
}

func (r *rig) get(address string) ([]byte, error) {
	request, err := http.NewRequest(http.MethodGet, address, nil)
	if err != nil {
		return nil, err
	}
	request.Header.Set("Cookie", r.cookie)
	request.Header.Set("Accept", "text/html")
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		return nil, err
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	if err == nil && answer.StatusCode != http.StatusOK {
		err = fmt.Errorf("%s: %s %s", address, answer.Status, body)
	}
	return body, err
}
