package redis

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
	"slices"
	"strconv"
	"strings"
)

// target is where URLs lead. Its String holds no secret.
type target struct {
	scheme string // redis, rediss, unix, redis+sentinel, rediss+sentinel
	addrs  []string
	master string // name that the Sentinels know the master by
	db     int
	prefix string

	username, password                 string
	sentinelUsername, sentinelPassword string

	ca, cert, key, serverName string
	asCluster                 bool
}

func (t *target) sentinel() bool { return strings.HasSuffix(t.scheme, "+sentinel") }
func (t *target) secure() bool   { return strings.HasPrefix(t.scheme, "rediss") }
func (t *target) cluster() bool  { return t.asCluster || !t.sentinel() && len(t.addrs) > 1 }

// String names the target for logs and errors.
func (t *target) String() string {
	s := t.scheme + "://" + strings.Join(t.addrs, ",")
	if t.master != "" {
		s += "/" + t.master
	}
	if t.db != 0 {
		s += fmt.Sprintf(" (database %d)", t.db)
	}
	return s
}

// resource is the same for the same data reached in the same way, however it was spelt. It holds secrets.
func (t *target) resource() string {
	addrs := slices.Clone(t.addrs)
	slices.Sort(addrs)
	return fmt.Sprintf("redis %q", []string{t.scheme, strings.Join(addrs, ","), t.master, strconv.Itoa(t.db), t.prefix, t.username,
		t.password, t.sentinelUsername, t.sentinelPassword, t.ca, t.cert, t.key, t.serverName, strconv.FormatBool(t.asCluster)})
}

// parseTarget reads URLs whose placeholders have been replaced. No error repeats what a password may stand in.
//
// It does not build on ParseURL of go-redis: that takes every field of its options as a parameter, overlooks what it
// does not need, such as a password that is missing, and repeats the URL with the password in errors.
func parseTarget(urls []string) (*target, error) {
	if len(urls) == 0 {
		return nil, errors.New("no URL of a Redis given")
	}
	var whole *target
	for i, raw := range urls {
		t, err := parseURL(raw)
		if err != nil {
			if len(urls) > 1 {
				return nil, fmt.Errorf("URL %d: %w", i+1, err)
			}
			return nil, err
		}
		if whole == nil {
			whole = t
			continue
		}
		if !strings.HasPrefix(t.scheme, "redis") || t.sentinel() || whole.sentinel() || whole.scheme == "unix" {
			return nil, errors.New("several URLs are the nodes of a Cluster: all must be redis:// or rediss://")
		}
		addrs := t.addrs
		t.addrs = whole.addrs
		if t.resource() != whole.resource() {
			return nil, fmt.Errorf("URL %d: scheme, user, password, database and parameters must be the same for all nodes of a Cluster", i+1)
		}
		whole.addrs = append(whole.addrs, addrs...)
	}
	if whole.cluster() && whole.db != 0 {
		return nil, errors.New("a Cluster has no database but 0")
	}
	return whole, nil
}

func parseURL(raw string) (*target, error) {
	scheme, rest, ok := strings.Cut(raw, "://")
	if !ok {
		return nil, errors.New("a URL such as redis://host:6379 is needed")
	}
	t := &target{scheme: strings.ToLower(scheme), prefix: defaultPrefix}
	rest, query, _ := strings.Cut(rest, "?")
	if strings.Contains(rest+query, "#") {
		return nil, errors.New("a # in a URL is written %23")
	}
	var err error
	switch t.scheme {
	case "unix":
		err = t.unix(rest)
	case "redis", "rediss", "redis+sentinel", "rediss+sentinel":
		err = t.network(rest)
	default:
		return nil, fmt.Errorf("unknown scheme %q: redis, rediss, unix, redis+sentinel or rediss+sentinel is needed", t.scheme)
	}
	if err != nil {
		return nil, err
	}
	return t, t.parameters(query)
}

// userinfo takes user and password off the front of rest.
func (t *target) userinfo(rest string) (string, error) {
	at := strings.LastIndex(rest, "@")
	if at < 0 {
		return rest, nil
	}
	user, password, ok := strings.Cut(rest[:at], ":")
	var err1, err2 error
	t.username, err1 = url.PathUnescape(user)
	t.password, err2 = url.PathUnescape(password)
	if err1 != nil || err2 != nil {
		return "", errors.New("user or password is not percent-encoded")
	}
	if !ok || t.password == "" {
		return "", errors.New("a user needs a password: user:password@host, or :password@host for the default user")
	}
	return rest[at+1:], nil
}

func (t *target) unix(rest string) (err error) {
	if rest, err = t.userinfo(rest); err != nil {
		return err
	}
	path, err := url.PathUnescape(rest)
	if err != nil || !strings.HasPrefix(path, "/") {
		return errors.New("a unix URL needs an absolute path: unix:///run/redis/redis.sock")
	}
	t.addrs = []string{path}
	return nil
}

