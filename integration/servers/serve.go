package servers

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
)

// Serve starts every shared server in dir, writes the environment variables that name them to out as lines of a shell
// ("export NAME='value'"), ended by a line "# ready", and stops the servers when ctx is done.
func Serve(ctx context.Context, dir string, out io.Writer) error {
	group := &group{dir: dir, exports: map[string]string{}}
	defer group.stop()
	for name, start := range map[string]func(dir string) error{
		"redis": group.redis, "sentinel": group.sentinel, "cluster": group.cluster, "postgres": group.postgres,
	} {
		group.start(name, start)
	}
	group.starting.Wait()
	if err := errors.Join(group.faults...); err != nil {
		return err
	}
	for _, name := range []string{
		envRedis, envRedisTLS, envRedisCA, envRedisUnix, envRedisACL, envRedisSentinel, envRedisCluster, envPostgres, envChromium,
	} {
		if value := group.exports[name]; value != "" {
			fmt.Fprintf(out, "export %s='%s'\n", name, value)
		}
	}
	fmt.Fprintln(out, "# ready")
	<-ctx.Done()
	return nil
}

// group is the set of shared servers while they start, run and stop.
type group struct {
	dir      string
	starting sync.WaitGroup

	mu        sync.Mutex
	processes []*Process
	exports   map[string]string
	faults    []error
}

func (g *group) start(name string, start func(dir string) error) {
	g.starting.Go(func() {
		dir := filepath.Join(g.dir, name)
		err := os.Mkdir(dir, 0o711)
		if err == nil {
			err = start(dir)
		}
		if err != nil {
			g.mu.Lock()
			defer g.mu.Unlock()
			g.faults = append(g.faults, fmt.Errorf("%s: %w", name, err))
		}
	})
}

// add remembers what to stop and what to tell.
func (g *group) add(exports map[string]string, processes ...*Process) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.processes = append(g.processes, processes...)
	for name, value := range exports {
		g.exports[name] = value
	}
}

func (g *group) stop() {
	var stopping sync.WaitGroup
	for _, p := range g.processes {
		stopping.Go(func() { _ = p.signalAndWait(p.orderly) })
	}
	stopping.Wait()
}

func (g *group) redis(dir string) error {
	s, err := startRedis(dir, WithTLS(), WithSocket(), WithUser("gatehouse", "p@ss/word:1"))
	if err != nil {
		return err
	}
	g.add(map[string]string{
		envRedis: s.URL, envRedisTLS: s.TLSURL, envRedisCA: s.CAFile, envRedisUnix: s.Socket, envRedisACL: s.ACLURL,
	}, s.Process)
	return nil
}

func (g *group) sentinel(dir string) error {
	s, err := startSentinel(dir)
	if err != nil {
		return err
	}
	g.add(map[string]string{envRedisSentinel: s.URL}, s.processes()...)
	return nil
}

func (g *group) cluster(dir string) error {
	c, err := startCluster(dir)
	if err != nil {
		return err
	}
	for _, node := range c.Nodes {
		g.add(nil, node.Process)
	}
	g.add(map[string]string{envRedisCluster: strings.Join(c.URLs, " ")})
	return nil
}

func (g *group) postgres(dir string) error {
	s, err := startPostgres(dir)
	if err != nil {
		return err
	}
	g.add(map[string]string{envPostgres: s.URL}, s.Process)
	if path, err := findChromium(); err == nil {
		g.add(map[string]string{envChromium: path})
	}
	return nil
}

func findChromium() (string, error) {
	var err error
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome"} {
		var path string
		if path, err = exec.LookPath(name); err == nil {
			return path, nil
		}
	}
	return "", err
}
