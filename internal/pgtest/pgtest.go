// Package pgtest gives tests a real PostgreSQL: the one that DRIFTLOCK_TEST_POSTGRES names, else one installed on this machine, else the
// embedded-postgres module's. It does not mock anything, and it skips nothing: where no server can be had, the test fails and says why.
package pgtest

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"go.uber.org/goleak"
)

// Variable is the environment variable that names a server for tests, as a URL of a user who may create databases.
const Variable = "DRIFTLOCK_TEST_POSTGRES"

// shared is the process's server: starting one takes seconds, making a database milliseconds.
var shared struct {
	once   sync.Once
	server *Server
	err    error
	count  atomic.Uint64
}

// Main runs a package's tests, then what else there is to end, stops the server that they started, and fails where goroutines are left.
// Packages that use Database call it in TestMain.
func Main(m *testing.M, ends ...func() error) {
	code := m.Run()
	var err error
	for _, end := range ends {
		err = errors.Join(err, end())
	}
	if shared.server != nil {
		err = errors.Join(err, shared.server.Stop())
	}
	if code == 0 {
		err = errors.Join(err, goleak.Find())
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "pgtest:", err)
		code = max(code, 1)
	}
	os.Exit(code)
}

// Database makes an empty database that lives as long as the test and returns its URL.
func Database(t testing.TB) string {
	t.Helper()
	shared.once.Do(func() { shared.server, shared.err = Start() })
	if shared.err != nil {
		t.Fatalf("no PostgreSQL for the tests: %v\nset %s to the URL of a server whose user may create databases, "+
			"or install one (apt-get install postgresql)", shared.err, Variable)
	}
	name := fmt.Sprintf("driftlock_test_%d_%d", os.Getpid(), shared.count.Add(1))
	shared.server.execute(t, "CREATE DATABASE "+name)
	t.Cleanup(func() { shared.server.execute(t, "DROP DATABASE "+name+" WITH (FORCE)") })
	u, err := url.Parse(shared.server.URL)
	if err != nil {
		t.Fatal(err)
	}
	u.Path = "/" + name
	return u.String()
}

// execute runs a statement as the server's administrator. Names in it are made here, never taken from outside.
func (s *Server) execute(t testing.TB, statement string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	conn, err := pgx.Connect(ctx, s.URL)
	if err != nil {
		t.Fatalf("connect to the tests' PostgreSQL: %v", err)
	}
	_, err = conn.Exec(ctx, statement)
	if err := errors.Join(err, conn.Close(ctx)); err != nil {
		t.Fatalf("%s: %v", statement, err)
	}
}
