package pgtest

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	embeddedpostgres "github.com/fergusstrange/embedded-postgres"
	"github.com/jackc/pgx/v5"
)

// Server is a running PostgreSQL.
type Server struct {
	URL  string // of its administrator, database postgres
	stop func() error
	halt func() error
	kill func() error
	up   func() error
}

// Ours says whether Start started the server, so that a test may stop it.
func (s *Server) Ours() bool { return s.stop != nil }

// Halt ends a server that Start started in order; its data stay.
func (s *Server) Halt() error { return s.change(s.halt) }

// Kill ends a server that Start started as a power failure would.
func (s *Server) Kill() error { return s.change(s.kill) }

// Again starts it on the same data and port.
func (s *Server) Again() error { return s.change(s.up) }

func (s *Server) change(how func() error) error {
	if how == nil {
		return errors.New("this server is not ours to stop")
	}
	return how()
}

// Stop ends a server that Start started; one that was there before goes on.
func (s *Server) Stop() error {
	if s.stop == nil {
		return nil
	}
	return s.stop()
}

// Start finds or starts a server.
func Start() (*Server, error) {
	if dsn := os.Getenv(Variable); dsn != "" {
		return &Server{URL: dsn}, nil
	}
	bin, err := installed()
	if err != nil {
		return startEmbedded(err)
	}
	return startInstalled(bin)
}

// installed is the folder of PostgreSQL's programs: the newest where several are.
func installed() (string, error) {
	if path, err := exec.LookPath("pg_ctl"); err == nil {
		if real, err := filepath.EvalSymlinks(path); err == nil {
			path = real
		}
		if dir := filepath.Dir(path); executable(filepath.Join(dir, "initdb")) && executable(filepath.Join(dir, "postgres")) {
			return dir, nil
		}
	}
	newest, version := "", -1
	for _, pattern := range []string{"/usr/lib/postgresql/*/bin", "/usr/pgsql-*/bin", "/opt/homebrew/opt/postgresql@*/bin", "/usr/local/opt/postgresql@*/bin"} {
		dirs, _ := filepath.Glob(pattern)
		for _, dir := range dirs {
			digits := strings.Map(func(r rune) rune {
				if r >= '0' && r <= '9' {
					return r
				}
				return -1
			}, filepath.Dir(dir))
			if v, err := strconv.Atoi(digits); err == nil && v > version && executable(filepath.Join(dir, "initdb")) {
				newest, version = dir, v
			}
		}
	}
	if newest == "" {
		return "", errors.New("PostgreSQL is not installed (no pg_ctl in PATH)")
	}
	return newest, nil
}

func executable(path string) bool {
	info, err := os.Stat(path)
	return err == nil && !info.IsDir() && info.Mode()&0o111 != 0
}

func startInstalled(bin string) (_ *Server, err error) {
	user, err := unprivileged()
	if err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp("", "pgtest-")
	if err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, os.RemoveAll(dir))
		}
	}()
	if err := user.own(dir); err != nil {
		return nil, err
	}
	data := filepath.Join(dir, "data")
	initdb := exec.Command(filepath.Join(bin, "initdb"), "-D", data, "-U", "postgres", "-A", "trust", "-E", "UTF8", "--no-locale", "--no-sync")
	user.run(initdb, dir)
	if out, err := initdb.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("initdb: %w\n%s", err, out)
	}
	port, err := freePort()
	if err != nil {
		return nil, err
	}
	i := &instance{bin: bin, dir: dir, data: data, port: port, user: user}
	if err := i.start(); err != nil {
		return nil, err
	}
	return &Server{
		URL:  i.url(),
		stop: func() error { return errors.Join(i.end(true), os.RemoveAll(dir)) },
		halt: func() error { return i.end(true) },
		kill: func() error { return i.end(false) },
		up:   i.start,
	}, nil
}

func startEmbedded(why error) (*Server, error) {
	if os.Geteuid() == 0 {
		return nil, fmt.Errorf("%w, and the embedded one cannot run as root", why)
	}
	port, err := freePort()
	if err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp("", "pgtest-")
	if err != nil {
		return nil, err
	}
	pg := embeddedpostgres.NewDatabase(embeddedpostgres.DefaultConfig().Port(uint32(port)).RuntimePath(dir).Username("postgres").
		Password("postgres").Database("postgres").StartTimeout(time.Minute).Logger(nil))
	if err := pg.Start(); err != nil {
		return nil, errors.Join(fmt.Errorf("%w, and the embedded one does not start: %w", why, err), os.RemoveAll(dir))
	}
	return &Server{
		URL:  fmt.Sprintf("postgres://postgres:postgres@127.0.0.1:%d/postgres?sslmode=disable", port),
		stop: func() error { return errors.Join(pg.Stop(), os.RemoveAll(dir)) },
		halt: pg.Stop,
		kill: pg.Stop,
		up:   pg.Start,
	}, nil
}

func freePort() (int, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 0, err
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port, nil
}

// wait asks until the server answers or has ended.
func wait(url string, most time.Duration, ended <-chan struct{}) error {
	ctx, cancel := context.WithTimeout(context.Background(), most)
	defer cancel()
	for {
		conn, err := pgx.Connect(ctx, url)
		if err == nil {
			return conn.Close(ctx)
		}
		select {
		case <-ended:
			return errors.New("the server ended")
		case <-ctx.Done():
			return fmt.Errorf("the server did not answer within %s: %w", most, err)
		case <-time.After(50 * time.Millisecond):
		}
	}
}