func (t *target) network(rest string) error {
	hosts, path, _ := strings.Cut(rest, "/")
	if at := strings.LastIndex(rest, "@"); at > len(hosts) {
		return errors.New("user or password is not percent-encoded")
	}
	hosts, err := t.userinfo(hosts)
	if err != nil {
		return err
	}
	port := "6379"
	if t.sentinel() {
		port = "26379"
		var ok bool
		t.master, path, ok = strings.Cut(path, "/")
		if t.master, err = url.PathUnescape(t.master); err != nil || t.master == "" {
			return errors.New("the name of the master is missing: redis+sentinel://host:port,host:port/<master>/<db>")
		}
		_ = ok
	}
	if path != "" {
		if t.db, err = strconv.Atoi(path); err != nil || t.db < 0 {
			return fmt.Errorf("database %q is not a number", path)
		}
	}
	for host := range strings.SplitSeq(hosts, ",") {
		addr, err := hostPort(host, port)
		if err != nil {
			return err
		}
		t.addrs = append(t.addrs, addr)
	}
	if len(t.addrs) > 1 && !t.sentinel() {
		return errors.New("several hosts in one URL: give the nodes of a Cluster as several URLs")
	}
	return nil
}

// hostPort completes host with a port and brackets.
func hostPort(host, port string) (string, error) {
	u, err := url.Parse("redis://" + host)
	if err != nil || u.Hostname() == "" || u.User != nil || u.Path != "" {
		return "", errors.New("a host is missing or malformed")
	}
	if u.Port() != "" {
		port = u.Port()
	}
	return net.JoinHostPort(strings.ToLower(u.Hostname()), port), nil
}

// parameters reads what follows the question mark. Unknown ones are errors: a misspelt ca would not be asked for.
func (t *target) parameters(query string) error {
	values, err := url.ParseQuery(query)
	if err != nil {
		return errors.New("the parameters are not percent-encoded")
	}
	for name, value := range values {
		if len(value) != 1 || value[0] == "" {
			return fmt.Errorf("parameter %q must be given once, with a value", name)
		}
		v := value[0]
		onlyFor := func(ok bool, what string) error {
			if ok {
				return nil
			}
			return fmt.Errorf("parameter %q is for %s only", name, what)
		}
		switch name {
		case "prefix":
			t.prefix = v
			if len(v) > 64 || strings.ContainsAny(v, "{}") {
				return errors.New("a prefix has at most 64 bytes and no braces")
			}
		case "db":
			if t.db, err = strconv.Atoi(v); err != nil || t.db < 0 {
				return fmt.Errorf("database %q is not a number", v)
			}
			err = onlyFor(t.scheme == "unix", "unix://")
		case "cluster":
			if t.asCluster, err = strconv.ParseBool(v); err != nil {
				return errors.New("cluster is true or false")
			}
			err = onlyFor(t.scheme == "redis" || t.scheme == "rediss", "redis:// and rediss://")
		case "sentinel_user":
			t.sentinelUsername, err = v, onlyFor(t.sentinel(), "Sentinel")
		case "sentinel_password":
			t.sentinelPassword, err = v, onlyFor(t.sentinel(), "Sentinel")
		case "ca":
			t.ca, err = v, onlyFor(t.secure(), "TLS (rediss)")
		case "cert":
			t.cert, err = v, onlyFor(t.secure(), "TLS (rediss)")
		case "key":
			t.key, err = v, onlyFor(t.secure(), "TLS (rediss)")
		case "server_name":
			t.serverName, err = v, onlyFor(t.secure(), "TLS (rediss)")
		default:
			err = fmt.Errorf("unknown parameter %q", name)
		}
		if err != nil {
			return err
		}
	}
	if (t.cert == "") != (t.key == "") {
		return errors.New("cert and key belong together")
	}
	if t.sentinelUsername != "" && t.sentinelPassword == "" {
		return errors.New("sentinel_user needs sentinel_password")
	}
	return nil
}

// tls returns how to speak TLS, nil where we do not.
func (t *target) tls() (*tls.Config, error) {
	if !t.secure() {
		return nil, nil
	}
	config := &tls.Config{MinVersion: tls.VersionTLS12, ServerName: t.serverName}
	if t.ca != "" {
		pem, err := os.ReadFile(t.ca)
		if err != nil {
			return nil, fmt.Errorf("reading ca: %w", err)
		}
		config.RootCAs = x509.NewCertPool()
		if !config.RootCAs.AppendCertsFromPEM(pem) {
			return nil, fmt.Errorf("reading ca: %s holds no PEM certificate", t.ca)
		}
	}
	if t.cert != "" {
		pair, err := tls.LoadX509KeyPair(t.cert, t.key)
		if err != nil {
			return nil, fmt.Errorf("reading cert and key: %w", err)
		}
		config.Certificates = []tls.Certificate{pair}
	}
	return config, nil
}
